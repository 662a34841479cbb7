"""Settings changed at the desk as rows: JSON text by name; what a value means is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.service_tables import settings
from schemas.times import write_time


def load_values(connection: Connection) -> Mapping[str, str]:
    """Every setting that was ever changed."""
    return {row.name: row.value for row in connection.execute(sa.select(settings.c.name, settings.c.value))}


def save_values(connection: Connection, values: Mapping[str, str], *, at: datetime, by: str) -> None:
    """Keep these settings in place of what they were; the others stay."""
    if not values:
        return
    connection.execute(sa.delete(settings).where(settings.c.name.in_(sorted(values))))
    connection.execute(
        sa.insert(settings),
        [
            {"name": name, "value": value, "updated_at": write_time(at), "updated_by": by}
            for name, value in sorted(values.items())
        ],
    )
