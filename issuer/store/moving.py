"""All rows of one database into another, empty one: table by table, in the order of their references."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.service_tables import metadata
from issuer.store.tables import owner

_ROWS_AT_ONCE = 1_000


def is_empty(connection: Connection) -> bool:
    """Whether the database belongs to nobody yet."""
    return connection.execute(sa.select(owner.c.id).limit(1)).one_or_none() is None


def copy_tables(source: Connection, target: Connection) -> Iterator[tuple[str, int]]:
    """(table, rows that were copied), as each is done. What is sealed stays sealed."""
    for table in metadata.sorted_tables:
        count = 0
        rows = source.execute(sa.select(table), execution_options={"yield_per": _ROWS_AT_ONCE})
        for part in rows.partitions():
            target.execute(sa.insert(table), [dict(row._mapping) for row in part])
            count += len(part)
        yield table.name, count


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in metadata.sorted_tables
    }
