"""What the machine routes take and answer, as an OpenAPI 3.1 document; written by hand, and held true by tests."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from issuer.machines import FIELDS, REQUIRED
from issuer.minting import NameDisplay
from issuer.results import RowOutcome
from issuer.status import RevocationReason
from issuer.store.credentials import State
from issuer.suspension import ReinstatementReason, SuspensionReason
from issuer.uploads import BatchState, MailChoice, Source
from schemas.limits import MAX_CELL_CHARS, MAX_MACHINE_ROWS

Json = dict[str, Any]
_VC: Final = "application/vc+ld+json"
_DATE_ORDERS: Final = ("dd/mm/yyyy", "mm/dd/yyyy")

_TOLD: Final[dict[str, str]] = {
    "learner_name": "The learner's whole name, with its macrons.",
    "nzqa_ref": "The NZQA reference of the micro-credential, such as 5056.",
    "achieved_on": "The day it was achieved, YYYY-MM-DD.",
    "learner_email": "Where the claim link goes. It is never shown on the badge or any page.",
    "row_key": "Your own id of this completion. The same one again is never issued again.",
    "nsn": "The National Student Number, for the report to NZQA alone.",
    "preferred_name": "The name the learner goes by.",
    "name_display": "Which name the badge shows: full, preferred or none.",
    "language": "The learner's language, en or mi.",
    "result": "The result, where the learner asked for it to be shown.",
    "evidence_url": "Evidence, where the learner asked for it to be shown.",
}


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
            "schemas": _schemas(),
            "responses": {
                "Problem": {
                    "description": "What was refused, and why.",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
        },
    }


def _api_paths() -> Json:
    items = {"type": "array", "minItems": 1, "maxItems": MAX_MACHINE_ROWS, "items": _ref("Completion")}
    form = _object({"file": {"type": "string", "format": "binary"}}, ["file"])
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
                        "mail", _enum(MailChoice), "Whether learners' mail waits (hold), goes (send) or is not made."
                    ),
                    _in_query("dry_run", _enum(("true", "false")), "Only say what would be issued."),
                    _in_query("dates", _enum(_DATE_ORDERS), "How days with slashes are written in a table."),
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
                    _in_query("page", _whole(1), "Which page of the results."),
                    _in_query("page_size", _whole(1, 1_000), "How many results on a page."),
                    _in_query("only", _enum(RowOutcome), "Only results with this outcome."),
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
                    "202": _answer("It awaits approval.", "Awaiting", location=True),
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
        "/healthz": public("Whether the service works", "application/json", _ref("Health"), **{"503": failing}),
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

    number = {"name": "number", "in": "path", "required": True, "schema": _whole(1, 1_000_000)}
    return {
        "/status/{number}": public("A status list, signed", [_VC], number),
        "/issuer": public("The issuer's profile", ["application/ld+json"]),
        "/.well-known/did.json": public("The issuer's keys", ["application/did+json"]),
        "/.well-known/jwks.json": public("The issuer's keys for JWTs", ["application/jwk-set+json"]),
    }


def _schemas() -> Json:
    text = {"type": "string"}
    completion = {name.value: text | {"description": _TOLD[name], "maxLength": MAX_CELL_CHARS} for name in FIELDS}
    required = [name.value for name in REQUIRED]
    fault = _object({"message": text, "pointer": text, "line": _whole(1), "column": text, "file": text}, ["message"])
    already = _object({"index": _whole(0), "line": _whole(1), "credential_id": _nullable(text)}, ["credential_id"])
    counts = {name: _whole(0) for name in ("ready", "already", "held", "to_fix")}
    taken = {
        "state": _enum(BatchState),
        "counts": _object(counts),
        "already": _list(already),
        "faults": _list(fault),
    }
    webhook_item = completion | {
        "course": text
        | {"description": "Your course's code, in place of nzqa_ref; an administrator maps it at the desk."},
        "completion_id": text | {"description": "Your own id of the completion; the same as row_key."},
    }
    return {
        "Completion": _object(completion, required, closed=True),
        "OneCompletion": _object(completion | {"mail": _enum(MailChoice)}, required, closed=True),
        "Taken": _object({"id": _nullable(text), **taken}),
        "Awaiting": _object({"state": _enum(BatchState), "batch": text}),
        "Batch": _object(
            {
                "id": text,
                "state": _enum(BatchState),
                "source": _enum(Source),
                "mail": _enum(MailChoice),
                "created_at": _time(),
                "finished_at": _nullable(_time()),
                "reason": _nullable(text),
                "rows": _whole(0),
                "done": _whole(0),
                "counts": _object({outcome.value: _whole(0) for outcome in RowOutcome}),
                "results": _list(_ref("Result")),
                "page": _whole(1),
                "pages": _whole(0),
                "total_results": _whole(0),
            }
        ),
        "Result": _object(
            {
                "line": _whole(1) | {"description": "In a table that was sent."},
                "index": {"type": "integer", "description": "In a list of items that was sent, counted from 0."},
                "outcome": _enum(RowOutcome),
                "reason": text,
                "sentence": text,
                "credential_id": _nullable(text),
            }
        ),
        "Credential": _object(
            {
                "id": {"type": "string", "format": "uri"},
                "short_id": text,
                "state": _enum(State),
                "version": _whole(1),
                "nzqa_ref": text,
                "achieved_on": {"type": "string", "format": "date"},
                "issued_at": _time(),
                "batch": _nullable(text),
                "credential": {"type": "object", "description": "The signed Open Badges 3.0 credential."},
            }
        ),
        "Correction": _object(
            {
                "learner_name": text,
                "preferred_name": text,
                "name_display": _enum(NameDisplay),
                "achieved_on": {"type": "string", "format": "date"},
                "nzqa_ref": text,
            },
            [],
            closed=True,
        ),
        "Revocation": _object({"reason": _enum(RevocationReason)}, [], closed=True),
        "Suspension": _object({"reason": _enum(SuspensionReason)}, [], closed=True),
        "Reinstatement": _object({"reason": _enum(ReinstatementReason)}, [], closed=True),
        "Delivery": _object(
            {
                "delivery": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,100}$"},
                "completions": _list(_object(webhook_item, ["learner_name", "achieved_on"], closed=True))
                | {"minItems": 1, "maxItems": MAX_MACHINE_ROWS},
            },
            closed=True,
        ),
        "Received": _object(
            {"delivery": text, "batch": _nullable(text), "taken_at": _time(), **taken}, ["delivery", "batch"]
        ),
        "Health": _object(
            {
                "status": _enum(("ok", "degraded", "failing")),
                "checks": {"type": "object", "additionalProperties": _enum(("ok", "degraded", "failing"))},
            }
        ),
        "Problem": _object(
            {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "slug": text,
                "faults": _list(fault),
            },
            ["type", "title", "status"],
        ),
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
    return {"application/json": {"schema": _ref(schema)}}


def _json_body(schema: str, *, required: bool = True) -> Json:
    return {**_json_content(schema), "required": required}


def _in_path(name: str, told: str) -> Json:
    schema = {"type": "string", "pattern": "^[a-z0-9]{1,64}$"}
    return {"name": name, "in": "path", "required": True, "description": told, "schema": schema}


def _in_query(name: str, schema: Json, told: str) -> Json:
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}


def _object(properties: Json, required: Sequence[str] | None = None, *, closed: bool = False) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    needed = list(properties) if required is None else list(required)
    if needed:
        schema["required"] = needed
    return schema | ({"additionalProperties": False} if closed else {})


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _enum(values: Sequence[str] | type[Any]) -> Json:
    return {"type": "string", "enum": [str(getattr(value, "value", value)) for value in values]}


def _nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _whole(least: int, most: int | None = None) -> Json:
    return {"type": "integer", "minimum": least} | ({} if most is None else {"maximum": most})


def _time() -> Json:
    return {"type": "string", "format": "date-time"}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
