"""`relatedResource` of a credential (VCDM 2.0, 5.3): reads its digests and compares bytes; retrieves nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.credential import as_list
from schemas.errors import Fault
from schemas.jsontext import JsonObject, JsonValue
from schemas.lossless import iri_fault
from schemas.manifest import context_text, editions_of

MAX_RELATED_RESOURCES: Final = 8  # each may cost a retrieval

_SRI: Final = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})")
_MULTIHASH: Final = {b"\x12\x20": "sha256", b"\x20\x30": "sha384", b"\x13\x40": "sha512"}
_BARE: Final = {32: "sha256", 48: "sha384", 64: "sha512"}
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedResource:
    """A document that a credential speaks of: it is the right one when every digest is that of its bytes."""

    id: str
    digests: tuple[tuple[str, bytes], ...]  # (hash name, digest)
    place: str

    def matches(self, data: bytes) -> bool:
        return all(hmac.compare_digest(hashlib.new(name, data).digest(), digest) for name, digest in self.digests)


def related_resources(document: JsonObject) -> tuple[tuple[RelatedResource, ...], tuple[Fault, ...]]:
    """The resources that a credential names with digests, and what is wrong with how it names them."""
    if "relatedResource" not in document:
        return (), ()
    value = document["relatedResource"]
    members = as_list(value)
    found: list[RelatedResource] = []
    faults: list[Fault] = []
    if not members or len(members) > MAX_RELATED_RESOURCES:
        faults.append(
            Fault(pointer="/relatedResource", message=f"must be one to {MAX_RELATED_RESOURCES} objects, not more")
        )
    for index, one in enumerate(members[:MAX_RELATED_RESOURCES]):
        where = f"/relatedResource/{index}" if isinstance(value, list) else "/relatedResource"
        wrong = tuple(_faults(one, where))
        faults.extend(wrong)
        if not wrong:
            found.append(RelatedResource(id=one["id"], digests=tuple(_digests(one)), place=where))
    seen: set[str] = set()
    for resource in found:
        if resource.id in seen:
            faults.append(Fault(pointer=resource.place + "/id", message="is named twice"))
        seen.add(resource.id)
    return tuple(found), tuple(faults)


def held_faults(resources: tuple[RelatedResource, ...]) -> tuple[Fault, ...]:
    """Faults of the resources whose text is on board: a context matches with any of its published texts."""
    return tuple(
        Fault(pointer=one.place, message=f"the digest is not that of {one.id}")
        for one in resources
        if (texts := _texts_of(one.id)) and not any(one.matches(text) for text in texts)
    )


def is_held(resource: RelatedResource) -> bool:
    return bool(editions_of(resource.id))


def _texts_of(url: str) -> list[bytes]:
    return [context_text(url, edition) for edition in editions_of(url)]


def _faults(one: JsonValue, where: str) -> Iterator[Fault]:
    if not isinstance(one, dict):
        yield Fault(pointer=where, message="must be an object")
        return
    identifier = one.get("id")
    if not isinstance(identifier, str) or iri_fault(identifier):
        yield Fault(pointer=where + "/id", message="must be one URL")
    if "mediaType" in one and not isinstance(one["mediaType"], str):
        yield Fault(pointer=where + "/mediaType", message="must be a text")
    if "digestSRI" not in one and "digestMultibase" not in one:
        yield Fault(pointer=where, message="has neither digestSRI nor digestMultibase")
    for name, read in (("digestSRI", _sri), ("digestMultibase", _multibase)):
        if name in one and read(one[name]) is None:
            yield Fault(pointer=f"{where}/{name}", message="is not a digest that is read here")


def _digests(one: JsonObject) -> Iterator[tuple[str, bytes]]:
    for name, read in (("digestSRI", _sri), ("digestMultibase", _multibase)):
        if name in one and (digest := read(one[name])) is not None:
            yield digest


def _sri(value: JsonValue) -> tuple[str, bytes] | None:
    """Subresource Integrity: `sha384-` and base64."""
    parts = _SRI.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        return None
    try:
        digest = base64.b64decode(parts[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    return (parts[1], digest) if hashlib.new(parts[1]).digest_size == len(digest) else None


def _multibase(value: JsonValue) -> tuple[str, bytes] | None:
    """`u` and base64url of a multihash, or (as W3C's own examples have it) of the bare digest."""
    if not isinstance(value, str) or not value.startswith("u") or not _BASE64URL.fullmatch(value[1:]):
        return None
    try:
        octets = base64.urlsafe_b64decode(value[1:] + "=" * (-len(value[1:]) % 4))
    except (binascii.Error, ValueError):
        return None
    named = _MULTIHASH.get(octets[:2])
    if named is not None and hashlib.new(named).digest_size == len(octets) - 2:
        return named, octets[2:]
    return (_BARE[len(octets)], octets) if len(octets) in _BARE else None
