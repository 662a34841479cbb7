"""A key for each new status list, whose order of places it makes; earlier lists, drawn at random, give out no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("status_lists", sa.Column("place_key", sa.Text(), nullable=True))
    op.create_index("ix_learners_address", "learners", [sa.text("lower(email)")])
    op.create_table(
        "list_changes",
        sa.Column("list_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("list_number", name=op.f("pk_list_changes")),
    )
    op.add_column("signed_lists", sa.Column("method", sa.Text(), nullable=True))
    op.add_column("signed_lists", sa.Column("changes", sa.BigInteger(), nullable=True))
    op.create_table(
        "batch_plans",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("planned_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_batch_plans_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_plans")),
    )
    op.create_table(
        "batch_chunks",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("rows_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("results_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("already", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("lease_by", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("done_at", sa.Text(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_batch_chunks_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_chunks")),
    )
