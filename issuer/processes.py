"""The chunks of one run, issued here or by several processes, each a whole chunk: the database is between them."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from pathlib import Path

from issuer import settings
from issuer.bulk.delivering import Terms
from issuer.childprocess import follow_parent
from issuer.collecting import begin_collecting_seldom
from issuer.instance import open_instance
from issuer.issuing import Issuing, open_issuing, process_chunk
from issuer.results import RowResult
from issuer.rowsource import Chunk
from issuer.running import Run, run_of
from schemas.errors import IssuingError
from verifier.register.edition import Edition

MANY_ROWS = 400  # from here on, what it costs to set a run up does not matter
_AHEAD = 1  # chunks that wait for each process beside the one it works at


def issue_chunks(
    chunks: Iterable[Chunk],
    *,
    run: Run,
    known_nsns: Container[str],
    with_jwt: bool,
    workers: int,
    expected: int,
) -> Iterator[list[RowResult]]:
    """The results of each chunk once it is committed, in their order. `expected`: how many rows there are at most.

    Raises IssuingError for what stops the run; other processes finish the chunks they are at.
    """
    if workers <= 1:
        with open_issuing(run, known_nsns=known_nsns, with_jwt=with_jwt, is_large=expected >= MANY_ROWS) as issuing:
            left = expected
            for chunk in chunks:
                left -= len(chunk.rows)
                yield process_chunk(chunk, issuing=issuing, ahead=min(len(chunk.rows), left))
        return
    with _pool(run, known_nsns=known_nsns, with_jwt=with_jwt, workers=workers) as pool:
        under_way: deque[Future[list[RowResult]]] = deque()
        left = expected
        for chunk in chunks:
            left -= len(chunk.rows)
            ahead = len(chunk.rows) if left >= workers * len(chunk.rows) else 0  # nobody knows who gets the last ones
            with _telling_of_lost_processes():
                under_way.append(pool.submit(_issue, chunk, ahead))
                if len(under_way) > workers * (1 + _AHEAD):
                    yield under_way.popleft().result()
        while under_way:
            with _telling_of_lost_processes():
                yield under_way.popleft().result()


@contextmanager
def _pool(run: Run, *, known_nsns: Container[str], with_jwt: bool, workers: int) -> Iterator[ProcessPoolExecutor]:
    if is_alone():  # at once, with keys that are open already
        run.instance.store.close()  # no two processes may hold one connection
        fork = get_context("fork")
        turn = _turn(run, fork)
        with open_issuing(run, known_nsns=known_nsns, with_jwt=with_jwt, turn=turn, is_large=True) as issuing:
            pool = ProcessPoolExecutor(workers, mp_context=fork, initializer=_begin, initargs=(issuing,))
    else:  # a thread could hold a lock at this moment, for ever in the copy
        spawn = get_context("spawn")
        plan = _Plan(
            folder=run.instance.folder,
            edition=run.gate.edition,
            accept_unconfirmed=run.gate.accept_unconfirmed,
            terms=run.terms,
            now=run.now,
            actor=run.actor,
            batch_id=run.batch_id,
            known_nsns=known_nsns,
            with_jwt=with_jwt,
        )
        turn = _turn(run, spawn)
        pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_begin_anew, initargs=(plan, turn))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def is_alone() -> bool:
    """Whether this process has one thread, and so may be copied."""
    return threading.active_count() == 1


def _turn(run: Run, context: BaseContext) -> AbstractContextManager[object] | None:
    """SQLite has one writer at a time, and whoever finds it busy sleeps and looks again; here they are woken."""
    return context.Lock() if run.instance.store.is_sqlite else None


@contextmanager
def _telling_of_lost_processes() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise IssuingError(
            "A worker process ended early (was it killed, or out of memory?). What was committed stands; run "
            "the same command again, with fewer --workers if it happens again.",
            reason="worker-lost",
        ) from None


# --- in the other processes -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a run is made of again in a process that shares nothing with this one."""

    folder: Path
    edition: Edition | None
    accept_unconfirmed: str | None
    terms: Terms
    now: datetime
    actor: str
    batch_id: str | None
    known_nsns: Container[str]
    with_jwt: bool


_mine: list[Issuing] = []
_open = ExitStack()


def _begin(issuing: Issuing) -> None:
    follow_parent()
    begin_collecting_seldom()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whatever the parent does on it
    _mine[:] = [issuing]


def _begin_anew(plan: _Plan, turn: AbstractContextManager[object] | None) -> None:
    instance = _open.enter_context(open_instance(plan.folder, database=settings.database_url()))
    run = run_of(
        instance,
        plan.edition,
        accept_unconfirmed=plan.accept_unconfirmed,
        terms=plan.terms,
        now=plan.now,
        actor=plan.actor,
        batch_id=plan.batch_id,
    )
    _begin(
        _open.enter_context(
            open_issuing(run, known_nsns=plan.known_nsns, with_jwt=plan.with_jwt, turn=turn, is_large=True)
        )
    )


def _issue(chunk: Chunk, ahead: int) -> list[RowResult]:
    return process_chunk(chunk, issuing=_mine[0], ahead=ahead)
