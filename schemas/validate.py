"""JSON Schema -> faults: the strict Open Badges 3.0 schemas as 1EdTech published them, with format checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from jsonschema import Draft201909Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from schemas import vocabulary as v
from schemas.errors import Fault
from schemas.jsontext import JsonObject, pointer
from schemas.manifest import SCHEMAS
from schemas.times import is_date, is_date_time

_MAX_FAULTS = 20  # enough to mend a document by; a hostile one could have thousands

# The published schema asks for what the specification stopped asking for in document 1.4 (2025-10-14).
_STATUS_ID = re.compile(r"'id' is a required property")

_MISSING = re.compile(r"'([^']+)' is a required property")

_formats = FormatChecker(formats=())
_formats.checks("date-time")(lambda value: not isinstance(value, str) or is_date_time(value))
_formats.checks("date")(lambda value: not isinstance(value, str) or is_date(value))


def is_vcdm_1(document: JsonObject) -> bool:
    """Whether a document says it is of VC Data Model 1.1, by its first context."""
    contexts = document.get("@context")
    return isinstance(contexts, list) and bool(contexts) and contexts[0] == v.CREDENTIALS_V1


def validate_open_badge(document: JsonObject) -> tuple[Fault, ...]:
    """Faults of an OpenBadgeCredential against the strict schema of its VCDM version; empty when it passes.

    Arrays everywhere OB 3.0 has a set. For reading badges that use the single values VCDM 2.0 allows,
    see `in_array_form`.
    """
    return _validate("achievementcredential", document)


def validate_status_set(document: JsonObject) -> tuple[Fault, ...]:
    """As `validate_open_badge`, with several status entries read as the schema's one object, each in its turn.

    The schema knows one entry; VCDM 2.0 (4.10) allows several.
    """
    status = document.get("credentialStatus")
    if not isinstance(status, list) or not status:
        return validate_open_badge(document)
    faults: dict[Fault, None] = {}
    for entry in status:
        faults |= dict.fromkeys(validate_open_badge(document | {"credentialStatus": entry}))
    return tuple(faults)


def validate_endorsement(document: JsonObject) -> tuple[Fault, ...]:
    """Faults of an EndorsementCredential against the strict schema."""
    return _validate("endorsementcredential", document)


def validate_profile(document: JsonObject) -> tuple[Fault, ...]:
    """Faults of an issuer Profile against the strict schema."""
    return _faults(_validator("profile").iter_errors(document))


def in_array_form(document: JsonObject) -> JsonObject:
    """A copy with arrays where OB 3.0's compacted form lets a single value stand (specification document 1.3).

    `type` everywhere, and `credentialSchema`, `proof`, `termsOfUse`. Never for canonicalising: only for validating.
    """

    def arrays(value: Any) -> Any:
        if isinstance(value, list):
            return [arrays(member) for member in value]
        if not isinstance(value, dict):
            return value
        converted = {key: arrays(member) for key, member in value.items()}
        for key in ("credentialSchema", "proof", "termsOfUse"):
            if isinstance(converted.get(key), dict):
                converted[key] = [converted[key]]
        return converted

    converted: JsonObject = arrays(document)
    _type_arrays(converted, _validator_schema(_schema_name("achievementcredential", document)))
    return converted


def _type_arrays(value: Any, schema: Any) -> None:
    """Make `type` an array exactly where the schema wants one: some classes (IdentityObject) want a string."""
    root = schema

    def follow(part: Any) -> Any:
        while isinstance(part, dict) and "$ref" in part:
            part = root["$defs"][part["$ref"].removeprefix("#/$defs/")]
        return part

    def walk(value: Any, part: Any) -> None:
        part = follow(part)
        if not isinstance(part, dict):
            return
        for branch in (*part.get("oneOf", ()), *part.get("anyOf", ()), *part.get("allOf", ())):
            walk(value, branch)
        if isinstance(value, list):
            if isinstance(part.get("items"), dict):
                for member in value:
                    walk(member, part["items"])
        elif isinstance(value, dict):
            properties = part.get("properties", {})
            wanted = follow(properties.get("type"))
            if isinstance(value.get("type"), str) and _wants_array(wanted):
                value["type"] = [value["type"]]
            for key, member in value.items():
                if key in properties:
                    walk(member, properties[key])

    walk(value, schema)


def _wants_array(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    return part.get("type") == "array" or any(branch.get("type") == "array" for branch in part.get("allOf", ()))


def _schema_name(name: str, document: JsonObject) -> str:
    return f"vcdm1.1/{name}" if is_vcdm_1(document) else name


def _validate(name: str, document: JsonObject) -> tuple[Fault, ...]:
    return _faults(
        error
        for error in _validator(_schema_name(name, document)).iter_errors(document)
        if not (list(error.absolute_path)[-1:] == ["credentialStatus"] and _STATUS_ID.fullmatch(error.message))
    )


@cache
def _validator_schema(name: str) -> Any:
    return json.loads(SCHEMAS[name].read())


@cache
def _validator(name: str) -> Draft201909Validator:
    return Draft201909Validator(_validator_schema(name), format_checker=_formats)


def _faults(errors: Iterable[ValidationError]) -> tuple[Fault, ...]:
    faults = []
    for error in errors:
        found = _most_telling(error)
        fault = Fault(pointer=pointer(*_place(found)), message=_sentence(found))
        if fault not in faults:
            faults.append(fault)
        if len(faults) == _MAX_FAULTS:
            break
    return tuple(faults)


def _most_telling(error: ValidationError) -> ValidationError:
    """Of a failed choice between alternatives, the deepest fault: the alternative that was meant."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error


def _place(error: ValidationError) -> list[str | int]:
    """Where to mend it: for something missing the place where it should stand, else the value itself."""
    place = list(error.absolute_path)
    missing = _MISSING.fullmatch(error.message) if error.validator == "required" else None
    return [*place, missing[1]] if missing else place


def _sentence(error: ValidationError) -> str:
    value = json.dumps(error.instance, ensure_ascii=False)
    shown = value if len(value) <= 60 else value[:57] + "…"
    match error.validator:
        case "type":
            return f"{shown} should be of type {error.validator_value}"
        case "format":
            return f"{shown} is not a {error.validator_value} with a time zone"
        case "required" | "additionalProperties":
            return str(error.message)[:200]
        case "enum" | "const":
            return f"{shown} is not one of the values allowed here"
        case _:
            return str(error.message)[:200]
