"""What the service takes and answers, as an OpenAPI 3.1 document; written by hand, and held true by tests."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from schemas.limits import DOCUMENT, MAX_BATCH_MEMBERS, MAX_BATCH_SECONDS, MAX_IMAGE_BYTES, MAX_URL_CHARS
from verifier.report import (
    AccreditedVerdict,
    CheckId,
    CurrentVerdict,
    GenuineVerdict,
    Need,
    Outcome,
    Question,
)

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_MAYBE_TEXT: Final[Json] = {"type": ["string", "null"]}
_INSTANT: Final[Json] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
_OBJECT: Final[Json] = {"type": "object"}
_URL: Final[Json] = {"type": "string", "pattern": "^https?://", "maxLength": MAX_URL_CHARS}
_RECIPIENT: Final[Json] = {
    "type": ["string", "null"],
    "maxLength": MAX_URL_CHARS,
    "description": "Whose badge it should be, such as an e-mail address; compared, and neither kept nor repeated.",
}


def openapi_document(server: str) -> Json:
    """The document of the service at `server`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "NZ Open Badges: verifier",
            "version": _version(),
            "description": (
                "Is a badge genuine, is it in force, and was its provider accredited to award it? Every completed "
                "check is answered with 200 and a report, whatever it found: a bad badge is a result. 4xx is for "
                "requests that cannot be read (RFC 9457; `faults` point at the member). How many checks one address "
                "may ask for a minute is set by who runs the service and counted by each of its processes for itself; "
                "429 says in Retry-After when to ask again. Nothing that is sent is kept."
            ),
        },
        "servers": [{"url": server}],
        "paths": _verify_paths() | _vc_api_paths() | _service_paths(),
        "components": {
            "schemas": _schemas(),
            "responses": {
                "Problem": {
                    "description": "The request was not done, and why.",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
        },
    }


def _verify_paths() -> Json:
    raw = {"schema": {"type": "string", "format": "binary", "maxLength": MAX_IMAGE_BYTES}}
    form = {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "text": {"type": "string", "description": "A badge as JSON or JWT, or its address."},
            "recipient": {"type": "string"},
        },
    }
    page = {"text/html": {"schema": _TEXT}}
    text_csv = {"text/csv": {"schema": _TEXT}}
    reports = {"oneOf": [_ref("Report"), {"type": "array", "items": _ref("NamedReport")}]}
    given = {"oneOf": [_ref("Report"), {"type": "array", "items": _ref("NumberedReport")}, *reports["oneOf"][1:]]}
    return {
        "/": {"get": _operation("The page for people", {"200": _answer("A page.", page)}, problems=False)},
        "/verify": {
            "get": _operation(
                "Check the badge at an address",
                {"200": _answer("A page; with `format=json`, the report.", page | text_csv | _json(reports))},
                parameters=[
                    _in_query("badge", _URL, "The badge's address.", required=True),
                    _in_query("format", {"enum": ["json", "csv"]}, "A report or a table in place of a page."),
                    _in_query("lang", {"enum": ["en", "mi"]}, "The language of the page."),
                ],
                problem_pages=True,
            ),
            "post": _operation(
                "Check one badge, or many",
                {
                    "200": _answer(
                        "The report; of several, an array. Members of `credentials` and `urls` are numbered, and what "
                        "is wrong with one of them is told in its place. A form asked for with `Accept: text/html` is "
                        "answered with a page.",
                        _json(given) | page | text_csv,
                    )
                },
                body={
                    "application/json": {"schema": _ref("Asked")},
                    "multipart/form-data": {"schema": form},
                    "application/vc+ld+json": {"schema": _OBJECT},
                    "application/vc+jwt": raw,
                    "image/png": raw,
                    "image/svg+xml": raw,
                    "application/pdf": raw,
                },
                problem_pages=True,
            ),
        },
    }


def _vc_api_paths() -> Json:
    def operation(title: str, member: str) -> Json:
        asked = {"type": "object", "properties": {member: {}, "options": {"$ref": "#/components/schemas/Options"}}}
        answers = {
            "200": _answer("It is valid, as far as it was looked at.", _json(_ref("Verified"))),
            "400": _answer(
                "It is not valid, or cannot be read.", {"application/problem+json": {"schema": _ref("NotVerified")}}
            ),
        }
        told = "W3C CCG VC-API, under a generic policy that knows of no register. No badge page ever uses it."
        return {"post": _operation(title, answers, body=_json(asked), told=told)}

    return {
        "/credentials/verify": operation("Verify any W3C credential", "verifiableCredential"),
        "/presentations/verify": operation("Verify any W3C presentation", "verifiablePresentation"),
    }


def _service_paths() -> Json:
    failing = _answer("It no longer verifies what is right, or no longer refuses what is not.", _json(_ref("Health")))
    health = {"200": _answer("It verifies; `degraded` names what needs a look.", _json(_ref("Health"))), "503": failing}
    numbers = {
        "200": _answer("Prometheus text.", {"text/plain": {"schema": _TEXT}}),
        "404": _answer("For this machine and its own network.", {"text/html": {"schema": _TEXT}}),
    }
    return {
        "/healthz": {"get": _operation("Whether it can still tell right from wrong", health, problems=False)},
        "/metrics": {"get": _operation("Numbers, and nothing of any badge", numbers, problems=False)},
        "/openapi.json": {
            "get": _operation("This document", {"200": _answer("OpenAPI 3.1.", _json(_OBJECT))}, problems=False)
        },
    }


