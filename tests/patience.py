"""How tests wait and how they measure on a machine that has much else to do: long, and in time of the processor."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 90.0  # seconds, for what takes a moment on a machine of its own; only a failure waits so long


def until(found: Callable[[], Any], what: str, *, seconds: float = PATIENCE, every: float = 0.05) -> Any:
    """What `found` gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while True:
        if answer := found():
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"did not come within {seconds:g} s: {what}")
        time.sleep(every)


def work_seconds() -> float:
    """The processor's time that this process and the processes it has waited for took: what others do adds nothing."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
