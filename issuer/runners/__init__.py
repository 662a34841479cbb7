"""Where a batch is run: in the process that asks, or in a worker beside it. Exactly-once comes from the row keys."""

from __future__ import annotations

from typing import Protocol

from issuer.runners.worker import WorkerRunner

__all__ = ["Runner", "WorkerRunner"]


class Runner(Protocol):
    """Takes a batch that was requested to be checked, or queued to be issued."""

    def submit(self, batch_id: str) -> None: ...
