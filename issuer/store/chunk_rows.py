"""A batch under way as rows: its plan, and its chunks between being cut and being done; what is sealed stays sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.batch_work import CANCELLING
from issuer.store.batches import Counts
from issuer.store.service_tables import batch_chunks, batch_plans
from issuer.store.tables import batches
from schemas.times import write_time

WAITING, DONE = "waiting", "done"

_OLDEST = 8  # running batches looked at for a chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all chunks of one run of a batch share; another run of the same batch has another `run`."""

    batch_id: str
    run: str
    facts_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChunk:
    """A chunk as the plan cuts it: rows that wait, or results that are settled without issuing."""

    number: int
    rows: int
    rows_sealed: bytes | None = field(default=None, repr=False)
    results_sealed: bytes | None = field(default=None, repr=False)
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenChunk:
    """A chunk that is ours until its lease ends."""

    batch_id: str
    number: int
    run: str
    rows: int
    rows_sealed: bytes = field(repr=False)


def keep_plan(
    connection: Connection,
    plan: Plan,
    *,
    worker: str,
    settled: NewChunk,
    chunks: Iterable[NewChunk],
    row_count: int,
    at: datetime,
) -> bool:
    """Begin a run: its chunks in place of those of an earlier one. False when the batch is not ours any more."""
    ours = connection.execute(
        sa.update(batches)
        .where(batches.c.batch_id == plan.batch_id, batches.c.lease_by == worker, batches.c.state == "running")
        .values(lease_by=None, row_count=row_count, done=settled.rows)  # whoever comes may take a chunk
    )
    if not ours.rowcount:
        return False
    drop_plan(connection, plan.batch_id)
    values = {"batch_id": plan.batch_id, "run": plan.run, "facts_sealed": plan.facts_sealed}
    connection.execute(sa.insert(batch_plans), values | {"planned_at": write_time(at)})
    connection.execute(sa.insert(batch_chunks), _values(plan, settled, state=DONE, at=at, by=worker))
    for chunk in chunks:
        connection.execute(sa.insert(batch_chunks), _values(plan, chunk, state=WAITING, at=None, by=None))
    return True


def _values(plan: Plan, chunk: NewChunk, *, state: str, at: datetime | None, by: str | None) -> dict[str, object]:
    return {
        "batch_id": plan.batch_id,
        "number": chunk.number,
        "run": plan.run,
        "state": state,
        "row_count": chunk.rows,
        "rows_sealed": chunk.rows_sealed,
        "results_sealed": chunk.results_sealed,
        "done_at": None if at is None else write_time(at),
        "done_by": by,
        **_counted(chunk.counts),
    }


def load_plan(connection: Connection, batch_id: str) -> Plan | None:
    row = connection.execute(sa.select(batch_plans).where(batch_plans.c.batch_id == batch_id)).one_or_none()
    return None if row is None else Plan(batch_id=batch_id, run=row.run, facts_sealed=bytes(row.facts_sealed))


def drop_plan(connection: Connection, batch_id: str) -> None:
    """The run is over, or a new one begins: nothing of its rows is kept."""
    connection.execute(sa.delete(batch_plans).where(batch_plans.c.batch_id == batch_id))
    connection.execute(sa.delete(batch_chunks).where(batch_chunks.c.batch_id == batch_id))


def end_plan(connection: Connection, batch_id: str) -> None:
    """The run came to its end: who did which chunk is kept, and nothing that was sealed."""
    connection.execute(sa.delete(batch_plans).where(batch_plans.c.batch_id == batch_id))
    chunks = sa.update(batch_chunks).where(batch_chunks.c.batch_id == batch_id)
    connection.execute(chunks.values(rows_sealed=None, results_sealed=None))


# --- chunks -----------------------------------------------------------------------------------------------------
def take_chunk(
    connection: Connection,
    *,
    worker: str,
    now: datetime,
    until: datetime,
    batch_id: str | None = None,
    number: int | None = None,
) -> TakenChunk | None:
    """A chunk that waits and is nobody's: of the oldest running batch, of the batch named, or the very one."""
    for one in _running(connection, worker=worker, now=now) if batch_id is None else [batch_id]:
        if chunk := _take_of(connection, one, number=number, worker=worker, now=now, until=until):
            return chunk
    return None


def _running(connection: Connection, *, worker: str, now: datetime) -> Sequence[str]:
    free = sa.exists().where(batch_chunks.c.batch_id == batches.c.batch_id, _is_free(worker=worker, now=now))
    query = sa.select(batches.c.batch_id).where(_goes_on(), free).order_by(batches.c.started_at, batches.c.batch_id)
    return connection.scalars(query.limit(_OLDEST)).all()


