"""Class lists after their confirmation: progress, what became of each row, mail, slips to hand over, withdrawal."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.bulk import confirming as bulk_service
from issuer.bulk.batch_views import BatchSummary, BatchView, batch_badges, list_batches, results_csv
from issuer.bulk.findings import load_findings
from issuer.bulk.uploads import BatchState
from issuer.learner.slips import print_slips
from issuer.mail.outbox import hold_mails, release_mails
from issuer.qr import qr_svg
from issuer.staff.accounts import Role
from issuer.status import RevocationReason
from issuer.store import batch_work, withdrawals
from issuer.store.batches import Counts
from issuer.web.access import actor, may, needs
from issuer.web.desk import batch_words, labels
from issuer.web.desk.badge_pages import title_of
from issuer.web.desk.batch_pages import load_summary, load_view
from issuer.web.desk.bulk_pages import attachment, where
from issuer.web.desk.days import not_a_day, read_day
from issuer.web.site import site
from issuer.web.words import _, ngettext
from issuer.withdrawal import withdraw_batch
from schemas.errors import BadgeError, IssuingError
from schemas.nzqcf import nz_date

blueprint = Blueprint("batches", __name__, url_prefix="/desk/batches")

PAGE_SIZE = 50
MOST_PAGES = 1_000_000  # far more than there ever are, and a number every database takes
ROWS = 100
OUTCOMES = ("failed", "held", "issued", "already")
_UNDER_WAY = frozenset({BatchState.QUEUED, BatchState.RUNNING})
_BEFORE = frozenset({BatchState.DRAFT, BatchState.CHECKING, BatchState.CHECKED, BatchState.AWAITING_APPROVAL})


# --- the list of lists ------------------------------------------------------------------------------------------
@blueprint.get("")
@needs(Role.READ, Role.ISSUE, Role.APPROVE)
def listing() -> str:
    wanted, error = _day(request.args.get("day", ""))
    page = min(max(1, request.args.get("page", 1, type=int)), MOST_PAGES)
    with_idle = "all" in request.args or wanted is not None
    if wanted:
        shown, total = _of_day(wanted, page=page)
    else:
        shown, total = list_batches(site.instance, page=page, page_size=PAGE_SIZE, with_idle=with_idle)
    idle = 0 if with_idle else list_batches(site.instance, page_size=1)[1] - total
    asked = {name: request.args[name] for name in ("day", "all") if request.args.get(name)}
    return render_template(
        "desk/batches/listing.html",
        batches=shown,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE_SIZE)),
        day=request.args.get("day", ""),
        errors={"day": error} if error else {},
        asked=asked,
        idle=idle,
        with_idle="all" in request.args,
        words=batch_words,
        where=_where,
        now=site.now(),
    )


def _of_day(wanted: date, *, page: int) -> tuple[tuple[BatchSummary, ...], int]:
    """The lists of a New Zealand day. They come newest first, so looking ends at the first older one."""
    found: list[BatchSummary] = []
    number = 1
    while True:
        some, _total = list_batches(site.instance, page=number, page_size=PAGE_SIZE)
        found += [one for one in some if nz_date(one.started_at) == wanted]
        if len(some) < PAGE_SIZE or nz_date(some[-1].started_at) < wanted:
            return tuple(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]), len(found)
        number += 1


def _day(text: str) -> tuple[date | None, str]:
    """(the day, or what is wrong with it), from a date field or as people write it here."""
    if not text.strip():
        return None, ""
    try:
        return read_day(text), ""
    except BadgeError:
        return None, not_a_day()


def _where(summary: BatchSummary) -> str:
    """A list's page for whoever is signed in: those who may not issue see where it stands."""
    return where(summary) if may(Role.ISSUE) else url_for("batches.show", batch_id=summary.batch_id)


# --- one list ---------------------------------------------------------------------------------------------------
@blueprint.get("/<batch_id>")
@needs(Role.READ, Role.ISSUE, Role.APPROVE)
def show(batch_id: str) -> Response | str:
    """Progress while it is made, then what became of every row."""
    summary = load_summary(batch_id)
    if summary.state in _UNDER_WAY:
        return render_template("desk/batches/progress.html", summary=summary, cancelling=_is_cancelling(summary))
    if summary.state in _BEFORE:
        if may(Role.ISSUE) or (may(Role.APPROVE) and summary.state == BatchState.AWAITING_APPROVAL):
            return redirect(where(summary), 303)
        return render_template("desk/batches/waiting.html", summary=summary, words=batch_words)
    if summary.state == BatchState.DISCARDED:
        return render_template("desk/batches/waiting.html", summary=summary, words=batch_words)
    only = request.args.get("only")
    only = only if only in OUTCOMES else None
    page = max(1, request.args.get("page", 1, type=int))
    return _results(load_view(batch_id, page=page, page_size=ROWS, only=only), only=only)


