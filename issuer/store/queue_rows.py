"""The queue's own tables on PostgreSQL (Procrastinate's), made and brought up to date; which jobs it has under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store import migrating
from issuer.store.engine import Store
from schemas.errors import IssuingError

JOBS_TABLE: Final = "procrastinate_jobs"


def bring_queue(store: Store, *, schema: str, scripts: Sequence[tuple[str, str]]) -> None:
    """Make the queue's tables, or run the scripts (name, SQL; in order) that are newer than they are.

    Under the same lock as our own migrations: workers that start together do it once. The version stands in the
    comment of the table. Raises IssuingError for tables of a newer release than the one that is installed.
    """
    newest = scripts[-1][0]
    with store.reading() as connection:
        if _version(connection) == newest:
            return
    with store.writing() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrating.LOCK_KEY})
        found = _version(connection)
        if found is not None and found > newest:
            raise IssuingError(
                f"The queue in the database {store.place} was made by a newer release of Procrastinate ({found}; the "
                f"one installed knows up to {newest}). Install that release; nothing was changed.",
                reason="queue-newer",
            )
        if found is None:
            _run(connection, schema)
        for name, script in scripts:
            if found is not None and name > found:
                _run(connection, script)
        _run(connection, f"COMMENT ON TABLE {JOBS_TABLE} IS '{newest}'")


def jobs_under_way(connection: Connection) -> set[str]:
    """The locks of the jobs that wait or run: a piece of work has one at most."""
    query = sa.text(f"SELECT queueing_lock FROM {JOBS_TABLE} WHERE status IN ('todo', 'doing')")  # noqa: S608  a constant
    return set(connection.scalars(query))


def in_parts(keys: Iterable[tuple[str, int | None]], size: int) -> Iterator[list[tuple[str, int | None]]]:
    """So many at once: one statement has its limits."""
    listed = list(keys)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def _version(connection: Connection) -> str | None:
    """The newest script the tables know; the empty string for tables that somebody else made; None without tables."""
    if not sa.inspect(connection).has_table(JOBS_TABLE):
        return None
    return connection.scalar(sa.text(f"SELECT obj_description('{JOBS_TABLE}'::regclass)")) or ""


def _run(connection: Connection, script: str) -> None:
    """Several statements at once, as they are: without parameters, so that no percent sign means anything."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(script)
