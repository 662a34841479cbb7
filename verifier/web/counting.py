"""Numbers of a service: how many reports, with which verdicts and reasons, how long they took; nothing of any badge.

The names of all numbers are known before the first: no text of a stranger ever becomes one. They lie in memory that
all processes of the service share, a row for each, so that whichever is asked tells the sum.
"""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from verifier.caching import Use
from verifier.report import AccreditedVerdict, CurrentVerdict, GenuineVerdict, Report
from verifier.wording import SENTENCES

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 12.0)
ROWS: Final = 64  # processes; one that is started anew takes the next row, and adds to what stands there
_MICROSECONDS: Final = 1_000_000

_SERIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "genuine": tuple(verdict.value for verdict in GenuineVerdict),
        "current": tuple(verdict.value for verdict in CurrentVerdict),
        "accredited": tuple(verdict.value for verdict in AccreditedVerdict),
        "reasons": tuple(
            sorted(
                f"{check_id.value}:{outcome.value}:{reason}"
                for check_id, outcome, reason in SENTENCES
                if outcome.value in {"failed", "unknown"}
            )
        ),
        "fetches": tuple(use.value for use in Use),
        "requests": ("2xx", "3xx", "4xx", "5xx"),
        "refused": ("rate",),
        "seconds": (*(str(bound) for bound in BUCKETS), "+Inf", "sum"),
    }
)
_PLACES: Final = {
    place: number
    for number, place in enumerate((series, label) for series, labels in _SERIES.items() for label in labels)
}
_ROW_BYTES: Final = 8 * len(_PLACES)


class Counters:
    """Make it before the processes are made, so that they share it; then `row` is each one's own."""

    def __init__(self) -> None:
        self._shared = memoryview(mmap.mmap(-1, ROWS * _ROW_BYTES)).cast("Q")
        self._lock = threading.Lock()
        self.row = 0

    def count(self, series: str, label: str, by: int = 1) -> None:
        """One more; a label that nobody foresaw is not counted."""
        place = _PLACES.get((series, label))
        if place is not None:
            with self._lock:
                self._shared[(self.row % ROWS) * len(_PLACES) + place] += by

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Counts how long it takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            self.count("seconds", next((str(bound) for bound in BUCKETS if took <= bound), "+Inf"))
            self.count("seconds", "sum", int(took * _MICROSECONDS))

    def report(self, report: Report) -> None:
        self.count("genuine", report.genuine.verdict.value)
        self.count("current", report.current.verdict.value)
        self.count("accredited", report.accredited.verdict.value)
        for check in report.checks:
            self.count("reasons", f"{check.id.value}:{check.outcome.value}:{check.reason}")

    def of(self, series: str) -> dict[str, int]:
        """label -> number, all processes together."""
        return {
            label: sum(self._shared[row * len(_PLACES) + _PLACES[series, label]] for row in range(ROWS))
            for label in _SERIES[series]
        }
