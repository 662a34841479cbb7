"""JSON Web Keys -> PublicKey, strictly (RFC 7517, RFC 7518, RFC 8037): knows formats, not whose key it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keys.multibase import base64url_decode
from keys.public_key import KeyType, PublicKey, rsa_public_key
from schemas.errors import InputError, KeyRefused
from schemas.jsontext import JsonObject, JsonValue

# The algorithm comes from the key, never from a message. "Ed25519" is the newer name of EdDSA (RFC 9864).
ALGORITHMS = {
    KeyType.ED25519: ("EdDSA", "Ed25519"),
    KeyType.P256: ("ES256",),
    KeyType.P384: ("ES384",),
    KeyType.RSA: ("RS256",),
}
_SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_COORDINATE_BYTES = {KeyType.P256: 32, KeyType.P384: 48}


@dataclass(frozen=True, slots=True, kw_only=True)
class JwkEntry:
    """One usable key of a set. `issuer` is the member `iss` that 1EdTech's practice adds, when there is one."""

    kid: str | None
    public_key: PublicKey
    issuer: str | None


def public_key_from_jwk(jwk: JsonValue) -> PublicKey:
    """The public key of a JWK for signatures. Raises KeyRefused.

    Refuses private and symmetric material, `use`, `key_ops` and `alg` that say another use, coordinates that are not
    of exact length, and numbers that are not in their shortest form. Members it does not know are ignored, as
    RFC 7517, section 4, asks.
    """
    if not isinstance(jwk, dict):
        raise KeyRefused("A JWK is a JSON object.")
    _refuse_secrets(jwk)
    public_key = _public_key(jwk)
    _check_meant_for_signatures(jwk, public_key.key_type)
    return public_key


def parse_jwks(document: JsonObject) -> tuple[JwkEntry, ...]:
    """The usable keys of a JWK Set (RFC 7517, section 5), in order. Raises KeyRefused.

    A key of another kind or use is passed over. A private or symmetric key refuses the whole set, since whoever
    publishes one has lost it; so does a `kid` that stands twice, since it no longer says which key is meant.
    """
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise KeyRefused("A JWK Set has a list named 'keys'.")
    usable = []
    seen: set[str] = set()
    for jwk in entries:
        if not isinstance(jwk, dict):
            raise KeyRefused("An entry of the JWK Set is not a JSON object.")
        _refuse_secrets(jwk)
        kid, issuer = _text_or_none(jwk, "kid"), _text_or_none(jwk, "iss")
        if kid is not None:
            if kid in seen:
                raise KeyRefused(f"Two keys of the JWK Set have the same kid, {kid[:100]!r}.")
            seen.add(kid)
        try:
            usable.append(JwkEntry(kid=kid, public_key=public_key_from_jwk(jwk), issuer=issuer))
        except KeyRefused:
            continue
    return tuple(usable)


def _refuse_secrets(jwk: JsonObject) -> None:
    if jwk.get("kty") == "oct" or any(member in jwk for member in _SECRET_MEMBERS):
        raise KeyRefused("The JWK holds a private or symmetric key; only public keys are read.")


def _public_key(jwk: JsonObject) -> PublicKey:
    match jwk.get("kty"), jwk.get("crv"):
        case "OKP", "Ed25519":
            return PublicKey(key_type=KeyType.ED25519, encoded=_bytes_of(jwk, "x"))
        case "EC", ("P-256" | "P-384") as curve:
            return _ec_key(jwk, KeyType(curve))
        case "RSA", None:
            return rsa_public_key(_shortest_uint(jwk, "n"), _shortest_uint(jwk, "e"))
    raise KeyRefused("The JWK is not an Ed25519, P-256, P-384 or RSA key, or its kty and crv disagree.")


def _ec_key(jwk: JsonObject, key_type: KeyType) -> PublicKey:
    x, y = _bytes_of(jwk, "x"), _bytes_of(jwk, "y")
    size = _COORDINATE_BYTES[key_type]
    if len(x) != size or len(y) != size:  # RFC 7518, 6.2.1.2: the full size of a coordinate
        raise KeyRefused(f"The coordinates of a {key_type} JWK have {size} bytes each.")
    public_key = PublicKey(key_type=key_type, encoded=bytes([2 + (y[-1] & 1)]) + x)
    if public_key.to_jwk()["y"] != jwk["y"]:  # the compressed form keeps only the last bit of y
        raise KeyRefused(f"The {key_type} JWK is not a point on its curve.")
    return public_key


def _check_meant_for_signatures(jwk: JsonObject, key_type: KeyType) -> None:
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("The JWK's 'use' is not 'sig'.")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyRefused("The JWK's 'key_ops' do not name 'verify'.")
    if "alg" in jwk and jwk["alg"] not in ALGORITHMS[key_type]:
        raise KeyRefused(f"The JWK's 'alg' is not {ALGORITHMS[key_type][0]}, which is what this key is used with here.")


def _bytes_of(jwk: JsonObject, member: str) -> bytes:
    text: Any = jwk.get(member)
    if not isinstance(text, str):
        raise KeyRefused(f"The JWK has no text {member!r}.")
    try:
        return base64url_decode(text)
    except InputError as error:
        raise KeyRefused(f"The JWK's {member!r} cannot be read. {error.detail}") from None


def _shortest_uint(jwk: JsonObject, member: str) -> int:
    data = _bytes_of(jwk, member)
    if data[:1] in (b"", b"\0"):  # RFC 7518, section 2, Base64urlUInt
        raise KeyRefused(f"The JWK's {member!r} is empty or has leading zeros.")
    return int.from_bytes(data, "big")


def _text_or_none(jwk: JsonObject, member: str) -> str | None:
    value = jwk.get(member)
    if value is not None and not isinstance(value, str):
        raise KeyRefused(f"The JWK's {member!r} is not a text.")
    return value
