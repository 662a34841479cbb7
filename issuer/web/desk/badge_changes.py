"""Changing one badge at the desk: correct, withdraw, hold, take off hold; each after a page that says what will be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.admission import Gate
from issuer.corrections import Correction, correct
from issuer.learner.settling import Outcome, settle
from issuer.learner.telling import tell_learner
from issuer.making import issuer_facts
from issuer.minting import NameDisplay
from issuer.rows import read_one_name
from issuer.staff.accounts import Role
from issuer.status import RevocationReason, revoke
from issuer.store.badge_history import load_reporting
from issuer.store.claims_rows import RequestKind, StoredRequest, load_claim, load_requests
from issuer.store.outbox_rows import MailKind
from issuer.suspension import ReinstatementReason, SuspensionReason, reinstate, suspend
from issuer.web.access import actor, needs
from issuer.web.desk import labels
from issuer.web.desk.badge_pages import BadgeFacts, blueprint, can_mail, load_facts, title_of
from issuer.web.desk.days import not_a_day, read_day, write_day
from issuer.web.desk.references import for_correcting
from issuer.web.site import site
from issuer.web.words import _, english, language
from schemas.errors import InputError, IssuingError
from schemas.nzqcf import format_nz_date, nz_date
from verifier.register.decision import decide
from verifier.register.reasons import Outcome as Accreditation
from verifier.register.statement import decision_sentence

FIELDS = ("name", "preferred_name", "name_display", "achieved_on", "nzqa_ref")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact before and after, as the page compares them."""

    label: str
    before: str
    after: str


@blueprint.route("/<short_id>/correct", methods=["GET", "POST"], endpoint="correct")
@needs(Role.ISSUE)
def correct_badge(short_id: str) -> str | Response:
    """Form, then before → after, then the signing; what the form says travels through the middle page."""
    facts = load_facts(short_id)
    if refused := _refused(facts):
        return _to_page(short_id, refused)
    given = _as_it_is(facts)
    if request.method == "GET":
        return _correction_form(facts, given | _wished(_asked_here(short_id)), errors={})
    given = {name: request.form.get(name, given[name]).strip() for name in FIELDS}
    wanted, errors = _read_correction(facts, given)
    changes = _changes(facts, wanted) if not errors else []
    if not errors and not changes and request.form.get("step") == "confirm":  # sent twice: the first one did it
        return redirect(url_for("badges.page", short_id=short_id), code=303)
    if not errors and not changes:
        errors["name"] = _("Nothing is different from the badge as it is. Change something, or go back.")
    if not errors and (sentence := _register_says_no(facts, wanted)):
        errors["achieved_on"] = sentence
    if errors or request.form.get("step") == "again":
        return _correction_form(facts, given, errors=errors)
    if request.form.get("step") != "confirm":
        return render_template(
            "desk/badges/correct_review.html",
            facts=facts,
            given=given,
            changes=changes,
            title=title_of(facts.held.nzqa_ref),
            reported=_was_reported(short_id),
            can_mail=_can_tell(facts),
            request_id=request.form.get("request", ""),
        )
    return _sign_correction(facts, wanted)


def _sign_correction(facts: BadgeFacts, wanted: Correction) -> Response:
    short_id = facts.held.short_id
    try:
        done = correct(
            site.instance,
            short_id,
            wanted,
            edition=site.edition,
            now=site.now(),
            actor=actor(),
            accept_unconfirmed=facts.held.unconfirmed_reason,
        )
    except IssuingError as error:
        if error.extensions.get("reason") != "nothing-to-correct":
            return _to_page(short_id, english(error.detail))
    else:
        flash(
            _("The badge was corrected and signed again; this is version %(n)s. Copies from before now say “replaced”.")
            % {"n": done.version},
            "done",
        )
        _tell(short_id, MailKind.CORRECTED)
    settle_with(Outcome.CORRECTED)
    return redirect(url_for("badges.page", short_id=short_id), code=303)


