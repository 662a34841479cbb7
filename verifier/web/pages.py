"""The pages for people: the ways in, and the answer; what they show is the report's, and they judge nothing."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request, url_for

from schemas.credential import as_list
from schemas.errors import Unreachable
from schemas.limits import MAX_TOGETHER, TOGETHER_SECONDS
from verifier.display import csv_text
from verifier.intake import Subject, unreachable_subject
from verifier.report import Report
from verifier.web.given import Given, form_given, links_given, pack
from verifier.web.machine import is_machines, verify_machine
from verifier.web.rates import charge
from verifier.web.service import Service, current_service
from verifier.web.states import state_of
from verifier.web.telling import json_answer, wants_json
from verifier.web.view import host_of, view_of
from verifier.web.words import LANGUAGES, language, nz_day, nz_moment, words
from verifier.wording_states import State

blueprint = Blueprint("pages", __name__)

_AT_ONCE: Final = 8  # checks of one request that run side by side; most of their time is other people's servers
_SCAN_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@blueprint.app_context_processor
def page_context() -> dict[str, Any]:
    """What every template may use."""
    return {
        "t": words,
        "language": language(),
        "languages": LANGUAGES,
        "service": current_service(),
        "nz_day": nz_day,
        "nz_moment": nz_moment,
        "switch": _switch,
        "max_together": MAX_TOGETHER,
    }


@blueprint.get("/")
def home() -> Response:
    """The ways in. The one page with a script, which may ask for the camera."""
    answer = make_response(render_template("home.html"))
    answer.headers["Content-Security-Policy"] = _SCAN_CSP
    answer.headers["Permissions-Policy"] = "camera=(self)"
    return answer


@blueprint.get("/verify")
def verify_url() -> Response | str:
    """`GET /verify?badge=URL`: what a QR code or a badge page leads to. It checks anew each time, and keeps nothing."""
    return _answer(links_given(request.args.getlist("badge") or [""]))


@blueprint.post("/verify")
def verify_given() -> Response | str:
    """Files, texts or addresses, as a form or as JSON. Every completed check is 200, whatever it found."""
    if is_machines():
        return verify_machine()
    return _answer(form_given())


def _answer(given: Sequence[Given]) -> Response | str:
    charge(len(given) - 1)  # the first is charged with the request
    service = current_service()
    recipient = request.form.get("recipient", "").strip() or None if request.method == "POST" else None
    if len(given) == 1:
        subject = given[0].read()
        report = service.check(subject, recipient=recipient)
        if _wants_csv():
            return _csv([(given[0].name, report)])
        if _machine():
            return json_answer(report.to_json())
        return _page(given[0], subject, report)
    end = time.monotonic() + TOGETHER_SECONDS
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        reports = list(pool.map(lambda one: _check(service, one, end=end), given))
    found = [(one.name, report) for one, report in zip(given, reports, strict=True)]
    if _wants_csv():
        return _csv(found)
    if _machine():
        return json_answer([{"name": name, **report.to_json()} for name, report in found])
    return render_template(
        "table.html",
        rows=[(one, view_of(report), report) for one, report in zip(given, reports, strict=True)],
        good=sum(bool(report) for report in reports),
        csv=base64.b64encode(csv_text(found).encode("utf-8-sig")).decode(),
        answer_link=lambda url: _link(badge=url),
        checked_at=reports[0].checked_at,
    )


def _check(service: Service, given: Given, *, end: float) -> Report:
    """One of several; whatever comes to its turn too late is unknown, so that silent hosts do not add up."""
    if time.monotonic() > end:
        late = Unreachable("It was not checked: the time for so many at once is used up.", reason="time-used-up")
        return service.check(unreachable_subject(given.name, late))
    return service.check(given.read())


def _page(given: Given, subject: Subject, report: Report) -> str:
    """The answer. What was uploaded is kept nowhere but in the page itself, so that it can be asked about again."""
    asked = given.asked
    document_url, by = _document_url(report), report.accredited.at_award
    replaced = state_of(report) is State.REPLACED and document_url is not None and document_url != asked
    return render_template(
        "report.html",
        report=report,
        view=view_of(report, hashed_recipient=_hides_recipient(subject)),
        asked=asked,
        presented=given.presented,
        pointed=None if asked is None else host_of(asked),
        packed=None if asked is not None else pack(subject),
        again=None if asked is None else _link(badge=asked),
        json_link=None if asked is None else _link(badge=asked, format="json"),
        print_link=None if asked is None else _link(badge=asked, print="1"),
        printed=request.values.get("print") == "1" if not request.is_json else False,
        document_url=document_url,
        newer=_link(badge=document_url) if replaced and document_url else None,
        by=by if by and by.get("as_at") else None,
        as_at=nz_day(date.fromisoformat(by["as_at"])) if by and by.get("as_at") else None,
        host=request.host[:120],
    )


def _document_url(report: Report) -> str | None:
    """Where another verifier finds the badge: its own address, which the signature covers."""
    own = (report.badge or {}).get("id")
    return own if isinstance(own, str) and own.startswith("https://") and len(own) <= 500 else None


def _hides_recipient(subject: Subject) -> bool:
    """Whether the badge holds an identifier in hashed form, which an address can be compared with."""
    found = [one for one in as_list((subject.document or {}).get("credentialSubject")) if isinstance(one, dict)]
    return any(
        isinstance(identity, dict) and identity.get("hashed") is True and identity.get("identityType") != "name"
        for one in found
        for identity in as_list(one.get("identifier"))
    )


def _link(**wanted: str) -> str:
    """An address of this service in the page's language."""
    query = urlencode(wanted if language() == "en" else wanted | {"lang": language()})
    return f"{url_for('pages.verify_url')}?{query}"


def _switch(to: str) -> str | None:
    """This page in another language; None where only a form can ask again."""
    if request.method != "GET":
        return None
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    query = urlencode([*kept, ("lang", to)])
    return f"{request.path}?{query}"


def _machine() -> bool:
    return wants_json() or (not request.is_json and request.form.get("format") == "json")


def _wants_csv() -> bool:
    return "csv" in {request.args.get("format"), None if request.is_json else request.form.get("format")}


def _csv(found: Sequence[tuple[str, Report]]) -> Response:
    """The table for a spreadsheet."""
    answer = Response(csv_text(found).encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="badges.csv"'
    return answer
