"""Anchors over signed documents, compromised keys, and an instance that has closed with lists that never expire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anchors",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("merkle_root", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_anchors")),
    )
    op.create_table(
        "anchor_leaves",
        sa.Column("anchor_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("leaf_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["anchor_number"], ["anchors.number"], name=op.f("fk_anchor_leaves_anchor_number")),
        sa.ForeignKeyConstraint(
            ["short_id", "version"],
            ["documents.short_id", "documents.version"],
            name=op.f("fk_anchor_leaves_short_id_version"),
        ),
        sa.PrimaryKeyConstraint("anchor_number", "position", name=op.f("pk_anchor_leaves")),
        sa.UniqueConstraint("short_id", "version", "form", name=op.f("uq_anchor_leaves_short_id_version_form")),
    )
    op.create_table(
        "compromised_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("compromised_from", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_compromised_keys")),
    )
    op.add_column("owner", sa.Column("closed_at", sa.Text(), nullable=True))
    with op.batch_alter_table("signed_lists") as table:
        table.alter_column("valid_until", existing_type=sa.Text(), nullable=True)
