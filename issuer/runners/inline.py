"""Runs a batch in the process that asks: for one badge, for tests, and where there is no worker."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from issuer.bulk.jobs import take_and_run
from issuer.instance import Instance


class InlineRunner:
    """Runs what is submitted before `submit` returns."""

    def __init__(self, instance: Instance, *, clock: Callable[[], datetime]) -> None:
        self._instance = instance
        self._clock = clock
        self._worker = f"inline:{secrets.token_hex(4)}"

    def submit(self, batch_id: str) -> None:
        take_and_run(self._instance, worker=self._worker, clock=self._clock, only=batch_id)
