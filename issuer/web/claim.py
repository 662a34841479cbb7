"""The learner's own pages, behind a claim link: what is held about them, their choices, and what they take along.

The link's address is the secret and the only credential: no page here reads or sets a cookie but the language's. That
is why its forms need no CSRF token: another site would have to know the address, and then it needs no forgery.
GET changes nothing, for mail scanners open every link.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from issuer.learner import claims
from issuer.learner.asking import MAX_WORDS_CHARS, ask, change_nzroa_link
from issuer.learner.claims import Held, LinkState, NameChange, NewNames
from issuer.minting import NameDisplay
from issuer.sharing import grouped, make_share_key, share_key, withdraw_share_key
from issuer.store import claims_rows
from issuer.store.claims_rows import RequestKind, Visibility
from issuer.web import claim_view
from issuer.web.site import site
from issuer.web.words import COOKIE, _, english, speak
from issuer.words import LANGUAGES
from schemas.errors import BadgeError, InputError

blueprint = Blueprint("claim", __name__)

_MAX_EMAIL_CHARS = 254


@blueprint.after_request
def keep_to_ourselves(answer: Response) -> Response:
    """The address is a secret: no other site is told it, nobody lists it, nothing keeps the page."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@blueprint.get("/claim/<token>")
def show(token: str) -> WerkzeugResponse | str:
    held = _open(token)
    if held.claim.claimed_at is None:
        return _claim_form(token, held)
    return _own_page(token, held)


@blueprint.post("/claim/<token>")
def take(token: str) -> WerkzeugResponse | tuple[str, int] | str:
    """Claim the badge with the choices of the form. A second click finds it claimed and changes nothing."""
    held = _open(token)
    if held.claim.claimed_at is not None:
        return _back(token, "claimed")
    visibility = _chosen_visibility()
    if visibility is None:
        return _claim_form(token, held, errors={"visibility": _("Choose who may see the page.")}), 422
    try:
        outcome = _change_names(held)
    except BadgeError as error:
        return _claim_form(token, held, errors={"spelling": _sentence(error)}), 422
    claims.claim_badge(site.instance, held.short_id, visibility=visibility, now=site.now())
    return _back(token, "claimed-and-asked" if outcome is NameChange.ASKED else "claimed")


@blueprint.post("/claim/<token>/visibility")
def visibility(token: str) -> WerkzeugResponse:
    held = _claimed(token)
    chosen = _chosen_visibility()
    if chosen is None:
        abort(400)
    claims.choose_visibility(site.instance, held.short_id, chosen, now=site.now())
    return _back(token, f"visibility-{chosen.value}")


@blueprint.post("/claim/<token>/name")
def name(token: str) -> WerkzeugResponse | tuple[str, int]:
    held = _claimed(token)
    try:
        outcome = _change_names(held)
    except BadgeError as error:
        return _own_page(token, held, errors={"spelling": _sentence(error)}), 422
    return _back(token, f"name-{outcome.value}")


@blueprint.post("/claim/<token>/nzroa")
def nzroa(token: str) -> WerkzeugResponse | tuple[str, int]:
    held = _claimed(token)
    try:
        change_nzroa_link(site.instance, held.short_id, request.form.get("nzroa_link", ""), now=site.now())
    except InputError as error:
        return _own_page(token, held, errors={"nzroa_link": english(error.detail)}), 422
    return _back(token, "nzroa")


@blueprint.post("/claim/<token>/certificate-key")
def certificate_key(token: str) -> WerkzeugResponse:
    """Withdraw the key on certificates printed so far, or make one."""
    held = _claimed(token)
    if request.form.get("do") == "withdraw":
        withdraw_share_key(site.instance, held.short_id, now=site.now())
        return _back(token, "key-withdrawn")
    make_share_key(site.instance, held.short_id, now=site.now())
    return _back(token, "key-made")


