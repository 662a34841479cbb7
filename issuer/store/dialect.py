"""What SQLite and PostgreSQL can both, said differently: inserts that skip or replace; text without case or accents."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.elements import ColumnElement

FOLD = "fold_text"  # the name under which SQLite knows `fold_text`
_MARKS = "[\u0300-\u036f]"  # combining diacritical marks, the macron among them


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING: a row that breaks a unique constraint is left out, silently."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_many(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    ignore: bool = False,
) -> int:
    """Insert many rows, each a tuple in the order of `columns`, of values as the driver takes them.

    With `ignore`, a row that breaks a unique constraint is left out. Returns how many went in.
    """
    if not rows:
        return 0
    text = _insert_text(connection.dialect.name, table.name, columns, ignore)
    return connection.exec_driver_sql(text, list(rows)).rowcount


@cache
def _insert_text(dialect: str, table: str, columns: tuple[str, ...], ignore: bool) -> str:
    marks = ", ".join(("%s" if dialect == "postgresql" else "?",) * len(columns))
    text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  names of our own tables
    return f"{text} ON CONFLICT DO NOTHING" if ignore else text


def is_among(connection: Connection, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Whether the column is one of these texts: one parameter, however many there are."""
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.literal(list(values), postgresql.ARRAY(sa.Text())))
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(each.c.value))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep each row in place of the one with its primary key: one statement, so that two processes never collide."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for row in rows:
        statement = dialect.insert(table).values(**row)
        key = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in row if name not in key}
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=others))


def fold_text(text: str | None) -> str | None:
    """Text without case, macrons and accents, its spaces single: `Mere  ĀWHINA` is `mere awhina`."""
    if text is None:
        return None
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f")
    return " ".join(bare.lower().split())


def folded(connection: Connection, column: ColumnElement[str]) -> ColumnElement[str]:
    """The column as `fold_text` makes it. On SQLite it is that very function, given to each new connection."""
    if connection.dialect.name == "postgresql":
        decomposed = sa.func.normalize(column, sa.literal_column("NFKD"))
        return sa.func.lower(sa.func.regexp_replace(decomposed, _MARKS, "", "g"))
    return sa.func.fold_text(column, type_=sa.Text())
