"""Where badges are made and looked at before they are kept: in this process, or in several that share the chunks out.

A task goes out whole to one process and comes back whole: signed, each badge checked, and the sample of it believed by
the full verifier. Nothing here writes to the database, so that no transaction waits for signing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from issuer.childprocess import follow_parent
from issuer.collecting import begin_collecting_seldom
from issuer.instance import Identity, load_config
from issuer.making import Made, Order, Workshop, issuer_facts, signing_kit
from issuer.selfcheck import OwnWeb, check_made, sample
from issuer.store.lists import SignedList
from schemas.errors import IssuingError
from verifier.register.edition import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The orders of one chunk, and the status lists in which their places are."""

    orders: Sequence[Order]
    lists: Sequence[SignedList]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all tasks of one run share: what is signed into each badge, and what the self-check believes."""

    valid_from: datetime
    known_nsns: Container[str]
    with_jwt: bool
    edition: Edition | None
    at: datetime
    accept_unconfirmed: bool


class Pending(Protocol):
    """A task under way."""

    def result(self) -> list[Made]:
        """What was made, in the order of the orders. Raises IssuingError, by the self-check or for a lost process."""


class Makers(Protocol):
    """Takes tasks. `together` is how many it works at, and so how many are worth having under way."""

    @property
    def together(self) -> int: ...
    def begin(self, task: Task) -> Pending: ...


@contextmanager
def open_makers(
    instance: Identity, *, terms: Terms, workers: int = 1, before_fork: Callable[[], None]
) -> Iterator[Makers]:
    """Makers in this process, or in `workers` others.

    `before_fork` lets go of what no two processes may hold at once: the connections to the database.
    """
    if workers <= 1:
        yield _Here(_Bench(instance, terms))
        return
    if threading.active_count() == 1:  # at once, with keys that are open already
        before_fork()
        bench = _Bench(instance, terms)
        pool = ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_furnish, initargs=(bench,))
    else:  # a thread could hold a lock at this moment, for ever in the copy
        arguments = (instance.folder, terms)
        spawn = get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_furnish_anew, initargs=arguments)
    try:
        yield _Elsewhere(pool, workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Bench:
    """One process's workshop, and the web of the instance's own addresses in which the sample is verified."""

    def __init__(self, instance: Identity, terms: Terms) -> None:
        self._terms = terms
        self._web = OwnWeb(instance, edition=terms.edition, at=terms.at)
        self._workshop = Workshop(
            kit=signing_kit(instance, with_jwt=terms.with_jwt),
            issuer=issuer_facts(instance),
            valid_from=terms.valid_from,
            known_nsns=terms.known_nsns,
        )

    def work(self, task: Task) -> list[Made]:
        made = self._workshop(task.orders)
        good = [(order, one) for order, one in zip(task.orders, made, strict=True) if one.sentence is None]
        self._web.put_lists(task.lists)
        for order, one in sample(good):
            check_made(
                one,
                order=order,
                workshop=self._workshop,
                web=self._web,
                at=self._terms.at,
                accept_unconfirmed=self._terms.accept_unconfirmed,
            )
        return made


@dataclass(frozen=True, slots=True)
class _Done:
    made: list[Made]

    def result(self) -> list[Made]:
        return self.made


class _Here:
    """This process, which works at one task at a time."""

    together = 1

    def __init__(self, bench: _Bench) -> None:
        self._bench = bench

    def begin(self, task: Task) -> Pending:
        return _Done(self._bench.work(task))


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Other processes."""

    pool: ProcessPoolExecutor
    workers: int

    @property
    def together(self) -> int:
        return 2 * self.workers + 1  # one being kept, one in each hand, and one more for each that is done meanwhile

    def begin(self, task: Task) -> Pending:
        with _telling_of_lost_processes():
            return _Awaited(self.pool.submit(_work_in_process, task))


@dataclass(frozen=True, slots=True)
class _Awaited:
    future: Future[list[Made]]

    def result(self) -> list[Made]:
        with _telling_of_lost_processes():
            return self.future.result()


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
_benches: list[_Bench] = []


def _furnish(bench: _Bench) -> None:
    follow_parent()
    begin_collecting_seldom()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whatever the parent does on it
    _benches[:] = [bench]


def _furnish_anew(folder: Path, terms: Terms) -> None:
    _furnish(_Bench(Identity(folder, load_config(folder)), terms))


def _work_in_process(task: Task) -> list[Made]:
    return _benches[0].work(task)
