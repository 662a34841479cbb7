"""Micro-credentials at the desk: what the register says this provider may award, and what the provider adds to each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer.admission import Gate
from issuer.drawing.artworkupload import MAX_ARTWORK_BYTES, read_artwork
from issuer.making import issuer_facts
from issuer.setups import MAX_ALT_CHARS, change_setup, read_criteria, read_line, read_months
from issuer.staff.accounts import Role
from issuer.store.dialect import fold_text
from issuer.store.searching import count_by_reference
from issuer.store.setups import Setup, load_setup, load_setups
from issuer.web.access import actor, may, needs
from issuer.web.desk.examples import Example, make_example
from issuer.web.site import site
from issuer.web.words import _, english, language
from schemas.errors import BadgeError, InputError
from schemas.nzqcf import hours, nz_date
from verifier.register.decision import Decision, listing_in_force
from verifier.register.reasons import Outcome
from verifier.register.records import Listing
from verifier.register.statement import decision_sentence

blueprint = Blueprint("credentials", __name__, url_prefix="/desk/micro-credentials")

PAGE_SIZE = 50
_Value = TypeVar("_Value")


class Told(ValueError):
    """What is wrong with a field, in the language of the page already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One listing as the list shows it."""

    listing: Listing
    title: str
    decision: Decision
    sentence: str
    setup: Setup | None
    badges: int

    @property
    def ref(self) -> str:
        return self.listing.nzqa_ref

    @property
    def kind(self) -> str:
        return {Outcome.ACCREDITED: "good", Outcome.UNKNOWN: "wait"}.get(self.decision.outcome, "stop")


@blueprint.get("")
@needs(Role.READ, Role.ISSUE, Role.ADMINISTER)
def listing() -> str:
    text = request.args.get("q", "").strip()[:200]
    everything = request.args.get("all") == "yes"
    lines = _lines(text, everything=everything or bool(text))
    pages = max(-(-len(lines) // PAGE_SIZE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "desk/credentials/listing.html",
        lines=lines[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        count=len(lines),
        page=page,
        pages=pages,
        text=text,
        everything=everything,
        arguments={name: value for name, value in (("q", text), ("all", "yes" if everything else "")) if value},
        edition=site.edition,
    )


@blueprint.route("/<ref>", methods=["GET", "POST"])
@needs(Role.READ, Role.ISSUE, Role.ADMINISTER)
def set_up(ref: str) -> str | AnyResponse:
    line = load_line(ref)
    setup = line.setup or Setup(nzqa_ref=line.ref)
    if request.method == "GET":
        return _form(line, setup, given=_as_it_is(setup), errors={})
    if not may(Role.ADMINISTER):
        abort(403)
    changed, errors = _read_form(setup)
    if errors:
        given = {name: request.form.get(name, "") for name in _as_it_is(setup)}
        return _form(line, setup, given=given, errors=errors)
    if change_setup(site.instance, changed, now=site.now(), actor=actor()):
        flash(
            _("Saved. Wording and expiry are for badges issued from now on; picture and signatory show at once."),
            "done",
        )
    else:
        flash(_("Nothing was changed."), "done")
    return redirect(url_for("credentials.set_up", ref=line.ref), code=303)


@blueprint.get("/<ref>/picture.png")
@needs(Role.READ, Role.ISSUE, Role.ADMINISTER)
def picture(ref: str) -> Response:
    """The badge's picture as it will be, without a badge in it."""
    return Response(example_of(load_line(ref)).picture(), content_type="image/png")


def load_line(ref: str) -> Line:
    """The listing as things stand today. Ends the request (404) for a reference the register does not have."""
    edition = site.edition
    versions = edition.register.versions_by_ref.get(ref, ()) if edition else ()
    if edition is None or not versions:
        abort(404)
    today = nz_date(site.now())
    with site.instance.store.reading() as connection:
        setup = load_setup(connection, ref)
        badges = count_by_reference(connection).get(ref, 0)
    found = listing_in_force(edition.register, ref=ref, on=today) or versions[-1]
    return _line(found, setup=setup, badges=badges, gate=_gate())


def example_of(line: Line) -> Example:
    return make_example(
        line.listing, line.setup, instance=site.instance, edition=site.edition, now=site.now(), language=language()
    )


