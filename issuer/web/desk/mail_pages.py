"""Mail at the desk: what waits, what was sent, what came back; released, held, cancelled; what each kind says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response

from issuer.mail.compose import Facts, write_html, write_sections
from issuer.mail.outbox import Bounces, cancel_mails, hold_mails, record_bounces, release_mails
from issuer.mail.sending import end_pause, load_pause
from issuer.staff.accounts import Role
from issuer.store import credentials as credential_store
from issuer.store import outbox_rows
from issuer.store.outbox_rows import MailKind, MailState
from issuer.web.access import actor, needs
from issuer.web.desk import labels, mail_words
from issuer.web.desk.badge_pages import title_of
from issuer.web.desk.batch_pages import load_summary
from issuer.web.desk.batch_words import no_file
from issuer.web.site import site
from issuer.web.words import _, language, ngettext
from schemas.errors import InputError
from schemas.nzqcf import nz_date

blueprint = Blueprint("mail", __name__, url_prefix="/desk/mail")

PAGE_SIZE: Final = 50
_MOST_IDS: Final = 500
_SHOWN_FIRST: Final = (MailState.REFUSED, MailState.HELD, MailState.QUEUED, MailState.SENT)
_EXAMPLE_TOKEN: Final = "example" + "x" * 19


@blueprint.get("")
@needs(Role.ISSUE)
def queue() -> str:
    now = site.now()
    with site.instance.store.reading() as connection:
        counts = outbox_rows.count_mails(connection)
        state = _wanted_state(counts)
        page, pages = _wanted_page(counts[state])
        mails = outbox_rows.list_mails(connection, states=(state,), offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        held_by_batch = outbox_rows.count_held_by_batch(connection)
        about = {mail.short_id: _about(connection, mail.short_id) for mail in mails if mail.short_id}
        pause = load_pause(connection, now=now)
    held = [(load_summary(batch_id), count) for batch_id, count in held_by_batch.items()]
    return render_template(
        "desk/mail/queue.html",
        counts=counts,
        state=state,
        mails=mails,
        held=held,
        about=about,
        no_file=no_file,
        pause=pause,
        page=page,
        pages=pages,
        has_server=site.choices.mail is not None,
        labels=labels,
        reason=mail_words.reason,
    )


def _about(connection: Connection, short_id: str) -> tuple[str, str]:
    """(whose badge, for what): what a list of addresses does not say."""
    held = credential_store.load_credential(connection, short_id)
    learner = credential_store.load_learner(connection, short_id)
    name = learner.name if learner else _("Name no longer kept")
    return name, title_of(held.nzqa_ref, on=held.achieved_on) if held else ""


@blueprint.post("/change")
@needs(Role.ISSUE)
def change() -> Response:
    """Release, hold or cancel mails that were ticked, or all of a batch. The same again finds nothing to change."""
    state = request.form.get("state", "")
    batch_id = request.form.get("batch_id") or None
    mail_ids = request.form.getlist("mail")[:_MOST_IDS]
    if batch_id is None and not mail_ids:
        flash(_("Tick at least one mail first."), "error")
        return _to_queue(state)
    chosen = None if batch_id is not None else mail_ids
    do, now = request.form.get("do"), site.now()
    if do == "release":
        count = release_mails(site.instance, now=now, actor=actor(), batch_id=batch_id, mail_ids=chosen)
        told = ngettext("%(num)s mail was released.", "%(num)s mails were released.", count)
    elif do == "hold":
        count = hold_mails(site.instance, now=now, actor=actor(), batch_id=batch_id, mail_ids=chosen)
        told = ngettext("%(num)s mail is held back.", "%(num)s mails are held back.", count)
    elif do == "cancel":
        count = cancel_mails(site.instance, now=now, actor=actor(), batch_id=batch_id, mail_ids=chosen)
        told = ngettext("%(num)s mail was cancelled.", "%(num)s mails were cancelled.", count)
    else:
        abort(400)
    flash(told % {"num": count} if count else _("Nothing had to change: no such mail was waiting."))
    return _to_queue(state)


@blueprint.post("/try-now")
@needs(Role.ISSUE)
def try_now() -> Response:
    with site.instance.store.writing() as connection:
        end_pause(connection, now=site.now())
    flash(_("Mail that is due is tried again now."))
    return redirect(url_for("mail.queue"), code=303)


@blueprint.route("/bounces", methods=["GET", "POST"])
@needs(Role.ISSUE)
def bounces() -> str | tuple[str, int] | Response:
    """Mail servers that refuse later write to the reply address; staff paste what they wrote."""
    if request.method == "GET":
        return _bounces_page()
    pasted = request.form.get("pasted", "")
    try:
        found = record_bounces(site.instance, pasted, now=site.now(), actor=actor())
    except InputError as error:
        return _bounces_page(errors={"pasted": error.detail}, pasted=pasted), 422
    if found.unknown:
        return _bounces_page(found=found)
    flash(_told(found))
    return redirect(url_for("mail.queue", state="refused"), code=303)


@blueprint.get("/preview")
@needs(Role.ISSUE, Role.ADMINISTER)
def preview() -> str:
    """Every kind of mail with an invented learner, in both languages."""
    kinds = {kind.value: labels.mail_kind(kind.value) for kind in MailKind}
    wanted = request.args.get("kind", "")
    kind = MailKind(wanted) if wanted in kinds else MailKind.CLAIM
    facts = _example(kind)
    sections = write_sections(facts)
    return render_template(
        "desk/mail/preview.html",
        kinds=kinds,
        kind=kind.value,
        sections=sections,
        link=facts.link,
        source=write_html(sections, link=facts.link),
        mail=site.choices.mail,
    )


def _example(kind: MailKind) -> Facts:
    choices, now = site.choices, site.now()
    return Facts(
        kind=kind,
        provider=site.instance.config.name,
        title=_("Name of the micro-credential"),
        awarded_on=nz_date(now),
        name="Mere Āwhina",
        link=_example_link(kind),
        outcome="declined" if kind is MailKind.SETTLED else None,
        link_until=nz_date(now + timedelta(days=choices.claim_days)),
        language=language(),
        contact_name=choices.contact_name,
        contact_email=choices.contact_email,
        demonstration=site.is_demonstration,
    )


def _example_link(kind: MailKind) -> str | None:
    if kind is MailKind.APPROVAL:
        return site.link("/desk/issue/example/approve")
    return None if kind in outbox_rows.LINKLESS_KINDS else site.link(f"/claim/{_EXAMPLE_TOKEN}")


def _wanted_state(counts: Mapping[MailState, int]) -> MailState:
    """The one asked for, else the first that needs somebody."""
    wanted = request.args.get("state", "")
    if wanted in {state.value for state in MailState}:
        return MailState(wanted)
    return next((state for state in _SHOWN_FIRST if counts[state]), MailState.SENT)


def _wanted_page(count: int) -> tuple[int, int]:
    pages = max(1, -(-count // PAGE_SIZE))
    return min(max(1, request.args.get("page", 1, type=int)), pages), pages


def _to_queue(state: str) -> Response:
    return redirect(url_for("mail.queue", state=state or None), code=303)


def _bounces_page(*, found: Bounces | None = None, errors: dict[str, str] | None = None, pasted: str = "") -> str:
    told = None if found is None else _told(found)
    return render_template("desk/mail/bounces.html", found=found, told=told, errors=errors or {}, pasted=pasted)


def _told(found: Bounces) -> str:
    if not found.mails:
        return _("No mail was marked: none was sent to these addresses lately, or it was marked already.")
    told = ngettext(
        "%(num)s mail was marked as come back. Nobody is reminded there.",
        "%(num)s mails were marked as come back. Nobody is reminded there.",
        found.mails,
    )
    return told % {"num": found.mails}
