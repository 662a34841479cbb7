"""Getting one badge to its learner at the desk: mail again, a link to print, a new link, another address."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.learner.newlinks import print_link, replace_link
from issuer.mail.links import change_address, resend
from issuer.qr import qr_svg
from issuer.staff.accounts import Role
from issuer.store import claims_rows
from issuer.web.access import actor, needs
from issuer.web.desk.badge_changes import subject_of
from issuer.web.desk.badge_pages import blueprint, can_mail, load_facts, title_of
from issuer.web.site import site
from issuer.web.words import _, english, ngettext
from schemas.errors import InputError, IssuingError


@blueprint.route("/<short_id>/mail", methods=["GET", "POST"], endpoint="resend")
@needs(Role.ISSUE)
def mail_again(short_id: str) -> str | Response:
    facts = load_facts(short_id)
    if request.method == "POST":
        try:
            resend(site.instance, short_id, valid_for=_valid_for(), now=site.now(), actor=actor())
        except IssuingError as error:
            if error.extensions.get("reason") not in _RESEND_REFUSALS:
                raise
            flash(_resend_refusal(str(error.extensions["reason"])), "error")
        else:
            flash(_("The mail is on its way. It holds the link; nothing else changed."), "done")
        return redirect(url_for("badges.page", short_id=short_id), code=303)
    return render_template(
        "desk/confirm.html",
        heading=_("Send the mail with the link again?"),
        subject=subject_of(facts),
        back=url_for("badges.page", short_id=short_id),
        consequences=[
            _("A mail with the learner's link goes to %(address)s.")
            % {"address": (facts.learner.email if facts.learner else None) or _("no address")},
            _("A link that has run out is replaced by a new one."),
        ],
        button=_("Send it"),
    )


@blueprint.route("/<short_id>/link", methods=["GET", "POST"])
@needs(Role.ISSUE)
def new_link(short_id: str) -> str | Response:
    facts = load_facts(short_id)
    with site.instance.store.reading() as connection:
        claim = claims_rows.load_claim(connection, short_id)
    if request.method == "POST":
        replace_link(site.instance, short_id, valid_for=_valid_for(), now=site.now(), actor=actor())
        flash(_("There is a new link. The old one opens nothing any more."), "done")
        return redirect(url_for("badges.slip", short_id=short_id), code=303)
    return render_template(
        "desk/badges/new_link.html",
        facts=facts,
        claim=claim,
        subject=subject_of(facts),
        works=claim is not None and claim.link_expires_at > site.now(),
        days=site.choices.claim_days,
        can_mail=can_mail(facts, claim),
    )


@blueprint.get("/<short_id>/slip")
@needs(Role.ISSUE)
def slip(short_id: str) -> str | Response:
    """The link as it works now, to print and hand over; that somebody took it is in the audit trail."""
    facts = load_facts(short_id)
    token = print_link(site.instance, short_id, now=site.now(), actor=actor())
    if token is None:
        flash(_("The link has run out. Make a new one."), "error")
        return redirect(url_for("badges.new_link", short_id=short_id), code=303)
    with site.instance.store.reading() as connection:
        claim = claims_rows.load_claim(connection, short_id)
    link = site.link(f"/claim/{token}")
    return render_template(
        "desk/badges/slip.html",
        facts=facts,
        claim=claim,
        title=title_of(facts.held.nzqa_ref, on=facts.held.achieved_on),
        link=link,
        qr="data:image/svg+xml;base64," + b64encode(qr_svg(link)).decode(),
    )


@blueprint.route("/<short_id>/address", methods=["GET", "POST"])
@needs(Role.ISSUE)
def address(short_id: str) -> str | Response:
    facts = load_facts(short_id)
    errors: dict[str, str] = {}
    if request.method == "POST":
        if request.form.get("sure") != "yes":
            errors["sure"] = _("Confirm that you know who asks. Whoever has the link has the badge.")
        else:
            try:
                count = change_address(
                    site.instance,
                    short_id,
                    request.form.get("email", ""),
                    valid_for=_valid_for(),
                    now=site.now(),
                    actor=actor(),
                )
            except InputError as error:
                errors["email"] = english(error.detail)
            else:
                flash(
                    ngettext(
                        "The address was changed for %(n)s badge, and a mail with a new link is on its way.",
                        "The address was changed for %(n)s badges, and a mail with a new link is on its way.",
                        count,
                    )
                    % {"n": count},
                    "done",
                )
                return redirect(url_for("badges.page", short_id=short_id), code=303)
    return render_template(
        "desk/badges/address.html",
        facts=facts,
        subject=subject_of(facts),
        given=request.form.get("email", ""),
        errors=errors,
    )


_RESEND_REFUSALS = frozenset({"withdrawn", "hand-over", "waiting", "too-soon"})


def _resend_refusal(reason: str) -> str:
    return {
        "withdrawn": _("The badge was withdrawn; there is no link to send."),
        "hand-over": _("There is no address that is this learner's alone. Print the link, and hand it over."),
        "waiting": _("A mail with the link waits to be sent already. Release it on the page Mail, or wait."),
        "too-soon": _("A mail with the link was sent in the last ten minutes; wait a little."),
    }[reason]


def _valid_for() -> timedelta:
    return timedelta(days=site.choices.claim_days)