def _take_of(
    connection: Connection, batch_id: str, *, number: int | None, worker: str, now: datetime, until: datetime
) -> TakenChunk | None:
    # The batch's row comes first in every transaction here: two workers then never wait for each other in a circle.
    goes_on = sa.select(batches.c.batch_id).where(batches.c.batch_id == batch_id, _goes_on()).with_for_update()
    if connection.execute(goes_on).one_or_none() is None:
        return None
    free = _is_free(worker=worker, now=now)
    query = sa.select(batch_chunks).where(batch_chunks.c.batch_id == batch_id, free).order_by(batch_chunks.c.number)
    if number is not None:
        query = query.where(batch_chunks.c.number == number)
    row = connection.execute(query.limit(1)).one_or_none()
    if row is None:
        return None
    lease = {"lease_until": write_time(until)}
    connection.execute(sa.update(batches).where(batches.c.batch_id == batch_id).values(**lease))
    ours = sa.update(batch_chunks).where(batch_chunks.c.batch_id == batch_id, batch_chunks.c.number == row.number)
    connection.execute(ours.values(lease_by=worker, **lease))
    return TakenChunk(
        batch_id=batch_id, number=row.number, run=row.run, rows=row.row_count, rows_sealed=bytes(row.rows_sealed)
    )


def finish_chunk(
    connection: Connection, chunk: TakenChunk, *, counts: Counts, results_sealed: bytes, worker: str, at: datetime
) -> bool:
    """Keep what became of a chunk and let its rows go. False when the run is over, or another has done it."""
    lock = sa.select(batches.c.batch_id).where(batches.c.batch_id == chunk.batch_id).with_for_update()
    connection.execute(lock)
    done = connection.execute(
        sa.update(batch_chunks)
        .where(
            batch_chunks.c.batch_id == chunk.batch_id,
            batch_chunks.c.number == chunk.number,
            batch_chunks.c.run == chunk.run,
            batch_chunks.c.state == WAITING,
        )
        .values(
            state=DONE,
            rows_sealed=None,
            results_sealed=results_sealed,
            lease_by=None,
            lease_until=None,
            done_at=write_time(at),
            done_by=worker,
            **_counted(counts),
        )
    )
    if not done.rowcount:
        return False
    more = batches.c.done + chunk.rows
    connection.execute(sa.update(batches).where(batches.c.batch_id == chunk.batch_id).values(done=more))
    return True


def has_waiting(connection: Connection, batch_id: str) -> bool:
    """Whether any chunk is not done."""
    waiting = sa.select(batch_chunks.c.number).where(
        batch_chunks.c.batch_id == batch_id, batch_chunks.c.state == WAITING
    )
    return connection.execute(waiting.limit(1)).one_or_none() is not None


def load_results(connection: Connection, batch_id: str) -> tuple[Counts, list[tuple[int, bytes]]]:
    """(how the rows of all chunks ended; number and sealed results of each chunk that has some)."""
    sums = [sa.func.coalesce(sa.func.sum(batch_chunks.c[name]), 0) for name in Counts.__slots__]
    tally = connection.execute(sa.select(*sums).where(batch_chunks.c.batch_id == batch_id)).one()
    query = sa.select(batch_chunks.c.number, batch_chunks.c.results_sealed).where(
        batch_chunks.c.batch_id == batch_id, batch_chunks.c.results_sealed.is_not(None)
    )
    found = connection.execute(query.order_by(batch_chunks.c.number))
    counts = Counts(**{name: int(count) for name, count in zip(Counts.__slots__, tally, strict=True)})
    return counts, [(row.number, bytes(row.results_sealed)) for row in found]


def free_chunks(connection: Connection, *, now: datetime) -> list[tuple[str, int]]:
    """Every chunk that waits and is nobody's, the oldest batch first: what a queue should have a job for."""
    query = (
        sa.select(batch_chunks.c.batch_id, batch_chunks.c.number)
        .join(batches, batches.c.batch_id == batch_chunks.c.batch_id)
        .where(_goes_on(), _is_free(worker=None, now=now))
        .order_by(batches.c.started_at, batch_chunks.c.batch_id, batch_chunks.c.number)
    )
    return [(row.batch_id, row.number) for row in connection.execute(query)]


def _counted(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in Counts.__slots__}


def _goes_on() -> sa.ColumnElement[bool]:
    planned = sa.exists().where(batch_plans.c.batch_id == batches.c.batch_id)
    return sa.and_(batches.c.state == "running", sa.func.coalesce(batches.c.reason, "") != CANCELLING, planned)


def _is_free(*, worker: str | None, now: datetime) -> sa.ColumnElement[bool]:
    """Waiting, and nobody's: our own lease is one that a fault of the database kept us from using."""
    nobodys = sa.or_(batch_chunks.c.lease_until.is_(None), batch_chunks.c.lease_until < write_time(now))
    if worker is not None:
        nobodys = sa.or_(nobodys, batch_chunks.c.lease_by == worker)
    return sa.and_(batch_chunks.c.state == WAITING, nobodys)
