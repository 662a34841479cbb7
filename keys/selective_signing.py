"""Making ecdsa-sd-2023 base proofs, for the conformance endpoints (Data Integrity ECDSA 1.0, 3.4 and 3.5.2).

Every statement is signed under a key made for this one proof; those at the mandatory pointers are signed together by
the issuer's key, which also signs for that key. What becomes of it, the holder decides.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from pyld.nquads import serialize_nquad

from keys.multibase import base64url_encode
from keys.public_key import MULTICODEC_PREFIXES, KeyType
from keys.signing import Signer, SoftwareSigner
from keys.suites.ecdsa_sd_2023 import relabelled
from schemas.canonical import canonicalize
from schemas.canonical.rdfc import BoundedRdfc
from schemas.errors import InputError, IssuingError
from schemas.jsonld import Processor
from schemas.jsontext import JsonObject, JsonValue
from schemas.loader import CURRENT
from schemas.times import write_time
from schemas.vocabulary import ASSERTION_METHOD, DATA_INTEGRITY_PROOF, ECDSA_SD_2023

_BASE: Final = b"\xd9\x5d\x00"
_SKOLEM: Final = "urn:bnid:"
_POINTER: Final = re.compile(r"(?:/(?:[^/~]|~0|~1)*)+")
_MAX_POINTERS: Final = 100


def add_base_proof(
    document: JsonObject,
    *,
    signer: Signer,
    verification_method: str,
    created: datetime,
    mandatory: list[str],
    secret: bytes | None = None,
    own: SoftwareSigner | None = None,
) -> JsonObject:
    """A copy of `document`, which has no proof yet, with a base proof. `secret` and `own` are made at random.

    Raises IssuingError for another kind of key, InputError for a pointer that leads nowhere, DocumentErrors.
    """
    if signer.key_type is not KeyType.P256:
        raise IssuingError(f"A {signer.key_type} key cannot make a {ECDSA_SD_2023} proof.")
    secret, own = secret or secrets.token_bytes(32), own or SoftwareSigner.generate(KeyType.P256)
    proof: JsonObject = {
        "type": DATA_INTEGRITY_PROOF,
        "cryptosuite": ECDSA_SD_2023,
        "created": write_time(created),
        "verificationMethod": verification_method,
        "proofPurpose": ASSERTION_METHOD,
    }
    proof_hash = hashlib.sha256(canonicalize(proof | {"@context": document["@context"]})).digest()
    # 3.4: canonical statements under labels that tell nothing of their order, in two groups.
    named = _with_names(document)
    quads, labels = _statements(named, secret)
    names = dict(labels.values())
    if quads != sorted(relabelled(canonicalize(document).decode(), names)):
        raise IssuingError("This document holds something that cannot be disclosed part by part.")
    chosen = set(_quads_of(_selection(named, mandatory), {b: label for b, (_, label) in labels.items()}))
    first = [quad for quad in quads if quad in chosen]
    others = [quad for quad in quads if quad not in chosen]
    own_key = MULTICODEC_PREFIXES[KeyType.P256] + own.public_key.encoded
    signed = proof_hash + own_key + hashlib.sha256("".join(first).encode()).digest()
    parts = [signer.sign(signed), own_key, secret, [own.sign(quad.encode()) for quad in others], list(mandatory)]
    return document | {"proof": proof | {"proofValue": "u" + base64url_encode(_BASE + _cbor(parts))}}


def _with_names(document: JsonObject) -> JsonObject:
    """A copy in which every blank node has a name of its own, so that a part of it can be told in the whole."""
    named = copy.deepcopy(document)
    count = 0

    def visit(value: Any) -> None:
        nonlocal count
        if isinstance(value, list):
            for member in value:
                visit(member)
        elif isinstance(value, dict) and "@value" not in value:
            if "id" not in value and "@id" not in value:
                value["id"] = f"{_SKOLEM}_:b{count}"
                count += 1
            for name, member in value.items():
                if name != "@context":
                    visit(member)

    visit(named)
    return named


def _statements(named: JsonObject, secret: bytes) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """The sorted statements of the whole, and for each of its blank nodes the canonical name and the label."""
    processor, dataset = _dataset(named)
    rdfc = BoundedRdfc(deadline=processor.deadline)
    text = rdfc.canonical_nquads(dataset).decode()
    labels = {
        name: (canonical, _label(canonical.removeprefix("_:"), secret))
        for name, canonical in rdfc.canonical_issuer.existing.items()
    }
    return sorted(relabelled(text, dict(labels.values()))), labels


def _quads_of(selected: JsonObject, labels: dict[str, str]) -> Iterator[str]:
    _, dataset = _dataset(selected)
    for graph, triples in dataset.items():
        for triple in triples:
            quad = {place: _labelled(term, labels) for place, term in triple.items()}
            if graph != "@default":
                kind = "blank node" if graph.startswith("_:") else "IRI"
                quad["name"] = _labelled({"type": kind, "value": graph}, labels)
            yield str(serialize_nquad(quad))


def _labelled(term: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return term | {"value": labels[term["value"]]} if term["type"] == "blank node" else term


def _dataset(named: JsonObject) -> tuple[Processor, dict[str, Any]]:
    """The RDF dataset, in which the names are blank nodes again."""
    processor = Processor(CURRENT)
    dataset = processor.dataset(processor.expanded(named))

    def bare(term: dict[str, Any]) -> dict[str, Any]:
        if term["type"] == "IRI" and term["value"].startswith(_SKOLEM):
            return {"type": "blank node", "value": term["value"].removeprefix(_SKOLEM)}
        return term

    return processor, {
        graph.removeprefix(_SKOLEM): [{place: bare(term) for place, term in triple.items()} for triple in triples]
        for graph, triples in dataset.items()
    }


def _label(name: str, secret: bytes) -> str:
    """`c14nN` -> `_:u…`, an HMAC of the name (3.4.4)."""
    return f"_:u{base64url_encode(hmac.digest(secret, name.encode(), 'sha256'))}"


def _selection(named: JsonObject, pointers: list[str]) -> JsonObject:
    """The part of the document at the pointers, with the id and type of everything on the way (3.4.11)."""
    if len(pointers) > _MAX_POINTERS:
        raise InputError(f"At most {_MAX_POINTERS} pointers are read.")
    if not pointers:
        return {"@context": named["@context"]}
    selected: JsonObject = {"@context": named["@context"]} | _bare(named)
    for pointer in pointers:
        if not _POINTER.fullmatch(pointer):
            raise InputError(f"{pointer[:60]!r} is not a JSON pointer.")
        _select(named, selected, pointer)
    dense: JsonObject = _dense(selected)
    return dense


def _select(named: JsonObject, selected: JsonObject, pointer: str) -> None:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    source: Any = named
    target: Any = selected
    for position, step in enumerate(steps):
        key: Any = step
        if isinstance(source, list):
            if not step.isdecimal() or int(step) >= len(source):
                raise InputError(f"{pointer[:60]!r} leads nowhere in the credential.")
            key = int(step)
        elif not isinstance(source, dict) or step not in source:
            raise InputError(f"{pointer[:60]!r} leads nowhere in the credential.")
        source = source[key]
        if position == len(steps) - 1:
            target[key] = copy.deepcopy(source)
        elif key not in target:
            target[key] = {} if isinstance(source, list) else _bare(source)
        target = target[key]


def _bare(source: Any) -> JsonObject:
    return {name: copy.deepcopy(source[name]) for name in ("id", "type") if isinstance(source, dict) and name in source}


def _dense(value: Any) -> Any:
    """Lists that were filled in by their places, as lists."""
    if isinstance(value, dict):
        if value and all(isinstance(key, int) for key in value):
            return [_dense(value[key]) for key in sorted(value)]
        return {key: _dense(member) if key != "@context" else member for key, member in value.items()}
    return [_dense(member) for member in value] if isinstance(value, list) else value


def _cbor(item: JsonValue | bytes) -> bytes:
    """Byte strings, texts and lists, as RFC 8949 writes them."""
    if isinstance(item, bytes):
        return _head(2, len(item)) + item
    if isinstance(item, str):
        text = item.encode()
        return _head(3, len(text)) + text
    if isinstance(item, list):
        return _head(4, len(item)) + b"".join(_cbor(one) for one in item)
    raise TypeError(type(item).__name__)


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    info, size = (24, 1) if number < 1 << 8 else (25, 2) if number < 1 << 16 else (26, 4)
    return bytes([kind << 5 | info]) + number.to_bytes(size, "big")
