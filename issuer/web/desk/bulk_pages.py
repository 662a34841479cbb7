"""A class list at the desk before its confirmation: read, asked about, checked and mended; issues nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.bulk import confirming as bulk_service
from issuer.bulk.batch_views import BatchSummary
from issuer.bulk.checking import problem_rows_csv, request_check
from issuer.bulk.findings import Findings, load_findings
from issuer.bulk.previewing import FIELDS, Preview, preview
from issuer.bulk.uploads import (
    BatchState,
    Source,
    UploadChoices,
    discard,
    earlier_uploads,
    load_choices,
    load_course_codes,
    receive,
    save_all_repairs,
    save_choices,
    save_course_codes,
)
from issuer.catalogue import achievement_on
from issuer.drawing.pictures import Pictures
from issuer.making import issuer_facts
from issuer.staff.accounts import Role
from issuer.store.batch_work import NOTHING_TO_DO
from issuer.store.engine import DatabaseAway
from issuer.web.access import actor, needs
from issuer.web.desk import batch_words, bulk_forms
from issuer.web.desk.badge_pages import title_of
from issuer.web.desk.batch_pages import awardable, load_summary
from issuer.web.site import site
from issuer.web.words import _, language, ngettext
from schemas.errors import BadgeError, InputError, IssuingError
from schemas.limits import MAX_TABLE_BYTES, MIB
from schemas.nzqcf import format_nz_date, nz_date
from schemas.times import parse_date

blueprint = Blueprint("bulk", __name__, url_prefix="/desk/issue")

PAGE_ROWS = 25  # of problem rows, each with its inputs
SHOWN_LEFT_OUT = 200
SHOWN_WITHDRAWN = 200
PASTED = "pasted.csv"
_TEMPLATE = ("Learner's name", "Micro-credential", "Day achieved", "E-mail address", "NSN", "Preferred name")
_ANSWERABLE = frozenset({"encoding-unclear", "columns-missing", "columns-doubled"})
_NO_FAULTS = frozenset({None, "rejected", "cancelled", NOTHING_TO_DO})  # why a list may be a draft again
_WAITS_FOR_PEOPLE = frozenset({BatchState.DRAFT, BatchState.CHECKED})
_ENDED = frozenset({BatchState.FINISHED, BatchState.STOPPED})
_MENDABLE = _WAITS_FOR_PEOPLE | _ENDED


# --- upload -----------------------------------------------------------------------------------------------------
@blueprint.get("")
@needs(Role.ISSUE)
def upload() -> str:
    return _upload_form({})


@blueprint.post("")
@needs(Role.ISSUE)
def receive_list() -> Response | tuple[str, int]:
    """Take the file or what was pasted; go on to the questions, or straight to the check when there is none."""
    given = request.files.get("list")
    pasted = request.form.get("pasted", "")
    data = given.read() if given is not None and given.filename else b""
    has_file = given is not None and bool(given.filename)
    if has_file and pasted.strip():
        told = _("Choose a file or paste the rows, not both; we could not tell which counts.")
        return _upload_form({"list": told}), 422
    if not has_file and not pasted.strip():
        return _upload_form({"list": _("Choose a file, or paste your rows below.")}), 422
    filename = (given.filename if has_file and given is not None else PASTED) or PASTED
    try:
        batch_id = receive(
            site.instance,
            data if has_file else pasted.encode(),
            filename=filename,
            source=Source.DESK,
            actor=actor(),
            now=site.now(),
        )
    except DatabaseAway:
        raise
    except BadgeError as error:
        return _upload_form({"list" if has_file else "pasted": error.detail}, english=True), 422
    found = _load_preview(batch_id)
    if found.fault and not found.is_answerable:  # nothing anybody could say would help: it does not stay
        discard(site.instance, batch_id, now=site.now(), actor=actor())
        return _upload_form({"list" if has_file else "pasted": found.fault}, english=True), 422
    if _has_questions(found):
        return redirect(url_for("bulk.questions", batch_id=batch_id), 303)
    return start_check(batch_id)


@blueprint.get("/template.csv")
@needs(Role.ISSUE)
def template() -> Response:
    """A heading row and nothing else: an example row would one day be issued."""
    data = "\ufeff" + ",".join(_TEMPLATE) + "\r\n"  # the mark, so that Excel keeps macrons
    return attachment(data.encode(), "class-list.csv")


def _upload_form(errors: dict[str, str], *, english: bool = False) -> str:
    return render_template(
        "desk/bulk/upload.html",
        errors=errors,
        sentence_is_english=english,
        pasted=request.form.get("pasted", ""),
        max_megabytes=MAX_TABLE_BYTES // MIB,
        days=site.choices.upload_days,
    )


# --- where a list stands ----------------------------------------------------------------------------------------
@blueprint.get("/<batch_id>")
@needs(Role.ISSUE)
def step(batch_id: str) -> Response:
    """On to whatever is next for this list."""
    return redirect(where(load_summary(batch_id)), 303)


def where(summary: BatchSummary) -> str:
    """The page a list is at."""
    state = BatchState(summary.state)
    if state is BatchState.DRAFT and load_findings(site.instance, summary.batch_id) is not None:
        return url_for("bulk.check", batch_id=summary.batch_id)  # mended since the check
    endpoint = {
        BatchState.DRAFT: "bulk.questions",
        BatchState.CHECKING: "bulk.check",
        BatchState.CHECKED: "bulk.check",
        BatchState.AWAITING_APPROVAL: "bulk.approve",
    }.get(state, "batches.show")
    return url_for(endpoint, batch_id=summary.batch_id)


def elsewhere(summary: BatchSummary) -> Response:
    """Say that the list has moved on (another window, another person, a second click) and lead to where it is."""
    word = batch_words.batch_state(summary.state, withdrawn=summary.withdrawn_at is not None)[1]
    flash(_("This list is further on or was changed meanwhile; it is now: %(state)s.") % {"state": word}, "done")
    return redirect(where(summary), 303)


# --- questions --------------------------------------------------------------------------------------------------
@blueprint.route("/<batch_id>/questions", methods=["GET", "POST"])
@needs(Role.ISSUE)
def questions(batch_id: str) -> Response | str | tuple[str, int]:
    summary = load_summary(batch_id)
    if summary.state not in _WAITS_FOR_PEOPLE:
        return elsewhere(summary)
    before = load_choices(site.instance, batch_id)
    found = _load_preview(batch_id)
    if request.method == "GET":
        known = load_course_codes(site.instance)
        answers = bulk_forms.Answers(
            encoding=before.encoding, dates=before.dates, sheet=before.sheet, codes=dict(known)
        )
        broken = summary.state == BatchState.DRAFT and summary.reason not in _NO_FAULTS
        return _questions_form(found, answers, {}, broken=broken)
    answers = bulk_forms.parse_answers(request.form)
    if answers.encoding == bulk_forms.AGAIN:
        return _discard(batch_id, _("Discarded. Save the file again as “CSV UTF-8” or .xlsx, and upload that."))
    errors = bulk_forms.check_answers(answers, found)
    if errors:
        return _questions_form(found, answers, errors), 422
    try:
        _keep_answers(batch_id, answers, before)
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    except InputError as error:
        return _questions_form(found, answers, {"columns": error.detail}), 422
    if _has_new_questions(_load_preview(batch_id), answers):
        return redirect(url_for("bulk.questions", batch_id=batch_id), 303)
    return start_check(batch_id)


def _load_preview(batch_id: str) -> Preview:
    """The list as it would be read now. Without a register there is nothing that a course code could stand for."""
    found = preview(site.instance, batch_id, site.edition)
    return found if site.edition is not None else replace(found, codes=())


def _has_new_questions(after: Preview, answers: bulk_forms.Answers) -> bool:
    """Whether the answers brought up something else to ask: once the letters can be read, say, the course codes."""
    if not after.ready_to_check or after.dates_unclear:
        return True
    return any(one.code not in answers.codes for one in after.codes)


def _keep_answers(batch_id: str, answers: bulk_forms.Answers, before: UploadChoices) -> None:
    now, by = site.now(), actor()
    if chosen := {code: ref for code, ref in answers.codes.items() if ref}:
        save_course_codes(site.instance, chosen, edition=site.edition, now=now, actor=by)
    save_choices(site.instance, batch_id, bulk_forms.choices_of(answers, before), now=now, actor=by)


def _has_questions(found: Preview) -> bool:
    return bool(not found.ready_to_check or found.dates_unclear or found.codes)


def _questions_form(
    found: Preview, answers: bulk_forms.Answers, errors: dict[str, str], *, broken: bool = False
) -> str:
    return render_template(
        "desk/bulk/questions.html",
        preview=found,
        answers=answers,
        errors=errors,
        asks=_has_questions(found),
        broken=broken and not _has_questions(found),
        letters=[one for one in found.letters if any(c.isalpha() for c in one.shown)] or found.letters,
        answerable=_ANSWERABLE,
        earlier=earlier_uploads(site.instance, found.batch_id),
        field_options=[(name, batch_words.field_label(name)) for name in FIELDS],
        missing_names=[batch_words.field_label(name) for name in found.missing],
        sheet_options=[(name, name) for name in found.sheets],
        listing_options=awardable(today=nz_date(site.now())),
    )


# --- the check --------------------------------------------------------------------------------------------------
def start_check(batch_id: str) -> Response:
    try:
        request_check(site.instance, batch_id, now=site.now(), actor=actor())
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    site.runner.submit(batch_id)
    return redirect(url_for("bulk.check", batch_id=batch_id), 303)


@blueprint.get("/<batch_id>/check")
@needs(Role.ISSUE)
def check(batch_id: str) -> Response | str:
    summary = load_summary(batch_id)
    if summary.state == BatchState.CHECKING:
        return render_template("desk/bulk/checking.html", summary=summary)
    findings = load_findings(site.instance, batch_id) if summary.state in _MENDABLE else None
    if findings is None:
        return redirect(where(summary), 303) if summary.state == BatchState.DRAFT else elsewhere(summary)
    return _check_page(summary, findings)


def _check_page(summary: BatchSummary, findings: Findings) -> str:
    batch_id = summary.batch_id
    choices = load_choices(site.instance, batch_id)
    pages = max(1, -(-len(findings.problems) // PAGE_ROWS))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = findings.problems[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return render_template(
        "desk/bulk/check.html",
        batch_id=batch_id,
        changed=summary.state == BatchState.DRAFT,
        sent_back=summary.reason == "rejected",
        why_back=choices.sent_back,
        after=summary.state in _ENDED,
        four_eyes=site.choices.four_eyes,
        filename=choices.filename,
        findings=findings,
        earlier=earlier_uploads(site.instance, batch_id),
        page=page,
        pages=pages,
        problems=[bulk_forms.problem_row(row, findings, choices, title_of=title_of) for row in shown],
        withdrawn=[bulk_forms.problem_row(row, findings, choices) for row in findings.withdrawn_rows[:SHOWN_WITHDRAWN]],
        withdrawn_on={row.line: row for row in findings.withdrawn_rows[:SHOWN_WITHDRAWN]},
        withdrawn_count=len(findings.withdrawn_rows),
        left_out=[bulk_forms.problem_row(row, findings, choices) for row in findings.left_out_rows[:SHOWN_LEFT_OUT]],
        warnings=bulk_forms.sort_warnings(findings.warnings),
        columns=[(batch_words.field_label(name), header) for name, header in findings.fields.items()],
        accepted=choices.accept_unconfirmed,
        listing_options=awardable(today=nz_date(site.now())),
        badge_link=badge_link,
    )


@blueprint.post("/<batch_id>/repair")
@needs(Role.ISSUE)
def repair(batch_id: str) -> Response:
    """Keep what was mended on this page of rows; then check again, or show the next rows."""
    summary = load_summary(batch_id)
    findings = load_findings(site.instance, batch_id)
    if summary.state not in _MENDABLE or findings is None:
        return elsewhere(summary)
    choices = load_choices(site.instance, batch_id)
    changed = bulk_forms.parse_repairs(request.form, findings, choices)
    try:
        save_all_repairs(site.instance, batch_id, changed, now=site.now(), actor=actor())
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    if changed:
        told = ngettext("%(num)s row was changed.", "%(num)s rows were changed.", len(changed))
        flash(told % {"num": len(changed)}, "done")
    if request.form.get("then") == "next":
        page = request.args.get("page", 1, type=int) + 1
        return redirect(url_for("bulk.check", batch_id=batch_id, page=page), 303)
    if summary.state in _ENDED:
        if request.form.get("then") == "issue":
            return redirect(url_for("batches.retry", batch_id=batch_id), 307)  # the same form, sent on
        return redirect(url_for("bulk.check", batch_id=batch_id), 303)
    return start_check(batch_id)


@blueprint.post("/<batch_id>/check")
@needs(Role.ISSUE)
def recheck(batch_id: str) -> Response:
    return start_check(batch_id)


@blueprint.post("/<batch_id>/accept")
@needs(Role.ISSUE)
def accept(batch_id: str) -> Response:
    """Count rows that the register cannot confirm as ready, for a reason that is kept."""
    reason = " ".join(request.form.get("reason", "").split())[: bulk_forms.MAX_MENDED_CHARS]
    if not reason:
        flash(_("Say why these rows cannot wait."), "error")
        return redirect(url_for("bulk.check", batch_id=batch_id), 303)
    choices = replace(load_choices(site.instance, batch_id), accept_unconfirmed=reason)
    try:
        save_choices(site.instance, batch_id, choices, now=site.now(), actor=actor())
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    return start_check(batch_id)


@blueprint.get("/<batch_id>/problems.csv")
@needs(Role.ISSUE)
def problems(batch_id: str) -> Response:
    return attachment(problem_rows_csv(site.instance, batch_id), f"rows-to-fix-{batch_id[:8]}.csv")


@blueprint.get("/picture/<nzqa_ref>/<on>.png")
@needs(Role.ISSUE, Role.APPROVE)
def picture(nzqa_ref: str, on: str) -> Response:
    """The picture a badge of that micro-credential gets; it carries no badge."""
    edition, day = site.edition, _day(on)
    if edition is None or day is None:
        raise IssuingError("There is no picture of that.", reason="listing-unknown")
    achievement = achievement_on(edition.register, ref=nzqa_ref, on=day, issuer=issuer_facts(site.instance))
    drawn = Pictures(site.instance, demonstration=site.is_demonstration).achievement_png(achievement.document)
    answer = Response(drawn, content_type="image/png")
    answer.headers["Cache-Control"] = "private, max-age=300"  # it says nothing of anybody
    return answer


# --- stopping and discarding ------------------------------------------------------------------------------------
@blueprint.post("/<batch_id>/cancel")
@needs(Role.ISSUE)
def cancel(batch_id: str) -> Response:
    try:
        bulk_service.cancel(site.instance, batch_id, actor=actor(), now=site.now())
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    return redirect(where(load_summary(batch_id)), 303)


@blueprint.post("/<batch_id>/discard", endpoint="discard")
@needs(Role.ISSUE)
def discard_list(batch_id: str) -> Response:
    return _discard(batch_id, _("Discarded. The file and everything read from it were erased; nothing was issued."))


def _discard(batch_id: str, sentence: str) -> Response:
    try:
        discard(site.instance, batch_id, now=site.now(), actor=actor())
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    flash(sentence, "done")
    return redirect(url_for("bulk.upload"), 303)


# --- small things -----------------------------------------------------------------------------------------------
def badge_link(short_id: str) -> str:
    return url_for("badges.page", short_id=short_id)


def attachment(data: bytes, name: str) -> Response:
    answer = Response(data, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.app_template_filter("iso_day")
def iso_day(text: str) -> str:
    """A day of the findings as people write it."""
    day = _day(text)
    return text if day is None else format_nz_date(day, language=language())


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except BadgeError:
        return None
