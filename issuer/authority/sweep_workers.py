"""Shares a sweep out among worker processes: each verifies a part of the badges; what is found is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from issuer.authority.sweep import Copies, Sweeper, Swept, sweeper_here
from issuer.childprocess import follow_parent
from keys.resolve import load_did_map, no_network
from schemas.errors import IssuingError
from verifier.register.edition import Edition

_PART = 25  # badges handed to a worker at a time


@contextmanager
def sweepers(*, old: Edition, new: Edition, did_map: Path | None, at: datetime, workers: int) -> Iterator[Sweeper]:
    """A sweeper in this process, or one that uses `workers` processes. Looks addresses up in `did_map` alone."""
    if workers <= 1:
        yield _offline_sweeper(old, new, did_map, at)
        return
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_furnish_worker, initargs=(old, new, did_map, at)
    ) as pool:

        def share_out(badges: Sequence[Copies]) -> list[Swept]:
            parts = [badges[start : start + _PART] for start in range(0, len(badges), _PART)]
            try:
                return [one for part in pool.map(_sweep_in_worker, parts) for one in part]
            except BrokenProcessPool:
                raise IssuingError(
                    "A worker process ended early (was it killed, or out of memory?). Run the command again with "
                    "--workers 1."
                ) from None

        yield share_out


_worker: list[Sweeper] = []


def _offline_sweeper(old: Edition, new: Edition, did_map: Path | None, at: datetime) -> Sweeper:
    fetch = no_network if did_map is None else load_did_map(did_map, at=at, otherwise=no_network)
    return sweeper_here(old=old, new=new, fetch=fetch, at=at)


def _furnish_worker(old: Edition, new: Edition, did_map: Path | None, at: datetime) -> None:
    follow_parent()
    _worker[:] = [_offline_sweeper(old, new, did_map, at)]


def _sweep_in_worker(badges: Sequence[Copies]) -> list[Swept]:
    return list(_worker[0](badges))
