"""Places in status lists granted by a keyed order of each list, so that they are reserved ahead without a look-up."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The places of earlier lists were drawn at random: they are as they are, and nothing more is granted there.
    op.execute("UPDATE status_lists SET taken = length")
