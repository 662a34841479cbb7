"""Batches as work: their states, who runs one and until when, and the lists of them; knows nothing of rows' values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.batches import Counts, RowRecord
from issuer.store.service_tables import batch_chunks, batch_plans, claims, outbox
from issuer.store.tables import batch_rows, batches, credentials, learners
from schemas.times import parse_time, write_time

CANCELLING = "cancelling"  # the reason of a batch that is to stop after the chunk under way
NOTHING_TO_DO = "nothing-to-do"  # the reason of a checked batch whose rows all have their badges already

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch as the service knows it."""

    batch_id: str
    file_sha256: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    row_count: int
    done: int
    counts: Counts
    source: str
    made_by: str | None
    approved_by: str | None
    mail: str
    lease_by: str | None
    lease_until: datetime | None
    reason: str | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedRow:
    """A badge of a batch, with the line it came from. `repr` names nobody."""

    short_id: str
    line: int | None
    nzqa_ref: str
    row_key: str
    name: str | None

    def __repr__(self) -> str:
        return f"IssuedRow(short_id={self.short_id!r}, …)"


def insert_batch(
    connection: Connection,
    *,
    batch_id: str,
    file_sha256: str,
    state: str,
    source: str,
    made_by: str,
    mail: str,
    at: datetime,
) -> None:
    connection.execute(
        sa.insert(batches),
        {
            "batch_id": batch_id,
            "file_sha256": file_sha256,
            "state": state,
            "started_at": write_time(at),
            "row_count": 0,
            "issued": 0,
            "already": 0,
            "held": 0,
            "failed": 0,
            "source": source,
            "made_by": made_by,
            "mail": mail,
        },
    )


