"""A checked class list on its way to badges: confirmed, approved by another, cancelled, tried again; or one alone."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import key_rows as row_keys_of
from issuer.anew import find_places
from issuer.bulk.approval_mail import tell_approvers
from issuer.bulk.checking import request_check
from issuer.bulk.chunks import DATED_BACK
from issuer.bulk.findings import CellFault, Findings, load_findings
from issuer.bulk.upload_choices import open_choices, seal_choices, with_preparer
from issuer.bulk.uploads import (
    BatchState,
    MailChoice,
    Source,
    discard,
    load_batch,
    load_choices,
    read_upload,
    receive,
    save_choices,
    save_repairs,
    wrong_state,
)
from issuer.instance import ROW_KEY_SECRET, Instance
from issuer.results import RowOutcome, RowResult
from issuer.rows import ISSUE_ANEW, Field
from issuer.runners.inline import InlineRunner
from issuer.status import refuse_closed
from issuer.store import batch_work, key_rows, uploads_rows
from issuer.words.sayings import say, together
from schemas.errors import InputError, IssuingError
from schemas.nzqcf import start_of_nz_day
from schemas.times import parse_date, parse_time
from verifier.register.edition import Edition

_KEYS_AT_ONCE = 500
_CONFIRMED = (BatchState.AWAITING_APPROVAL, BatchState.QUEUED, BatchState.RUNNING, BatchState.FINISHED)
_WITH_A_WORKER = (BatchState.CHECKING, BatchState.QUEUED, BatchState.RUNNING)
_WORKER_SECONDS = 20.0  # what a worker that took a single badge is given; it needs a tenth of one
_ONE_LINE = 2  # where the row of a list of one stands, below its header
_ENDED = (BatchState.FINISHED, BatchState.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneIssued:
    """What became of a single badge; no `result` while it waits for approval or a worker."""

    batch_id: str
    state: BatchState
    result: RowResult | None = None
    faults: tuple[CellFault, ...] = ()


def confirm(
    instance: Instance,
    batch_id: str,
    *,
    expected_ready: int,
    mail: MailChoice,
    actor: str,
    four_eyes: bool,
    edition: Edition | None,
    now: datetime,
) -> BatchState:
    """Let the batch be issued, or approved first. The number is what the person saw: any other refuses.

    A batch that is confirmed already stays as it is: a second click does nothing. Raises IssuingError.
    """
    findings = load_findings(instance, batch_id)
    changed = findings is not None and _has_changed(instance, batch_id, findings, edition=edition)
    with instance.store.writing() as connection:
        refuse_closed(connection)
        batch = load_batch(connection, batch_id, for_update=True)
        if batch.state in _CONFIRMED:
            return BatchState(batch.state)
        if batch.state != BatchState.CHECKED or findings is None:
            raise wrong_state(batch.state)
        changed = changed or not _is_of_last_check(connection, batch_id, findings)
        if changed or findings.ready != expected_ready:
            raise IssuingError(
                f"Something has changed since you were told that {expected_ready:,} badges are ready. Have the class "
                "list checked again, and look at the new number. Nothing was issued.",
                reason="count-changed",
            )
        if findings.ready == 0:
            raise IssuingError("No row of this class list is ready to be issued.", reason="nothing-ready")
        state = BatchState.AWAITING_APPROVAL if four_eyes else BatchState.QUEUED
        _add_preparer(connection, instance, batch_id, actor)
        batch_work.change(connection, batch_id, state=state, mail=mail, row_count=findings.total, done=0, reason=None)
        if four_eyes:
            tell_approvers(connection, batch_id, but=_preparers(connection, instance, batch), now=now)
        facts = {"batch": batch_id, "ready": expected_ready, "mail": mail, "four_eyes": four_eyes}
        audit.append(connection, at=now, actor=actor, action=audit.BATCH_CONFIRM, facts=facts)
    return state


def approve(instance: Instance, batch_id: str, *, actor: str, now: datetime) -> None:
    """A second person's yes. Raises IssuingError when the same person (or program) had a hand in the batch."""
    with instance.store.writing() as connection:
        refuse_closed(connection)
        batch = load_batch(connection, batch_id, for_update=True)
        if batch.state in (BatchState.QUEUED, BatchState.RUNNING, BatchState.FINISHED) and batch.approved_by == actor:
            return
        if batch.state != BatchState.AWAITING_APPROVAL:
            raise wrong_state(batch.state)
        if actor in _preparers(connection, instance, batch):
            raise IssuingError(
                "You prepared this batch, so somebody else must approve it. Nothing was issued.", reason="own-batch"
            )
        batch_work.change(connection, batch_id, state=BatchState.QUEUED, approved_by=actor)
        audit.append(connection, at=now, actor=actor, action=audit.BATCH_APPROVE, facts={"batch": batch_id})


