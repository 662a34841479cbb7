"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "achievements",
        sa.Column("nzqa_ref", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("nzqa_ref", "version", name=op.f("pk_achievements")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=False),
        sa.Column("entry_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("already", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_file_sha256"), "batches", ["file_sha256"], unique=False)
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_owner_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner")),
    )
    op.create_table(
        "status_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= length", name=op.f("ck_status_lists_taken_within_length")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_status_lists")),
    )
    op.create_table(
        "batch_rows",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("short_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_batch_rows_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "line", name=op.f("pk_batch_rows")),
    )
    op.create_table(
        "credentials",
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("nzqa_ref", sa.Text(), nullable=False),
        sa.Column("listing_version", sa.Text(), nullable=False),
        sa.Column("achieved_on", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("unconfirmed_reason", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_credentials_batch_id")),
        sa.PrimaryKeyConstraint("short_id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("provider", "row_key", name=op.f("uq_credentials_provider_row_key")),
    )
    op.create_index(op.f("ix_credentials_batch_id_line"), "credentials", ["batch_id", "line"], unique=False)
    op.create_index(
        op.f("ix_credentials_nzqa_ref_achieved_on"), "credentials", ["nzqa_ref", "achieved_on"], unique=False
    )
    op.create_table(
        "signed_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bits_sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["status_lists.number"], name=op.f("fk_signed_lists_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_signed_lists")),
    )
    op.create_table(
        "status_bits",
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["list_number"], ["status_lists.number"], name=op.f("fk_status_bits_list_number")),
        sa.PrimaryKeyConstraint("list_number", "list_index", name=op.f("pk_status_bits")),
    )
    op.create_table(
        "documents",
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.Text(), nullable=False),
        sa.Column("jwt", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["list_number"], ["status_lists.number"], name=op.f("fk_documents_list_number")),
        sa.ForeignKeyConstraint(["short_id"], ["credentials.short_id"], name=op.f("fk_documents_short_id")),
        sa.PrimaryKeyConstraint("short_id", "version", name=op.f("pk_documents")),
        sa.UniqueConstraint("list_number", "list_index", name=op.f("uq_documents_list_number_list_index")),
    )
    op.create_table(
        "learners",
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("preferred_name", sa.Text(), nullable=True),
        sa.Column("name_display", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("evidence_url", sa.Text(), nullable=True),
        sa.Column("subject_urn", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["short_id"], ["credentials.short_id"], name=op.f("fk_learners_short_id")),
        sa.PrimaryKeyConstraint("short_id", name=op.f("pk_learners")),
    )
    op.create_table(
        "nzroa_entries",
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("nsn_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("nzqa_ref", sa.Text(), nullable=False),
        sa.Column("achieved_on", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.Text(), nullable=True),
        sa.Column("purged_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["short_id"], ["credentials.short_id"], name=op.f("fk_nzroa_entries_short_id")),
        sa.PrimaryKeyConstraint("short_id", name=op.f("pk_nzroa_entries")),
    )
    op.create_table(
        "row_key_aliases",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["short_id"], ["credentials.short_id"], name=op.f("fk_row_key_aliases_short_id")),
        sa.PrimaryKeyConstraint("provider", "row_key", name=op.f("pk_row_key_aliases")),
    )
