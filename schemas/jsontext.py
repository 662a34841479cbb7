"""Bytes -> JSON value, strictly: knows RFC 8259 and RFC 7493 (I-JSON), nothing about credentials."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeAlias

from schemas.errors import JsonTextError, TooLarge
from schemas.limits import DOCUMENT, MAX_JSON_INTEGER, JsonLimits

JsonValue: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]


def parse_json(text: bytes | str, *, limits: JsonLimits = DOCUMENT) -> JsonValue:
    """The value of a JSON text.

    Refuses what `json` lets through: duplicate keys, NaN and Infinity, numbers that do not survive
    (beyond 2**53 - 1 or the range of a double), lone surrogates, a byte order mark, anything but UTF-8,
    and texts over the limits. Raises JsonTextError or TooLarge.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > limits.max_bytes:
        raise TooLarge(f"The JSON text is {len(data):,} bytes; the limit is {limits.max_bytes:,}.")
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonTextError(f"Not UTF-8: byte {error.start} cannot be read.") from None
    if decoded.startswith("\ufeff"):
        raise JsonTextError("Starts with a byte order mark, which JSON does not allow (RFC 8259, 8.1).")
    skeleton = _skeleton(data)
    _refuse_deep_or_long(skeleton, limits)
    # Long numbers are rare, so most texts keep the parser's own integers.
    whole = _parse_integer if _LONG_NUMBER.search(skeleton) else None
    value = _loads(decoded, parse_int=whole)
    containers = skeleton.count(b"{") + skeleton.count(b"[")
    if _members(value, containers=containers) != skeleton.count(b":"):  # fewer than the text has: one stood twice
        _loads(decoded, parse_int=whole, object_pairs_hook=_object_without_duplicates)
        raise JsonTextError("A member appears twice in one object.")
    if "\\u" in decoded:
        _refuse_surrogates(value, "")
    return value


def parse_object(text: bytes | str, *, limits: JsonLimits = DOCUMENT) -> JsonObject:
    """As `parse_json`, for a text that must hold an object."""
    value = parse_json(text, limits=limits)
    if not isinstance(value, dict):
        raise JsonTextError("The JSON text holds no object.")
    return value


_write_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def write_json(value: JsonValue, *, indent: int | None = None) -> bytes:
    """UTF-8 JSON with macrons as they are, ending in a newline only when indented for people."""
    if indent is None:
        return _write_compact(value).encode()
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent) + "\n").encode()


def pointer(*steps: str | int) -> str:
    """A JSON Pointer (RFC 6901) from its reference tokens."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


_NOT_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")


_LONG_NUMBER = re.compile(rb"[0-9]{16}")


def _skeleton(data: bytes) -> bytes:
    """The text without its strings: brackets, commas, colons, numbers and names of constants."""
    if b'\\"' in data:  # escaped backslashes first, so that what is before a quotation mark then escapes it
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(data.split(b'"')[::2])  # every second stretch between quotation marks is a string


def _loads(text: str, **hooks: Any) -> JsonValue:
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float, **hooks)
    except json.JSONDecodeError as error:
        raise JsonTextError(f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None


def _members(value: JsonValue, *, containers: int) -> int:
    """How many members all objects of a value have together; it is known to hold so many objects and lists."""
    members = 0
    found: list[Any] = [value] if isinstance(value, (dict, list)) else []
    for one in found:  # grows while it is gone through: level by level, until the last container was seen
        if one.__class__ is dict:
            members += len(one)
        if len(found) < containers:
            inside = one.values() if one.__class__ is dict else one
            found += [each for each in inside if each.__class__ is dict or each.__class__ is list]
    return members


def _refuse_deep_or_long(skeleton: bytes, limits: JsonLimits) -> None:
    """Depth and number of values, counted before anything is built or recursed into."""
    values = skeleton.count(b",") + skeleton.count(b"[") + skeleton.count(b"{") + 1
    if values > limits.max_values:
        raise TooLarge(f"The JSON text holds more than {limits.max_values:,} values.")
    brackets = skeleton.translate(None, _NOT_BRACKET)
    if _is_shallow(brackets, limits.max_depth):
        return
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > limits.max_depth:
            raise TooLarge(f"The JSON text is nested more than {limits.max_depth} deep.")


def _is_shallow(brackets: bytes, max_depth: int) -> bool:
    """Whether they pair up, no deeper than that; what is not known to be so is counted bracket by bracket."""
    for _ in range(max_depth // 2):  # each turn takes away two levels at most
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> JsonObject:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonTextError(f"The member {key!r} appears twice in one object.")
            seen.add(key)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise JsonTextError(f"{name} is not a JSON number.")


def _parse_integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_JSON_INTEGER:
        raise JsonTextError(f"The number {digits[:20]}… is too large to be read exactly.")
    return int(digits)


def _parse_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise JsonTextError(f"The number {digits[:20]} is beyond the range of a double.")
    return value


def _refuse_surrogates(value: JsonValue, where: str) -> None:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise JsonTextError(f"A lone surrogate stands in the text at {where or '/'}.")
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_surrogates(key, where)
            _refuse_surrogates(member, where + pointer(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _refuse_surrogates(member, where + pointer(index))
