"""What became of every row of a long class list, kept on disk and told in the order of the lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from heapq import heappop, heappush
from operator import attrgetter
from pathlib import Path
from typing import Any, Self, cast

from issuer.results import PROBLEMS, RowOutcome, RowResult, count_outcomes
from issuer.scratch import Item, Scratch
from issuer.store.batches import Counts


class ResultSpool(AbstractContextManager["ResultSpool"]):
    """A `ResultSink`. Sentences are kept as the English text they are."""

    def __init__(self, folder: Path | None = None, *, only_problems: bool = False) -> None:
        """Its file is in `folder`, or where temporary files go; with `only_problems`, all other rows are merely
        counted. Raises IssuingError."""
        self._only_problems = only_problems
        self._scratch = Scratch(folder)
        self._runs: list[tuple[int, int, int]] = []  # of each part in the order of its lines: first line, place, end
        self.counts = Counts()
        self.problems = 0

    def add(self, results: Sequence[RowResult]) -> None:
        """Raises IssuingError when the disk is full."""
        if not results:
            return
        counts = count_outcomes(results)
        self.counts += counts
        self.problems += sum(getattr(counts, outcome.value) for outcome in PROBLEMS)
        wanted = [one for one in results if one.outcome in PROBLEMS] if self._only_problems else results
        if not wanted:
            return
        ordered = sorted(wanted, key=attrgetter("line"))
        start = self._scratch.end_page()
        for result in ordered:
            self._scratch.append(_packed(result))
        self._runs.append((ordered[0].line, start, self._scratch.end_page()))

    def __iter__(self) -> Iterator[RowResult]:
        """All of them, by their lines. In memory are those whose parts overlap, a page of each."""
        heap: list[tuple[int, int, RowResult, Iterator[RowResult]]] = []
        waiting = sorted(self._runs)
        at = 0
        while heap or at < len(waiting):
            while at < len(waiting) and (not heap or waiting[at][0] <= heap[0][0]):
                _, start, end = waiting[at]
                _push(heap, at, self._read(start, end))
                at += 1
            _, number, result, following = heappop(heap)
            yield result
            _push(heap, number, following)

    def _read(self, start: int, end: int) -> Iterator[RowResult]:
        while start < end:
            items, start = self._scratch.read_page(start)
            yield from map(_unpacked, items)

    def close(self) -> None:
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _push(
    heap: list[tuple[int, int, RowResult, Iterator[RowResult]]], number: int, results: Iterator[RowResult]
) -> None:
    result = next(results, None)
    if result is not None:
        heappush(heap, (result.line, number, result, results))


def _packed(result: RowResult) -> Item:
    return (
        result.line,
        result.outcome.value,
        str(result.reason),
        str(result.sentence),
        result.row_key,
        result.short_id,
        None if result.withdrawn_at is None else result.withdrawn_at.isoformat(),
    )


def _unpacked(item: Item) -> RowResult:
    line, outcome, reason, sentence, row_key, short_id, withdrawn_at = cast("tuple[Any, ...]", item)
    return RowResult(
        line=line,
        outcome=RowOutcome(outcome),
        reason=reason,
        sentence=sentence,
        row_key=row_key,
        short_id=short_id,
        withdrawn_at=None if withdrawn_at is None else datetime.fromisoformat(withdrawn_at),
    )
