"""Badges at the desk: looking for one, and everything staff know of it; changes nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer.ownverdict import verdict_now
from issuer.staff.accounts import Role, list_accounts
from issuer.staff.apikeys import list_keys
from issuer.store import badge_history, claims_rows, outbox_rows
from issuer.store import credentials as credential_store
from issuer.store.audit_log import Entry
from issuer.store.credentials import Learner, StoredCredential, StoredDocument
from issuer.store.searching import MOST_COUNTED, Standing, Wanted, count_by_reference, search_badges
from issuer.vault import seal, unseal
from issuer.web.access import needs
from issuer.web.desk import labels, mail_words
from issuer.web.desk.audit_words import Told, tell_entry
from issuer.web.desk.days import not_a_day, read_day
from issuer.web.site import site
from issuer.web.words import _, english, language
from schemas.errors import BadgeError, InputError, IssuingError
from verifier.register.decision import listing_in_force
from verifier.report import AccreditedAnswer, CurrentAnswer, GenuineAnswer, Question

blueprint = Blueprint("badges", __name__, url_prefix="/desk/badges")

PAGE_SIZE = 50
ACTS_SHOWN = 50
MAX_SEARCH_CHARS = 200
MOST_VERSIONS = 10_000  # far more than any badge has, and a number every database takes
MOST_PAGES = MOST_COUNTED // PAGE_SIZE + 1
_ARGUMENTS = frozenset({"find", "ref", "from", "to", "state", "claimed", "batch"})
_SEARCH = "desk search"  # the purpose under which words of a search are sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeFacts:
    """One badge with its learner and its version in force, as the pages about it need them."""

    held: StoredCredential
    learner: Learner | None
    document: StoredDocument


@blueprint.get("")
@needs(Role.READ, Role.ISSUE)
def listing() -> str:
    arguments = {
        name: kept for name, value in request.args.items() if name in _ARGUMENTS and (kept := printable(value))
    }
    errors: dict[str, str] = {}
    wanted = Wanted(
        text=_opened(arguments.get("find")),
        nzqa_ref=arguments.get("ref"),
        awarded_from=_day("from", errors),
        awarded_to=_day("to", errors),
        standing=Standing(arguments["state"]) if arguments.get("state") in set(Standing) else None,
        claimed={"yes": True, "no": False}.get(arguments.get("claimed", "")),
        batch_id=arguments.get("batch"),
    )
    page = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
    with site.instance.store.reading() as connection:
        found = search_badges(connection, wanted, now=site.now(), page=page, size=PAGE_SIZE)
        references = count_by_reference(connection)
    return render_template(
        "desk/badges/listing.html",
        found=found,
        wanted=wanted,
        asked=bool(arguments),
        arguments=arguments,
        errors=errors,
        page=page,
        pages=max(-(-found.count // PAGE_SIZE), 1),
        titles={ref: title_of(ref) for ref in {*references, *(badge.nzqa_ref for badge in found.badges)}},
        references_options=[(ref, f"{title_of(ref)} ({ref})") for ref in sorted(references)],
        standing=labels.standing,
        has=has_page,
    )


@blueprint.post("/search")
@needs(Role.READ, Role.ISSUE)
def search() -> AnyResponse:
    """The words of a search go on sealed: no name and no address of a person stands in an address or a log."""
    text = printable(request.form.get("q", ""))[:MAX_SEARCH_CHARS]
    kept = {name: request.form[name] for name in ("ref", "from", "to", "state", "claimed") if request.form.get(name)}
    if text:
        sealed = seal(site.instance, text.encode(), purpose=_SEARCH, context="")
        kept["find"] = urlsafe_b64encode(sealed).decode("ascii").rstrip("=")
    return redirect(url_for("badges.listing", **kept), code=303)  # type: ignore[arg-type]  # query arguments


@blueprint.get("/<short_id>")
@needs(Role.READ, Role.ISSUE)
def page(short_id: str) -> str:
    facts = load_facts(short_id)
    instance = site.instance
    with instance.store.reading() as connection:
        claim = claims_rows.load_claim(connection, short_id)
        versions = badge_history.load_versions(connection, short_id)
        mails = outbox_rows.list_mails(connection, short_id=short_id)
        nzroa = badge_history.load_reporting(connection, short_id)
        requests = claims_rows.load_requests(connection, short_id=short_id)
        acts = badge_history.load_acts(connection, short_id, limit=ACTS_SHOWN)
    return render_template(
        "desk/badges/page.html",
        facts=facts,
        claim=claim,
        versions=versions,
        mails=mails,
        nzroa=nzroa,
        requests=requests,
        acts=_told(acts),
        title=title_of(facts.held.nzqa_ref, on=facts.held.achieved_on),
        address=site.link(f"/badges/{short_id}"),
        visibility=(claim.visibility if claim and claim.visibility else instance.config.visibility),
        expired=is_expired(facts.document),
        can_suspend=facts.document.suspension_slot is not None,
        verdict=_verdict(short_id) if request.args.get("check") else None,
        can_mail=facts.held.state != "revoked" and can_mail(facts, claim),
        has=has_page,
        labels=labels,
        mail_reason=mail_words.reason,
    )


@blueprint.get("/<short_id>/versions/<int:version>.json")
@needs(Role.READ, Role.ISSUE)
def document(short_id: str, version: int) -> Response:
    """The signed bytes of a version, also of one that was replaced."""
    load_facts(short_id)
    with site.instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id, version=min(version, MOST_VERSIONS))
    if stored is None:
        abort(404)
    name = f"{stored.short_id}-version-{version}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stored.document, content_type="application/vc+ld+json", headers=headers)


def load_facts(short_id: str) -> BadgeFacts:
    """Ends the request (404) when this instance has issued no such badge."""
    if not short_id.isascii() or not short_id.isalnum():
        abort(404)
    with site.instance.store.reading() as connection:
        held = credential_store.load_credential(connection, short_id)
        learner = credential_store.load_learner(connection, short_id)
        stored = credential_store.load_document(connection, short_id)
    if held is None or stored is None:
        abort(404)
    return BadgeFacts(held=held, learner=learner, document=stored)


def printable(text: str) -> str:
    """What a person can have meant: no control characters, which PostgreSQL would not even compare with."""
    return "".join(character for character in text if character.isprintable()).strip()


def has_page(endpoint: str) -> bool:
    """Whether this desk has such a page to lead to."""
    return endpoint in current_app.view_functions


def can_mail(facts: BadgeFacts, claim: claims_rows.StoredClaim | None) -> bool:
    """Whether there is an address that is this learner's alone."""
    if claim is None or facts.learner is None:
        return False
    return claim.delivery is claims_rows.Delivery.MAIL and bool(facts.learner.email)


