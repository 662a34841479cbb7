"""What became of each row: the outcome, a code and a sentence, and `results.csv`, which keeps every row's own line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from issuer.rows.export import neutralise
from issuer.store.batches import Counts, RowRecord

COLUMNS = ("row", "row_key", "outcome", "reason", "sentence", "credential_id", "json", "png")


class RowOutcome(StrEnum):
    ISSUED = "issued"
    ALREADY = "already"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row of the class list. `line` is its number in the user's own file; `sentence` may quote the learner."""

    line: int
    outcome: RowOutcome
    reason: str
    sentence: str
    row_key: str | None = None
    short_id: str | None = None

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


def count_outcomes(results: Iterable[RowResult]) -> Counts:
    tally = dict.fromkeys(RowOutcome, 0)
    for result in results:
        tally[result.outcome] += 1
    return Counts(**{outcome.value: number for outcome, number in tally.items()})


def results_csv(results: Sequence[RowResult], *, files: dict[str, WrittenFiles], badges_url: str) -> bytes:
    """`results.csv`: UTF-8 without a byte order mark, so that every program finds the column `row`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for result in sorted(results, key=lambda result: result.line):
        written = files.get(result.short_id or "", WrittenFiles())
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
        writer.writerow([neutralise(cell) for cell in cells])
    return text.getvalue().encode()