@blueprint.route("/<short_id>/withdraw", methods=["GET", "POST"], endpoint="revoke")
@needs(Role.ISSUE)
def withdraw_badge(short_id: str) -> str | Response:
    facts = load_facts(short_id)
    if facts.held.state == "revoked":
        return _to_page(short_id, _("This badge is withdrawn already."))
    reasons = labels.revocation_reasons()
    errors = {}
    if request.method == "POST":
        if request.form.get("reason") in reasons:
            reason = RevocationReason(request.form["reason"])
            revoke(site.instance, short_id, reason=reason, now=site.now(), actor=actor())
            flash(_("The badge was withdrawn. Whoever checks it is told so within the hour."), "done")
            _tell(short_id, MailKind.WITHDRAWN)
            settle_with(Outcome.WITHDRAWN)
            return redirect(url_for("badges.page", short_id=short_id), code=303)
        errors["reason"] = _("Choose a reason.")
    consequences = [
        _("The badge is withdrawn for good. It cannot be brought back; only a new badge can be issued."),
        _("Whoever checks it is told that it was withdrawn, within the hour. Nobody is told why."),
    ]
    if not _can_tell(facts):
        consequences.append(_("The learner cannot be told by mail. Tell them yourself."))
    if facts.document.suspension_slot is not None:
        consequences.append(_("If you are not sure yet, put it on hold instead: that can be undone."))
    if _was_reported(short_id):
        consequences.append(_("It was marked as reported to NZQA. Have NZQA change the record too."))
    return _confirm(
        facts,
        heading=_("Withdraw this badge?"),
        button=_("Withdraw it for good"),
        consequences=consequences,
        reasons=reasons,
        reason=RevocationReason.LEARNER_REQUEST if request.args.get("request") else "",
        errors=errors,
        danger=True,
        can_mail=_can_tell(facts),
    )


@blueprint.route("/<short_id>/hold", methods=["GET", "POST"], endpoint="suspend")
@needs(Role.ISSUE)
def hold_badge(short_id: str) -> str | Response:
    facts = load_facts(short_id)
    if facts.held.state != "issued":
        return _to_page(short_id, _("Only a badge that stands can be put on hold."))
    if facts.document.suspension_slot is None:
        return _to_page(short_id, _("This badge was signed without the entry that lets it be put on hold."))
    reasons = labels.suspension_reasons()
    errors = {}
    if request.method == "POST":
        if request.form.get("reason") in reasons:
            reason = SuspensionReason(request.form["reason"])
            suspend(site.instance, short_id, reason=reason, now=site.now(), actor=actor())
            flash(_("The badge is on hold. Take it off hold, or withdraw it, when the matter is settled."), "done")
            return redirect(url_for("badges.page", short_id=short_id), code=303)
        errors["reason"] = _("Choose a reason.")
    return _confirm(
        facts,
        heading=_("Put this badge on hold?"),
        button=_("Put it on hold"),
        consequences=[
            _("Whoever checks it is told that it is on hold, within the hour. Nobody is told why."),
            _("It can be taken off hold again at any time, and is then as it was."),
            _("It cannot be corrected while it is on hold."),
        ],
        reasons=reasons,
        errors=errors,
    )


@blueprint.route("/<short_id>/reinstate", methods=["GET", "POST"], endpoint="reinstate")
@needs(Role.ISSUE)
def reinstate_badge(short_id: str) -> str | Response:
    facts = load_facts(short_id)
    if facts.held.state != "suspended":
        return _to_page(short_id, _("This badge is not on hold."))
    reasons = labels.reinstatement_reasons()
    errors = {}
    if request.method == "POST":
        if request.form.get("reason") in reasons:
            reason = ReinstatementReason(request.form["reason"])
            reinstate(site.instance, short_id, reason=reason, now=site.now(), actor=actor())
            flash(_("The badge is off hold and stands as before."), "done")
            return redirect(url_for("badges.page", short_id=short_id), code=303)
        errors["reason"] = _("Choose a reason.")
    return _confirm(
        facts,
        heading=_("Take this badge off hold?"),
        button=_("Take it off hold"),
        consequences=[_("Whoever checks it is told that it is current again, within the hour.")],
        reasons=reasons,
        errors=errors,
    )


