"""A holder's selective disclosure, for tests only: an ecdsa-sd-2023 base signature, and proofs derived from it.

Written from the specification (Data Integrity ECDSA 1.0, 3.4 and 3.5), with keys that are the same in every run.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keys.multibase import base64url_decode, base64url_encode
from keys.public_key import MULTICODEC_PREFIXES, KeyType, PublicKey
from keys.signing import SoftwareSigner
from schemas import vocabulary as v
from schemas.canonical import canonicalize
from schemas.errors import ProofInvalid
from schemas.jsontext import JsonObject
from tests.simulator import signer

_LABEL = re.compile(r"_:c14n([0-9]+) ")  # a term of a statement; a text in one ends with a quotation mark


@dataclass(frozen=True, kw_only=True)
class Base:
    """What the issuer gives the holder: a signature over the mandatory statements, and one over each other."""

    proof: JsonObject
    signature: bytes
    key: bytes
    statements: dict[str, bytes]  # every non-mandatory statement, under the issuer's labels
    mandatory: frozenset[str]
    labels: dict[str, bytes]  # blank node of the whole document -> label

    def derive(
        self,
        disclosed: JsonObject,
        change: Callable[[dict[int, bytes], list[int]], None] = lambda _labels, _indexes: None,
    ) -> JsonObject:
        """The disclosed document with a derived proof, whose labels and mandatory indexes a test may change."""
        text = canonicalize(disclosed).decode()
        names = sorted({int(name) for name in _LABEL.findall(text)})
        labels = {name: self._label(text, f"c14n{name}") for name in names}
        quads = sorted(relabelled(line, {f"c14n{n}": label for n, label in labels.items()}) for line in lines(text))
        mandatory = [index for index, quad in enumerate(quads) if quad in self.mandatory]
        change(labels, mandatory)
        signatures = [self.statements[quad] for quad in quads if quad not in self.mandatory]
        return disclosed | {"proof": self.proof | {"proofValue": value(self, signatures, labels, mandatory)}}

    def _label(self, text: str, name: str) -> bytes:
        """The label of a blank node: the one under which every statement about it is known."""
        mine = [line for line in lines(text) if f"_:{name} " in line]
        known = {*self.statements, *self.mandatory}
        for label in self.labels.values():
            shown = f"_:u{base64url_encode(label)} "
            patterns = [re.escape(line).replace(re.escape(f"_:{name} "), re.escape(shown)) for line in mine]
            loose = [re.sub(r"_:c14n[0-9]+(?=\\ )", r"_:u[A-Za-z0-9_-]+", pattern) for pattern in patterns]
            if all(any(re.fullmatch(pattern, quad) for quad in known) for pattern in loose):
                return label
        raise AssertionError(f"no statement of the whole document is about {name}")


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def relabelled(line: str, labels: dict[str, bytes]) -> str:
    return re.sub(r"_:(c14n[0-9]+) ", lambda found: f"_:u{base64url_encode(labels[found[1]])} ", line)


def secured(
    document: JsonObject,
    *,
    key: str,
    method: str,
    mandatory: Callable[[str], bool],
    created: str = "2026-05-06T21:15:00Z",
) -> Base:
    """The base proof of a document; `mandatory` says which statements a holder must disclose."""
    issuer, own = signer(key), signer("p256 of one proof")
    text = canonicalize(document).decode()
    labels = {
        f"c14n{n}": hmac.digest(b"a holder's key", f"c14n{n}".encode(), "sha256")
        for n in {int(name) for name in _LABEL.findall(text)}
    }
    quads = sorted(relabelled(line, labels) for line in lines(text))
    must = [quad for quad in quads if mandatory(quad)]
    proof: JsonObject = {
        "type": v.DATA_INTEGRITY_PROOF,
        "cryptosuite": v.ECDSA_SD_2023,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": v.ASSERTION_METHOD,
    }
    proof_hash = hashlib.sha256(canonicalize(proof | {"@context": document["@context"]})).digest()
    own_key = multikey(own)
    signed = proof_hash + own_key + hashlib.sha256("".join(must).encode()).digest()
    return Base(
        proof=proof,
        signature=issuer.sign(signed),
        key=own_key,
        statements={quad: own.sign(quad.encode()) for quad in quads if not mandatory(quad)},
        mandatory=frozenset(must),
        labels=labels,
    )


def of_an_issuer(signed: JsonObject) -> Base:
    """What a base proof gives its holder, read as the holder reads it."""
    proof, document = signed["proof"], {name: member for name, member in signed.items() if name != "proof"}
    octets = base64url_decode(proof["proofValue"][1:])
    assert octets[:3] == b"\xd9\x5d\x00"
    (signature, key, secret, signatures, pointers), rest = decoded(octets[3:])
    assert not rest
    assert all(isinstance(pointer, str) for pointer in pointers)
    text = canonicalize(document).decode()
    labels = {f"c14n{n}": hmac.digest(secret, f"c14n{n}".encode(), "sha256") for n in set(_LABEL.findall(text))}
    own, left = PublicKey(key_type=KeyType.P256, encoded=key[2:]), list(signatures)
    statements: dict[str, bytes] = {}
    mandatory = []
    for quad in sorted(relabelled(line, labels) for line in lines(text)):
        try:  # those with a signature of their own stand in the same order
            own.verify(left[0], quad.encode())
            statements[quad] = left.pop(0)
        except (ProofInvalid, IndexError):
            mandatory.append(quad)
    assert not left
    return Base(
        proof={name: member for name, member in proof.items() if name != "proofValue"},
        signature=signature,
        key=key,
        statements=statements,
        mandatory=frozenset(mandatory),
        labels=labels,
    )


def decoded(octets: bytes) -> tuple[Any, bytes]:
    """The first item, and what is left."""
    kind, info, rest = octets[0] >> 5, octets[0] & 0x1F, octets[1:]
    size = {24: 1, 25: 2, 26: 4}.get(info, 0)
    number, rest = (int.from_bytes(rest[:size], "big") if size else info), rest[size:]
    if kind in {2, 3}:
        return (rest[:number] if kind == 2 else rest[:number].decode()), rest[number:]
    assert kind == 4
    members = []
    for _ in range(number):
        member, rest = decoded(rest)
        members.append(member)
    return members, rest


def multikey(key: SoftwareSigner) -> bytes:
    return MULTICODEC_PREFIXES[KeyType.P256] + key.public_key.encoded


def value(base: Base, signatures: list[bytes], labels: dict[int, bytes], mandatory: list[int]) -> str:
    parts = cbor([base.signature, base.key, signatures, labels, mandatory])
    return "u" + base64url_encode(b"\xd9\x5d\x01" + parts)


def cbor(item: object) -> bytes:
    """Numbers, byte strings, lists and maps, as RFC 8949 writes them."""
    match item:
        case int():
            return _head(0, item)
        case bytes():
            return _head(2, len(item)) + item
        case list():
            return _head(4, len(item)) + b"".join(cbor(one) for one in item)
        case dict():
            return _head(5, len(item)) + b"".join(cbor(name) + cbor(one) for name, one in item.items())
    raise TypeError(item)


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for info, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << (8 * size):
            return bytes([kind << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError(number)
