"""Settings changed at the desk as rows: JSON text by name; what a value means is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from issuer.store.service_tables import settings
from schemas.times import write_time


def load_values(connection: Connection) -> Mapping[str, str]:
    """Every setting that was ever changed."""
    return {row.name: row.value for row in connection.execute(sa.select(settings.c.name, settings.c.value))}


def save_values(connection: Connection, values: Mapping[str, str], *, at: datetime, by: str) -> None:
    """Keep these settings in place of what they were; the others stay."""
    for name, value in sorted(values.items()):
        row = {"value": value, "updated_at": write_time(at), "updated_by": by}
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(settings).values(name=name, **row)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