def reject(instance: Instance, batch_id: str, *, actor: str, now: datetime, why: str | None = None) -> None:
    """A second person's no: back to whoever prepared it. Why is kept sealed with the list, for it may name learners."""
    with instance.store.writing() as connection:
        batch = load_batch(connection, batch_id, for_update=True)
        if batch.state != BatchState.AWAITING_APPROVAL:
            raise wrong_state(batch.state)
        batch_work.change(connection, batch_id, **_at_rest(connection, batch_id, reason="rejected"))
        _keep_why(connection, instance, batch_id, why)
        audit.append(connection, at=now, actor=actor, action=audit.BATCH_REJECT, facts={"batch": batch_id})


def cancel(instance: Instance, batch_id: str, *, actor: str, now: datetime) -> BatchState:
    """Stop what is under way: at once while it waits, after a whole chunk while it runs. What is issued stands."""
    with instance.store.writing() as connection:
        batch = load_batch(connection, batch_id, for_update=True)
        state = BatchState(batch.state)
        if state is BatchState.CHECKING:
            state = BatchState.DRAFT
            batch_work.change(connection, batch_id, state=state, lease_by=None, lease_until=None)
        elif state in (BatchState.QUEUED, BatchState.AWAITING_APPROVAL):
            values = _at_rest(connection, batch_id, reason="cancelled")
            batch_work.change(connection, batch_id, **values)
            state = BatchState(values["state"])
        elif state is BatchState.RUNNING:
            if batch.lease_until is None:
                raise IssuingError("This batch runs on the command line; stop it there.", reason="wrong-state")
            if batch.reason == batch_work.CANCELLING:
                return state
            batch_work.change(connection, batch_id, reason=batch_work.CANCELLING)
        else:
            raise wrong_state(state)
        audit.append(connection, at=now, actor=actor, action=audit.BATCH_CANCEL, facts={"batch": batch_id})
    return state


def retry(instance: Instance, batch_id: str, *, actor: str, four_eyes: bool, now: datetime) -> BatchState:
    """Go on with a batch that ended: the rows it has not issued are tried again, with their repairs."""
    with instance.store.writing() as connection:
        refuse_closed(connection)
        batch = load_batch(connection, batch_id, for_update=True)
        if batch.state in (BatchState.QUEUED, BatchState.RUNNING, BatchState.AWAITING_APPROVAL):
            return BatchState(batch.state)
        if batch.state not in _ENDED or batch.withdrawn_at is not None or batch.source == Source.CLI:
            raise wrong_state(batch.state)
        if batch.state == BatchState.FINISHED and not batch.counts.held + batch.counts.failed:
            raise IssuingError("Every row of this batch is issued already.", reason="nothing-ready")
        state = BatchState.AWAITING_APPROVAL if four_eyes else BatchState.QUEUED
        _add_preparer(connection, instance, batch_id, actor)
        batch_work.change(connection, batch_id, state=state, done=0, reason=None, finished_at=None, approved_by=None)
        if four_eyes:
            tell_approvers(connection, batch_id, but=_preparers(connection, instance, batch), now=now)
        audit.append(connection, at=now, actor=actor, action=audit.BATCH_RETRY, facts={"batch": batch_id})
    return state


