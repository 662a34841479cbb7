"""The one statement SQLite and PostgreSQL share but SQLAlchemy's common dialect lacks."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import Insert


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING: a row that breaks a unique constraint is left out, silently."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