def load(connection: Connection, batch_id: str, *, for_update: bool = False) -> Batch | None:
    query = sa.select(batches).where(batches.c.batch_id == batch_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _batch(row)


def is_idle() -> sa.ColumnElement[bool]:
    """Batches that nobody has anything to do with: discarded, or checked and found to be issued already."""
    empty = sa.and_(batches.c.state == "checked", sa.func.coalesce(batches.c.reason, "") == NOTHING_TO_DO)
    return sa.or_(batches.c.state == "discarded", empty)


def load_page(connection: Connection, *, offset: int, limit: int, with_idle: bool = True) -> tuple[list[Batch], int]:
    """(batches, the newest first; how many there are)."""
    wanted = sa.true() if with_idle else sa.not_(is_idle())
    query = sa.select(batches).where(wanted).order_by(batches.c.started_at.desc(), batches.c.batch_id)
    total = connection.scalar(sa.select(sa.func.count()).select_from(batches).where(wanted)) or 0
    return [_batch(row) for row in connection.execute(query.offset(offset).limit(limit))], total


def learner_names(connection: Connection, short_ids: Sequence[str]) -> dict[str, str]:
    """Short id -> the name of its learner."""
    found: dict[str, str] = {}
    for start in range(0, len(short_ids), _AT_ONCE):
        query = sa.select(learners.c.short_id, learners.c.name)
        query = query.where(learners.c.short_id.in_(short_ids[start : start + _AT_ONCE]))
        found |= {row.short_id: row.name for row in connection.execute(query)}
    return found


def find_by_file(connection: Connection, file_sha256: str) -> list[Batch]:
    """Every batch of the same file, oldest first."""
    query = sa.select(batches).where(batches.c.file_sha256 == file_sha256)
    return [_batch(row) for row in connection.execute(query.order_by(batches.c.started_at, batches.c.batch_id))]


def move(connection: Connection, batch_id: str, *, among: Collection[str], to: str, **values: Any) -> bool:
    """Bring a batch that is in one of these states into another. False when it is in none of them (any more)."""
    done = connection.execute(
        sa.update(batches).where(batches.c.batch_id == batch_id, batches.c.state.in_(among)).values(state=to, **values)
    )
    return done.rowcount == 1


def change(connection: Connection, batch_id: str, **values: Any) -> None:
    connection.execute(sa.update(batches).where(batches.c.batch_id == batch_id).values(**values))


# --- leases -----------------------------------------------------------------------------------------------------
def take_next(
    connection: Connection, *, worker: str, now: datetime, until: datetime, only: str | None = None
) -> Batch | None:
    """The oldest batch with something to do as a whole (see `has_work`), now ours; chunks are taken by themselves.

    On PostgreSQL one that another worker is taking at this moment is passed over; SQLite has one writer anyway.
    """
    query = sa.select(batches).where(has_work(worker=worker, now=now))
    if only is not None:
        query = query.where(batches.c.batch_id == only)
    query = query.order_by(batches.c.started_at, batches.c.batch_id).limit(1).with_for_update(skip_locked=True)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    fresh = {"state": "running", "done": 0} if row.state == "queued" else {}
    connection.execute(
        sa.update(batches)
        .where(batches.c.batch_id == row.batch_id)
        .values(lease_by=worker, lease_until=write_time(until), **fresh)
    )
    return load(connection, row.batch_id)


def find_work(connection: Connection, *, now: datetime) -> list[str]:
    """Every batch with something to do as a whole, the oldest first: what a queue should have a job for."""
    query = sa.select(batches.c.batch_id).where(has_work(worker=None, now=now))
    return list(connection.scalars(query.order_by(batches.c.started_at, batches.c.batch_id)))


def has_work(*, worker: str | None, now: datetime) -> sa.ColumnElement[bool]:
    """Waits to be checked, to be cut into chunks, to be stopped or to be finished, and is nobody else's."""
    moment = write_time(now)
    late = batches.c.lease_until < moment
    ours = sa.false() if worker is None else batches.c.lease_by == worker  # kept from it by a fault of the database
    nobodys = sa.or_(batches.c.lease_by.is_(None), batches.c.lease_until.is_(None), late, ours)
    planned = sa.exists().where(batch_plans.c.batch_id == batches.c.batch_id)
    waiting = sa.and_(batch_chunks.c.batch_id == batches.c.batch_id, batch_chunks.c.state == "waiting")
    to_finish = sa.not_(sa.exists().where(waiting))
    under_way = sa.exists().where(waiting, batch_chunks.c.lease_until >= moment)
    to_stop = sa.and_(sa.func.coalesce(batches.c.reason, "") == CANCELLING, sa.not_(under_way))
    return sa.or_(
        batches.c.state == "queued",
        sa.and_(batches.c.state == "checking", nobodys),
        # A run on the command line has neither plan nor lease: it is nobody's to take over.
        sa.and_(batches.c.state == "running", sa.not_(planned), sa.or_(late, ours)),
        sa.and_(batches.c.state == "running", planned, nobodys, sa.or_(to_finish, to_stop)),
    )


def renew(connection: Connection, batch_id: str, *, worker: str, until: datetime, done: int) -> str | None:
    """Say that we still run it and how far it is. Returns its reason to stop, if one was given; `lost` when it is
    not ours any more."""
    renewed = connection.execute(
        sa.update(batches)
        .where(batches.c.batch_id == batch_id, batches.c.lease_by == worker)
        .values(lease_until=write_time(until), done=done)
    )
    if not renewed.rowcount:
        return "lost"
    return connection.scalar(sa.select(batches.c.reason).where(batches.c.batch_id == batch_id))


def end_work(
    connection: Connection, batch_id: str, *, worker: str, state: str, reason: str | None, **values: Any
) -> bool:
    """Let go of a batch that is ours, in its next state. False when another worker has taken it meanwhile."""
    done = connection.execute(
        sa.update(batches)
        .where(batches.c.batch_id == batch_id, batches.c.lease_by == worker)
        .values(state=state, reason=reason, lease_by=None, lease_until=None, **values)
    )
    return done.rowcount == 1


# --- results ----------------------------------------------------------------------------------------------------
def issued_rows(connection: Connection, batch_id: str, *, offset: int = 0, limit: int | None = None) -> list[IssuedRow]:
    """Its badges in the order of their lines."""
    query = (
        sa.select(
            credentials.c.short_id,
            credentials.c.line,
            credentials.c.nzqa_ref,
            credentials.c.row_key,
            learners.c.name,
        )
        .outerjoin(learners, learners.c.short_id == credentials.c.short_id)
        .where(credentials.c.batch_id == batch_id)
        .order_by(credentials.c.line, credentials.c.short_id)
        .offset(offset)
    )
    rows = connection.execute(query if limit is None else query.limit(limit))
    return [IssuedRow(**row._mapping) for row in rows]


def count_issued(connection: Connection, batch_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(credentials).where(credentials.c.batch_id == batch_id)
    return connection.scalar(query) or 0


def issued_since(connection: Connection, moment: datetime) -> bool:
    """Whether any badge was issued at or after that moment."""
    query = sa.select(credentials.c.short_id).where(credentials.c.created_at >= write_time(moment)).limit(1)
    return connection.scalar(query) is not None


def problem_rows(connection: Connection, batch_id: str) -> list[RowRecord]:
    """The rows that were not issued, as codes, in the order of their lines."""
    query = sa.select(batch_rows).where(batch_rows.c.batch_id == batch_id).order_by(batch_rows.c.line)
    return [
        RowRecord(line=row.line, row_key=row.row_key, outcome=row.outcome, reason=row.reason, short_id=row.short_id)
        for row in connection.execute(query)
    ]


def mail_states(connection: Connection, batch_id: str) -> Mapping[str, int]:
    query = sa.select(outbox.c.state, sa.func.count()).where(outbox.c.batch_id == batch_id).group_by(outbox.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def claim_counts(connection: Connection, batch_id: str) -> tuple[int, int]:
    """(badges to be handed over by a person, badges claimed)."""
    ours = claims.c.short_id.in_(sa.select(credentials.c.short_id).where(credentials.c.batch_id == batch_id))
    count = sa.select(sa.func.count()).select_from(claims).where(ours)
    hand_over = connection.scalar(count.where(claims.c.delivery == "hand-over")) or 0
    claimed = connection.scalar(count.where(claims.c.claimed_at.is_not(None))) or 0
    return hand_over, claimed


def names_by_address(connection: Connection, addresses: Sequence[str]) -> dict[str, set[str]]:
    """Folded address (lower case) -> the names of the learners who have it."""
    lowered = sa.func.lower(learners.c.email)
    query = sa.select(lowered.label("address"), learners.c.name).where(lowered.in_(addresses)).distinct()
    found: dict[str, set[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.address, set()).add(row.name)
    return found


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        batch_id=row.batch_id,
        file_sha256=row.file_sha256,
        state=row.state,
        started_at=parse_time(row.started_at),
        finished_at=None if row.finished_at is None else parse_time(row.finished_at),
        row_count=row.row_count,
        done=row.done,
        counts=Counts(issued=row.issued, already=row.already, held=row.held, failed=row.failed),
        source=row.source,
        made_by=row.made_by,
        approved_by=row.approved_by,
        mail=row.mail,
        lease_by=row.lease_by,
        lease_until=None if row.lease_until is None else parse_time(row.lease_until),
        reason=row.reason,
        withdrawn_at=None if row.withdrawn_at is None else parse_time(row.withdrawn_at),
    )