def _form(line: Line, setup: Setup, *, given: dict[str, str], errors: dict[str, str]) -> str:
    edition = site.edition
    outcomes = edition.register.outcomes_by_version.get((line.ref, line.listing.version), ()) if edition else ()
    try:
        example_of(line).picture()
        fault = None
    except BadgeError as error:
        fault = error.detail
    return render_template(
        "desk/credentials/set_up.html",
        line=line,
        setup=setup,
        given=given,
        errors=errors,
        outcomes=outcomes,
        hours=hours(line.listing.credits) if line.listing.credits else None,
        fault=fault,
    )


def _as_it_is(setup: Setup) -> dict[str, str]:
    return {
        "artwork_from": "own" if setup.artwork else "drawn",
        "artwork_alt": setup.artwork_alt or "",
        "criteria": setup.criteria or "",
        "signatory_name": setup.signatory_name or "",
        "signatory_role": setup.signatory_role or "",
        "valid_months": "" if setup.valid_months is None else str(setup.valid_months),
    }


def _read_form(setup: Setup) -> tuple[Setup, dict[str, str]]:
    """(the set-up as the form has it, what cannot be read by field)."""
    errors: dict[str, str] = {}

    def read(name: str, reading: Callable[[str], _Value]) -> _Value | None:
        try:
            return reading(request.form.get(name, ""))
        except Told as told:
            errors[name] = str(told)
        except InputError as error:
            errors[name] = english(error.detail)
        return None

    artwork = read("artwork", lambda _text: _read_picture(setup))
    changed = replace(
        setup,
        criteria=read("criteria", read_criteria),
        signatory_name=read("signatory_name", read_line),
        signatory_role=read("signatory_role", read_line),
        valid_months=read("valid_months", read_months),
        artwork=artwork,
        artwork_alt=read("artwork_alt", lambda text: read_line(text, limit=MAX_ALT_CHARS)) if artwork else None,
    )
    if changed.artwork is not None and not changed.artwork_alt:
        errors.setdefault("artwork_alt", _("Say in words what your picture shows, for people who do not see it."))
    if changed.signatory_role and not changed.signatory_name:
        errors.setdefault("signatory_name", _("Give the name of who signs too, or take the role away."))
    return changed, errors


def _read_picture(setup: Setup) -> bytes | None:
    """The picture from now on: drawn by us (None), the one there is, or the one just sent. Raises InputError."""
    if request.form.get("artwork_from") != "own":
        return None
    sent = request.files.get("artwork")
    data = sent.read(MAX_ARTWORK_BYTES + 1) if sent else b""
    if not data:
        if setup.artwork is None:
            raise Told(_("Choose the picture to use, or let us draw one."))
        return setup.artwork
    if request.form.get("artwork_is_ours") != "yes":
        raise Told(_("Confirm below that it is yours to use and shows no logo of NZQA or the government."))
    return read_artwork(data)


def _lines(text: str, *, everything: bool) -> list[Line]:
    """Listings, those that may be awarded today first; unless all are asked for, those that concern this provider."""
    edition = site.edition
    if edition is None:
        return []
    register, today, provider = edition.register, nz_date(site.now()), site.instance.config.provider
    with site.instance.store.reading() as connection:
        setups = load_setups(connection)
        badges = count_by_reference(connection)
    gate = _gate()
    words = (fold_text(text) or "").split()
    lines = []
    for ref, versions in register.versions_by_ref.items():
        found = listing_in_force(register, ref=ref, on=today) or versions[-1]
        known = f"{ref} {found.title_en or ''} {found.title_mi or ''}"
        if not all(word in (fold_text(known) or "") for word in words):
            continue
        line = _line(found, setup=setups.get(ref), badges=badges.get(ref, 0), gate=gate)
        concerns_us = line.kind == "good" or line.badges or (provider, ref) in register.rights_by_pair
        if everything or concerns_us:
            lines.append(line)
    order = {"good": 0, "wait": 1, "stop": 2}
    return sorted(lines, key=lambda line: (order[line.kind], fold_text(line.title) or "", line.ref))


def _line(found: Listing, *, setup: Setup | None, badges: int, gate: Gate) -> Line:
    decision = gate.decide(ref=found.nzqa_ref, on=nz_date(site.now()))
    return Line(
        listing=found,
        title=(found.title_mi if language() == "mi" else found.title_en) or found.title,
        decision=decision,
        sentence=decision_sentence(decision, site.edition, language=language()),
        setup=setup,
        badges=badges,
    )


def _gate() -> Gate:
    """What would be said of a badge signed with our key now."""
    instance = site.instance
    return Gate(
        site.edition,
        issuer=issuer_facts(instance),
        method=instance.method_of(instance.config.credential_key),
        now=site.now(),
    )
