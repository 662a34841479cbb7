"""Compact JWS and VC-JWT for OB 3.0 (section 8.2): knows the envelope and its claims, not whose key may sign."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from keys.jwk import public_key_from_jwk
from keys.multibase import base64url_decode
from keys.public_key import KeyType, PublicKey
from schemas.errors import Fault, InputError, ProofInvalid, ProofUnsupported, TooLarge
from schemas.jsontext import JsonObject, JsonValue, parse_object
from schemas.limits import DOCUMENT, JOSE_HEADER, MAX_JWS_CHARS
from schemas.times import parse_time
from schemas.vocabulary import CREDENTIALS_V1

# The algorithm comes from the key; the header may only agree (RFC 8725, 3.1).
JWS_ALGORITHMS = {"EdDSA": KeyType.ED25519, "ES256": KeyType.P256, "ES384": KeyType.P384, "RS256": KeyType.RSA}
# "JWT" is OB 3.0's; the others are VC-JOSE-COSE's, where the registered claims may be left out.
_TYPES = ("jwt", "vc+jwt", "vc+ld+jwt")
_TYPES_WITHOUT_CLAIMS = _TYPES[1:]
_HEADER_MEMBERS = frozenset({"alg", "kid", "jwk", "typ"})  # OB 3.0, 8.2.4.1: others are not allowed
_REGISTERED = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})  # RFC 7519, 4.1
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A compact JWS that is well formed. Nothing in it is proven until `verify_jws` has returned."""

    header: JsonObject
    payload_bytes: bytes
    signing_input: bytes
    signature: bytes
    alg: str
    kid: str | None
    jwk: PublicKey | None
    text: str = field(repr=False)

    @property
    def payload(self) -> JsonObject:
        """The payload as a strict JSON object. Raises JsonTextError or TooLarge."""
        return parse_object(self.payload_bytes, limits=DOCUMENT)


def parse_jws(text: str) -> Jws:
    """A compact JWS (RFC 7515, 3.1), strictly.

    Three parts of canonical base64url; a header without duplicate members that has only alg, kid, jwk and typ, so
    that crit, b64, zip, jku and x5u are refused. Raises ProofInvalid, ProofUnsupported for an algorithm that is not
    read, KeyRefused for a `jwk` that will not be used, or TooLarge.
    """
    if len(text) > MAX_JWS_CHARS:
        raise TooLarge(f"The JWS has {len(text):,} characters; the limit is {MAX_JWS_CHARS:,}.")
    parts = text.split(".")
    try:
        header_bytes, payload, signature = (base64url_decode(part) for part in parts)
        header = parse_object(header_bytes, limits=JOSE_HEADER)
    except (InputError, ValueError) as error:
        if not isinstance(error, InputError) or not _COMPACT.fullmatch(text):
            raise ProofInvalid("Not a compact JWS: three parts of base64url with a full stop between them.") from None
        raise ProofInvalid(f"The JWS cannot be read. {error.detail}") from None
    if not signature:
        raise ProofInvalid("Not a compact JWS: three parts of base64url with a full stop between them.")
    _check_header(header)
    return Jws(
        header=header,
        payload_bytes=payload,
        signing_input=text.rpartition(".")[0].encode("ascii"),
        signature=signature,
        alg=header["alg"],
        kid=header.get("kid"),
        jwk=public_key_from_jwk(header["jwk"]) if "jwk" in header else None,
        text=text,
    )


def verify_jws(jws: Jws, public_key: PublicKey) -> None:
    """Return when `public_key`, which must come from the issuer, made the signature; else raise ProofInvalid."""
    if JWS_ALGORITHMS.get(jws.alg) is not public_key.key_type:
        raise ProofInvalid(f"The JWS says {jws.alg}, but the issuer's key is {public_key.key_type}.")
    if jws.jwk is not None and jws.jwk != public_key:
        raise ProofInvalid("The key in the JWS header is not the issuer's.")
    public_key.verify(jws.signature, jws.signing_input)


