"""A provider's request to have its keys registered: each key signs the whole of it, so it is shown to be held."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keys.did import canonical_id, split_did_url
from keys.multikey import KeyType, PublicKey, parse_multikey
from keys.signing import Signer, add_proof
from keys.suites import verify_proof
from schemas.errors import InputError, KeyRefused, ProofInvalid
from schemas.jsontext import JsonObject, JsonValue
from schemas.limits import ENROLMENT_DAYS, MAX_ENROLLED_KEYS
from schemas.nzqcf import is_moe_number
from schemas.times import parse_time, write_time
from schemas.vocabulary import ASSERTION_METHOD, ECDSA_JCS_2019, EDDSA_JCS_2022
from verifier.register.cells import a_line
from verifier.register.records import KeyPurpose

REQUEST_TYPE = "KeyEnrolmentRequest"
CLOCK_SKEW = timedelta(minutes=10)
_MEMBERS = {"type", "did", "moe_number", "name", "verification_methods", "created", "nonce", "proof"}
_METHOD_MEMBERS = {"id", "publicKeyMultibase", "purpose"}
_NONCE = re.compile(r"[0-9a-f]{32}")
JCS_SUITES = {KeyType.ED25519: EDDSA_JCS_2022, KeyType.P256: ECDSA_JCS_2019, KeyType.P384: ECDSA_JCS_2019}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOffered:
    """A key of the provider's own, with the signer that holds it."""

    id: str
    purpose: KeyPurpose
    signer: Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRequested:
    id: str
    public_key: PublicKey
    public_key_multibase: str
    purpose: KeyPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """A request whose every proof has been checked."""

    did: str
    moe_number: str
    name: str
    methods: tuple[MethodRequested, ...]
    created: datetime
    nonce: str


def build_request(
    *, did: str, moe_number: str, name: str, keys: Sequence[KeyOffered], created: datetime, nonce: str | None = None
) -> JsonObject:
    """The signed request. Keys without a Multikey form (RSA) cannot be registered. Raises KeyRefused."""
    document: JsonObject = {
        "type": REQUEST_TYPE,
        "did": did,
        "moe_number": moe_number,
        "name": name,
        "verification_methods": [
            {"id": key.id, "publicKeyMultibase": _multibase(key.signer), "purpose": key.purpose.value} for key in keys
        ],
        "created": write_time(created),
        "nonce": nonce or secrets.token_hex(16),
    }
    unsigned = dict(document)
    proofs = []
    for key in keys:
        suite = JCS_SUITES[key.signer.key_type]
        signed = add_proof(unsigned, signer=key.signer, cryptosuite=suite, verification_method=key.id, created=created)
        proofs += signed["proof"]
    return document | {"proof": proofs}


def _multibase(signer: Signer) -> str:
    multibase = signer.public_key.multibase
    if multibase is None:
        raise KeyRefused("An RSA key has no Multikey form and cannot be registered.")
    return multibase


def check_request(document: JsonObject, *, at: datetime) -> EnrolmentRequest:
    """What is asked for, once every listed key has been seen to sign it.

    Raises InputError for what is no request (or an old one), KeyRefused, and ProofInvalid.
    """
    request = _read(document)
    if request.created > at + CLOCK_SKEW:
        raise InputError("The request was made in the future, by its own date; check both clocks.")
    if at - request.created > timedelta(days=ENROLMENT_DAYS):
        raise InputError(f"The request is more than {ENROLMENT_DAYS} days old; ask the provider for a new one.")
    _check_proofs(document, request)
    return request


def _read(document: JsonObject) -> EnrolmentRequest:
    if document.get("type") != REQUEST_TYPE:
        raise InputError(f"This is not a {REQUEST_TYPE}; the provider makes one with `badge-issuer enrol-request`.")
    if unknown := sorted(document.keys() - _MEMBERS):
        raise InputError(f"The request has a member that this program does not know: {unknown[0][:40]!r}.")
    did, moe_number, nonce = (_text(document, name) for name in ("did", "moe_number", "nonce"))
    if split_did_url(did)[1] is not None:
        raise KeyRefused("The request's DID ends before the '#'.")
    if not is_moe_number(moe_number):
        raise InputError(f"{moe_number[:40]!r} is not a Ministry of Education provider number of four digits.")
    if not _NONCE.fullmatch(nonce):
        raise InputError("The request's nonce is not 32 hexadecimal digits.")
    listed = document.get("verification_methods")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_ENROLLED_KEYS:
        raise InputError(f"The request lists no keys, or more than {MAX_ENROLLED_KEYS}.")
    methods = tuple(_method(member, did) for member in listed)
    if len({method.id for method in methods}) < len(methods):
        raise InputError("The request lists a key twice.")
    return EnrolmentRequest(
        did=did,
        moe_number=moe_number,
        name=a_line(_text(document, "name"))[:500],
        methods=methods,
        created=parse_time(document.get("created")),
        nonce=nonce,
    )


def _method(member: JsonValue, did: str) -> MethodRequested:
    if not isinstance(member, dict) or member.keys() != _METHOD_MEMBERS:
        raise InputError("A listed key has an id, a publicKeyMultibase and a purpose, and nothing else.")
    method, multibase, purpose = (_text(member, name) for name in ("id", "publicKeyMultibase", "purpose"))
    controller, fragment = split_did_url(method)
    if fragment is None or canonical_id(controller) != canonical_id(did):
        raise KeyRefused(f"The key {method[:200]!r} is not one of {did}.")
    if controller.startswith("did:key:") and controller != f"did:key:{multibase}":
        raise KeyRefused(f"{did} is made of another key than the one listed.")
    if purpose not in set(KeyPurpose):
        raise InputError(f"The purpose {purpose[:40]!r} is none of: {', '.join(KeyPurpose)}.")
    return MethodRequested(
        id=method,
        public_key=parse_multikey(multibase),
        public_key_multibase=multibase,
        purpose=KeyPurpose(purpose),
    )


def _check_proofs(document: JsonObject, request: EnrolmentRequest) -> None:
    """Exactly one proof by each listed key, over the whole request."""
    proofs = document.get("proof")
    if not isinstance(proofs, list) or len(proofs) != len(request.methods):
        raise ProofInvalid("The request does not carry exactly one proof for each key it lists.")
    remaining = {method.id: method for method in request.methods}
    for proof in proofs:
        named = proof.get("verificationMethod") if isinstance(proof, dict) else None
        method = remaining.pop(named, None) if isinstance(named, str) else None
        if method is None:
            raise ProofInvalid("The request does not carry exactly one proof for each key it lists.")
        suite = proof.get("cryptosuite")
        if suite != JCS_SUITES.get(method.public_key.key_type) or proof.get("proofPurpose") != ASSERTION_METHOD:
            raise ProofInvalid(f"The proof by {method.id} is not one of possession.")
        try:
            verify_proof(document, proof, method.public_key)
        except ProofInvalid:
            message = f"The proof by {method.id} is not right: whoever made the request may not hold that key."
            raise ProofInvalid(message) from None


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"The request has no {name!r}.")
    return value
