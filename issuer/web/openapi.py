"""What the machine routes take and answer, as an OpenAPI 3.1 document; written by hand, and held true by tests."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from issuer.bulk.uploads import MailChoice
from issuer.results import RowOutcome
from issuer.web.openapi_schemas import Json, object_of, one_of, ref, schemas, whole
from schemas.limits import MAX_MACHINE_ROWS

_VC: Final = "application/vc+ld+json"
_DATE_ORDERS: Final = ("dd/mm/yyyy", "mm/dd/yyyy")


def openapi_document(server: str) -> Json:
    """The document of the service at `server`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "NZ Open Badges: issuer",
            "version": version("nz-open-badges"),
            "description": (
                "Issues Open Badges 3.0 for New Zealand micro-credentials. Every completion is checked against the "
                "register before anything is signed. Errors are RFC 9457 problem documents; `faults` point at what is "
                "wrong. Requests are limited to 600 a minute for each key and route, counted by each server process "
                "for itself."
            ),
        },
        "servers": [{"url": server}],
        "paths": _api_paths() | _hook_paths() | _service_paths() | _public_paths(),
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key made at the desk or with `badge-issuer api-key new`: nzob_….",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Badges-Signature",
                    "description": (
                        "`v1=` and the hexadecimal HMAC-SHA256, under the secret made at the desk, of the value of "
                        "Badges-Timestamp, a full stop and the body. The time may be 5 minutes off."
                    ),
                },
            },
            "schemas": schemas(),
            "responses": {
                "Problem": {
                    "description": "What was refused, and why.",
                    "content": {"application/problem+json": {"schema": ref("Problem")}},
                }
            },
        },
    }


def _api_paths() -> Json:
    items = {"type": "array", "minItems": 1, "maxItems": MAX_MACHINE_ROWS, "items": ref("Completion")}
    form = object_of({"file": {"type": "string", "format": "binary"}}, ["file"])
    table = {"schema": {"type": "string", "format": "binary"}}
    batch_id = _in_path("batch_id", "The id of the batch.")
    short_id = _in_path("short_id", "The short id of the badge: the last part of its id.")
    return {
        "/api/v1/batches": {
            "post": _operation(
                "Send completions",
                "Checked at once; what is ready is put in the queue and issued by the worker, or waits for approval. "
                "Completions that cannot be issued are named in `faults`; with none ready, nothing is kept (422). "
                "Completions issued before are listed in `already` and are never issued again.",
                scope="issue",
                parameters=[
                    _IDEMPOTENCY,
                    _in_query(
                        "mail", one_of(MailChoice), "Whether learners' mail waits (hold), goes (send) or is not made."
                    ),
                    _in_query("dry_run", one_of(("true", "false")), "Only say what would be issued."),
                    _in_query("dates", one_of(_DATE_ORDERS), "How days with slashes are written in a table."),
                ],
                body={
                    "application/json": {"schema": items},
                    "application/x-ndjson": {"schema": {"type": "string"}},
                    "text/csv": table,
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": table,
                    "multipart/form-data": {"schema": form},
                },
                answers={
                    "202": _answer("In the queue, or awaiting approval.", "Taken", location=True),
                    "200": _answer("A dry run, or everything was issued before.", "Taken"),
                },
            )
        },
        "/api/v1/batches/{batch_id}": {
            "get": _operation(
                "Follow a batch",
                "A key with the scope issue alone sees the batches it made.",
                scope="issue or read",
                parameters=[
                    batch_id,
                    _in_query("page", whole(1), "Which page of the results."),
                    _in_query("page_size", whole(1, 1_000), "How many results on a page."),
                    _in_query("only", one_of(RowOutcome), "Only results with this outcome."),
                ],
                answers={"200": _answer("How far it is.", "Batch")},
            )
        },
        "/api/v1/credentials": {
            "post": _operation(
                "Issue one badge",
                "Issued before it is answered.",
                scope="issue",
                parameters=[_IDEMPOTENCY],
                body=_json_body("OneCompletion"),
                answers={
                    "201": _answer("Issued.", "Credential", location=True),
                    "200": _answer("It was issued before.", "Credential", location=True),
                    "202": _answer("It awaits approval, or the worker.", "Awaiting", location=True),
                },
            )
        },
        "/api/v1/credentials/{short_id}": {
            "get": _operation(
                "One badge",
                "",
                scope="read",
                parameters=[short_id],
                answers={"200": _answer("The badge.", "Credential")},
            )
        },
        **{
            f"/api/v1/credentials/{{short_id}}/{act}": {
                "post": _operation(
                    title,
                    told,
                    scope="revoke",
                    parameters=[short_id, _IDEMPOTENCY],
                    body=_json_body(schema, required=act == "correct"),
                    answers={"200": _answer("Done, or so already.", "Credential")},
                )
            }
            for act, title, told, schema in (
                ("correct", "Correct a badge", "It is signed anew; its address stays.", "Correction"),
                ("revoke", "Withdraw a badge", "For good. The reason is never published.", "Revocation"),
                ("suspend", "Put a badge on hold", "The reason is never published.", "Suspension"),
                ("reinstate", "Take a badge off hold", "", "Reinstatement"),
            )
        },
    }


