"""Finds what JSON-LD would lose or disguise: terms with no meaning, relative references, keywords by other names.

Why it is ours: PyLD drops what it does not know without a word, so that a false claim under an unmapped name still
verifies; and the same RDF can be written so that code reading the JSON no longer sees the status or the expiry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from schemas import vocabulary as v
from schemas.errors import Fault
from schemas.jsonld import Processor
from schemas.jsontext import JsonObject, JsonValue, pointer
from schemas.loader import CURRENT, ContextTexts

# RFC 3987 IRIs as N-Quads can carry them: a scheme, and none of the characters that end an IRIREF or need escaping.
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\x7f-\x9f]*")
# Keywords, by whatever name, under which JSON-LD drops what is no node, or leaves out of RDF what stands there.
_LOSING_KEYWORDS = frozenset({"@graph", "@included", "@nest", "@reverse", "@index"})
_KEYWORDS_WITH_TEXT = frozenset({"@value", "@language", "@direction", "@index", "@json"})

_OB_CONTEXTS = frozenset(
    {v.OB3_CONTEXT, v.OB3 + "context-3.0.2.json", v.OB3 + "context-3.0.1.json", v.OB3 + "context.json"}
)
_AFTER_V2 = frozenset({v.OB3_EXTENSIONS, v.DATA_INTEGRITY_V2, v.ED25519_2020_V1})
_AFTER_V1 = frozenset({v.OB3_EXTENSIONS, v.DATA_INTEGRITY_V1, v.DATA_INTEGRITY_V2, v.ED25519_2020_V1})


def iri_fault(value: str) -> str | None:
    """Why a string may not stand as an IRI in canonical N-Quads, or None when it may."""
    if _IRI.fullmatch(value):
        return None
    return "a relative reference" if ":" not in value else "not an IRI"


def lost_in_expansion(expanded: JsonValue) -> bool:
    """Whether expanded JSON-LD holds something that has no RDF form: a relative @id or @type, or a rounded number."""
    return next(_losses_in(expanded), None) is not None


def holds_null(document: JsonObject) -> bool:
    """Whether a null or an empty list stands anywhere outside a context: JSON-LD takes either for nothing."""
    values: list[JsonValue] = [document]
    for value in values:  # grows while it is gone through
        if value is None or value == []:
            return True
        if isinstance(value, dict):
            values += [member for key, member in value.items() if key != "@context"]
        elif isinstance(value, list):
            values += value
    return False


def find_losses(document: JsonObject, *, texts: ContextTexts = CURRENT) -> tuple[Fault, ...]:
    """Every member, type, reference and value of `document` that would not survive into RDF, with its pointer.

    Raises UnpinnedContext, CanonicalizationLimit or DocumentError when the document cannot be expanded at all.
    """
    finder = _Finder(texts, document)
    expanded = finder.expanded(document)
    faults = list(finder.faults)
    if holds_null(document):
        faults.extend(_nulls(document, ""))
    for lost in dict.fromkeys(_losses_in(expanded)):
        places = [place for place, text in _texts(document, "") if text == lost] or [""]
        faults.extend(
            Fault(pointer=place, message=f"{lost[:100]!r} has no meaning in the contexts of the document")
            for place in places
        )
    return tuple(faults)


def find_disguises(document: JsonObject) -> tuple[Fault, ...]:
    """What a badge may not contain although JSON-LD allows it, so that reading its JSON is reading what was signed.

    A list of contexts that is not one of the known orders, contexts anywhere else, members named by keyword, IRI or
    compact IRI, types written as an IRI, blank node identifiers.
    """
    return (*_context_faults(document.get("@context")), *_disguises(document, "", top=True))


class _Finder(Processor):
    """Expansion that knows where it is, for saying what it dropped."""

    def __init__(self, texts: ContextTexts, document: JsonObject) -> None:
        super().__init__(texts)
        self.faults: list[Fault] = []
        self._document = document

    @cached_property
    def _places(self) -> dict[int, str]:
        return dict(_objects(self._document, ""))

    def _expand_object(self, *arguments: Any, **options: Any) -> None:
        active_ctx, element = arguments[0], arguments[3]
        for key in element:
            if key == "@context":
                continue
            term = self._expand_iri(active_ctx, key, vocab=True)
            if term in _LOSING_KEYWORDS:
                self.faults.append(
                    Fault(
                        pointer=self._places.get(id(element), "") + pointer(key),
                        message=f"{key[:100]!r} may hold what would not be signed",
                    )
                )
            elif term is None or not (term.startswith("@") or _IRI.fullmatch(term)):
                self.faults.append(
                    Fault(
                        pointer=self._places.get(id(element), "") + pointer(key),
                        message=f"{key[:100]!r} is no term of the contexts here, so it would not be signed",
                    )
                )
        super()._expand_object(*arguments, **options)


def _losses_in(expanded: JsonValue) -> Iterator[str]:
    """The texts in expanded JSON-LD that RDF would not carry as they are."""
    if isinstance(expanded, list):
        for member in expanded:
            yield from _losses_in(member)
        return
    if not isinstance(expanded, dict):
        return
    for key, value in expanded.items():
        if key in {"@id", "@type"} and expanded.get("@type") != "@json":
            for text in value if isinstance(value, list) else [value]:
                if not isinstance(text, str) or not (text.startswith("_:") or text == "@json" or _IRI.fullmatch(text)):
                    yield str(text)
        elif key == "@value":
            # RDF writes doubles with 16 digits (JSON-LD API 8.6); one that needs 17 would change.
            if isinstance(value, float) and float(f"{value:.15E}") != value:
                yield repr(value)
        elif key not in _KEYWORDS_WITH_TEXT:
            yield from _losses_in(value)


def _nulls(value: JsonValue, where: str) -> Iterator[Fault]:
    if value is None:
        yield Fault(pointer=where, message="null stands for nothing, and would not be signed; leave the member out")
    elif isinstance(value, list) and not value:
        yield Fault(pointer=where, message="an empty list would not be signed; leave the member out")
    elif isinstance(value, dict):
        for key, member in value.items():
            if key != "@context":
                yield from _nulls(member, where + pointer(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _nulls(member, where + pointer(index))


def _objects(value: JsonValue, where: str) -> Iterator[tuple[int, str]]:
    if isinstance(value, dict):
        yield id(value), where
        for key, member in value.items():
            yield from _objects(member, where + pointer(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _objects(member, where + pointer(index))


def _texts(value: JsonValue, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key != "@context":
                yield from _texts(member, where + pointer(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _texts(member, where + pointer(index))
    elif isinstance(value, (str, float)):
        yield where, value if isinstance(value, str) else repr(value)


def _context_faults(contexts: JsonValue) -> Iterator[Fault]:
    if not isinstance(contexts, list) or len(contexts) < 2 or not all(isinstance(url, str) for url in contexts):
        yield Fault(pointer="/@context", message="must be a list of context URLs, and nothing but URLs")
        return
    further = {v.CREDENTIALS_V2: _AFTER_V2, v.CREDENTIALS_V1: _AFTER_V1}.get(contexts[0])
    if further is None:
        yield Fault(pointer="/@context/0", message="must be the context of W3C Verifiable Credentials 2.0 or 1.1")
        return
    if contexts[1] not in _OB_CONTEXTS:
        yield Fault(pointer="/@context/1", message="must be the Open Badges 3.0 context")
    for index, url in enumerate(contexts[2:], start=2):
        if url not in further:
            yield Fault(pointer=f"/@context/{index}", message=f"{url[:200]!r} is not a context that a badge may use")
    if len(set(contexts)) != len(contexts):
        yield Fault(pointer="/@context", message="names a context twice")


def _disguises(value: JsonValue, where: str, *, top: bool = False) -> Iterator[Fault]:
    if isinstance(value, list):
        for index, member in enumerate(value):
            yield from _disguises(member, where + pointer(index))
        return
    if isinstance(value, str) and value.startswith("_:"):
        yield Fault(pointer=where, message="a blank node identifier means something else in every document")
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        place = where + pointer(key)
        if key == "@context":
            if not top and not _is_embedded_credential(value):
                yield Fault(pointer=place, message="contexts belong at the top of the badge")
            continue
        if key.startswith("@") or ":" in key:
            yield Fault(pointer=place, message="members are named by their plain term, not by keyword or IRI")
        if key == "type":
            types = member if isinstance(member, list) else [member]
            if any(isinstance(name, str) and (name.startswith("@") or _names_a_term(name)) for name in types):
                yield Fault(pointer=place, message="types are named by their plain term, not by IRI")
        yield from _disguises(member, place)


_VOCABULARIES = (
    "https://www.w3.org/2018/credentials#",
    "https://www.w3.org/ns/credentials",
    "https://w3id.org/security#",
    "https://purl.imsglobal.org/spec/vc/",
    "https://purl.imsglobal.org/spec/vccs/",
)


def _names_a_term(name: str) -> bool:
    return name.startswith(_VOCABULARIES)


def _is_embedded_credential(value: JsonObject) -> bool:
    """An endorsement carries its own contexts, which must be of the same kind (checked when it is verified)."""
    types = value.get("type")
    return isinstance(types, list) and "EndorsementCredential" in types and isinstance(value.get("@context"), list)
