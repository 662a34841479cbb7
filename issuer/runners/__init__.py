"""Where a batch is run: in the process that asks, or in workers beside it. Exactly-once comes from the row keys.

All runners do the same pieces of work (`issuer.bulk.jobs.Hands`) from the same tables; they differ in who is woken.
"""

from __future__ import annotations

from typing import Protocol

from issuer.instance import Instance
from issuer.runners.worker import WorkerRunner

__all__ = ["Runner", "WorkerRunner", "runner_named"]


class Runner(Protocol):
    """Takes a batch that was requested to be checked, or queued to be issued."""

    def submit(self, batch_id: str) -> None: ...


def runner_named(name: str, instance: Instance) -> Runner:
    """The runner of that name (`issuer.settings.RUNNERS`). Raises IssuingError where it cannot be."""
    if name != "procrastinate":
        return WorkerRunner()
    from issuer.runners.queued import ProcrastinateRunner

    return ProcrastinateRunner(instance)
