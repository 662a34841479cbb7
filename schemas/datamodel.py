"""The shape W3C's data models ask of any credential or presentation (VCDM 2.0 and 1.1); knows no keys and no badges.

Names what is missing or of a wrong type. What JSON-LD would lose is `schemas.lossless`'s to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas import vocabulary as v
from schemas.credential import as_list
from schemas.errors import Fault, InputError
from schemas.jsontext import JsonObject, JsonValue, pointer
from schemas.loader import held
from schemas.lossless import iri_fault
from schemas.times import parse_time

_BASE_CONTEXTS: Final = (v.CREDENTIALS_V2, v.CREDENTIALS_V1)
_DATES: Final = ("validFrom", "validUntil", "issuanceDate", "expirationDate")
_PERIODS: Final = (("validFrom", "validUntil"), ("issuanceDate", "expirationDate"))
# VCDM 2.0, 4.5: objects that must have a type.
_TYPED: Final = ("credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence", "proof")
_LANGUAGE_VALUE: Final = frozenset({"@value", "@language", "@direction"})
_ENVELOPED: Final = "EnvelopedVerifiableCredential"


def credential_faults(document: JsonObject, *, secured: bool) -> tuple[Fault, ...]:
    """What keeps a document from being a credential; `secured` says that it must carry a proof."""
    return tuple(_credential(document, secured=secured))


def presentation_faults(document: JsonObject, *, secured: bool) -> tuple[Fault, ...]:
    """What keeps a document from being a presentation. The credentials in it are looked at for their kind alone."""
    return tuple(_presentation(document, secured=secured))


def envelope_faults(document: JsonObject) -> tuple[Fault, ...]:
    """What keeps a document from being an enveloped credential (VCDM 2.0, 4.13.1)."""
    faults = []
    if v.CREDENTIALS_V2 not in as_list(document.get("@context")):
        faults.append(Fault(pointer="/@context", message=f"must include {v.CREDENTIALS_V2}"))
    if as_list(document.get("type")) != [_ENVELOPED]:
        faults.append(Fault(pointer="/type", message=f"must be {_ENVELOPED}"))
    identifier = document.get("id")
    if not isinstance(identifier, str) or not identifier.startswith("data:"):
        faults.append(Fault(pointer="/id", message="must be a data: URL"))
    return tuple(faults)


def is_envelope(document: JsonObject) -> bool:
    """Whether a document says that it is an envelope, or looks like one: its id is a data: URL."""
    identifier = document.get("id")
    return _ENVELOPED in as_list(document.get("type")) or (
        isinstance(identifier, str) and identifier.startswith("data:")
    )


def _credential(document: JsonObject, *, secured: bool) -> Iterator[Fault]:
    yield from _contexts(document.get("@context"))
    yield from _types(document.get("type"), "VerifiableCredential")
    yield from _identifier(document, "")
    yield from _issuer(document.get("issuer"))
    yield from _subjects(document.get("credentialSubject"))
    yield from _dates(document)
    yield from _typed_objects(document)
    yield from _texts(document, "")
    if isinstance(document.get("issuer"), dict):
        yield from _texts(document["issuer"], "/issuer")
    if secured and "proof" not in document:
        yield Fault(pointer="/proof", message="is missing")


def _presentation(document: JsonObject, *, secured: bool) -> Iterator[Fault]:
    yield from _contexts(document.get("@context"))
    yield from _types(document.get("type"), "VerifiablePresentation")
    yield from _identifier(document, "")
    if "holder" in document:
        holder = document["holder"]
        if isinstance(holder, dict):
            yield from _url(holder.get("id"), "/holder/id")
        else:
            yield from _url(holder, "/holder")
    if "verifiableCredential" in document:
        inside = document["verifiableCredential"]
        if isinstance(inside, list) and not inside:
            yield Fault(pointer="/verifiableCredential", message="is an empty list")
        for index, one in enumerate(as_list(inside)):
            if not isinstance(one, dict):
                yield Fault(pointer=f"/verifiableCredential/{index}", message="must be an object")
        if inside is None:
            yield Fault(pointer="/verifiableCredential", message="must be an object or a list of objects")
    yield from _typed_objects({name: document[name] for name in ("proof", "termsOfUse") if name in document})
    if secured and "proof" not in document:
        yield Fault(pointer="/proof", message="is missing")


def _contexts(contexts: JsonValue) -> Iterator[Fault]:
    """VCDM 2.0, 4.3: an ordered set, the first a base context, the others URLs or objects."""
    if not isinstance(contexts, list) or not contexts:
        yield Fault(pointer="/@context", message="must be a list whose first item is the base context")
        return
    if contexts[0] not in _BASE_CONTEXTS:
        yield Fault(pointer="/@context/0", message=f"must be {v.CREDENTIALS_V2} (or, for data model 1.1, its own)")
    for index, one in enumerate(contexts[1:], start=1):
        where = f"/@context/{index}"
        if isinstance(one, str):
            if not held(one):
                yield Fault(pointer=where, message=f"{one[:200]!r} is not held here, and contexts are never fetched")
        elif not isinstance(one, dict):
            yield Fault(pointer=where, message="must be a URL or an object")


def _types(types: JsonValue, required: str) -> Iterator[Fault]:
    names = as_list(types)
    if not names or not all(isinstance(name, str) and name for name in names):
        yield Fault(pointer="/type", message="must be one or more texts")
    elif required not in names:
        yield Fault(pointer="/type", message=f"must include {required}")


def _identifier(owner: JsonObject, where: str) -> Iterator[Fault]:
    if "id" in owner:
        yield from _url(owner["id"], where + "/id")


def _url(value: JsonValue, where: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(pointer=where, message="must be one URL")
    elif fault := iri_fault(value):
        yield Fault(pointer=where, message=f"{value[:100]!r} is {fault}; it must be a URL")


def _issuer(issuer: JsonValue) -> Iterator[Fault]:
    if isinstance(issuer, dict):
        yield from _url(issuer.get("id"), "/issuer/id")
    else:
        yield from _url(issuer, "/issuer")


def _subjects(subjects: JsonValue) -> Iterator[Fault]:
    several = isinstance(subjects, list)
    members = as_list(subjects)
    if not members:
        yield Fault(pointer="/credentialSubject", message="must be an object or a list of objects")
    for index, one in enumerate(members):
        where = f"/credentialSubject/{index}" if several else "/credentialSubject"
        if not isinstance(one, dict) or not one:
            yield Fault(pointer=where, message="must be an object that claims something")
        else:
            yield from _identifier(one, where)


def _dates(document: JsonObject) -> Iterator[Fault]:
    read = {}
    for name in _DATES:
        if name not in document:
            continue
        try:
            read[name] = parse_time(document[name])
        except InputError as error:
            yield Fault(pointer=f"/{name}", message=error.detail)
    for start, end in _PERIODS:
        if start in read and end in read and read[start] > read[end]:
            yield Fault(pointer=f"/{end}", message=f"is before {start}")


def _typed_objects(document: JsonObject) -> Iterator[Fault]:
    for name in _TYPED:
        if name not in document:
            continue
        value = document[name]
        several = isinstance(value, list)
        if not as_list(value):
            yield Fault(pointer=f"/{name}", message="must be an object or a list of objects")
        for index, one in enumerate(as_list(value)):
            where = f"/{name}/{index}" if several else f"/{name}"
            if not isinstance(one, dict):
                yield Fault(pointer=where, message="must be an object")
                continue
            names = as_list(one.get("type"))
            if not names or not all(isinstance(kind, str) and kind for kind in names):
                yield Fault(pointer=where + "/type", message="must be one or more texts")
            if name == "credentialSchema" and "id" not in one:
                yield Fault(pointer=where + "/id", message="is missing")
            yield from _identifier(one, where)


def _texts(owner: JsonObject, where: str) -> Iterator[Fault]:
    """VCDM 2.0, 4.6: a text, or a language value object, or several."""
    for name in ("name", "description"):
        for one in as_list(owner.get(name)):
            if isinstance(one, dict):
                good = isinstance(one.get("@value"), str) and one.keys() <= _LANGUAGE_VALUE
            else:
                good = isinstance(one, str)
            if not good:
                place = where + pointer(name)
                yield Fault(pointer=place, message="must be a text, or an object of @value, @language and @direction")
