"""How this service answers a request that could not be done: a page for a person, problem details for a machine."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, write_json
from schemas.problem import problem_document


def wants_json() -> bool:
    """Whether the asker is a machine: `?format=json`, an Accept that prefers JSON, or JSON sent and no page wanted."""
    if request.args.get("format") == "json":
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or (request.is_json and "text/html" not in request.headers.get("Accept", ""))


def json_answer(document: JsonObject | list[Any], *, status: int = 200) -> Response:
    return Response(write_json(document), status=status, content_type="application/json")


def tell_badge_error(error: BadgeError) -> tuple[Response | str, int]:
    return _tell(problem_document(error), error.status, error.detail)


def tell_http_error(error: HTTPException) -> tuple[Response | str, int]:
    status = error.code or 500
    sentences = {404: "There is no such page.", 413: "That is too large for a badge: 5 MiB is the most."}
    return _tell({"type": "about:blank", "title": error.name, "status": status}, status, sentences.get(status, ""))


def _tell(document: dict[str, Any], status: int, sentence: str) -> tuple[Response | str, int]:
    if wants_json() or request.is_json:
        return Response(write_json(document), status=status, content_type="application/problem+json"), status
    return render_template("home.html", problem=sentence or "That could not be done."), status
