"""The dry run of an uploaded class list, as a job: every row minted and checked unsigned, nothing issued."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime

from issuer import audit
from issuer.batches import Options
from issuer.bulk.findings import Findings, Outcome, build_findings, load_findings, seal_findings
from issuer.bulk.upload_choices import column_map_of
from issuer.bulk.uploads import (
    BatchState,
    lenient_table,
    load_batch,
    load_course_codes,
    load_file,
    read_upload,
    wrong_state,
)
from issuer.instance import Instance
from issuer.rehearsing import rehearse_batch
from issuer.rows import Field
from issuer.rows.export import neutralise
from issuer.store import batch_work, uploads_rows
from schemas.errors import IssuingError
from verifier.register.edition import Edition

_CHECKABLE = (BatchState.DRAFT, BatchState.CHECKED)


def request_check(instance: Instance, batch_id: str, *, now: datetime, actor: str) -> None:
    """Have the class list checked by whoever runs next; asking again while it waits does nothing."""
    with instance.store.writing() as connection:
        batch = load_batch(connection, batch_id, for_update=True)
        if batch.state == BatchState.CHECKING:
            return
        if not batch_work.move(
            connection,
            batch_id,
            among=_CHECKABLE,
            to=BatchState.CHECKING,
            done=0,
            reason=None,
            lease_by=None,
            lease_until=None,
        ):
            raise wrong_state(batch.state)
        audit.append(connection, at=now, actor=actor, action=audit.UPLOAD_CHECK, facts={"batch": batch_id})


def check(
    instance: Instance,
    batch_id: str,
    *,
    edition: Edition | None,
    now: datetime,
    actor: str,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Findings:
    """Find out what issuing would do and keep it, sealed. The state is the caller's. Raises TableError."""
    findings, _ = rehearse_upload(instance, batch_id, edition=edition, now=now, actor=actor, on_progress=on_progress)
    with instance.store.writing() as connection:
        uploads_rows.keep_findings(connection, batch_id, seal_findings(instance, batch_id, findings), checked_at=now)
        batch_work.change(connection, batch_id, row_count=findings.total)
    return findings


def rehearse_upload(
    instance: Instance,
    batch_id: str,
    *,
    edition: Edition | None,
    now: datetime,
    actor: str,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Findings, Outcome]:
    """What issuing would do; keeps nothing."""
    data = load_file(instance, batch_id)
    class_list, choices = read_upload(instance, batch_id, edition=edition, data=data)
    rehearsal = rehearse_batch(
        instance,
        class_list,
        edition=edition,
        options=Options(accept_unconfirmed=choices.accept_unconfirmed),
        now=now,
        actor=actor,
        batch_id=batch_id,
        on_progress=on_progress,
    )
    outcome = Outcome(class_list=class_list, results=rehearsal.results, candidates=rehearsal.candidates)
    columns = column_map_of(choices, load_course_codes(instance))
    table = lenient_table(data, choices, columns=columns)
    sha256 = edition.sha256 if edition else None
    return build_findings(instance, outcome, table=table, register_sha256=sha256, now=now), outcome


def problem_rows_csv(instance: Instance, batch_id: str) -> bytes:
    """The rows that need a person, in the file's own columns with the line first and the reason last.

    Student numbers are left out: they leave an instance in the export for NZQA and nowhere else. Nothing in it runs.
    """
    findings = load_findings(instance, batch_id)
    if findings is None:
        raise IssuingError("There are no findings of this batch; have it checked first.", reason="not-checked")
    hidden = findings.fields.get(Field.NSN)
    places = [place for place, name in enumerate(findings.headers) if name != hidden]
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(["Row", *(neutralise(findings.headers[place]) for place in places), "Reason"])
    for row in findings.problems:
        cells = [row.cells[place] if place < len(row.cells) else "" for place in places]
        reason = " ".join(f"{fault.column}: {fault.message}" if fault.column else fault.message for fault in row.faults)
        table.writerow([str(row.line), *map(neutralise, cells), neutralise(reason)])
    return written.getvalue().encode("utf-8-sig")
