"""The rows of a checked list that would be issued, as the second person who approves them sees them; keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from issuer.bulk.findings import Findings
from issuer.bulk.uploads import read_upload
from issuer.instance import Instance
from verifier.register.edition import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRow:
    """One row, as its badge would say it, and where its mail would go."""

    line: int
    learner_name: str = field(repr=False)
    nzqa_ref: str
    achieved_on: date
    email: str | None = field(default=None, repr=False)


def load_ready_rows(
    instance: Instance, batch_id: str, findings: Findings, *, edition: Edition | None
) -> tuple[ReadyRow, ...]:
    """The ready rows of the last check, in the order of the file; of a list that was issued before, those tried again.

    Raises IssuingError once the list is purged, TableError when it can no longer be read.
    """
    class_list, _ = read_upload(instance, batch_id, edition=edition)
    tried_again = not findings.ready
    waiting = {row.line for row in findings.problems}
    settled = waiting | {row.line for row in findings.already_rows}
    return tuple(
        ReadyRow(
            line=row.line,
            learner_name=row.learner_name,
            nzqa_ref=row.nzqa_ref,
            achieved_on=row.achieved_on,
            email=row.learner_email,
        )
        for row in class_list.rows
        if (row.line in waiting if tried_again else row.line not in settled)
    )
