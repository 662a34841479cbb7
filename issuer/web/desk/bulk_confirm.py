"""The second half of a class list's way to its badges: confirm the exact number, and the second person's approval."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.bulk import confirming as bulk_service
from issuer.bulk.delivering import MailChoice
from issuer.bulk.findings import Findings, load_findings
from issuer.bulk.readyrows import load_ready_rows
from issuer.bulk.uploads import BatchState, earlier_uploads, load_choices
from issuer.staff.accounts import Role
from issuer.web.access import actor, may, needs
from issuer.web.desk import batch_words
from issuer.web.desk.badge_pages import title_of
from issuer.web.desk.batch_pages import load_summary
from issuer.web.desk.bulk_forms import MAX_MENDED_CHARS
from issuer.web.desk.bulk_pages import blueprint, elsewhere, start_check, where
from issuer.web.site import site
from issuer.web.words import _
from schemas.errors import IssuingError

APPROVED_ROWS = 100  # a page of those that somebody is to approve
_MAIL = (MailChoice.HOLD.value, MailChoice.SEND.value)


# --- confirming -------------------------------------------------------------------------------------------------
@blueprint.route("/<batch_id>/confirm", methods=["GET", "POST"])
@needs(Role.ISSUE)
def confirm(batch_id: str) -> Response | str | tuple[str, int]:
    summary = load_summary(batch_id)
    if request.method == "POST":
        return _confirmed(batch_id)
    findings = load_findings(site.instance, batch_id) if summary.state == BatchState.CHECKED else None
    if findings is None:
        return elsewhere(summary)
    if not findings.ready:
        flash(_("No row is ready, so there is nothing to confirm yet."), "error")
        return redirect(url_for("bulk.check", batch_id=batch_id), 303)
    return _confirm_form(batch_id, findings, mail=site.choices.mail_default, errors={})


def _confirmed(batch_id: str) -> Response | str | tuple[str, int]:
    """The number in the button must still be true; a second click finds the list on its way and changes nothing."""
    ready, mail = request.form.get("ready", type=int), request.form.get("mail", "")
    findings = load_findings(site.instance, batch_id)
    if mail not in _MAIL and findings is not None:
        errors = {"mail": _("Say when the mail is to be sent.")}
        return _confirm_form(batch_id, findings, mail="", errors=errors), 422
    try:
        state = bulk_service.confirm(
            site.instance,
            batch_id,
            expected_ready=-1 if ready is None else ready,
            mail=MailChoice(mail),
            actor=actor(),
            four_eyes=site.choices.four_eyes,
            edition=site.edition,
            now=site.now(),
        )
    except IssuingError as error:
        if error.extensions.get("reason") in {"count-changed", "nothing-ready"}:
            told = _(
                "Something has changed since that page was shown, so nothing was issued. The list is checked anew."
            )
            flash(told, "error")
            return start_check(batch_id)
        if error.extensions.get("reason") == "wrong-state":
            return elsewhere(load_summary(batch_id))
        raise
    if state is BatchState.AWAITING_APPROVAL:
        told = _("Sent for approval. Somebody else with that role has to look at it; nothing is issued until then.")
        flash(told, "done")
    else:
        site.runner.submit(batch_id)
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


def _confirm_form(batch_id: str, findings: Findings, *, mail: str, errors: dict[str, str]) -> str:
    choices = site.choices
    return render_template(
        "desk/bulk/confirm.html",
        batch_id=batch_id,
        filename=load_choices(site.instance, batch_id).filename,
        findings=findings,
        earlier=earlier_uploads(site.instance, batch_id),
        four_eyes=choices.four_eyes,
        has_mail_server=choices.mail is not None,
        mail=mail,
        errors=errors,
    )


# --- approving --------------------------------------------------------------------------------------------------
@blueprint.route("/<batch_id>/approve", methods=["GET", "POST"])
@needs(Role.APPROVE, Role.ISSUE)
def approve(batch_id: str) -> Response | str:
    summary = load_summary(batch_id)
    if summary.state != BatchState.AWAITING_APPROVAL:
        return elsewhere(summary)
    if request.method == "POST":
        return _decided(batch_id)
    findings = load_findings(site.instance, batch_id)
    if findings is None:
        return redirect(url_for("batches.show", batch_id=batch_id), 303)
    choices = load_choices(site.instance, batch_id)
    own = actor() in (summary.made_by, *choices.prepared_by)
    rows = load_ready_rows(site.instance, batch_id, findings, edition=site.edition)
    pages = max(1, -(-len(rows) // APPROVED_ROWS))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    return render_template(
        "desk/bulk/approve.html",
        batch_id=batch_id,
        filename=choices.filename,
        summary=summary,
        findings=findings,
        earlier=earlier_uploads(site.instance, batch_id),
        person=batch_words.person,
        rows=rows[(page - 1) * APPROVED_ROWS : page * APPROVED_ROWS],
        page=page,
        pages=pages,
        title_of=title_of,
        may_decide=may(Role.APPROVE) and not own,
        may_issue=may(Role.ISSUE),
        why_not=_("You prepared this list or changed it, so somebody else has to approve it.")
        if own
        else _("It waits for somebody with the role to approve it."),
    )


def _decided(batch_id: str) -> Response:
    if not may(Role.APPROVE):
        flash(_("It waits for somebody with the role to approve it."), "error")
        return redirect(url_for("bulk.approve", batch_id=batch_id), 303)
    findings = load_findings(site.instance, batch_id)
    if request.form.get("decision") == "back":
        why = " ".join(request.form.get("why", "").split())[:MAX_MENDED_CHARS]
        return _send_back(batch_id, _("Sent back to whoever prepared it. Nothing was issued."), why=why or None)
    if findings is None or request.form.get("ready", type=int) != findings.ready:
        told = _("The list was checked anew since that page was shown. Nothing was approved; please look again.")
        flash(told, "error")
        return redirect(url_for("bulk.approve", batch_id=batch_id), 303)
    try:
        bulk_service.approve(site.instance, batch_id, actor=actor(), now=site.now())
    except IssuingError as error:
        if error.extensions.get("reason") != "own-batch":
            return elsewhere(load_summary(batch_id))
        flash(_("You prepared this list or changed it, so somebody else has to approve it."), "error")
        return redirect(url_for("bulk.approve", batch_id=batch_id), 303)
    site.runner.submit(batch_id)
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


@blueprint.post("/<batch_id>/take-back")
@needs(Role.ISSUE)
def take_back(batch_id: str) -> Response:
    """The preparer wants to change it after all."""
    return _send_back(batch_id, _("Taken back. It can be changed and sent for approval again."))


def _send_back(batch_id: str, sentence: str, *, why: str | None = None) -> Response:
    try:
        bulk_service.reject(site.instance, batch_id, actor=actor(), now=site.now(), why=why)
    except IssuingError:
        return elsewhere(load_summary(batch_id))
    flash(sentence, "done")
    return redirect(where(load_summary(batch_id)) if may(Role.ISSUE) else url_for("batches.listing"), 303)