def _tell(short_id: str, kind: MailKind) -> None:
    """Write to the learner where staff asked for it."""
    if request.form.get("tell") != "yes":
        return
    if tell_learner(site.instance, short_id, kind, now=site.now(), actor=actor()):
        flash(_("A mail to the learner is on its way."), "done")


def _can_tell(facts: BadgeFacts) -> bool:
    with site.instance.store.reading() as connection:
        claim = load_claim(connection, facts.held.short_id)
    return can_mail(facts, claim)


def settle_with(outcome: Outcome) -> None:
    """Settle the learner's request that led here, if one about this very badge did."""
    asked = None if request.view_args is None else _asked_here(request.view_args["short_id"])
    if asked is not None:
        settle(site.instance, asked.request_id, outcome=outcome, now=site.now(), actor=actor())


def _asked_here(short_id: str) -> StoredRequest | None:
    """The open request that led here, if it is about this very badge."""
    request_id = request.form.get("request") or request.args.get("request")
    if not request_id:
        return None
    with site.instance.store.reading() as connection:
        asked = load_requests(connection, short_id=short_id, open_only=True)
    return next((one for one in asked if one.request_id == request_id), None)


def _wished(asked: StoredRequest | None) -> dict[str, str]:
    """What the learner asked for, as far as it is a field of the form: the spelling of their name."""
    return {"name": " ".join(asked.words.split())} if asked is not None and asked.kind is RequestKind.NAME else {}


def _confirm(facts: BadgeFacts, *, reasons: dict[str, str], **words: Any) -> str:
    return render_template(
        "desk/confirm.html",
        back=url_for("badges.page", short_id=facts.held.short_id),
        subject=subject_of(facts),
        reasons=[(code, text, None) for code, text in reasons.items()],
        **words,
    )


def subject_of(facts: BadgeFacts) -> str:
    """Whose badge for what: the line under a heading."""
    name = facts.learner.name if facts.learner else _("Name no longer kept")
    return f"{name}: {title_of(facts.held.nzqa_ref, on=facts.held.achieved_on)}"


def _to_page(short_id: str, sentence: str) -> Response:
    flash(sentence, "error")
    return redirect(url_for("badges.page", short_id=short_id), code=303)


def _refused(facts: BadgeFacts) -> str | None:
    """Why this badge cannot be corrected."""
    if facts.held.state == "revoked":
        return _("A withdrawn badge cannot be corrected. Issue a new one.")
    if facts.held.state == "suspended":
        return _("This badge is on hold. Take it off hold first, then correct it.")
    if facts.learner is None:
        return _("The learner's facts are no longer kept, so this badge cannot be corrected.")
    return None


def _as_it_is(facts: BadgeFacts) -> dict[str, str]:
    learner = facts.learner
    return {
        "name": learner.name if learner else "",
        "preferred_name": (learner.preferred_name or "") if learner else "",
        "name_display": learner.name_display if learner else "full",
        "achieved_on": write_day(facts.held.achieved_on),
        "nzqa_ref": facts.held.nzqa_ref,
    }


