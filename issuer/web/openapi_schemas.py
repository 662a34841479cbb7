"""The shapes that the machine routes take and answer, as JSON Schemas of the OpenAPI document; routes are not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from issuer.bulk.uploads import BatchState, MailChoice, Source
from issuer.minting import NameDisplay
from issuer.results import RowOutcome
from issuer.staff.machines import FIELDS, REQUIRED
from issuer.status import RevocationReason
from issuer.store.credentials import State
from issuer.suspension import ReinstatementReason, SuspensionReason
from schemas.limits import MAX_CELL_CHARS, MAX_MACHINE_ROWS

Json = dict[str, Any]

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


def schemas() -> Json:
    """All of them, by name."""
    text = {"type": "string"}
    completion = {name.value: text | {"description": _TOLD[name], "maxLength": MAX_CELL_CHARS} for name in FIELDS}
    required = [name.value for name in REQUIRED]
    fault = object_of({"message": text, "pointer": text, "line": whole(1), "column": text, "file": text}, ["message"])
    already = object_of({"index": whole(0), "line": whole(1), "credential_id": or_null(text)}, ["credential_id"])
    counts = {name: whole(0) for name in ("ready", "already", "held", "to_fix")}
    taken = {
        "state": one_of(BatchState),
        "counts": object_of(counts),
        "already": list_of(already),
        "faults": list_of(fault),
    }
    webhook_item = completion | {
        "course": text
        | {"description": "Your course's code, in place of nzqa_ref; an administrator maps it at the desk."},
        "completion_id": text | {"description": "Your own id of the completion; the same as row_key."},
    }
    return {
        "Completion": object_of(completion, required, closed=True),
        "OneCompletion": object_of(completion | {"mail": one_of(MailChoice)}, required, closed=True),
        "Taken": object_of({"id": or_null(text), **taken}),
        "Awaiting": object_of({"state": one_of(BatchState), "batch": text}),
        "Batch": object_of(
            {
                "id": text,
                "state": one_of(BatchState),
                "source": one_of(Source),
                "mail": one_of(MailChoice),
                "created_at": instant(),
                "finished_at": or_null(instant()),
                "reason": or_null(text),
                "rows": whole(0),
                "done": whole(0),
                "counts": object_of({outcome.value: whole(0) for outcome in RowOutcome}),
                "results": list_of(ref("Result")),
                "page": whole(1),
                "pages": whole(0),
                "total_results": whole(0),
            }
        ),
        "Result": object_of(
            {
                "line": whole(1) | {"description": "In a table that was sent."},
                "index": {"type": "integer", "description": "In a list of items that was sent, counted from 0."},
                "outcome": one_of(RowOutcome),
                "reason": text,
                "sentence": text,
                "credential_id": or_null(text),
            }
        ),
        "Credential": object_of(
            {
                "id": {"type": "string", "format": "uri"},
                "short_id": text,
                "state": one_of(State),
                "version": whole(1),
                "nzqa_ref": text,
                "achieved_on": {"type": "string", "format": "date"},
                "issued_at": instant(),
                "batch": or_null(text),
                "credential": {"type": "object", "description": "The signed Open Badges 3.0 credential."},
            }
        ),
        "Correction": object_of(
            {
                "learner_name": text,
                "preferred_name": text,
                "name_display": one_of(NameDisplay),
                "achieved_on": {"type": "string", "format": "date"},
                "nzqa_ref": text,
            },
            [],
            closed=True,
        ),
        "Revocation": object_of({"reason": one_of(RevocationReason)}, [], closed=True),
        "Suspension": object_of({"reason": one_of(SuspensionReason)}, [], closed=True),
        "Reinstatement": object_of({"reason": one_of(ReinstatementReason)}, [], closed=True),
        "Delivery": object_of(
            {
                "delivery": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,100}$"},
                "completions": list_of(object_of(webhook_item, ["learner_name", "achieved_on"], closed=True))
                | {"minItems": 1, "maxItems": MAX_MACHINE_ROWS},
            },
            closed=True,
        ),
        "Received": object_of(
            {"delivery": text, "batch": or_null(text), "taken_at": instant(), **taken}, ["delivery", "batch"]
        ),
        "Health": object_of(
            {
                "status": one_of(("ok", "degraded", "failing")),
                "checks": {"type": "object", "additionalProperties": one_of(("ok", "degraded", "failing"))},
            }
        ),
        "Problem": object_of(
            {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "slug": text,
                "faults": list_of(fault),
            },
            ["type", "title", "status"],
        ),
    }


def object_of(properties: Json, required: Sequence[str] | None = None, *, closed: bool = False) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    needed = list(properties) if required is None else list(required)
    if needed:
        schema["required"] = needed
    return schema | ({"additionalProperties": False} if closed else {})


def list_of(items: Json) -> Json:
    return {"type": "array", "items": items}


def one_of(values: Sequence[str] | type[Any]) -> Json:
    return {"type": "string", "enum": [str(getattr(value, "value", value)) for value in values]}


def or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def whole(least: int, most: int | None = None) -> Json:
    return {"type": "integer", "minimum": least} | ({} if most is None else {"maximum": most})


def instant() -> Json:
    return {"type": "string", "format": "date-time"}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