def issue_one(
    instance: Instance,
    values: Mapping[str, str],
    *,
    source: Source,
    mail: MailChoice,
    actor: str,
    four_eyes: bool,
    edition: Edition | None,
    now: datetime,
    accept_unconfirmed: str | None = None,
    replaces: str | None = None,
) -> OneIssued:
    """One badge, as a class list of one row: field -> text, by the same rules. What is refused leaves no draft.

    `replaces` is the learner's withdrawn badge, when a person has said that it is to be issued anew.
    """
    batch_id = receive(instance, _one_row(values), filename="one badge", source=source, actor=actor, now=now, mail=mail)
    choices = replace(load_choices(instance, batch_id), accept_unconfirmed=accept_unconfirmed)
    if accept_unconfirmed is not None:
        save_choices(instance, batch_id, choices, now=now, actor=actor)
    if replaces is not None:
        save_repairs(instance, batch_id, _ONE_LINE, {ISSUE_ANEW: replaces}, now=now, actor=actor)
    runner = InlineRunner(instance, clock=lambda: now)
    request_check(instance, batch_id, now=now, actor=actor)
    runner.submit(batch_id)
    _wait_for_worker(instance, batch_id)
    findings = load_findings(instance, batch_id)
    if findings is None or findings.ready != 1:
        discard(instance, batch_id, now=now, actor=actor)
        return _refused(batch_id, findings)
    state = confirm(
        instance,
        batch_id,
        expected_ready=1,
        mail=mail,
        actor=actor,
        four_eyes=four_eyes,
        edition=edition,
        now=now,
    )
    if state is BatchState.AWAITING_APPROVAL:
        return OneIssued(batch_id=batch_id, state=state)
    runner.submit(batch_id)
    state = _wait_for_worker(instance, batch_id)
    if state in _WITH_A_WORKER:  # it will be issued, only not while the request waits
        return OneIssued(batch_id=batch_id, state=state)
    return _one_result(instance, batch_id)


# --- within -----------------------------------------------------------------------------------------------------
def _wait_for_worker(instance: Instance, batch_id: str) -> BatchState:
    """The state once nobody works on the batch: a worker that looks for work may have taken it before we did."""
    until = time.monotonic() + _WORKER_SECONDS
    while True:
        with instance.store.reading() as connection:
            state = BatchState(load_batch(connection, batch_id).state)
        if state not in _WITH_A_WORKER or time.monotonic() >= until:
            return state
        time.sleep(0.02)


def _one_row(values: Mapping[str, str]) -> bytes:
    for name in values:
        if name not in set(Field):
            raise InputError(f"“{name[:40]}” is not a column of a class list.", field=name)
    given = {name: text for name, text in values.items() if text.strip()}
    columns = [Field.LEARNER_NAME, Field.NZQA_REF, Field.ACHIEVED_ON]
    if Field.FIRST_NAME in given and Field.LAST_NAME in given and Field.LEARNER_NAME not in given:
        columns = columns[1:]
    columns += [name for name in Field if name in given and name not in columns]
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\n")
    table.writerow(columns)
    table.writerow([" ".join(given.get(name, "").splitlines()) for name in columns])
    return written.getvalue().encode()


def _refused(batch_id: str, findings: Findings | None) -> OneIssued:
    rows = (*findings.problems, *findings.already_rows) if findings else ()
    if not rows:
        raise IssuingError("The badge could not be checked; nothing was issued.", reason="not-checked")
    row = rows[0]
    outcome = {"to-fix": RowOutcome.FAILED, "held": RowOutcome.HELD}.get(row.outcome, RowOutcome.ALREADY)
    result = RowResult(
        line=row.line,
        outcome=outcome,
        reason=row.faults[0].reason,
        sentence=together(*(fault.message for fault in row.faults)),
        short_id=row.short_id,
        withdrawn_at=start_of_nz_day(parse_date(row.withdrawn_on)) if row.withdrawn_on else None,
    )
    return OneIssued(batch_id=batch_id, state=BatchState.DISCARDED, result=result, faults=row.faults)