def is_expired(stored: StoredDocument) -> bool:
    return stored.valid_until is not None and stored.valid_until < site.now()


def title_of(ref: str, *, on: date | None = None) -> str:
    """As the register in use has it, in the language of the page where it has that title; else the reference alone."""
    edition = site.edition
    versions = edition.register.versions_by_ref.get(ref, ()) if edition else ()
    if edition is None or not versions:
        return ref
    listed = (listing_in_force(edition.register, ref=ref, on=on) if on else None) or versions[-1]
    return (listed.title_mi if language() == "mi" else listed.title_en) or listed.title


def _told(acts: Iterable[Entry]) -> list[Told]:
    """Who did what to the badge, in words."""
    people = {one.account_id: one.name for one in list_accounts(site.instance)}
    keys = {one.key_id: one.name for one in list_keys(site.instance)}
    return [tell_entry(act, people=people, keys=keys) for act in acts]


def _verdict(short_id: str) -> list[dict[str, Any]] | None:
    """The three questions with their answers. A check that broke says so; it never breaks the page."""
    try:
        report = verdict_now(site.instance, short_id, edition=site.edition, now=site.now())
    except BadgeError:
        return []
    rows = (
        (_("Genuine"), report.genuine, Question.GENUINE),
        (_("In force"), report.current, Question.CURRENT),
        (_("Accredited"), report.accredited, Question.ACCREDITED),
    )
    good = {"valid", "current"}
    open_ended = {"unconfirmed", "not-applicable", "suspended", "expired", "not-yet-valid"}
    return [
        {
            "question": question,
            "kind": "good" if answer.verdict in good else "wait" if answer.verdict in open_ended else "stop",
            "word": _verdict_word(answer.verdict.value),
            "sentence": _in_language(answer),
            "checks": [check for check in report.checks if check.question is which],
        }
        for question, answer, which in rows
    ]


def _in_language(answer: GenuineAnswer | CurrentAnswer | AccreditedAnswer) -> str:
    """The answer in te reo Māori where the verifier has it so, else in English and marked as such."""
    in_maori = getattr(answer, "sentence_mi", None)
    return str(in_maori) if in_maori and language() == "mi" else english(answer.sentence)


def _verdict_word(code: str) -> str:
    return {
        "valid": _("Yes"),
        "invalid": _("No"),
        "unconfirmed": _("Not confirmed"),
        "current": _("Yes"),
        "expired": _("Expired"),
        "not-yet-valid": _("Not yet valid"),
        "withdrawn": _("Withdrawn"),
        "suspended": _("On hold"),
        "replaced": _("Replaced"),
        "not-applicable": _("Does not apply"),
    }.get(code, code)


def _opened(sealed: str | None) -> str:
    if not sealed:
        return ""
    try:
        data = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return unseal(site.instance, data, purpose=_SEARCH, context="").decode()
    except (IssuingError, ValueError):
        return ""


def _day(name: str, errors: dict[str, str]) -> date | None:
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return read_day(text)
    except InputError:
        errors[name] = not_a_day()
        return None
