"""The leaves of a document that vary, by JSON Pointer: set, found and told apart from the text that stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from schemas.errors import DocumentError
from schemas.jsontext import JsonObject, JsonValue, pointer, write_json
from schemas.loader import CURRENT, ContextTexts, held, load_context

# Slot -> every place where its text stands whole. A slot is one fact: wherever it stands, the text is the same.
Leaves: TypeAlias = Mapping[str, Sequence[str]]


class Inexact(DocumentError):
    """Outside the conditions under which a template is exact: the caller takes the reference path."""


def leaf_at(document: JsonValue, place: str) -> JsonValue:
    """What stands at a JSON Pointer. Raises Inexact when nothing does."""
    value = document
    for step in _steps(place):
        try:
            value = value[int(step) if isinstance(value, list) else step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Inexact(f"Nothing stands at {place}.") from None
    return value


def with_leaves(document: JsonObject, leaves: Leaves, texts: Mapping[str, JsonValue]) -> JsonObject:
    """A copy of `document` with other texts at its leaves; what does not change is shared with the original."""
    copy: Any = document
    for slot, places in leaves.items():
        for place in places:
            leaf_at(copy, place)
            copy = _replaced(copy, _steps(place), texts[slot])
    changed: JsonObject = copy
    return changed


def differences(one: JsonValue, other: JsonValue, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(pointer, leaf of the one, leaf of the other) wherever they differ. Raises Inexact for another structure."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        for key, member in one.items():
            yield from differences(member, other[key], where + pointer(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, member in enumerate(one):
            yield from differences(member, other[index], where + pointer(index))
    elif isinstance(one, dict | list) or isinstance(other, dict | list) or type(one) is not type(other):
        raise Inexact(f"The structure at {where or 'the top'} varies.")
    elif one != other:
        yield where, one, other


def texts_in(value: JsonValue) -> Iterator[str]:
    """Every text of a document, the names of its members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from texts_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_in(member)


def marker(document: JsonObject) -> str:
    """A text that stands nowhere in the document, and that nobody who writes the document could have chosen."""
    return hashlib.sha256(b"a mark for leaves\n" + write_json(document)).hexdigest()[:32]


def terms_of(document: JsonObject, *, texts: ContextTexts = CURRENT) -> frozenset[str]:
    """Every term that any context of the document defines, at whatever depth. Raises Inexact for unpinned ones."""
    terms: set[str] = set()
    for contexts in _contexts(document):
        for url in contexts if isinstance(contexts, list) else [contexts]:
            if not isinstance(url, str) or not held(url):
                raise Inexact("The document brings a context of its own.")
            terms |= _terms_at(url, texts)
    return frozenset(terms)


@cache
def _terms_at(url: str, texts: ContextTexts) -> frozenset[str]:
    return frozenset(_keys(load_context(url, texts=texts)))


def _keys(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _keys(member)
    elif isinstance(value, list):
        for member in value:
            yield from _keys(member)


def _contexts(value: JsonValue) -> Iterator[Any]:
    if isinstance(value, dict):
        if "@context" in value:
            yield value["@context"]
        for key, member in value.items():
            if key != "@context":
                yield from _contexts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _contexts(member)


def _steps(place: str) -> list[str]:
    if not place.startswith("/"):
        raise Inexact(f"{place!r} is no pointer to a leaf.")
    return [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]


def _replaced(value: Any, steps: Sequence[str], text: JsonValue) -> Any:
    if not steps:
        return text
    if isinstance(value, list):
        index = int(steps[0])
        return [*value[:index], _replaced(value[index], steps[1:], text), *value[index + 1 :]]
    return value | {steps[0]: _replaced(value[steps[0]], steps[1:], text)}