def _read_correction(facts: BadgeFacts, given: dict[str, str]) -> tuple[Correction, dict[str, str]]:
    """(what is to be otherwise, what cannot be read by field)."""
    now_is = _as_it_is(facts)
    errors: dict[str, str] = {}
    names: dict[str, str | None] = {"name": None, "preferred_name": None}
    for field in names:
        if given[field] == now_is[field] or (field == "preferred_name" and not given[field]):
            continue
        try:
            names[field] = read_one_name(given[field])
        except InputError as error:
            errors[field] = english(error.detail)
    achieved_on: date | None = None
    try:
        day = read_day(given["achieved_on"])
        achieved_on = day if day != facts.held.achieved_on else None
        if day > nz_date(site.now()):
            errors["achieved_on"] = _("That day has not come yet.")
    except InputError:
        errors["achieved_on"] = not_a_day()
    display = given["name_display"]
    if display not in set(NameDisplay):
        errors["name_display"] = _("Choose how the name is shown.")
    elif display == NameDisplay.PREFERRED and not (given["preferred_name"] or now_is["preferred_name"]):
        errors["preferred_name"] = _("There is no preferred name to show; give one, or choose another form.")
    correction = Correction(
        **names,
        name_display=NameDisplay(display) if not errors and display != now_is["name_display"] else None,
        achieved_on=achieved_on,
        nzqa_ref=given["nzqa_ref"] if given["nzqa_ref"] != now_is["nzqa_ref"] else None,
    )
    return correction, errors


def _changes(facts: BadgeFacts, wanted: Correction) -> list[Change]:
    held, learner = facts.held, facts.learner
    if learner is None:
        return []
    day = language()
    rows = (
        (_("Name"), learner.name, wanted.name),
        (_("Preferred name"), learner.preferred_name or _("none"), wanted.preferred_name),
        (
            _("Name on the badge"),
            labels.name_form(learner.name_display),
            wanted.name_display and labels.name_form(wanted.name_display),
        ),
        (
            _("Awarded on"),
            format_nz_date(held.achieved_on, language=day),
            wanted.achieved_on and format_nz_date(wanted.achieved_on, language=day),
        ),
        (
            _("Micro-credential"),
            f"{title_of(held.nzqa_ref)} ({held.nzqa_ref})",
            wanted.nzqa_ref and f"{title_of(wanted.nzqa_ref)} ({wanted.nzqa_ref})",
        ),
    )
    return [Change(label=label, before=before, after=after) for label, before, after in rows if after]


def _register_says_no(facts: BadgeFacts, wanted: Correction) -> str | None:
    """The register's own sentence when it would not let the corrected badge pass; asked before anything is signed."""
    instance = site.instance
    gate = Gate(
        site.edition,
        issuer=issuer_facts(instance),
        method=instance.method_of(instance.config.credential_key),
        now=site.now(),
    )
    decision = gate.decide(ref=wanted.nzqa_ref or facts.held.nzqa_ref, on=wanted.achieved_on or facts.held.achieved_on)
    if decision.outcome is Accreditation.ACCREDITED:
        return None
    if decision.outcome is Accreditation.UNKNOWN and facts.held.unconfirmed_reason:
        return None
    return decision_sentence(decision, site.edition, language=language())


def _correction_form(facts: BadgeFacts, given: dict[str, str], *, errors: dict[str, str]) -> str:
    return render_template(
        "desk/badges/correct.html",
        facts=facts,
        given=given,
        errors=errors,
        title=title_of(facts.held.nzqa_ref, on=facts.held.achieved_on),
        references=for_correcting(today=nz_date(site.now()), on=facts.held.achieved_on, keep=facts.held.nzqa_ref),
        asked=_asked_here(facts.held.short_id),
        labels=labels,
    )


def awardable(*, today: date, keep: str | None = None) -> list[tuple[str, str]]:
    """(reference, title) of what the register says this provider may award on a day, and of one it is to keep."""
    edition = site.edition
    if edition is None:
        return [(keep, keep)] if keep else []
    provider = site.instance.config.provider
    refs = {
        ref
        for ref in edition.register.versions_by_ref
        if decide(edition, provider=provider, ref=ref, on=today).outcome is not Accreditation.NOT_ACCREDITED
    }
    if keep:
        refs.add(keep)
    return sorted(((ref, f"{title_of(ref)} ({ref})") for ref in refs), key=lambda row: row[1].casefold())


def _was_reported(short_id: str) -> bool:
    with site.instance.store.reading() as connection:
        found = load_reporting(connection, short_id)
    return found is not None and found.reported_at is not None