def _one_result(instance: Instance, batch_id: str) -> OneIssued:
    with instance.store.reading() as connection:
        state = BatchState(load_batch(connection, batch_id).state)
        issued = batch_work.issued_rows(connection, batch_id, limit=1)
    if issued:
        result = RowResult(
            line=issued[0].line or _ONE_LINE,
            outcome=RowOutcome.ISSUED,
            reason="issued",
            sentence=say("Issued."),
            row_key=issued[0].row_key,
            short_id=issued[0].short_id,
        )
        return OneIssued(batch_id=batch_id, state=state, result=result)
    findings = load_findings(instance, batch_id)
    refused = _refused(batch_id, findings)
    return replace(refused, state=state)


def _has_changed(instance: Instance, batch_id: str, findings: Findings, *, edition: Edition | None) -> bool:
    """Whether another number of rows would be ready now: another register, or some were issued by another batch."""
    if findings.register_sha256 != (edition.sha256 if edition else None):
        return True
    with instance.store.reading() as connection:
        upload = uploads_rows.load_upload(connection, batch_id)
        if upload is None or upload.checked_at is None:
            return True
        if not batch_work.issued_since(connection, upload.checked_at - DATED_BACK):
            return False
    class_list, _ = read_upload(instance, batch_id, edition=edition)
    settled = {row.line for row in (*findings.problems, *findings.already_rows)}
    rows = [row for row in class_list.rows if row.line not in settled]
    provider, secret = instance.config.provider, instance.secret(ROW_KEY_SECRET)
    keys = row_keys_of(rows, secret=secret, provider=provider)
    with instance.store.reading() as connection:
        for start in range(0, len(rows), _KEYS_AT_ONCE):
            some = rows[start : start + _KEYS_AT_ONCE]
            places = find_places(connection, some, keys=keys, provider=provider, secret=secret, batch_id=batch_id)
            if any(place.held is not None for place in places.values()):
                return True
    return False


def _is_of_last_check(connection: Connection, batch_id: str, findings: Findings) -> bool:
    """False when the list was checked anew between two looks at it."""
    upload = uploads_rows.load_upload(connection, batch_id)
    return upload is not None and upload.checked_at == parse_time(findings.checked_at)


def _at_rest(connection: Connection, batch_id: str, *, reason: str) -> dict[str, str]:
    """Where a batch that does not run goes back to: what it issued, if anything, stands."""
    issued = batch_work.count_issued(connection, batch_id)
    return {"state": BatchState.STOPPED if issued else BatchState.CHECKED, "reason": reason}


def _add_preparer(connection: Connection, instance: Instance, batch_id: str, actor: str) -> None:
    upload = uploads_rows.load_upload(connection, batch_id)
    if upload is None or upload.choices_sealed is None:
        raise IssuingError(
            "The class list of this batch has been deleted, as it is after a while. Upload it again; nothing is issued "
            "twice.",
            reason="purged",
        )
    choices = with_preparer(open_choices(instance, batch_id, upload.choices_sealed), actor)
    choices = replace(choices, sent_back=None)
    uploads_rows.keep_choices(connection, batch_id, seal_choices(instance, batch_id, choices))


def _keep_why(connection: Connection, instance: Instance, batch_id: str, why: str | None) -> None:
    upload = uploads_rows.load_upload(connection, batch_id)
    if upload is not None and upload.choices_sealed is not None:
        choices = replace(open_choices(instance, batch_id, upload.choices_sealed), sent_back=why)
        uploads_rows.keep_choices(connection, batch_id, seal_choices(instance, batch_id, choices))


def _preparers(connection: Connection, instance: Instance, batch: batch_work.Batch) -> set[str]:
    upload = uploads_rows.load_upload(connection, batch.batch_id)
    known = {batch.made_by or ""}
    if upload is not None and upload.choices_sealed is not None:
        known |= set(open_choices(instance, batch.batch_id, upload.choices_sealed).prepared_by)
    keys = [key_rows.load_key(connection, actor.removeprefix("key:")) for actor in known if actor.startswith("key:")]
    return known | {key.created_by for key in keys if key is not None}  # a program is the hand of whoever set it up