def _is_cancelling(summary: BatchSummary) -> bool:
    return summary.state == BatchState.RUNNING and summary.reason == batch_work.CANCELLING


def _results(view: BatchView, *, only: str | None) -> str:
    summary = view.summary
    return render_template(
        "desk/batches/results.html",
        view=view,
        summary=summary,
        counts=summary.counts,
        only=only,
        outcomes=OUTCOMES,
        words=batch_words,
        title_of=title_of,
        mails=[(labels.mail_state(state), number) for state, number in sorted(view.mails.items())],
        standing=_count_standing(summary.batch_id),
        mendable=_can_mend(view),
        file_sha256=_file_sha256(summary.batch_id),
        audit_days=_audit_days(summary),
        has_mail_server=site.choices.mail is not None,
    )


def _audit_days(summary: BatchSummary) -> dict[str, str]:
    """From the upload to the last thing done with the list, as the audit trail's page is asked."""
    ends = [one for one in (summary.started_at, summary.finished_at, summary.withdrawn_at) if one is not None]
    return {"from": nz_date(summary.started_at).isoformat(), "to": nz_date(max(ends)).isoformat()}


def _file_sha256(batch_id: str) -> str:
    with site.instance.store.reading() as connection:
        found = batch_work.load(connection, batch_id)
    return found.file_sha256 if found else ""


def _can_mend(view: BatchView) -> bool:
    """Whether its failed rows can still be mended on the page: the class list is there, and somebody here may."""
    if not view.can_retry or not may(Role.ISSUE) or view.summary.source == "cli":
        return False
    try:
        return load_findings(site.instance, view.summary.batch_id) is not None
    except IssuingError:
        return False


@blueprint.get("/<batch_id>/progress")
@needs(Role.READ, Role.ISSUE, Role.APPROVE)
def progress(batch_id: str) -> str:
    """The moving part alone."""
    summary = load_summary(batch_id)
    return render_template(
        "desk/batches/_progress.html",
        summary=summary,
        cancelling=_is_cancelling(summary),
        done=summary.state not in _UNDER_WAY,
    )


@blueprint.get("/<batch_id>/results.csv")
@needs(Role.READ, Role.ISSUE)
def results(batch_id: str) -> Response:
    load_summary(batch_id)
    data = results_csv(site.instance, batch_id, for_people=True)
    return attachment(data, f"results-{batch_id[:8]}.csv")


@blueprint.post("/<batch_id>/cancel")
@needs(Role.ISSUE)
def cancel(batch_id: str) -> Response:
    try:
        state = bulk_service.cancel(site.instance, batch_id, actor=actor(), now=site.now())
    except IssuingError:
        return _back(batch_id, _("It has ended already, so there was nothing to stop."))
    if state is BatchState.RUNNING:
        return _back(batch_id, _("It stops after the rows under way. What has been issued stands."))
    return _back(batch_id, _("Stopped. What has been issued stands."))


@blueprint.post("/<batch_id>/retry")
@needs(Role.ISSUE)
def retry(batch_id: str) -> Response:
    """The failed and the held rows once more; what was issued is not touched."""
    before = load_summary(batch_id).counts
    try:
        state = bulk_service.retry(
            site.instance, batch_id, actor=actor(), four_eyes=site.choices.four_eyes, now=site.now()
        )
    except IssuingError as error:
        if error.extensions.get("reason") == "purged":
            told = _("The class list was erased by now. Upload it again: nobody gets a second badge.")
            return _back(batch_id, told, bad=True)
        return _back(batch_id, _("There is nothing to try again, or it is under way already."))
    if state is BatchState.AWAITING_APPROVAL:
        return _back(batch_id, _("Sent for approval: the rows are tried again once somebody else has looked at them."))
    site.runner.submit(batch_id)
    return _back(batch_id, _tried(load_summary(batch_id), before=before))


