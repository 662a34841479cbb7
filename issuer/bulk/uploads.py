"""A class list between upload and purge: the file, how to read it and what was mended, all sealed; issues nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.bulk.column_memory import header_sha256, lenient_table, remember, with_memory
from issuer.bulk.coursecodes import load_course_codes, save_course_codes
from issuer.bulk.delivering import MailChoice
from issuer.bulk.upload_choices import (
    UPLOAD,
    UploadChoices,
    checked_choices,
    checked_repairs,
    column_map_of,
    open_choices,
    seal_choices,
    tidy_filename,
    with_preparer,
)
from issuer.instance import Instance
from issuer.rows import ISSUE_ANEW, LEAVE_OUT, ClassList, read_class_list
from issuer.status import refuse_closed
from issuer.store import batch_work, uploads_rows, withdrawals
from issuer.vault import seal, unseal
from issuer.words.sayings import say
from schemas.errors import InputError, IssuingError, TableError, TooLarge
from schemas.limits import MAX_TABLE_BYTES
from verifier.register.edition import Edition

__all__ = [
    "BatchState",
    "EarlierUpload",
    "MailChoice",
    "Source",
    "UploadChoices",
    "clear_repairs",
    "discard",
    "earlier_uploads",
    "header_sha256",
    "lenient_table",
    "load_batch",
    "load_choices",
    "load_course_codes",
    "load_file",
    "purge_uploads",
    "read_upload",
    "receive",
    "save_all_repairs",
    "save_choices",
    "save_course_codes",
    "save_repairs",
    "wrong_state",
]

_KEPT_REPAIRS: Final = 20_000
_ZIP: Final = b"PK\x03\x04"
_NO_TABLES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", say("a PDF")),
    (b"\x89PNG", say("a picture")),
    (b"\xff\xd8\xff", say("a picture")),
    (b"GIF8", say("a picture")),
    (b"{\\rtf", say("a text document")),
    (b"\x1f\x8b", say("a compressed file")),
    (b"MZ", say("a program")),
    (b"\x7fELF", say("a program")),
)


class Source(StrEnum):
    """Where a batch came from."""

    CLI = "cli"
    DESK = "desk"
    API = "api"
    WEBHOOK = "webhook"


class BatchState(StrEnum):
    DRAFT = "draft"
    CHECKING = "checking"
    CHECKED = "checked"
    AWAITING_APPROVAL = "awaiting-approval"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    DISCARDED = "discarded"


_STILL_OPEN: Final = (BatchState.DRAFT, BatchState.CHECKED, BatchState.FINISHED, BatchState.STOPPED)
_AT_REST: Final = (*_STILL_OPEN, BatchState.AWAITING_APPROVAL, BatchState.DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierUpload:
    """Another batch of the very same file."""

    batch_id: str
    state: BatchState
    started_at: datetime
    issued: int
    withdrawn: int = 0  # of those


def receive(
    instance: Instance,
    data: bytes,
    *,
    filename: str,
    source: Source,
    actor: str,
    now: datetime,
    mail: MailChoice = MailChoice.HOLD,
) -> str:
    """Keep a class list as a draft of its own, sealed; nothing is issued. Returns the batch's id.

    The same file twice is two drafts. Raises TableError or TooLarge for what can be no class list.
    """
    name = tidy_filename(filename)
    _refuse_no_table(data, name)
    batch_id, digest = secrets.token_hex(16), hashlib.sha256(data).hexdigest()
    kind = "xlsx" if data.startswith(_ZIP) else "csv"
    choices = with_memory(instance, data, UploadChoices(filename=name, prepared_by=(actor,)))
    file_sealed = seal(instance, data, purpose=UPLOAD, context=batch_id)
    with instance.store.writing() as connection:
        refuse_closed(connection)
        batch_work.insert_batch(
            connection,
            batch_id=batch_id,
            file_sha256=digest,
            state=BatchState.DRAFT,
            source=source,
            made_by=actor,
            mail=mail,
            at=now,
        )
        uploads_rows.insert_upload(
            connection,
            batch_id=batch_id,
            kind=kind,
            size=len(data),
            file_sealed=file_sealed,
            choices_sealed=seal_choices(instance, batch_id, choices),
            at=now,
        )
        facts = {"batch": batch_id, "file": digest, "source": source}
        audit.append(connection, at=now, actor=actor, action=audit.UPLOAD, facts=facts)
    return batch_id


def earlier_uploads(instance: Instance, batch_id: str) -> tuple[EarlierUpload, ...]:
    """The other batches of the same file, oldest first."""
    with instance.store.reading() as connection:
        own = load_batch(connection, batch_id)
        others = [one for one in batch_work.find_by_file(connection, own.file_sha256) if one.batch_id != batch_id]
        gone = {one.batch_id: withdrawals.count_withdrawn(connection, one.batch_id) for one in others}
    return tuple(
        EarlierUpload(
            batch_id=one.batch_id,
            state=BatchState(one.state),
            started_at=one.started_at,
            issued=one.counts.issued,
            withdrawn=gone[one.batch_id],
        )
        for one in others
        if one.state != BatchState.DISCARDED
    )


def load_batch(connection: Connection, batch_id: str, *, for_update: bool = False) -> batch_work.Batch:
    """Raises IssuingError when there is no such batch."""
    found = batch_work.load(connection, batch_id, for_update=for_update)
    if found is None:
        raise IssuingError(f"This instance has no batch {batch_id[:80]}.", reason="unknown-batch")
    return found


def load_file(instance: Instance, batch_id: str) -> bytes:
    """The bytes as they were uploaded. Raises IssuingError once they were purged."""
    with instance.store.reading() as connection:
        upload = _load_upload(connection, batch_id)
    if upload.file_sealed is None:
        raise _purged()
    return unseal(instance, upload.file_sealed, purpose=UPLOAD, context=batch_id)


def load_choices(instance: Instance, batch_id: str) -> UploadChoices:
    with instance.store.reading() as connection:
        return _choices_of(instance, _load_upload(connection, batch_id))


def save_choices(instance: Instance, batch_id: str, choices: UploadChoices, *, now: datetime, actor: str) -> None:
    """Read the file so from now on; what was checked must be checked anew. The columns are remembered by the header.

    Raises InputError for a choice that cannot be, IssuingError when the batch is not at rest.
    """
    tidy = checked_choices(choices)
    data = load_file(instance, batch_id)
    tidy = with_memory(instance, data, tidy)
    with instance.store.writing() as connection:
        kept = _choices_of(instance, _load_upload(connection, batch_id))
        tidy = replace(tidy, filename=kept.filename, prepared_by=kept.prepared_by)
        remember(connection, data, tidy, now=now)
        _change(connection, instance, batch_id, tidy, what="choices", now=now, actor=actor)


def save_repairs(
    instance: Instance, batch_id: str, line: int, values: Mapping[str, str], *, now: datetime, actor: str
) -> None:
    """Read these cells of a line so from now on, whatever the file says; `leave_out` leaves the line out.

    Values are added to those mended before. An empty one is an empty cell; an empty `leave_out` puts the line back.
    """
    save_all_repairs(instance, batch_id, {line: values}, now=now, actor=actor)


def save_all_repairs(
    instance: Instance, batch_id: str, values: Mapping[int, Mapping[str, str]], *, now: datetime, actor: str
) -> None:
    """`save_repairs` of several lines, kept together as one change: all of them or none.

    `issue_anew` names the withdrawn badge in whose place the line is issued anew; empty, it is not.
    """
    if not values:
        return
    with instance.store.writing() as connection:
        choices = _choices_of(instance, _load_upload(connection, batch_id))
        repairs = {number: dict(cells) for number, cells in choices.repairs.items()}
        for line, cells in values.items():
            mended = repairs.setdefault(line, {})
            mended.update(checked_repairs(cells))
            for name in (LEAVE_OUT, ISSUE_ANEW):
                if not mended.get(name):
                    mended.pop(name, None)
            if not mended:
                del repairs[line]
        if len(repairs) > _KEPT_REPAIRS:
            raise InputError(f"More than {_KEPT_REPAIRS:,} rows were mended here. Mend them in the file instead.")
        tidy = replace(choices, repairs=repairs)
        _change(connection, instance, batch_id, tidy, what="repairs", now=now, actor=actor)


def clear_repairs(instance: Instance, batch_id: str, line: int, *, now: datetime, actor: str) -> None:
    """Read a line as the file has it again."""
    with instance.store.writing() as connection:
        choices = _choices_of(instance, _load_upload(connection, batch_id))
        repairs = {number: cells for number, cells in choices.repairs.items() if number != line}
        tidy = replace(choices, repairs=repairs)
        _change(connection, instance, batch_id, tidy, what="repairs", now=now, actor=actor)


def discard(instance: Instance, batch_id: str, *, now: datetime, actor: str) -> None:
    """Give up a batch that has issued nothing, and purge its class list. Twice is once."""
    among = (BatchState.DRAFT, BatchState.CHECKED, BatchState.AWAITING_APPROVAL, BatchState.STOPPED)
    with instance.store.writing() as connection:
        batch = load_batch(connection, batch_id, for_update=True)
        if batch.state == BatchState.DISCARDED:
            return
        if batch_work.count_issued(connection, batch_id):
            raise IssuingError(
                "Badges of this batch are issued already; they can be withdrawn, but not discarded.",
                reason="wrong-state",
            )
        if not batch_work.move(connection, batch_id, among=among, to=BatchState.DISCARDED, finished_at=None):
            raise wrong_state(batch.state)
        uploads_rows.purge_upload(connection, batch_id, at=now)
        audit.append(connection, at=now, actor=actor, action=audit.BATCH_DISCARD, facts={"batch": batch_id})


def purge_uploads(instance: Instance, *, now: datetime, days: int, limit: int = 100) -> int:
    """Purge class lists that have lain here for so many days since their batch ended or was last touched."""
    with instance.store.reading() as connection:
        overdue = uploads_rows.find_overdue(
            connection, before=now - timedelta(days=days), states=tuple(_AT_REST), limit=limit
        )
    for batch_id in overdue:
        with instance.store.writing() as connection:
            batch = load_batch(connection, batch_id, for_update=True)
            if _load_upload(connection, batch_id).purged_at is not None:
                continue  # another worker was here meanwhile
            uploads_rows.purge_upload(connection, batch_id, at=now)
            if batch.state in (BatchState.DRAFT, BatchState.CHECKED, BatchState.AWAITING_APPROVAL):
                batch_work.change(connection, batch_id, state=BatchState.DISCARDED, reason="overdue")
            facts = {"batch": batch_id}
            audit.append(connection, at=now, actor="worker", action=audit.UPLOAD_PURGE, facts=facts)
    return len(overdue)


# --- reading ----------------------------------------------------------------------------------------------------
def read_upload(
    instance: Instance, batch_id: str, *, edition: Edition | None, data: bytes | None = None
) -> tuple[ClassList, UploadChoices]:
    """The class list as the choices say, mended. Raises TableError with what a person must say first."""
    data = load_file(instance, batch_id) if data is None else data
    choices = load_choices(instance, batch_id)
    class_list = read_class_list(
        data,
        filename=choices.filename,
        column_map=column_map_of(choices, load_course_codes(instance)),
        encoding=choices.encoding,
        sheet=choices.sheet,
        register_refs=frozenset(edition.register.versions_by_ref) if edition else frozenset(),
        repairs=choices.repairs,
    )
    return class_list, choices


def wrong_state(state: str) -> IssuingError:
    """For an act that this state of a batch does not allow."""
    told = {
        BatchState.CHECKING: "is being checked",
        BatchState.AWAITING_APPROVAL: "waits for approval",
        BatchState.QUEUED: "waits to be issued",
        BatchState.RUNNING: "is being issued at this moment",
        BatchState.FINISHED: "is finished",
        BatchState.STOPPED: "was stopped",
        BatchState.DISCARDED: "was discarded",
        BatchState.DRAFT: "has not been checked yet",
        BatchState.CHECKED: "has been checked",
    }
    return IssuingError(f"This batch {told.get(BatchState(state), state)}; nothing was changed.", reason="wrong-state")


# --- within -----------------------------------------------------------------------------------------------------
def _refuse_no_table(data: bytes, name: str) -> None:
    if len(data) > MAX_TABLE_BYTES:
        raise TooLarge(
            say(
                "%(file)s is %(number)s bytes; the limit is %(limit)s. Split it.",
                file=name,
                number=f"{len(data):,}",
                limit=f"{MAX_TABLE_BYTES:,}",
            )
        )
    if not data.strip(b" \t\r\n\xef\xbb\xbf\0"):
        raise TableError(say("%(file)s is empty.", file=name), reason="empty")
    for start, what in _NO_TABLES:
        if data.startswith(start):
            raise TableError(
                say(
                    "%(file)s is %(what)s, not a class list. Save the class list as .xlsx or “CSV UTF-8”.",
                    file=name,
                    what=what,
                ),
                reason="wrong-type",
            )


def _change(
    connection: Connection,
    instance: Instance,
    batch_id: str,
    choices: UploadChoices,
    *,
    what: str,
    now: datetime,
    actor: str,
) -> None:
    batch = load_batch(connection, batch_id, for_update=True)
    if batch.state not in _STILL_OPEN:
        raise wrong_state(batch.state)
    sealed = seal_choices(instance, batch_id, with_preparer(choices, actor))
    uploads_rows.keep_choices(connection, batch_id, sealed)
    if batch.state == BatchState.CHECKED:
        batch_work.change(connection, batch_id, state=BatchState.DRAFT)
    audit.append(connection, at=now, actor=actor, action=audit.UPLOAD_CHANGE, facts={"batch": batch_id, "what": what})


def _load_upload(connection: Connection, batch_id: str) -> uploads_rows.StoredUpload:
    upload = uploads_rows.load_upload(connection, batch_id)
    if upload is None:
        raise IssuingError(f"This instance has no upload {batch_id[:80]}.", reason="unknown-batch")
    return upload


def _purged() -> IssuingError:
    return IssuingError(
        "The class list of this batch has been deleted, as it is after a while. Upload it again; nothing is issued "
        "twice.",
        reason="purged",
    )


def _choices_of(instance: Instance, upload: uploads_rows.StoredUpload) -> UploadChoices:
    if upload.choices_sealed is None:
        raise _purged()
    return open_choices(instance, upload.batch_id, upload.choices_sealed)