def _hook_paths() -> Json:
    timestamp = {
        "name": "Badges-Timestamp",
        "in": "header",
        "required": True,
        "description": "Seconds since 1970, as signed.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,11}$"},
    }
    operation = _operation(
        "Completions from a learning platform",
        "A delivery with the id of one that was taken is answered as it was then and does nothing. An unknown course "
        "is named, and nothing of the delivery is kept.",
        scope=None,
        parameters=[timestamp],
        body=_json_body("Delivery"),
        answers={
            "202": _answer("In the queue, or awaiting approval.", "Received", location=True),
            "200": _answer("Everything in it was taken before.", "Received"),
        },
    )
    return {"/hooks/completions": {"post": operation | {"security": [{"signature": []}]}}}


def _service_paths() -> Json:
    def public(title: str, kind: str, schema: Json, **more: Json) -> Json:
        content = {kind: {"schema": schema}}
        answers = {"200": {"description": title, "content": content}, **more}
        return {"get": _operation(title, "", scope=None, parameters=[], answers=answers)}

    failing = {"description": "The database or the keys cannot be used.", "content": _json_content("Health")}
    return {
        "/healthz": public("Whether the service works", "application/json", ref("Health"), **{"503": failing}),
        "/metrics": public(
            "Numbers for Prometheus, on this machine or with a key that reads", "text/plain", {"type": "string"}
        ),
        "/openapi.json": public("This document", "application/json", {"type": "object"}),
    }


def _public_paths() -> Json:
    def public(title: str, kinds: Sequence[str], *parameters: Json) -> Json:
        content = {kind: {"schema": {"type": "object"}} for kind in kinds}
        answers = {"200": {"description": title, "content": content}, "404": {"description": "There is none."}}
        return {"get": _operation(title, "", scope=None, parameters=list(parameters), answers=answers, problems=False)}

    number = {"name": "number", "in": "path", "required": True, "schema": whole(1, 1_000_000)}
    return {
        "/status/{number}": public("A status list, signed", [_VC], number),
        "/issuer": public("The issuer's profile", ["application/ld+json"]),
        "/.well-known/did.json": public("The issuer's keys", ["application/did+json"]),
        "/.well-known/jwks.json": public("The issuer's keys for JWTs", ["application/jwk-set+json"]),
    }


_IDEMPOTENCY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A key of your own for this request, such as a UUID. The same request again under it gets the same answer and "
        "does nothing; another request under it is refused (422); one still under way too (409). Kept for 48 hours."
    ),
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}


def _operation(
    title: str,
    told: str,
    *,
    scope: str | None,
    parameters: list[Json],
    answers: Json,
    body: Json | None = None,
    problems: bool = True,
) -> Json:
    operation: Json = {"summary": title, "responses": dict(answers)}
    if told or scope:
        operation["description"] = " ".join(filter(None, (told, f"Scope of the key: {scope}." if scope else "")))
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        required = body.pop("required", True)
        operation["requestBody"] = {"required": required, "content": body}
    if problems:
        operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    operation["security"] = [{"key": []}] if scope else []
    return operation


def _answer(told: str, schema: str, *, location: bool = False) -> Json:
    answer: Json = {"description": told, "content": _json_content(schema)}
    if location:
        answer["headers"] = {"Location": {"description": "Where to follow it.", "schema": {"type": "string"}}}
    return answer


def _json_content(schema: str) -> Json:
    return {"application/json": {"schema": ref(schema)}}


def _json_body(schema: str, *, required: bool = True) -> Json:
    return {**_json_content(schema), "required": required}


def _in_path(name: str, told: str) -> Json:
    schema = {"type": "string", "pattern": "^[a-z0-9]{1,64}$"}
    return {"name": name, "in": "path", "required": True, "description": told, "schema": schema}


def _in_query(name: str, schema: Json, told: str) -> Json:
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}