def _tried(summary: BatchSummary, *, before: Counts) -> str:
    """What trying again came to; while it is under way, that it is."""
    if summary.state != BatchState.FINISHED:
        return _("These rows are being tried again. What becomes of them stands here when it is done.")
    more, rest = max(0, summary.counts.issued - before.issued), summary.counts.failed + summary.counts.held
    told = ngettext(
        "Tried again: %(num)s more badge was issued.", "Tried again: %(num)s more badges were issued.", more
    )
    if not rest:
        return told % {"num": more}
    left = ngettext("%(num)s row is still not issued.", "%(num)s rows are still not issued.", rest)
    return f"{told % {'num': more}} {left % {'num': rest}}"


# --- mail -------------------------------------------------------------------------------------------------------
@blueprint.post("/<batch_id>/mail")
@needs(Role.ISSUE)
def mail(batch_id: str) -> Response:
    """Release what is held, or hold what has not left."""
    load_summary(batch_id)
    if request.form.get("do") == "release":
        count = release_mails(site.instance, batch_id=batch_id, now=site.now(), actor=actor())
        told = ngettext("%(num)s mail was released.", "%(num)s mails were released.", count)
    else:
        count = hold_mails(site.instance, batch_id=batch_id, now=site.now(), actor=actor())
        told = ngettext("%(num)s mail is held back.", "%(num)s mails are held back.", count)
    return _back(batch_id, told % {"num": count} if count else _("Nothing had to change: no such mail was waiting."))


# --- slips ------------------------------------------------------------------------------------------------------
@blueprint.get("/<batch_id>/slips")
@needs(Role.ISSUE)
def slips(batch_id: str) -> str:
    """One slip each for the learners without an address of their own, to print and hand over."""
    summary = load_summary(batch_id)
    sheet = print_slips(site.instance, batch_id, now=site.now(), actor=actor())
    made: list[dict[str, Any]] = []
    for one in sheet.slips:
        link = site.link(f"/claim/{one.token}")
        made.append(
            {
                "slip": one,
                "title": title_of(one.nzqa_ref, on=one.achieved_on),
                "link": link,
                "qr": "data:image/svg+xml;base64," + b64encode(qr_svg(link)).decode(),
            }
        )
    return render_template("desk/batches/slips.html", summary=summary, sheet=sheet, slips=made)


# --- withdrawing ------------------------------------------------------------------------------------------------
@blueprint.route("/<batch_id>/withdraw", methods=["GET", "POST"])
@needs(Role.ISSUE)
def withdraw(batch_id: str) -> Response | str | tuple[str, int]:
    """Every badge of the list, after a page that says how many and that it is for good."""
    summary = load_summary(batch_id)
    standing = _count_standing(batch_id)
    if not standing:
        return _back(batch_id, _("No badge of this list stands, so there is nothing to withdraw."))
    if summary.state in _UNDER_WAY:
        return _back(batch_id, _("It is being issued. Stop it first, or wait for its end."), bad=True)
    if request.method == "GET":
        return _withdraw_form(summary, standing, {})
    reason = request.form.get("reason", "")
    if reason not in labels.revocation_reasons():
        return _withdraw_form(summary, standing, {"reason": _("Say why.")}), 422
    if request.form.get("number", type=int) != standing:
        told = _("The number of badges has changed since the page was shown. Nothing was withdrawn; please look again.")
        return _withdraw_form(summary, standing, {"reason": told}), 409
    done = withdraw_batch(site.instance, batch_id, reason=RevocationReason(reason), now=site.now(), actor=actor())
    told = ngettext("%(num)s badge was withdrawn.", "%(num)s badges were withdrawn.", done.count) % {"num": done.count}
    if done.mails_cancelled:
        mails = done.mails_cancelled
        cancelled = ngettext(
            "%(num)s mail that had not left was cancelled.", "%(num)s mails that had not left were cancelled.", mails
        )
        told = f"{told} {cancelled % {'num': mails}}"
    return _back(batch_id, told)


def _withdraw_form(summary: BatchSummary, standing: int, errors: dict[str, str]) -> str:
    sent = load_view(summary.batch_id).mails.get("sent", 0)
    return render_template(
        "desk/batches/withdraw.html",
        summary=summary,
        standing=standing,
        sent=sent,
        errors=errors,
        reasons=[(code, text, None) for code, text in labels.revocation_reasons().items()],
        reason=request.form.get("reason", ""),
    )


def _count_standing(batch_id: str) -> int:
    with site.instance.store.reading() as connection:
        gone = withdrawals.count_withdrawn(connection, batch_id)
    return len(batch_badges(site.instance, batch_id)) - gone


def _back(batch_id: str, sentence: str | None, *, bad: bool = False) -> Response:
    if sentence:
        flash(sentence, "error" if bad else "done")
    return redirect(url_for("batches.show", batch_id=batch_id), 303)
