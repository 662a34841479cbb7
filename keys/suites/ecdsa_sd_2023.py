"""ecdsa-sd-2023, read only: a derived proof over the statements that were disclosed (Data Integrity ECDSA 1.0, 3.5).

A base proof is the holder's own: it verifies nothing until they derive another from it, so it is not read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keys.multibase import base64url_decode, base64url_encode
from keys.public_key import ENCODED_BYTES, MULTICODEC_PREFIXES, KeyType, PublicKey
from schemas.canonical import canonicalize
from schemas.errors import InputError, KeyRefused, ProofInvalid, ProofUnsupported
from schemas.jsontext import JsonObject
from schemas.limits import MAX_SD_BYTES, MAX_SD_ITEMS
from schemas.loader import CURRENT, ContextTexts
from schemas.vocabulary import DATA_INTEGRITY_PROOF, ECDSA_SD_2023

_BASE, _DERIVED = b"\xd9\x5d\x00", b"\xd9\x5d\x01"
_SIGNATURE_BYTES = 64
_LABEL_BYTES = 32  # an HMAC-SHA-256
_PREFIX = MULTICODEC_PREFIXES[KeyType.P256]
_QUAD = re.compile(
    r"(?P<subject>_:c14n[0-9]+|<[^>]*>) (?P<predicate><[^>]*>) "
    r'(?P<object>_:c14n[0-9]+|<[^>]*>|"(?:[^"\\]|\\.)*"(?:\^\^<[^>]*>|@[A-Za-z0-9-]+)?)'
    r"(?P<graph> (?:_:c14n[0-9]+|<[^>]*>))? \.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disclosed:
    """The parts of a derived proof value (3.4.6)."""

    base_signature: bytes
    public_key: PublicKey
    signatures: tuple[bytes, ...]
    labels: dict[str, str]
    mandatory: frozenset[int]


def verify_derived(
    document: JsonObject, proof: JsonObject, public_key: PublicKey, *, texts: ContextTexts = CURRENT
) -> None:
    """Return when the issuer's `public_key` made the base proof and every statement was signed under it; else raise.

    `document` is without its proofs. Raises ProofInvalid, ProofUnsupported for a base proof, or a DocumentError.
    """
    if proof.get("type") != DATA_INTEGRITY_PROOF or proof.get("cryptosuite") != ECDSA_SD_2023:
        raise ProofInvalid("The proof is not of the suite ecdsa-sd-2023.")
    if public_key.key_type is not KeyType.P256:
        raise ProofInvalid(f"A {ECDSA_SD_2023} proof cannot be made with a {public_key.key_type} key.")
    contexts = document.get("@context")
    if "@context" in proof and proof["@context"] != contexts:
        raise ProofInvalid("The proof has contexts of its own, which differ from the document's.")
    # 3.4.8, createVerifyData: 1. the parts of the proof value; 2. the hash of the proof options.
    parts = _parse(proof["proofValue"])
    options = {name: value for name, value in proof.items() if name != "proofValue"} | {"@context": contexts}
    proof_hash = hashlib.sha256(canonicalize(options, texts=texts)).digest()
    # 3. Canonical statements under the issuer's labels, in their order.
    canonical = canonicalize(document, texts=texts).decode()
    quads = sorted(relabelled(canonical, parts.labels))
    if any(index >= len(quads) for index in parts.mandatory):
        raise ProofInvalid("The proof names a mandatory statement that is not there.")
    # 4. Mandatory statements are hashed together, each other one has a signature of its own.
    mandatory = "".join(quad for index, quad in enumerate(quads) if index in parts.mandatory)
    others = [quad for index, quad in enumerate(quads) if index not in parts.mandatory]
    if len(others) != len(parts.signatures):
        raise ProofInvalid(f"The proof has {len(parts.signatures)} signatures for {len(others)} statements.")
    # 3.5.x, verify: the issuer's key over the base, then the proof's own key over each statement.
    signed = proof_hash + _PREFIX + parts.public_key.encoded + hashlib.sha256(mandatory.encode()).digest()
    public_key.verify(parts.base_signature, signed)
    for quad, signature in zip(others, parts.signatures, strict=True):
        parts.public_key.verify(signature, quad.encode())


def relabelled(canonical: str, labels: dict[str, str]) -> Iterator[str]:
    """Each statement of a canonical form, its blank nodes under other labels. Raises ProofInvalid."""

    def label(term: str) -> str:
        if not term.startswith("_:"):
            return term
        if term not in labels:
            raise ProofInvalid("The proof has no label for a blank node of the document.")
        return labels[term]

    for line in canonical.splitlines(keepends=True):
        found = _QUAD.fullmatch(line)
        if found is None:
            raise ProofInvalid("The document's canonical form cannot be read statement by statement.")
        graph = found["graph"]
        ending = "" if graph is None else f" {label(graph[1:])}"
        yield f"{label(found['subject'])} {found['predicate']} {label(found['object'])}{ending} .\n"


def _parse(proof_value: str) -> _Disclosed:
    if not proof_value.startswith("u"):
        raise ProofInvalid("The proofValue does not begin with 'u' (base64url).")
    if len(proof_value) > MAX_SD_BYTES * 4 // 3:
        raise ProofInvalid("The proofValue is longer than a badge's statements could make it.")
    try:
        octets = base64url_decode(proof_value[1:])
    except InputError as error:
        raise ProofInvalid(f"The proofValue cannot be read. {error.detail}") from None
    if octets[:3] == _BASE:
        raise ProofUnsupported("This is a base proof of ecdsa-sd-2023: its holder must derive one to show from it.")
    if octets[:3] != _DERIVED:
        raise ProofInvalid("The proofValue is not that of a derived proof.")
    reader = _Cbor(octets[3:])
    value = reader.value()
    if reader.left or not isinstance(value, list) or len(value) != 5:
        raise ProofInvalid("The proofValue does not have the five parts of a derived proof.")
    return _disclosed(*value)


def _disclosed(base: Any, key: Any, signatures: Any, labels: Any, mandatory: Any) -> _Disclosed:
    if not isinstance(base, bytes) or len(base) != _SIGNATURE_BYTES:
        raise ProofInvalid("The base signature of the proof has not 64 bytes.")
    if not isinstance(key, bytes) or len(key) != len(_PREFIX) + ENCODED_BYTES[KeyType.P256] or key[:2] != _PREFIX:
        raise ProofInvalid("The proof's own key is not a P-256 key.")
    if not isinstance(signatures, list) or not all(
        isinstance(one, bytes) and len(one) == _SIGNATURE_BYTES for one in signatures
    ):
        raise ProofInvalid("A statement's signature has not 64 bytes.")
    if not isinstance(labels, dict) or not all(
        isinstance(name, int) and isinstance(label, bytes) and len(label) == _LABEL_BYTES
        for name, label in labels.items()
    ):
        raise ProofInvalid("The labels of the proof are not numbers with 32 bytes each.")
    if not isinstance(mandatory, list) or not all(isinstance(one, int) for one in mandatory):
        raise ProofInvalid("The mandatory statements of the proof are not numbers.")
    named = {f"_:c14n{name}": f"_:u{base64url_encode(label)}" for name, label in labels.items()}
    if len(set(named.values())) != len(named) or len(set(mandatory)) != len(mandatory):
        raise ProofInvalid("The proof names a blank node or a statement twice.")
    try:
        public_key = PublicKey(key_type=KeyType.P256, encoded=key[len(_PREFIX) :])
    except KeyRefused as error:
        raise ProofInvalid(f"The proof's own key cannot be used. {error.detail}") from None
    return _Disclosed(
        base_signature=base,
        public_key=public_key,
        signatures=tuple(signatures),
        labels=named,
        mandatory=frozenset(mandatory),
    )


class _Cbor:
    """As much of CBOR (RFC 8949) as a proof value uses: numbers, byte strings, arrays and maps of known length."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0
        self._items = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def value(self, *, depth: int = 0) -> Any:
        self._items += 1
        if depth > 2 or self._items > MAX_SD_ITEMS:
            raise ProofInvalid("The proofValue is built of more parts than a proof has.")
        first = self._take(1)[0]
        kind, length = first >> 5, self._length(first & 0x1F)
        match kind:
            case 0:
                return length
            case 2:
                return self._take(length)
            case 4:
                return [self.value(depth=depth + 1) for _ in self._counted(length)]
            case 5:
                pairs = [(self.value(depth=depth + 1), self.value(depth=depth + 1)) for _ in self._counted(length)]
                keys = [key for key, _ in pairs]
                if not all(isinstance(key, int) for key in keys) or len(set(keys)) != len(keys):
                    raise ProofInvalid("The proofValue has a map whose keys are no numbers, or stand twice.")
                return dict(pairs)
        raise ProofInvalid("The proofValue holds something that no proof has.")

    def _counted(self, length: int) -> range:
        if length > self.left:  # every item takes a byte
            raise ProofInvalid("The proofValue is cut short.")
        return range(length)

    def _length(self, info: int) -> int:
        """The argument, in the one shortest form it can have."""
        if info < 24:
            return info
        sizes = {24: 1, 25: 2, 26: 4}
        if info not in sizes:
            raise ProofInvalid("The proofValue holds something of unknown length.")
        length = int.from_bytes(self._take(sizes[info]), "big")
        if length < {24: 24, 25: 1 << 8, 26: 1 << 16}[info]:
            raise ProofInvalid("The proofValue writes a number longer than it must.")
        return length

    def _take(self, count: int) -> bytes:
        if count > self.left:
            raise ProofInvalid("The proofValue is cut short.")
        self._at += count
        return self._octets[self._at - count : self._at]
