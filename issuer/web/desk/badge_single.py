"""A single badge issued at the desk: a form, a page that says what will be issued, then the issuing."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.admission import Gate
from issuer.bulk.confirming import OneIssued, issue_one
from issuer.bulk.uploads import MailChoice, Source
from issuer.making import issuer_facts
from issuer.results import RowOutcome, RowResult
from issuer.rows.single import read_one_email, read_one_name
from issuer.staff.accounts import Role
from issuer.web.access import actor, needs
from issuer.web.desk import labels
from issuer.web.desk.badge_pages import blueprint, title_of
from issuer.web.desk.days import not_a_day, read_day
from issuer.web.desk.references import for_issuing
from issuer.web.site import site
from issuer.web.words import _, english, language
from schemas.errors import InputError
from schemas.nzqcf import nz_date
from verifier.register.reasons import Outcome
from verifier.register.statement import decision_sentence

FIELDS = (
    "learner_name",
    "nzqa_ref",
    "achieved_on",
    "learner_email",
    "preferred_name",
    "name_display",
    "language",
    "result",
    "evidence_url",
    "mail",
)
# A student number is asked for on the last page alone, for no page may ever show one.
_NSN = "nsn"


@blueprint.route("/new", methods=["GET", "POST"], endpoint="issue_one")
@needs(Role.ISSUE)
def single() -> str | Response:
    given = {name: request.form.get(name, "").strip() for name in FIELDS}
    if request.method == "GET":
        return _form(given | {"nzqa_ref": request.args.get("ref", ""), "mail": site.choices.mail_default.value}, {})
    errors = _check(given)
    if errors or request.form.get("step") == "again":
        return _form(given, errors)
    if request.form.get("step") != "confirm":
        return _review(given)
    return _issue(given)


def _issue(given: dict[str, str]) -> str | Response:
    values = {name: text for name, text in given.items() if text and name != "mail"}
    if number := request.form.get(_NSN, "").strip():
        values[_NSN] = number
    choices = site.choices
    done = issue_one(
        site.instance,
        values,
        source=Source.DESK,
        mail=MailChoice(given["mail"] or "none"),
        actor=actor(),
        four_eyes=choices.four_eyes,
        edition=site.edition,
        now=site.now(),
        replaces=request.form.get("anew", "").strip() or None,
    )
    if done.result is None:
        told = _("Sent for approval. Somebody else with that role has to look at it; nothing is issued until then.")
        flash(told, "done")
        return redirect(url_for("batches.listing"), code=303)
    if done.result.outcome is RowOutcome.ISSUED and done.result.short_id:
        flash(_("The badge was issued."), "done")
        return redirect(url_for("badges.page", short_id=done.result.short_id), code=303)
    if done.result.outcome is RowOutcome.ALREADY and done.result.withdrawn_at is not None:
        return _review(given, withdrawn=done.result)
    if done.result.outcome is RowOutcome.ALREADY and done.result.short_id:
        flash(_("This learner has this badge already; none was issued again. This is it."), "error")
        return redirect(url_for("badges.page", short_id=done.result.short_id), code=303)
    return _form(given, _faults_of(done))


def _faults_of(done: OneIssued) -> dict[str, str]:
    errors: dict[str, str] = {}
    for fault in done.faults:
        field = fault.field if fault.field in FIELDS else "learner_name"
        errors.setdefault(str(field), english(fault.message))
    if not errors and done.result is not None:
        errors["learner_name"] = english(done.result.sentence)
    return errors


def _check(given: dict[str, str]) -> dict[str, str]:
    """What is wrong before anything is asked of the issuing itself, each beside its field."""
    errors: dict[str, str] = {}
    for field in ("learner_name", "preferred_name", "learner_email"):
        if not given[field] and field != "learner_name":
            continue
        try:
            (read_one_email if field == "learner_email" else read_one_name)(given[field])
        except InputError as error:
            errors[field] = english(error.detail)
    if not given["nzqa_ref"]:
        errors["nzqa_ref"] = _("Choose the micro-credential.")
    if given["name_display"] == "preferred" and not given["preferred_name"]:
        errors.setdefault("preferred_name", _("There is no preferred name to show; give one, or choose another form."))
    on: date | None = None
    try:
        on = read_day(given["achieved_on"])
    except InputError:
        errors["achieved_on"] = not_a_day()
    if on is not None and on > nz_date(site.now()):
        errors["achieved_on"] = _("That day has not come yet.")
    elif on is not None and given["nzqa_ref"] and (sentence := _register_says_no(given["nzqa_ref"], on)):
        errors["nzqa_ref"] = sentence
    return errors


def _register_says_no(ref: str, on: date) -> str | None:
    """The register's own sentence, unless this provider may award that on that day."""
    instance = site.instance
    gate = Gate(
        site.edition,
        issuer=issuer_facts(instance),
        method=instance.method_of(instance.config.credential_key),
        now=site.now(),
    )
    decision = gate.decide(ref=ref, on=on)
    if decision.outcome is Outcome.ACCREDITED:
        return None
    return decision_sentence(decision, site.edition, language=language())


def _form(given: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "desk/badges/single.html",
        given=given,
        errors=errors,
        references=for_issuing(today=nz_date(site.now()), on=_day_given(given)),
        labels=labels,
        can_mail=site.choices.mail is not None,
    )


def _day_given(given: dict[str, str]) -> date | None:
    try:
        return read_day(given["achieved_on"])
    except InputError:
        return None


def _review(given: dict[str, str], *, withdrawn: RowResult | None = None) -> str:
    """What will be issued; of a learner whose badge for this was withdrawn, whether it is to be issued anew."""
    on = read_day(given["achieved_on"])
    return render_template(
        "desk/badges/single_review.html",
        given=given,
        on=on,
        title=title_of(given["nzqa_ref"], on=on),
        labels=labels,
        four_eyes=site.choices.four_eyes,
        withdrawn=withdrawn,
    )