@blueprint.post("/claim/<token>/request")
def request_change(token: str) -> WerkzeugResponse | tuple[str, int]:
    """Ask the provider for a correction or a withdrawal: possible before claiming too."""
    held = _open(token)
    kind = {"withdrawal": RequestKind.WITHDRAWAL}.get(request.form.get("kind", ""), RequestKind.CORRECTION)
    try:
        ask(site.instance, held.short_id, kind=kind, words=request.form.get("words", ""), now=site.now())
    except InputError as error:
        page = _own_page if held.claim.claimed_at is not None else _claim_form
        return page(token, held, errors={"words": english(error.detail)}), 422
    return _back(token, "asked")


@blueprint.post("/claim/<token>/new-link")
def new_link(token: str) -> WerkzeugResponse:
    """A link that ran out is replaced by mail, to the address the provider holds. The answer is always the same."""
    found = claims.find_claim(site.instance, token, now=site.now())
    if (
        found.state is LinkState.EXPIRED
        and found.held is not None
        and not site.asked_links.is_too_many(_caller(), now=site.now())
    ):
        claims.renew_link(site.instance, found.held, valid_for=_link_life(), now=site.now())
    return redirect(url_for("claim.sent"), code=303)


@blueprint.get("/claim/<token>/badges")
def badges(token: str) -> str:
    """All badges of the same person from this provider, each with the way to it."""
    held = _open(token)
    rows = []
    for one in claims.badges_of_holder(site.instance, held):
        link = claims.claim_token(site.instance, one.short_id, serial=one.claim.link_serial)
        works = site.now() < one.claim.link_expires_at
        rows.append((one, claim_view.title_of(one), url_for("claim.show", token=link) if works else None))
    return render_template("claim/badges.html", token=token, rows=rows, has_address=bool(held.learner.email))


@blueprint.get("/claim/<token>/linkedin")
def linkedin(token: str) -> WerkzeugResponse | str:
    """The way to LinkedIn: it needs a page that others can see, and this one says so before."""
    held = _claimed(token)
    if claims.effective_visibility(held.claim, site.instance.config) is not Visibility.PRIVATE:
        return redirect(claim_view.linkedin_of(held))
    return render_template("claim/linkedin.html", token=token, title=claim_view.title_of(held))


