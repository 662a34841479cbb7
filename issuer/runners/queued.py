"""Pieces of work as jobs of Procrastinate, on PostgreSQL: the queue is a hint whom to wake, the tables are the truth.

A job names a batch and a chunk by their ids and nothing else. Jobs that are lost are found missing by the sweep that
every worker does, and made anew; jobs whose worker died are given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, Final

from issuer.bulk.jobs import Hands
from issuer.instance import Instance
from issuer.store import batch_work, chunk_rows
from issuer.store.engine import Store
from issuer.store.queue_rows import bring_queue, in_parts, jobs_under_way
from schemas.errors import BadgeError, IssuingError

try:
    import procrastinate
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
    from procrastinate.jobs import Status
except ModuleNotFoundError as missing:
    raise IssuingError(
        "The runner “procrastinate” needs its package: install this program with its extra `pg` (pip install '.[pg]').",
        reason="runner-missing",
    ) from missing

QUEUE: Final = "badges"
STALLED_SECONDS: Final = 30.0  # a worker whose heart has not beaten for so long is dead
_BATCH, _CHUNK = "badges.batch", "badges.chunk"
_SWEEP_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1
_JOBS_AT_ONCE: Final = 500


class JobFault(Exception):
    """What a job may say of a fault, in a log that anybody may read: its code."""


def refuse_sqlite(store: Store) -> None:
    """Raises IssuingError: the queue is PostgreSQL's."""
    if store.is_sqlite:
        raise IssuingError(
            "The runner “procrastinate” needs PostgreSQL, and this instance is on SQLite. Leave BADGES_RUNNER unset: "
            "the worker then takes its work from the tables themselves.",
            reason="runner-not-here",
        )


class ProcrastinateRunner:
    """Wakes a worker, wherever it is."""

    def __init__(self, instance: Instance) -> None:
        refuse_sqlite(instance.store)
        self._store = instance.store
        _bring(self._store)

    def submit(self, batch_id: str) -> None:
        """Make a job of the batch, unless it has one. A fault is no matter: the next sweep finds the batch."""
        app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=self._store.conninfo))
        try:
            with app.open():
                app.configure_task(_BATCH, **_locks(batch_id, None)).defer(batch_id=batch_id)
        except (AlreadyEnqueued, ConnectorException):
            return


class QueueWorker:
    """Works off the queue in one process, one job at a time, until told to stop."""

    def __init__(
        self,
        instance: Instance,
        hands: Hands,
        *,
        before_job: Callable[[], object] = lambda: None,
        stalled_seconds: float = STALLED_SECONDS,
    ) -> None:
        refuse_sqlite(instance.store)
        self._instance = instance
        self._hands = hands
        self._before_job = before_job
        self._stalled = stalled_seconds

    def run(self, stop: Event) -> None:
        """Until `stop` is set, or the database goes away: then it raises, and may be run again."""
        _bring(self._instance.store)
        asyncio.run(self._serve(stop))

    async def _serve(self, stop: Event) -> None:
        connector = procrastinate.PsycopgConnector(conninfo=self._instance.store.conninfo, min_size=1, max_size=4)
        app = procrastinate.App(connector=connector)
        app.task(name=_BATCH, queue=QUEUE)(self._run_batch)
        app.task(name=_CHUNK, queue=QUEUE)(self._run_chunk)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_SWEEP_SECONDS,
                    update_heartbeat_interval=self._stalled / 3,
                    stalled_worker_timeout=self._stalled,
                )
            )
            others = [asyncio.create_task(self._sweep(app)), asyncio.create_task(_until(stop))]
            done, _ = await asyncio.wait([worker, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in (*others, worker):  # the worker ends after the job under way
                task.cancel()
            await asyncio.gather(*others, worker, return_exceptions=True)
            for task in done:
                if not task.cancelled() and (fault := task.exception()) is not None:
                    raise fault

    # --- jobs ---
    def _run_batch(self, batch_id: str) -> None:
        self._do(lambda: self._hands.run_batch(batch_id))

    def _run_chunk(self, batch_id: str, number: int) -> None:
        # The last chunk's worker also finishes the batch, and any worker stops one that is to be stopped.
        self._do(lambda: (self._hands.run_chunk(batch_id, number), self._hands.run_batch(batch_id)))

    def _do(self, work: Callable[[], object]) -> None:
        try:
            self._before_job()
            work()
        except BadgeError as error:
            raise JobFault(str(error.extensions.get("reason", error.slug))) from None
        except Exception as error:  # noqa: BLE001 - what it says may name people, and this is logged
            raise JobFault(type(error).__name__) from None

    # --- the sweep ---
    async def _sweep(self, app: Any) -> None:
        while True:
            await self._give_back(app)
            for part in in_parts(await asyncio.to_thread(self._lacking), _JOBS_AT_ONCE):
                await _defer(app, part)
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _give_back(self, app: Any) -> None:
        """Jobs whose worker died wait again; one that has a successor already is let go."""
        jobs = app.job_manager
        for job in await jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._stalled):
            try:
                await jobs.retry_job(job)
            except ConnectorException:
                await jobs.finish_job(job, status=Status.FAILED, delete_job=True)

    def _lacking(self) -> list[tuple[str, int | None]]:
        """The pieces of work that the tables have and the queue has not."""
        with self._instance.store.reading() as connection:
            now = self._hands.clock()
            due: list[tuple[str, int | None]] = [(one, None) for one in batch_work.find_work(connection, now=now)]
            due += chunk_rows.free_chunks(connection, now=now)
            if not due:
                return []
            known = jobs_under_way(connection)
        return [piece for piece in due if _lock(*piece) not in known]


async def _defer(app: Any, pieces: list[tuple[str, int | None]]) -> None:
    for batch_id, number in pieces:
        try:
            if number is None:
                await app.configure_task(_BATCH, **_locks(batch_id, None)).defer_async(batch_id=batch_id)
            else:
                task = app.configure_task(_CHUNK, **_locks(batch_id, number))
                await task.defer_async(batch_id=batch_id, number=number)
        except AlreadyEnqueued:
            continue


async def _until(stop: Event) -> None:
    while not stop.is_set():  # noqa: ASYNC110 - a thread's event, set by a signal
        await asyncio.sleep(_LOOK_SECONDS)


def _lock(batch_id: str, number: int | None) -> str:
    return batch_id if number is None else f"{batch_id}.{number}"


def _locks(batch_id: str, number: int | None) -> dict[str, Any]:
    """Never two jobs for one piece of work in the queue, and never two at once under way."""
    lock = _lock(batch_id, number)
    return {"queue": QUEUE, "queueing_lock": lock, "lock": lock, "priority": 1 if number is None else 0}


def _bring(store: Store) -> None:
    folder = Path(procrastinate.schema.migrations_path)
    scripts = [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]
    bring_queue(store, schema=procrastinate.schema.SchemaManager.get_schema(), scripts=scripts)
