"""A class list in memory, as a source of chunks, and results in memory: for the desk, the API and tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from issuer.admission import CompletionFault, CompletionList, find_repeats, key_rows, known_nsns, refuse_unreadable
from issuer.bulk.delivering import shared_addresses
from issuer.instance import ROW_KEY_SECRET, Identity
from issuer.results import RowResult
from issuer.rowsource import Chunk


@dataclass(slots=True, kw_only=True)
class Gathered:
    """A sink that keeps everything in memory."""

    results: list[RowResult] = field(default_factory=list)

    def add(self, results: Sequence[RowResult]) -> None:
        self.results += results

    def in_order(self) -> tuple[RowResult, ...]:
        return tuple(sorted(self.results, key=lambda result: result.line))


class ListedRows:
    """A class list that is in memory, as a source of chunks."""

    def __init__(self, instance: Identity, class_list: CompletionList) -> None:
        rows = list(class_list.rows)
        secret = instance.secret(ROW_KEY_SECRET)
        self._keys = key_rows(rows, secret=secret, provider=instance.config.provider)
        repeats = find_repeats(rows, keys=self._keys)
        self._settled = [*unreadable_rows(class_list), *repeats.values()]
        self._rows = [row for row in rows if row.line not in repeats]
        self.total = len(self._rows) + len(self._settled)
        self.known_nsns = known_nsns(rows)
        self.shared = shared_addresses((row.learner_name, row.learner_email) for row in rows)

    def settled(self) -> Iterator[RowResult]:
        return iter(self._settled)

    def chunks(self, size: int) -> Iterator[Chunk]:
        for start in range(0, len(self._rows), size):
            yield Chunk(rows=self._rows[start : start + size], keys=self._keys)


def unreadable_rows(class_list: CompletionList) -> list[RowResult]:
    """One result for each line with faults, telling all of them."""
    by_line: dict[int, list[CompletionFault]] = {}
    for fault in class_list.faults:
        by_line.setdefault(fault.line, []).append(fault)
    return [refuse_unreadable(faults) for faults in by_line.values()]
