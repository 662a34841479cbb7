"""The tables, as the migrations make them; times are RFC 3339 text in UTC, days ISO text: alike in both databases."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Whose database this is: one row, so that two instances never share one by accident.
owner = Table(
    "owner",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("did", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("closed_at", Text),  # from then on nothing is issued or withdrawn any more
    CheckConstraint("id = 1", name="one_row"),
)

# One uploaded class list; its rows that were not issued are in batch_rows, the others point back from credentials.
batches = Table(
    "batches",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("file_sha256", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("row_count", Integer, nullable=False),
    Column("issued", Integer, nullable=False),
    Column("already", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("source", Text, nullable=False, server_default="cli"),  # cli | desk | api | webhook
    Column("made_by", Text),  # actors, as in the audit log
    Column("approved_by", Text),
    Column("mail", Text, nullable=False, server_default="none"),  # none | hold | send
    Column("done", Integer, nullable=False, server_default="0"),  # rows gone through in the run under way
    Column("lease_by", Text),  # the worker that runs it, and until when it may be silent
    Column("lease_until", Text),
    Column("reason", Text),  # why it was stopped: a code
    Column("withdrawn_at", Text),
    Index(None, "file_sha256"),
    Index(None, "state"),
)

batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.batch_id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("row_key", Text),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("short_id", Text),
    PrimaryKeyConstraint("batch_id", "line"),
)

# One badge, whatever its number of signed versions. The unique row key is what makes issuing exactly-once.
credentials = Table(
    "credentials",
    metadata,
    Column("short_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("row_key", Text, nullable=False),
    Column("nzqa_ref", Text, nullable=False),
    Column("listing_version", Text, nullable=False),
    Column("achieved_on", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("batch_id", Text, ForeignKey("batches.batch_id")),
    Column("line", Integer),
    Column("unconfirmed_reason", Text),
    Column("revoked_at", Text),
    Column("revocation_reason", Text),
    Column("suspended_at", Text),
    UniqueConstraint("provider", "row_key"),
    Index(None, "batch_id", "line"),
    Index(None, "nzqa_ref", "achieved_on"),
)

# What a corrected class list would be keyed by, so that uploading it issues nothing twice.
row_key_aliases = Table(
    "row_key_aliases",
    metadata,
    Column("provider", Text, nullable=False),
    Column("row_key", Text, nullable=False),
    Column("short_id", Text, ForeignKey("credentials.short_id"), nullable=False),
    PrimaryKeyConstraint("provider", "row_key"),
)

# The signed bytes, once per version, exactly as signed; versions before the newest stay as history.
documents = Table(
    "documents",
    metadata,
    Column("short_id", Text, ForeignKey("credentials.short_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("document_sha256", Text, nullable=False),
    Column("jwt", Text),
    Column("valid_from", Text, nullable=False),
    Column("list_number", Integer, ForeignKey("status_lists.number"), nullable=False),
    Column("list_index", Integer, nullable=False),
    Column("suspension_list", Integer),  # where an instance that suspends keeps that bit
    Column("suspension_index", Integer),
    Column("valid_until", Text),
    PrimaryKeyConstraint("short_id", "version"),
    UniqueConstraint("list_number", "list_index"),
    Index("uq_documents_suspension", "suspension_list", "suspension_index", unique=True),
)

# Private facts of the learner that a correction or a claim mail needs; the public document is made from some of them.
learners = Table(
    "learners",
    metadata,
    Column("short_id", Text, ForeignKey("credentials.short_id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("preferred_name", Text),
    Column("name_display", Text, nullable=False),
    Column("email", Text),
    Column("language", Text),
    Column("result", Text),
    Column("evidence_url", Text),
    Column("subject_urn", Text),
)
# Whether an address is somebody else's already is asked for every mail of every list.
Index("ix_learners_address", func.lower(learners.c.email))

achievements = Table(
    "achievements",
    metadata,
    Column("nzqa_ref", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("updated_at", Text, nullable=False),
    PrimaryKeyConstraint("nzqa_ref", "version"),
)

status_lists = Table(
    "status_lists",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("place_key", Text),  # of the order in which it gives out its places; without, it gives out none
    CheckConstraint("taken >= 0 AND taken <= length", name="taken_within_length"),
)

# A set bit is a row: parallel writers cannot lose one, and a list is built from its rows.
status_bits = Table(
    "status_bits",
    metadata,
    Column("list_number", Integer, ForeignKey("status_lists.number"), nullable=False),
    Column("list_index", Integer, nullable=False),
    Column("set_at", Text, nullable=False),
    PrimaryKeyConstraint("list_number", "list_index"),
)

# How often bits of a list were set or cleared; see issuer.store.lists. A foreign key would lock the list's own row.
list_changes = Table(
    "list_changes",
    metadata,
    Column("list_number", Integer, primary_key=True, autoincrement=False),
    Column("changes", BigInteger, nullable=False),
)

# The list as last signed, kept until its bits change or it grows old, so that publishing is incremental.
signed_lists = Table(
    "signed_lists",
    metadata,
    Column("number", Integer, ForeignKey("status_lists.number"), primary_key=True, autoincrement=False),
    Column("bits_sha256", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("valid_from", Text, nullable=False),
    Column("valid_until", Text),  # none: the final list of an instance that closed
    Column("method", Text),  # the key that signed it
    Column("changes", BigInteger),  # of the list, when its bits were read; none: to be looked at again
)

# One Merkle tree over everything that was signed and not in a tree before; see issuer.trust.anchoring.
anchors = Table(
    "anchors",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("merkle_root", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
)

# Each signed text is in one tree, once: a version's document, and its JWT where it has one.
anchor_leaves = Table(
    "anchor_leaves",
    metadata,
    Column("anchor_number", Integer, ForeignKey("anchors.number"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("short_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("form", Text, nullable=False),
    Column("leaf_sha256", Text, nullable=False),
    PrimaryKeyConstraint("anchor_number", "position"),
    UniqueConstraint("short_id", "version", "form"),
    ForeignKeyConstraint(["short_id", "version"], ["documents.short_id", "documents.version"]),
)

# From when each stolen key must be taken as a thief's; the register says it to verifiers.
compromised_keys = Table(
    "compromised_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("compromised_from", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
)

# The private NZRoA store. The number is sealed under a key of its own; see issuer.nzroa.
nzroa_entries = Table(
    "nzroa_entries",
    metadata,
    Column("short_id", Text, ForeignKey("credentials.short_id"), primary_key=True),
    Column("nsn_sealed", LargeBinary),
    Column("nzqa_ref", Text, nullable=False),
    Column("achieved_on", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("reported_at", Text),
    Column("purged_at", Text),
)

# Hash-chained: ids, hashes and codes only, so that correction and erasure never break it.
audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("previous_sha256", Text, nullable=False),
    Column("entry_sha256", Text, nullable=False),
)

# The end of the chain, in a row of its own: locked while an entry is added, so that the chain never forks.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("entry_sha256", Text, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