def credential_of(jws: Jws) -> tuple[JsonObject, tuple[Fault, ...]]:
    """The credential in a JWS, and what its registered claims contradict (OB 3.0, 8.2.4 and 9.1).

    VCDM 2.0: the payload less the claims. VCDM 1.1: the member `vc`. Raises ProofInvalid when there is none.
    """
    try:
        payload = jws.payload
    except InputError as error:
        raise ProofInvalid(f"The JWS holds no credential. {error.detail}") from None
    if "vc" in payload:
        credential = payload["vc"]
        if not isinstance(credential, dict):
            raise ProofInvalid("The claim 'vc' of the JWS is not an object.")
    else:
        credential = {name: value for name, value in payload.items() if name not in _REGISTERED}
    optional = str(jws.header.get("typ", "")).casefold() in _TYPES_WITHOUT_CLAIMS
    faults = _context_faults(credential, in_vc="vc" in payload) + _claim_faults(payload, credential, optional=optional)
    return credential, tuple(faults)


def registered_claims(credential: JsonObject) -> JsonObject:
    """The claims that repeat a credential (OB 3.0, 8.2.4): iss, jti, sub, nbf and exp, where it has them."""
    claims = {
        "iss": _id_of(credential.get("issuer")),
        "jti": credential.get("id"),
        "sub": _id_of(_only_subject(credential)),
        "nbf": _seconds(credential.get("validFrom", credential.get("issuanceDate"))),
        "exp": _seconds(credential.get("validUntil", credential.get("expirationDate"))),
    }
    return {name: value for name, value in claims.items() if value is not None}


def _check_header(header: JsonObject) -> None:
    if strays := sorted(header.keys() - _HEADER_MEMBERS):
        raise ProofInvalid(f"The JWS header has {strays[0][:40]!r}; only alg, kid, jwk and typ are allowed.")
    alg = header.get("alg")
    if not isinstance(alg, str) or alg.casefold() == "none":
        raise ProofInvalid("The JWS names no signature algorithm.")
    if alg.startswith("HS"):
        raise ProofInvalid(f"The JWS algorithm {alg[:40]!r} uses a shared secret, with which any reader could sign.")
    if alg not in JWS_ALGORITHMS:
        raise ProofUnsupported(f"The JWS algorithm {alg[:40]!r} is not read; RS256, ES256, ES384 and EdDSA are.")
    if not isinstance(header.get("kid", ""), str):
        raise ProofInvalid("The JWS header's 'kid' is not a text.")
    typ = header.get("typ", "JWT")
    if not isinstance(typ, str) or typ.casefold() not in _TYPES:
        raise ProofInvalid(f"The JWS is a {str(typ)[:40]!r}, not a credential (JWT, vc+jwt or vc+ld+jwt).")


def _context_faults(credential: JsonObject, *, in_vc: bool) -> list[Fault]:
    """A VCDM 1.1 credential stands in `vc`, a later one does not (OB 3.0 Implementation Guide)."""
    contexts = credential.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    if in_vc == (first == CREDENTIALS_V1):
        return []
    where = "/vc/@context/0" if in_vc else "/@context/0"
    return [Fault(pointer=where, message="the data model version does not go with where the credential stands")]


def _claim_faults(payload: JsonObject, credential: JsonObject, *, optional: bool) -> list[Fault]:
    expected = registered_claims(credential)
    faults = []
    for name, meaning in (
        ("iss", "the issuer's id"),
        ("jti", "the credential's id"),
        ("sub", "the credential subject's id"),
        ("nbf", "the day and time it is valid from"),
        ("exp", "the day and time it is valid until"),
    ):
        if name not in payload:
            if name in expected and not optional:
                faults.append(Fault(pointer=f"/{name}", message=f"missing; it must repeat {meaning}"))
        elif not _equal(payload[name], expected.get(name)):
            faults.append(Fault(pointer=f"/{name}", message=f"does not agree with {meaning}"))
    return faults


def _equal(claim: JsonValue, expected: JsonValue) -> bool:
    """Exactly equal, and never across types: true is not 1. A NumericDate may carry its fraction or drop it."""
    if isinstance(claim, bool) or expected is None:
        return False
    if isinstance(expected, int | float):
        return isinstance(claim, int | float) and claim in (expected, int(expected))
    return isinstance(claim, str) and claim == expected


def _id_of(value: JsonValue) -> str | None:
    identifier = value.get("id") if isinstance(value, dict) else value
    return identifier if isinstance(identifier, str) else None


def _only_subject(credential: JsonObject) -> Any:
    subject = credential.get("credentialSubject")
    if isinstance(subject, list):
        return subject[0] if len(subject) == 1 else None
    return subject


def _seconds(value: JsonValue) -> int | float | None:
    """A NumericDate (RFC 7519, section 2), whole where the time is whole."""
    try:
        seconds = parse_time(value).timestamp()
    except InputError:
        return None
    return int(seconds) if seconds == int(seconds) else seconds