# --- shapes ---------------------------------------------------------------------------------------------------------
def _schemas() -> Json:
    return {
        "Asked": _asked(),
        "Report": _object(_report()),
        "NumberedReport": {
            "oneOf": [
                _object(_report() | {"index": _count()}),
                _object({"index": _count(), "problem": _ref("Problem")}),
            ],
            "description": f"Within {MAX_BATCH_SECONDS:g} seconds; who is not reached by then is told so.",
        },
        "NamedReport": _object(_report() | {"name": _TEXT}),
        "Check": _check(),
        "Notice": _object({"code": _TEXT, "sentence": _TEXT, "sentence_mi": _MAYBE_TEXT}, ["code", "sentence"]),
        "Problem": _problem(),
        "Options": {
            "type": "object",
            "properties": {
                "checks": {"type": "array", "items": {"enum": ["proof", "credentialStatus", "status"]}},
                "domain": {},
                "challenge": _TEXT,
            },
        },
        "Verified": _object(
            {"verified": {"const": True}, "checks": _list(_TEXT), "warnings": _list({}), "errors": _list({})}
        ),
        "NotVerified": _object(
            {"type": _TEXT, "title": _TEXT, "status": {"const": 400}, "verified": {"const": False}, "errors": _list({})}
        ),
        "Health": _object(
            {
                "status": {"enum": ["ok", "degraded", "failing"]},
                "checks": {"type": "object", "additionalProperties": {"enum": ["ok", "degraded", "failing", "none"]}},
                "register": {"type": ["integer", "null"]},
                "register_as_at": _MAYBE_TEXT,
                "register_sha256": _MAYBE_TEXT,
                "register_fault": _MAYBE_TEXT,
            }
        ),
    }


def _asked() -> Json:
    """Exactly one of five; and whose badge it should be."""
    badge = {"type": "object", "description": f"A credential, up to {DOCUMENT.max_bytes:,} bytes."}
    jwt = {"type": "string", "description": "A credential as a compact JWS."}
    many = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH_MEMBERS}
    members: Json = {
        "credential": badge,
        "jwt": jwt,
        "url": _URL,
        "credentials": many | {"items": {"type": ["object", "string"]}},
        "urls": many | {"items": _TEXT},
    }
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {name: schema, "recipient": _RECIPIENT},
                "required": [name],
                "additionalProperties": False,
            }
            for name, schema in members.items()
        ]
    }


def _report() -> Json:
    said = {"sentence": _TEXT, "sentence_mi": _MAYBE_TEXT}
    maybe_object = {"type": ["object", "null"]}
    source = _object({"url": _TEXT, "retrieved_at": _INSTANT, "sha256": _TEXT})
    register = _object(
        {
            "edition": _count(),
            "as_at": _TEXT,
            "sha256": _TEXT,
            "demonstration": {"type": "boolean"},
            "notices": _list(_ref("Notice")),
        },
        ["edition", "as_at", "sha256", "demonstration"],
    )
    return {
        "genuine": _object({"verdict": _one_of(GenuineVerdict), **said}),
        "current": _object({"verdict": _one_of(CurrentVerdict), **said, "as_of": _or_null(_INSTANT)}),
        "accredited": _object(
            {
                "verdict": _one_of(AccreditedVerdict),
                "reason": _TEXT,
                **said,
                "at_award": maybe_object,
                "today": maybe_object,
                "authority": _MAYBE_TEXT,
            }
        ),
        "checks": _list(_ref("Check")),
        "badge": maybe_object | {"description": "A plain summary; null unless the badge may be genuine."},
        "checked_at": _INSTANT,
        "sources": _list(source) | {"description": "What was retrieved, and when: it may be a minute old."},
        "register": _or_null(register),
        "verifier": _object({"version": _TEXT}),
        "report_sha256": _MAYBE_TEXT
        | {"description": "The same badge, edition, lists and moment give the same digest in another verifier."},
    }


def _check() -> Json:
    members = {
        "id": _one_of(CheckId),
        "question": _one_of(Question),
        "need": _one_of(Need),
        "outcome": _one_of(Outcome),
        "reason": _TEXT,
        "sentence": _TEXT,
        "sentence_mi": _MAYBE_TEXT,
        "evidence": _OBJECT,
        "notices": _list(_ref("Notice")),
        "problem": _OBJECT,
    }
    return _object(members, [name for name in members if name not in {"notices", "problem"}])


def _problem() -> Json:
    fault = _object({"pointer": _TEXT, "message": _TEXT}, ["message"])
    members = {
        "type": _TEXT,
        "title": _TEXT,
        "status": _count(),
        "detail": _TEXT,
        "slug": _TEXT,
        "faults": _list(fault),
    }
    return _object(members, ["type", "title", "status"])


def _object(properties: Json, required: Iterable[str] | None = None) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties if required is None else required),
    }


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _one_of(values: Iterable[str]) -> Json:
    return {"type": "string", "enum": [str(value) for value in values]}


def _or_null(schema: Json) -> Json:
    return {"oneOf": [schema, {"type": "null"}]}


def _count() -> Json:
    return {"type": "integer", "minimum": 0}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _answer(told: str, content: Json) -> Json:
    return {"description": told, "content": content}


def _in_query(name: str, schema: Json, told: str, *, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "description": told, "schema": schema}


def _operation(
    title: str,
    answers: Json,
    *,
    told: str = "",
    parameters: list[Json] | None = None,
    body: Json | None = None,
    problems: bool = True,
    problem_pages: bool = False,
) -> Json:
    operation: Json = {"summary": title, "responses": dict(answers)}
    if told:
        operation["description"] = told
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = {"required": True, "content": body}
    if problem_pages:
        content = {"application/problem+json": {"schema": _ref("Problem")}, "text/html": {"schema": _TEXT}}
        operation["responses"]["default"] = _answer("The request was not done, and why.", content)
    elif problems:
        operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return operation


def _version() -> str:
    try:
        return version("nz-open-badges")
    except PackageNotFoundError:
        return "unknown"
