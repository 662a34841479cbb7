"""What became of each row: the outcome, a code and a sentence, and `results.csv`, which keeps every row's own line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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


def count_outcomes(results: Iterable[RowResult]) -> Counts:
    tally = dict.fromkeys(RowOutcome, 0)
    for result in results:
        tally[result.outcome] += 1
    return Counts(**{outcome.value: number for outcome, number in tally.items()})


def results_csv(
    results: Sequence[RowResult],
    *,
    files: dict[str, WrittenFiles],
    badges_url: str,
    names: Mapping[int, str] | None = None,
) -> bytes:
    """`results.csv`: UTF-8 without a byte order mark, so that every program finds the column `row`.

    With `names` (line -> learner) it is for people: one column more, and the mark without which Excel loses macrons.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS if names is None else (*COLUMNS, "learner_name"))
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
        named = () if names is None else (names.get(result.line, ""),)
        writer.writerow([neutralise(cell) for cell in (*cells, *named)])
    return text.getvalue().encode("utf-8" if names is None else "utf-8-sig")
