"""The pages for people: the ways in, and the answer; what they show is the report's, and they judge nothing."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from schemas.jsontext import write_json
from verifier.report import Report
from verifier.web.answers import Answer, answers_of
from verifier.web.given import form_subject, json_subject, parse_address
from verifier.web.service import current_service
from verifier.web.telling import json_answer, wants_json

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    return render_template("home.html")


@blueprint.get("/verify")
def verify_url() -> Response | str:
    """`GET /verify?badge=URL`: what a QR code or a badge page leads to. It checks anew each time, and keeps nothing."""
    url = parse_address(request.args.get("badge", ""))
    return _answer(current_service().check(current_service().subject_at(url)), asked=url)


@blueprint.post("/verify")
def verify_given() -> Response | str:
    """A file, a text or an address, as a form or as JSON. Every completed check is 200, whatever it found."""
    subject, asked = json_subject() if request.is_json else form_subject()
    return _answer(current_service().check(subject), asked=asked)


@blueprint.get("/healthz")
def healthz() -> Response:
    edition = current_service().edition
    document = {"status": "ok", "register": None if edition is None else edition.number}
    return Response(write_json(document), content_type="application/json")


def _answer(report: Report, *, asked: str | None) -> Response | str:
    if wants_json():
        return json_answer(report.to_json())
    again = None if asked is None else url_for("pages.verify_url", badge=asked)
    answers: tuple[Answer, ...] = answers_of(report)
    return render_template("report.html", report=report, answers=answers, asked=asked, again=again)
