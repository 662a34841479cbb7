"""How this service answers a request that could not be done: a page for a person, problem details for a machine."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, write_json
from schemas.problem import problem_document
from verifier.web.given import GivenError
from verifier.web.words import Said, language, words

_HTTP_WORDS: Final = {404: "no_page", 413: "too_large", 429: "too_often"}


def wants_json() -> bool:
    """Whether the asker is a machine: `?format=json`, an Accept that prefers JSON, or something sent and no page
    wanted. A browser names text/html; a program that sends a badge and takes anything gets the report."""
    if request.args.get("format") == "json":
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    names_page = any(kind in request.headers.get("Accept", "") for kind in ("text/html", "application/xhtml+xml"))
    return best == "application/json" or (request.method == "POST" and not names_page)


def json_answer(document: JsonObject | list[Any], *, status: int = 200) -> Response:
    return Response(write_json(document), status=status, content_type="application/json")


def tell_badge_error(error: BadgeError) -> tuple[Response | str, int]:
    said = Said(error.detail, "en")
    if isinstance(error, GivenError):
        said = Said(words(error.key, **error.facts), language())
    return _tell(problem_document(error), error.status, said)


def tell_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    said = Said(words(_HTTP_WORDS.get(status, "not_done")), language())
    answer, _ = _tell({"type": "about:blank", "title": error.name, "status": status}, status, said)
    told = make_response(answer, status)
    for name in ("Retry-After", "Allow"):  # when, or how, to ask instead
        if value := dict(error.get_headers()).get(name):
            told.headers[name] = value
    return told


def _tell(document: dict[str, Any], status: int, said: Said) -> tuple[Response | str, int]:
    if wants_json() or request.is_json:
        return Response(write_json(document), status=status, content_type="application/problem+json"), status
    return render_template("home.html", problem=said), status
