"""The Flask application of the verifier: takes a badge in any of its forms, answers with a page or with the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from keys.resolve import Fetch, load_did_map
from schemas.errors import BadgeError, InputError, Unreachable
from schemas.jsontext import parse_object, write_json
from schemas.limits import MAX_IMAGE_BYTES, MAX_URL_CHARS, MIB
from schemas.nzqcf import NZ_TIME, format_nz_date, nz_date
from schemas.problem import problem_document
from verifier.fetch import GuardedFetch
from verifier.intake import Subject, fetch_badge, intake_bytes, unreachable_subject
from verifier.origins import AllowedOrigins
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import Anchor
from verifier.register.edition import Edition
from verifier.report import Report
from verifier.verify import Surroundings, verify
from verifier.web.answers import Answer, answers_of

_EXTENSION = "nz-open-badges-verifier"
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a verifier believes and where it looks. `origins` are a development machine's; every page says so."""

    edition: Edition | None = None
    anchor: Anchor | None = None
    did_map: Path | None = None
    origins: AllowedOrigins = field(default_factory=AllowedOrigins)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    network: Fetch | None = None  # None: the guarded client

    def fetch(self) -> Fetch:
        """Addresses by the map, then over the network; a development origin where it is found."""
        guarded = GuardedFetch(clock=self.clock, allow_origins=self.origins.origins)
        network = self.origins.over(self.network or guarded)
        return network if self.did_map is None else load_did_map(self.did_map, at=self.clock(), otherwise=network)

    def check(self, subject: Subject) -> Report:
        surroundings = Surroundings(fetch=self.fetch(), edition=self.edition, anchor=self.anchor)
        return verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=self.clock())

    def subject_at(self, url: str) -> Subject:
        """The badge at an address; one that cannot be had is a subject too, and its report says so."""
        try:
            return intake_bytes(fetch_badge(url, fetch=self.fetch()).body, name=url)
        except Unreachable as error:
            return unreachable_subject(url, error)


def make_app(service: Service) -> Flask:
    """The verifier's application."""
    app = Flask("verifier.web", static_folder="static")
    app.extensions[_EXTENSION] = service
    app.config["MAX_CONTENT_LENGTH"] = MAX_IMAGE_BYTES + MIB
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["nz_moment"] = nz_moment
    app.add_url_rule("/", view_func=home)
    app.add_url_rule("/verify", endpoint="verify_url", view_func=verify_url, methods=["GET"])
    app.add_url_rule("/verify", endpoint="verify_given", view_func=verify_given, methods=["POST"])
    app.add_url_rule("/healthz", view_func=healthz)
    app.register_error_handler(BadgeError, _tell_badge_error)
    app.register_error_handler(HTTPException, _tell_http_error)
    app.after_request(_harden)
    app.context_processor(lambda: {"service": service})
    return app


def home() -> str:
    return render_template("home.html")


def verify_url() -> Response | str:
    """`GET /verify?badge=URL`: what a QR code or a badge page leads to. It checks anew each time, and keeps nothing."""
    url = _address(request.args.get("badge", ""))
    return _answer(_service().check(_service().subject_at(url)), asked=url)


def verify_given() -> Response | str:
    """A file, a text or an address, as a form or as JSON. Every completed check is 200, whatever it found."""
    subject, asked = _json_subject() if request.is_json else _form_subject()
    return _answer(_service().check(subject), asked=asked)


def healthz() -> Response:
    service = _service()
    document = {"status": "ok", "register": None if service.edition is None else service.edition.number}
    return Response(write_json(document), content_type="application/json")


def nz_moment(instant: datetime) -> str:
    """`10:32, 22 November 2026 (NZDT)`: as people in New Zealand read a clock."""
    local = instant.astimezone(NZ_TIME)
    return f"{local:%H:%M}, {format_nz_date(nz_date(instant))} ({local:%Z})"


def _json_subject() -> tuple[Subject, str | None]:
    given = parse_object(request.get_data(cache=False))
    members = [name for name in ("credential", "jwt", "url") if name in given]
    if len(members) != 1 or len(given) != 1:
        raise InputError("Give one member: “credential” (an object), “jwt” or “url” (texts).")
    name, value = members[0], given[members[0]]
    if name == "credential" and isinstance(value, dict):
        return intake_bytes(write_json(value), name="credential"), None
    if name == "jwt" and isinstance(value, str):
        return intake_bytes(value.encode(), name="jwt"), None
    if name == "url" and isinstance(value, str):
        return _service().subject_at(_address(value)), value
    raise InputError(f"“{name}” is not of the right kind: credential is an object, jwt and url are texts.")


def _form_subject() -> tuple[Subject, str | None]:
    file = request.files.get("file")
    if file is not None and file.filename:
        return intake_bytes(file.stream.read(MAX_IMAGE_BYTES + 1), name="the file"), None
    text = request.form.get("text", "").strip()
    if text.startswith(("https://", "http://")) and "\n" not in text:
        return _service().subject_at(_address(text)), text
    if text:
        return intake_bytes(text.encode(), name="the text"), None
    raise InputError("Choose a file, or paste a badge or its address.")


def _address(text: str) -> str:
    url = text.strip()
    if not url.startswith(("https://", "http://")) or len(url) > MAX_URL_CHARS:
        raise InputError("Give the badge's address; it starts with https://")
    return url


def _service() -> Service:
    service: Service = current_app.extensions[_EXTENSION]
    return service


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.args.get("format") == "json" or best == "application/json" or (request.is_json and best is None)


def _answer(report: Report, *, asked: str | None) -> Response | str:
    if _wants_json() or (request.is_json and "text/html" not in request.headers.get("Accept", "")):
        return Response(write_json(report.to_json()), content_type="application/json")
    again = None if asked is None else url_for("verify_url", badge=asked)
    answers: tuple[Answer, ...] = answers_of(report)
    return render_template("report.html", report=report, answers=answers, asked=asked, again=again)


def _tell_badge_error(error: BadgeError) -> tuple[Response | str, int]:
    return _tell(problem_document(error), error.status, error.detail)


def _tell_http_error(error: HTTPException) -> tuple[Response | str, int]:
    status = error.code or 500
    sentences = {404: "There is no such page.", 413: "That is too large for a badge: 5 MiB is the most."}
    return _tell({"type": "about:blank", "title": error.name, "status": status}, status, sentences.get(status, ""))


def _tell(document: dict[str, Any], status: int, sentence: str) -> tuple[Response | str, int]:
    if _wants_json() or request.is_json:
        return Response(write_json(document), status=status, content_type="application/problem+json"), status
    return render_template("home.html", problem=sentence or "That could not be done."), status


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Robots-Tag", "noindex")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Vary", "Accept")
    return response