@blueprint.get("/claim/<token>/<any('badge.json', 'badge.png', 'badge.svg', 'certificate.pdf'):name>")
def download(token: str, name: str) -> WerkzeugResponse:
    held = _claimed(token)
    made = claim_view.file_of(held, name)
    if made is None:
        abort(404)
    answer = Response(made.data, content_type=made.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


@blueprint.get("/claim/<token>/picture.svg")
def picture(token: str) -> WerkzeugResponse:
    """The badge's picture for the page itself, whoever may see the public one."""
    made = claim_view.file_of(_open(token), "badge.svg")
    if made is None:
        abort(404)
    answer = Response(made.data, content_type=made.media_type)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


@blueprint.get("/my")
def my() -> str:
    return render_template("claim/my.html")


@blueprint.post("/my")
def send_my_link() -> WerkzeugResponse:
    """Mail a link to whoever has badges at this address. Known and unknown addresses are answered alike."""
    email = request.form.get("email", "")[:_MAX_EMAIL_CHARS]
    if "@" in email and not site.asked_links.is_too_many(_caller(), now=site.now()):
        claims.send_links(site.instance, email, valid_for=_link_life(), now=site.now())
    return redirect(url_for("claim.sent"), code=303)


@blueprint.get("/my/sent")
def sent() -> str:
    return render_template("claim/sent.html", **_contact())


def _open(token: str) -> Held:
    """What the link opens, in its learner's language; else a page that a person understands, and no more."""
    found = claims.find_claim(site.instance, token, now=site.now())
    if found.state is LinkState.UNKNOWN or found.held is None:
        # Only links that open nothing are counted: whoever has a real one is never kept out.
        if site.missed_links.is_too_many(_caller(), now=site.now()):
            abort(429)
        abort(Response(render_template("claim/unknown.html", **_contact()), status=404))
    if request.args.get("lang") not in LANGUAGES and COOKIE not in request.cookies and found.held.learner.language:
        speak(found.held.learner.language)
    if found.state is LinkState.EXPIRED:
        facts = {"token": token, "has_address": bool(found.held.learner.email)}
        page = render_template("claim/expired.html", **facts, **_contact())
        abort(Response(page, status=410))
    return found.held


def _claimed(token: str) -> Held:
    """As `_open`, for what only a claimed badge has; before that, the way is back to the form."""
    held = _open(token)
    if held.claim.claimed_at is None:
        abort(redirect(url_for("claim.show", token=token), code=303))
    return held


def _chosen_visibility() -> Visibility | None:
    chosen = request.form.get("visibility", "")
    return Visibility(chosen) if chosen in set(Visibility) else None


def _change_names(held: Held) -> NameChange:
    """The name as the form wants it; another spelling with other letters becomes a request to staff."""
    display = request.form.get("name_display", "")
    wishes = NewNames(
        display=NameDisplay(display) if display in set(NameDisplay) else None,
        spelling=request.form.get("spelling"),
    )
    outcome = claims.choose_names(site.instance, held, wishes, edition=site.edition, now=site.now())
    if outcome is NameChange.ASKED:
        ask(site.instance, held.short_id, kind=RequestKind.NAME, words=wishes.spelling or "", now=site.now())
        if wishes.display is not None and wishes.display != held.learner.name_display:
            only_form = NewNames(display=wishes.display)
            claims.choose_names(site.instance, held, only_form, edition=site.edition, now=site.now())
    return outcome


def _sentence(error: BadgeError) -> Markup | str:
    """What a learner can do about it; how staff would put it right is not theirs to read."""
    if isinstance(error, InputError):
        return english(error.detail)
    return _("The name cannot be changed at the moment. Ask the provider for it, at the end of this page.")


def _claim_form(token: str, held: Held, *, errors: dict[str, Any] | None = None) -> str:
    shown = claims.effective_visibility(held.claim, site.instance.config)
    return render_template("claim/claim.html", **_facts(token, held, errors), shown=shown.value)


def _own_page(token: str, held: Held, *, errors: dict[str, Any] | None = None) -> str:
    shown = claims.effective_visibility(held.claim, site.instance.config)
    key = None
    if held.claim.share_sha256 is not None:
        key = share_key(site.instance, held.short_id, serial=held.claim.share_serial)
    with site.instance.store.reading() as connection:
        requests = claims_rows.load_requests(connection, short_id=held.short_id)
    return render_template(
        "claim/own.html",
        **_facts(token, held, errors),
        shown=shown.value,
        share_code=None if key is None else grouped(key),
        share_url=None if key is None else site.link(f"/s/{key}"),
        snippet=claim_view.snippet_of(held),
        check_url=claim_view.check_url_of(held),
        requests=requests,
        done=request.args.get("done", ""),
    )


def _facts(token: str, held: Held, errors: dict[str, Any] | None) -> dict[str, Any]:
    choices = site.choices
    return {
        "token": token,
        "held": held,
        "badge": claim_view.badge_facts(held),
        "errors": errors or {},
        "entered": request.form,
        "page_url": site.link(f"/badges/{held.short_id}"),
        "privacy_text": choices.privacy_text,
        **_contact(),
        "max_words": MAX_WORDS_CHARS,
    }


def _contact() -> dict[str, str | None]:
    """Whom learners ask, by the settings."""
    return {"contact_email": site.choices.contact_email, "contact_name": site.choices.contact_name}


def _back(token: str, done: str) -> WerkzeugResponse:
    return redirect(url_for("claim.show", token=token, done=done), code=303)


def _link_life() -> timedelta:
    return timedelta(days=site.choices.claim_days)


def _caller() -> str:
    return request.remote_addr or ""
