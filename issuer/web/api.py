"""The API of programs, `/api/v1`: batches and single badges, issued and changed with a bearer key; shows no pages."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request, url_for

from issuer.bulk import confirming as bulk
from issuer.bulk.batch_views import load_batch_view
from issuer.bulk.uploads import BatchState, MailChoice, Source
from issuer.corrections import Correction, correct
from issuer.minting import NameDisplay
from issuer.results import RowOutcome
from issuer.staff.apikeys import Scope
from issuer.staff.machines import (
    FIRST_LINE,
    ItemsRefused,
    Taken,
    parse_item,
    parse_items,
    refuse_faults,
    take_batch,
    write_table,
)
from issuer.status import RevocationReason, revoke
from issuer.store import credentials as credential_store
from issuer.suspension import ReinstatementReason, SuspensionReason, reinstate, suspend
from issuer.web.bearer import answer_json, current_key, needs_scope, once, program
from issuer.web.limits import API, limiter
from issuer.web.site import site
from schemas.errors import BadgeError, Fault, InputError, IssuingError
from schemas.jsontext import parse_object, pointer
from schemas.limits import JOSE_HEADER, MAX_TABLE_BYTES
from schemas.times import parse_date, write_time

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
limiter.limit(API)(blueprint)

_JSON = ("application/json",)
_JSON_LINES = ("application/x-ndjson", "application/jsonl", "application/json-lines")
_TABLES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_SMALL = JOSE_HEADER  # one object of a dozen members, as large as a header may be
_MAX_PAGE_SIZE = 1_000


class NotThere(BadgeError):
    slug = "not-found"
    title = "There is nothing here"
    status = 404


class MediaTypeRefused(InputError):
    slug = "media-type"
    title = "Not in a form that can be read here"
    status = 415


@blueprint.after_request
def name_scheme(response: Response) -> Response:
    """What kind of key is asked for (RFC 6750, 3)."""
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="badges"'
    elif response.status_code == 403:
        response.headers["WWW-Authenticate"] = 'Bearer realm="badges", error="insufficient_scope"'
    return response


@blueprint.post("/batches")
@needs_scope(Scope.ISSUE)
@once
def create_batch() -> Response:
    """Take completions: a JSON array, JSON lines, or a CSV or XLSX file, also as the field `file` of a form."""
    options = {**request.args.to_dict(), **request.form.to_dict()}
    known = {"mail", "dry_run", "dates"}
    refuse_faults([Fault(message="There is no such option.", pointer=pointer(name)) for name in options.keys() - known])
    data, filename, from_items = _batch_body()
    taken = take_batch(
        site.instance,
        data,
        filename=filename,
        source=Source.API,
        mail=_mail(options.get("mail")),
        actor=program(),
        four_eyes=site.choices.four_eyes,
        edition=site.edition,
        now=site.now(),
        from_items=from_items,
        dates=_one_of("dates", options.get("dates"), ("dd/mm/yyyy", "mm/dd/yyyy"), None),
        dry_run=_one_of("dry_run", options.get("dry_run"), ("true", "false"), "false") == "true",
    )
    if taken.state is BatchState.DISCARDED:
        return answer_json(told_batch(taken, from_items=from_items), 200)
    if taken.state is BatchState.QUEUED:
        site.runner.submit(taken.batch_id)
    location = url_for("api.show_batch", batch_id=taken.batch_id)
    return answer_json(told_batch(taken, from_items=from_items), 202, location=location)


@blueprint.get("/batches/<batch_id>")
@needs_scope(Scope.ISSUE, Scope.READ)
def show_batch(batch_id: str) -> Response:
    """How far a batch is, and what became of its rows, some of them at a time."""
    page = _number("page", default=1, most=1_000_000)
    size = _number("page_size", default=100, most=_MAX_PAGE_SIZE)
    only = _one_of("only", request.args.get("only"), tuple(RowOutcome), None)
    try:
        view = load_batch_view(site.instance, batch_id, page=page, page_size=size, only=only)
    except IssuingError as error:
        raise _as_missing(error) from None
    summary = view.summary
    if Scope.READ not in current_key().scopes and summary.made_by != program():
        raise NotThere("There is no batch with this id that this key made. To see others it needs the scope read.")
    members: dict[str, Any] = {
        "id": batch_id,
        "state": summary.state.value,
        "source": summary.source,
        "mail": summary.mail,
        "created_at": write_time(summary.started_at),
        "finished_at": None if summary.finished_at is None else write_time(summary.finished_at),
        "reason": summary.reason,
        "rows": summary.row_count,
        "done": summary.done,
        "counts": {name.value: getattr(summary.counts, name.value) for name in RowOutcome},
        "results": [_told_row(row) for row in view.rows],
        "page": view.page,
        "pages": view.pages,
        "total_results": view.total_rows,
    }
    return answer_json(members)


@blueprint.post("/credentials")
@needs_scope(Scope.ISSUE)
@once
def create_credential() -> Response:
    """Issue one badge now."""
    members = _object()
    options = {name: members.pop(name) for name in ("mail",) if name in members}
    faults: list[Fault] = []
    values = parse_item(members, at=(), faults=faults)
    refuse_faults(faults)
    done = bulk.issue_one(
        site.instance,
        values,
        source=Source.API,
        mail=_mail(options.get("mail")),
        actor=program(),
        four_eyes=site.choices.four_eyes,
        edition=site.edition,
        now=site.now(),
    )
    result = done.result
    if result is None:
        location = url_for("api.show_batch", batch_id=done.batch_id)
        return answer_json({"state": done.state.value, "batch": done.batch_id}, 202, location=location)
    if result.short_id is not None and result.outcome in (RowOutcome.ISSUED, RowOutcome.ALREADY):
        status = 201 if result.outcome is RowOutcome.ISSUED else 200
        return answer_json(told_credential(result.short_id), status, location=_credential_url(result.short_id))
    told = [Fault(message=fault.message, pointer=pointer(fault.field) if fault.field else "") for fault in done.faults]
    raise ItemsRefused(result.sentence, faults=tuple(told), reason=result.reason, outcome=result.outcome.value)


@blueprint.get("/credentials/<short_id>")
@needs_scope(Scope.READ)
def show_credential(short_id: str) -> Response:
    return answer_json(told_credential(_short(short_id)))


@blueprint.post("/credentials/<short_id>/correct")
@needs_scope(Scope.REVOKE)
@once
def correct_credential(short_id: str) -> Response:
    short = _known(short_id)
    members = _members("learner_name", "preferred_name", "name_display", "achieved_on", "nzqa_ref")
    display = members.get("name_display")
    day = members.get("achieved_on")
    correction = Correction(
        name=members.get("learner_name"),
        preferred_name=members.get("preferred_name"),
        name_display=None
        if display is None
        else NameDisplay(str(_one_of("name_display", display, tuple(NameDisplay), None))),
        achieved_on=None if day is None else parse_date(day),
        nzqa_ref=members.get("nzqa_ref"),
    )
    correct(site.instance, short, correction, edition=site.edition, now=site.now(), actor=program())
    return answer_json(told_credential(short))


@blueprint.post("/credentials/<short_id>/revoke")
@needs_scope(Scope.REVOKE)
@once
def revoke_credential(short_id: str) -> Response:
    short, reason = _known(short_id), _reason(tuple(RevocationReason))
    done = revoke(site.instance, short, reason=RevocationReason(reason), now=site.now(), actor=program())
    return answer_json(told_credential(short) | {"already": done.already})


@blueprint.post("/credentials/<short_id>/suspend")
@needs_scope(Scope.REVOKE)
@once
def suspend_credential(short_id: str) -> Response:
    short, reason = _known(short_id), _reason(tuple(SuspensionReason))
    done = suspend(site.instance, short, reason=SuspensionReason(reason), now=site.now(), actor=program())
    return answer_json(told_credential(short) | {"already": done.already})


@blueprint.post("/credentials/<short_id>/reinstate")
@needs_scope(Scope.REVOKE)
@once
def reinstate_credential(short_id: str) -> Response:
    short, reason = _known(short_id), _reason(tuple(ReinstatementReason))
    done = reinstate(site.instance, short, reason=ReinstatementReason(reason), now=site.now(), actor=program())
    return answer_json(told_credential(short) | {"already": done.already})


# --- answers ----------------------------------------------------------------------------------------------------
def told_batch(taken: Taken, *, from_items: bool) -> dict[str, Any]:
    """What a program is told of a batch it sent. A dry run and a batch without anything new have no address."""
    findings = taken.findings
    kept = taken.state is not BatchState.DISCARDED
    already = [
        {
            **_place(row.line, from_items=from_items),
            "credential_id": None if row.short_id is None else site.instance.badge_url(row.short_id),
        }
        for row in findings.already_rows
    ]
    faults = [
        {name: value for name in Fault.__slots__ if (value := getattr(fault, name)) is not None}
        for fault in taken.faults
    ]
    return {
        "id": taken.batch_id if kept else None,
        "state": taken.state.value,
        "counts": {
            "ready": findings.ready,
            "already": findings.already,
            "held": findings.held,
            "to_fix": findings.to_fix,
        },
        "already": already,
        "faults": faults,
    }


def told_credential(short_id: str) -> dict[str, Any]:
    """One badge as a program sees it. Raises NotThere."""
    with site.instance.store.reading() as connection:
        held = credential_store.load_credential(connection, short_id)
        document = credential_store.load_document(connection, short_id)
    if held is None or document is None:
        raise NotThere("There is no badge with this id.")
    return {
        "id": site.instance.badge_url(short_id),
        "short_id": short_id,
        "state": held.state.value,
        "version": held.version,
        "nzqa_ref": held.nzqa_ref,
        "achieved_on": held.achieved_on.isoformat(),
        "issued_at": write_time(held.created_at),
        "batch": held.batch_id,
        "credential": json.loads(document.document),
    }


def _told_row(row: Any) -> dict[str, Any]:
    return {
        "line": row.line,
        "index": row.line - FIRST_LINE,
        "outcome": row.outcome,
        "reason": row.reason,
        "sentence": row.sentence,
        "credential_id": None if row.short_id is None else site.instance.badge_url(row.short_id),
    }


def _place(line: int, *, from_items: bool) -> dict[str, int]:
    return {"index": line - FIRST_LINE} if from_items else {"line": line}


def _credential_url(short_id: str) -> str:
    return url_for("api.show_credential", short_id=short_id)


# --- what was asked ---------------------------------------------------------------------------------------------
def _batch_body() -> tuple[bytes, str, bool]:
    """(a class list, its name, whether it was made of JSON items)."""
    kind = request.mimetype
    if kind == "multipart/form-data":
        file = request.files.get("file")
        if file is None or len(request.files) > 1:
            raise InputError("A form must have one file, in the field “file”.")
        return file.stream.read(MAX_TABLE_BYTES + 1), file.filename or "upload", False
    if kind in _TABLES:
        return request.get_data(), "upload", False
    if kind in _JSON or kind in _JSON_LINES:
        return write_table(parse_items(request.get_data(), lines=kind in _JSON_LINES)), "completions.csv", True
    expected = ", ".join((*_JSON, _JSON_LINES[0], *_TABLES, "multipart/form-data"))
    raise MediaTypeRefused(f"The Content-Type must be one of: {expected}.")


def _object() -> dict[str, Any]:
    if request.mimetype not in _JSON:
        raise MediaTypeRefused("The Content-Type must be application/json.")
    return parse_object(request.get_data(), limits=_SMALL)


def _members(*known: str) -> dict[str, str]:
    """The members of the body, all of them text and of these names. Raises ItemsRefused."""
    members = _object()
    unknown = f"There is no such member. Known are {', '.join(known)}."
    faults = [Fault(message=unknown, pointer=pointer(name)) for name in members if name not in known]
    faults += [
        Fault(message="This must be text, in quotation marks.", pointer=pointer(name))
        for name, value in members.items()
        if name in known and not isinstance(value, str)
    ]
    refuse_faults(faults)
    return members


def _reason(codes: tuple[str, ...]) -> str:
    """The code of a change's reason; a body may be left out."""
    members = _members("reason") if request.get_data() else {}
    found = _one_of("reason", members.get("reason"), codes, "unspecified")
    return found or "unspecified"


def _mail(value: Any) -> MailChoice:
    default = MailChoice(site.choices.mail_default.value)
    found = _one_of("mail", value, tuple(MailChoice), None)
    return default if found is None else MailChoice(found)


def _one_of(name: str, value: Any, choices: tuple[str, ...], default: str | None) -> str | None:
    if value is None:
        return default
    if value not in choices:
        refuse_faults([Fault(message=f"This must be one of {', '.join(choices)}.", pointer=pointer(name))])
    return str(value)


def _number(name: str, *, default: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= most:
        refuse_faults([Fault(message=f"This must be a number from 1 to {most:,}.", pointer=pointer(name))])
    return int(text)


def _short(text: str) -> str:
    try:
        return site.instance.short_id(text)
    except InputError:
        raise NotThere("There is no badge with this id.") from None


def _known(text: str) -> str:
    """The short id of a badge there is. Raises NotThere."""
    short = _short(text)
    with site.instance.store.reading() as connection:
        if credential_store.load_credential(connection, short) is None:
            raise NotThere("There is no badge with this id.")
    return short


def _as_missing(error: IssuingError) -> BadgeError:
    return NotThere("There is no batch with this id.") if error.extensions.get("reason") == "unknown-batch" else error
