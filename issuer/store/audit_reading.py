"""Looking through the audit log, a page at a time, the latest first; what an act means is not known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.audit_log import Entry
from issuer.store.tables import audit_log
from schemas.times import write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Which entries are wanted; nothing given is all of them."""

    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None  # this instant is not among them
    actor: str | None = None


def load_page(connection: Connection, looked: Looked, *, page: int, size: int) -> tuple[tuple[Entry, ...], int]:
    """One page of entries, the latest first, and how many there are in all."""
    condition = _condition(looked)
    total = connection.scalar(sa.select(sa.func.count()).select_from(audit_log).where(condition)) or 0
    query = sa.select(audit_log).where(condition).order_by(audit_log.c.seq.desc())
    rows = connection.execute(query.limit(size).offset((page - 1) * size))
    return tuple(Entry(**row._mapping) for row in rows), total


def load_all(connection: Connection, looked: Looked) -> Iterator[Entry]:
    """Every entry that is wanted, in the order of the chain, some hundred in memory at a time."""
    query = sa.select(audit_log).where(_condition(looked)).order_by(audit_log.c.seq)
    for row in connection.execute(query, execution_options={"yield_per": 500}):
        yield Entry(**row._mapping)


def load_actions(connection: Connection) -> tuple[str, ...]:
    """The acts there are entries of."""
    return tuple(connection.scalars(sa.select(audit_log.c.action).distinct().order_by(audit_log.c.action)))


def _condition(looked: Looked) -> sa.ColumnElement[bool]:
    wanted: list[sa.ColumnElement[bool]] = []
    if looked.actions:
        wanted.append(audit_log.c.action.in_(looked.actions))
    if looked.since is not None:
        wanted.append(audit_log.c.at >= write_time(looked.since))
    if looked.until is not None:
        wanted.append(audit_log.c.at < write_time(looked.until))
    if looked.actor is not None:
        wanted.append(audit_log.c.actor == looked.actor)
    return sa.and_(sa.true(), *wanted)
