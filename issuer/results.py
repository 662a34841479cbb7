"""What became of each row: the outcome, a code and a sentence, and `results.csv`, which keeps every row's own line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TextIO

from issuer.rows.export import neutralise
from issuer.store.batches import Counts, RowRecord

COLUMNS = ("row", "row_key", "outcome", "reason", "sentence", "credential_id", "json", "png")


class RowOutcome(StrEnum):
    ISSUED = "issued"
    ALREADY = "already"
    HELD = "held"
    FAILED = "failed"


PROBLEMS = frozenset({RowOutcome.HELD, RowOutcome.FAILED})  # what needs a person


class RowResult(NamedTuple):
    """One row of the class list. `line` is its number in the user's own file; `sentence` may quote the learner."""

    line: int
    outcome: RowOutcome
    reason: str
    sentence: str
    row_key: str | None = None
    short_id: str | None = None
    withdrawn_at: datetime | None = None  # of the badge it had

    @property
    def record(self) -> RowRecord:
        return RowRecord(
            line=self.line,
            row_key=self.row_key,
            outcome=self.outcome,
            reason=self.reason,
            short_id=self.short_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFiles:
    """Where a badge's files lie, relative to `results.csv`."""

    json: str = ""
    png: str = ""


NOT_WRITTEN = WrittenFiles()


def count_outcomes(results: Iterable[RowResult]) -> Counts:
    tally = dict.fromkeys(RowOutcome, 0)
    for result in results:
        tally[result.outcome] += 1
    return Counts(**{outcome.value: number for outcome, number in tally.items()})


def results_csv(
    results: Iterable[RowResult],
    *,
    files: Mapping[str, WrittenFiles],
    badges_url: str,
    names: Mapping[int, str] | None = None,
) -> bytes:
    """`results.csv`: UTF-8 without a byte order mark, so that every program finds the column `row`.

    With `names` (line -> learner) it is for people: one column more, and the mark without which Excel loses macrons.
    """
    text = io.StringIO(newline="")
    write_results(
        text,
        sorted(results, key=lambda result: result.line),
        files_of=lambda result: files.get(result.short_id or "", NOT_WRITTEN),
        badges_url=badges_url,
        names=names,
    )
    return text.getvalue().encode("utf-8" if names is None else "utf-8-sig")


def write_results(
    text: TextIO,
    results: Iterable[RowResult],
    *,
    files_of: Callable[[RowResult], WrittenFiles],
    badges_url: str,
    names: Mapping[int, str] | None = None,
) -> None:
    """The same table, row by row, of results in the order of their lines."""
    writer = csv.writer(text)
    writer.writerow(COLUMNS if names is None else (*COLUMNS, "learner_name"))
    for result in results:
        written = files_of(result)
        cells = (
            str(result.line),
            result.row_key or "",
            result.outcome,
            result.reason,
            result.sentence,
            f"{badges_url}/{result.short_id}" if result.short_id else "",
            written.json,
            written.png,
        )
        named = () if names is None else (names.get(result.line, ""),)
        writer.writerow([neutralise(cell) for cell in (*cells, *named)])
