"""The tables of the service around issuing: people, uploads, claim links, mail; the same rules as in `tables`."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from issuer.store.tables import metadata

__all__ = [
    "accounts",
    "api_keys",
    "batch_chunks",
    "batch_plans",
    "claims",
    "column_maps",
    "course_codes",
    "idempotency",
    "learner_requests",
    "metadata",
    "outbox",
    "sessions",
    "settings",
    "setups",
    "uploads",
    "webhook_deliveries",
]

# Staff. `email` is folded (lower case); `roles` is a sorted list of codes with commas between.
accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("password_hash", Text),  # none: signs in through OIDC alone
    Column("must_change", Integer, nullable=False),  # the password is a one-time one
    Column("failures", Integer, nullable=False),  # in a row, since the last good sign-in
    Column("locked_until", Text),
    Column("oidc_subject", Text, unique=True),
    Column("created_at", Text, nullable=False),
    Column("disabled_at", Text),
)

# A signed-in browser: its cookie holds a token of which only the hash is here.
sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.account_id"), nullable=False),
    Column("created_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Index(None, "account_id"),
)

# A program's key: `key_id` is its public beginning, only the hash of the rest is here.
api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("secret_sha256", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("last_used_at", Text),
    Column("expires_at", Text),
    Column("revoked_at", Text),
)

# What a request with an Idempotency-Key was answered, so that the same request again gets the same answer.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_sha256", Text, nullable=False),
    Column("status", Integer),  # none: the first request is still under way
    Column("body", LargeBinary),
    Column("location", Text),
    Column("created_at", Text, nullable=False),
    PrimaryKeyConstraint("key_id", "idempotency_key"),
    Index(None, "created_at"),
)

# Deliveries of a learning platform's webhook that were taken: a second one of the same id does nothing.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("body_sha256", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("batch_id", Text, ForeignKey("batches.batch_id")),
)

# Settings changed at the desk: JSON by name. Secrets among them are sealed (issuer.vault).
settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("updated_by", Text, nullable=False),
)

# What a provider adds to a listing: artwork, criteria wording, signatory, how long a badge lasts.
setups = Table(
    "setups",
    metadata,
    Column("nzqa_ref", Text, primary_key=True),
    Column("criteria", Text),
    Column("signatory_name", Text),
    Column("signatory_role", Text),
    Column("valid_months", Integer),
    Column("artwork", LargeBinary),  # PNG of our own encoding; none: drawn by us
    Column("artwork_alt", Text),
    Column("updated_at", Text, nullable=False),
    Column("updated_by", Text, nullable=False),
)

# The provider's course codes (folded, and as written) and what they are codes of.
course_codes = Table(
    "course_codes",
    metadata,
    Column("code_folded", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("nzqa_ref", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
)

# How a kind of file was read last time, by its header (sorted, folded, hashed): columns, order of dates, encoding.
column_maps = Table(
    "column_maps",
    metadata,
    Column("header_sha256", Text, primary_key=True),
    Column("map", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
)

# A class list between upload and purge. File, choices, repairs and findings hold learners' facts: all sealed.
uploads = Table(
    "uploads",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.batch_id"), primary_key=True),
    Column("kind", Text, nullable=False),  # csv | xlsx
    Column("size", Integer, nullable=False),
    Column("file_sealed", LargeBinary),
    Column("choices_sealed", LargeBinary),  # JSON: file name, encoding, column map, repairs
    Column("findings_sealed", LargeBinary),  # JSON: what the last check or run found
    Column("checked_at", Text),
    Column("uploaded_at", Text, nullable=False),
    Column("purged_at", Text),
)

# One run of a batch, from its class list being read to its end: what its chunks share, sealed.
batch_plans = Table(
    "batch_plans",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.batch_id"), primary_key=True),
    Column("run", Text, nullable=False),
    Column("facts_sealed", LargeBinary, nullable=False),  # JSON: student numbers and shared addresses of the list
    Column("planned_at", Text, nullable=False),
)

# The rows of a run, cut into chunks: whoever takes one has it until its lease ends. Sealed rows go once it is done.
batch_chunks = Table(
    "batch_chunks",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.batch_id"), nullable=False),
    Column("number", Integer, nullable=False),  # 0: rows that were settled without issuing
    Column("run", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting | done
    Column("row_count", Integer, nullable=False),
    Column("rows_sealed", LargeBinary),
    Column("results_sealed", LargeBinary),
    Column("issued", Integer, nullable=False),
    Column("already", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("lease_by", Text),
    Column("lease_until", Text),
    Column("done_at", Text),
    Column("done_by", Text),
    PrimaryKeyConstraint("batch_id", "number"),
)

# One badge's way to its learner: the claim link (its hash), what the learner chose to show, the printed share key.
claims = Table(
    "claims",
    metadata,
    Column("short_id", Text, ForeignKey("credentials.short_id"), primary_key=True),
    Column("link_sha256", Text, nullable=False, unique=True),
    Column("link_serial", Integer, nullable=False),
    Column("link_expires_at", Text, nullable=False),
    Column("delivery", Text, nullable=False),  # mail | hand-over
    Column("claimed_at", Text),
    Column("visibility", Text),  # private | link | public; none: as the instance says
    Column("share_sha256", Text, unique=True),  # none: no certificate was made yet, or its key was withdrawn
    Column("share_serial", Integer, nullable=False),
    Column("nzroa_link", Text),
    Column("updated_at", Text, nullable=False),
)

# A learner's request for a correction or a withdrawal, in their own words, until somebody has settled it.
learner_requests = Table(
    "learner_requests",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("short_id", Text, ForeignKey("credentials.short_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("settled_at", Text),
    Column("settled_by", Text),
    Column("outcome", Text),
    Index(None, "short_id"),
)

# Mail to be sent, being sent and sent: composed only when it is sent, so no text and no link lies here.
outbox = Table(
    "outbox",
    metadata,
    Column("mail_id", Text, primary_key=True),  # its Message-ID is made of it, and stays the same at every try
    Column("kind", Text, nullable=False),
    Column("short_id", Text, ForeignKey("credentials.short_id")),
    Column("batch_id", Text, ForeignKey("batches.batch_id")),
    Column("recipient", Text),  # none: erased after it was sent
    Column("language", Text),
    Column("state", Text, nullable=False),  # held | queued | sending | sent | refused | cancelled
    Column("attempts", Integer, nullable=False),
    Column("next_at", Text),
    Column("lease_until", Text),
    Column("reason", Text),
    Column("created_at", Text, nullable=False),
    Column("sent_at", Text),
    Index(None, "state", "next_at"),
    Index(None, "batch_id", "state"),
    Index(None, "short_id"),
)
