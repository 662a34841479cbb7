"""A provider's request to have Merkle roots recorded: built with a key of its own, checked against the register's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from issuer.trust.enrolment import CLOCK_SKEW, JCS_SUITES
from keys.did import canonical_id, split_did_url
from keys.multikey import parse_multikey
from keys.signing import Signer, add_proof
from keys.suites import verify_proof
from schemas.errors import InputError, KeyRefused, NotAuthorised, ProofInvalid
from schemas.jsontext import JsonObject, JsonValue
from schemas.limits import ENROLMENT_DAYS, MAX_REQUESTED_ANCHORS
from schemas.times import parse_time, write_time
from schemas.vocabulary import ASSERTION_METHOD
from verifier.register.binding import bind
from verifier.register.records import KeyPurpose, Register

REQUEST_TYPE = "AnchorRequest"
_MEMBERS = {"type", "did", "anchors", "created", "proof"}
_ANCHOR_MEMBERS = {"merkle_root", "count"}
_ROOT = re.compile(r"[0-9a-f]{64}")
_MAX_COUNT = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorAsked:
    merkle_root: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRequest:
    """A request whose proof stands under a key that the register has for the issuer."""

    did: str
    method: str
    anchors: tuple[AnchorAsked, ...]
    created: datetime


def build_request(
    *, did: str, anchors: Sequence[AnchorAsked], signer: Signer, method: str, created: datetime
) -> JsonObject:
    """The signed request."""
    document: JsonObject = {
        "type": REQUEST_TYPE,
        "did": did,
        "anchors": [{"merkle_root": one.merkle_root, "count": one.count} for one in anchors],
        "created": write_time(created),
    }
    suite = JCS_SUITES.get(signer.key_type)
    if suite is None:
        raise KeyRefused(f"A key of type {signer.key_type} cannot sign a request; use Ed25519 or P-256.")
    return add_proof(document, signer=signer, cryptosuite=suite, verification_method=method, created=created)


def check_request(document: JsonObject, *, register: Register, at: datetime) -> AnchorRequest:
    """What is asked for, once the proof is seen to be by a key the register has for this issuer and none has stolen.

    Raises InputError for what is no request (or an old one), NotAuthorised for another's key, and ProofInvalid.
    """
    request = _read(document)
    if request.created > at + CLOCK_SKEW:
        raise InputError("The request was made in the future, by its own date; check both clocks.")
    if at - request.created > timedelta(days=ENROLMENT_DAYS):
        raise InputError(f"The request is more than {ENROLMENT_DAYS} days old; ask the provider for a new one.")
    _check_proof(document, request, register=register, at=at)
    return request


def _read(document: JsonObject) -> AnchorRequest:
    if document.get("type") != REQUEST_TYPE:
        raise InputError(f"This is not an {REQUEST_TYPE}; the provider makes one with `badge-issuer anchor`.")
    if unknown := sorted(document.keys() - _MEMBERS):
        raise InputError(f"The request has a member that this program does not know: {unknown[0][:40]!r}.")
    did, listed = document.get("did"), document.get("anchors")
    if not isinstance(did, str) or split_did_url(did)[1] is not None:
        raise InputError("The request does not name the DID of a provider.")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_REQUESTED_ANCHORS:
        raise InputError(f"The request lists no anchors, or more than {MAX_REQUESTED_ANCHORS:,}.")
    proof = _only_proof(document.get("proof"))
    return AnchorRequest(
        did=did,
        method=str(proof.get("verificationMethod")),
        anchors=tuple(_anchor(member) for member in listed),
        created=parse_time(document.get("created")),
    )


def _anchor(member: JsonValue) -> AnchorAsked:
    if not isinstance(member, dict) or member.keys() != _ANCHOR_MEMBERS:
        raise InputError("An anchor has a merkle_root and a count, and nothing else.")
    root, count = member["merkle_root"], member["count"]
    if not isinstance(root, str) or not _ROOT.fullmatch(root):
        raise InputError("A merkle_root is 64 hexadecimal digits in lower case.")
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= _MAX_COUNT:
        raise InputError("The count of an anchor is a whole number from 1.")
    return AnchorAsked(merkle_root=root, count=count)


def _only_proof(member: JsonValue) -> JsonObject:
    proofs = member if isinstance(member, list) else [member]
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise ProofInvalid("The request carries no proof, or more than one.")
    proof: JsonObject = proofs[0]
    return proof


def _check_proof(document: JsonObject, request: AnchorRequest, *, register: Register, at: datetime) -> None:
    bindings = [
        bind(register, did=request.did, method=request.method, signed_at=request.created, purpose=purpose)
        for purpose in KeyPurpose
    ]
    binding = next((one for one in bindings if one and one.key_multibase is not None), None)
    if binding is None or canonical_id(request.method.partition("#")[0]) != canonical_id(request.did):
        raise NotAuthorised(
            f"{request.method[:200]} is not a key that the register has for {request.did} on the day of the request."
        )
    multibase = binding.key_multibase or ""
    stolen = register.compromised_keys.get(multibase)
    if stolen is not None and stolen <= at:
        raise NotAuthorised(f"{request.method} was reported stolen; ask for a request signed with another key.")
    key = parse_multikey(multibase)
    proof = _only_proof(document.get("proof"))
    if proof.get("cryptosuite") != JCS_SUITES.get(key.key_type) or proof.get("proofPurpose") != ASSERTION_METHOD:
        raise ProofInvalid("The request's proof is of another kind than such a request has.")
    verify_proof(document, proof, key)
