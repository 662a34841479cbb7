"""Public keys and the signatures they verify: knows the mathematics of a key, not whose it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from keys.multibase import base64url_encode, multibase_encode
from schemas.errors import KeyRefused, ProofInvalid
from schemas.jsontext import JsonObject
from schemas.limits import MAX_RSA_BITS, MIN_RSA_BITS


class KeyType(StrEnum):
    """The kinds of key that are read; P-384 and RSA keys sign nothing by default."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    RSA = "RSA"


MULTICODEC_PREFIXES = {
    KeyType.ED25519: b"\xed\x01",  # varint of 0xed
    KeyType.P256: b"\x80\x24",  # varint of 0x1200
    KeyType.P384: b"\x81\x24",  # varint of 0x1201
}
ENCODED_BYTES = {KeyType.ED25519: 32, KeyType.P256: 33, KeyType.P384: 49}

_CURVES: dict[KeyType, tuple[type[ec.EllipticCurve], type[HashAlgorithm], int]] = {
    KeyType.P256: (ec.SECP256R1, SHA256, 32),
    KeyType.P384: (ec.SECP384R1, SHA384, 48),
}
_ECDSA = {key_type: ec.ECDSA(digest()) for key_type, (_, digest, _) in _CURVES.items()}

_Loaded: TypeAlias = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key that has passed every check; building a bad one raises KeyRefused.

    `encoded` is the raw point (Ed25519), the compressed SEC 1 point (P-256, P-384) or SubjectPublicKeyInfo (RSA),
    in the one form it can have, so two keys are equal exactly when they are the same key.
    """

    key_type: KeyType
    encoded: bytes

    def __post_init__(self) -> None:
        _loaded(self.key_type, self.encoded)

    @property
    def multibase(self) -> str | None:
        """The `publicKeyMultibase` of a Multikey (Controlled Identifiers 1.0, 2.2.2). None for RSA, which has none."""
        prefix = MULTICODEC_PREFIXES.get(self.key_type)
        return None if prefix is None else multibase_encode(prefix + self.encoded)

    @property
    def thumbprint(self) -> str:
        """The JWK thumbprint (RFC 7638): a name for the key that anyone can recompute."""
        text = json.dumps(self.to_jwk(), sort_keys=True, separators=(",", ":"))
        return base64url_encode(hashlib.sha256(text.encode()).digest())

    def to_jwk(self) -> JsonObject:
        """The members a JWK must have for this key (RFC 7518, section 6; RFC 8037, section 2), and no others."""
        loaded = _loaded(self.key_type, self.encoded)
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(self.encoded)}
        if isinstance(loaded, rsa.RSAPublicKey):
            numbers = loaded.public_numbers()
            return {"kty": "RSA", "n": _base64url_uint(numbers.n), "e": _base64url_uint(numbers.e)}
        point = loaded.public_numbers()
        size = _CURVES[self.key_type][2]
        x, y = (base64url_encode(value.to_bytes(size, "big")) for value in (point.x, point.y))
        return {"kty": "EC", "crv": str(self.key_type), "x": x, "y": y}

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return when `signature` is this key's over `message`; else raise ProofInvalid.

        ECDSA signatures are r || s of exact length (never DER), with SHA-256 for P-256 and SHA-384 for P-384;
        RSA is PKCS #1 v1.5 with SHA-256 (RS256).
        """
        loaded = _loaded(self.key_type, self.encoded)
        try:
            if isinstance(loaded, ed25519.Ed25519PublicKey):
                _check_length(signature, 64)
                loaded.verify(signature, message)  # OpenSSL refuses S >= L (RFC 8032, 5.1.7)
            elif isinstance(loaded, rsa.RSAPublicKey):
                _check_length(signature, (loaded.key_size + 7) // 8)
                loaded.verify(signature, message, padding.PKCS1v15(), SHA256())
            else:
                size = _CURVES[self.key_type][2]
                _check_length(signature, 2 * size)
                r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
                loaded.verify(encode_dss_signature(r, s), message, _ECDSA[self.key_type])
        except InvalidSignature:
            raise ProofInvalid("The signature does not belong to this content and this key.") from None


def public_key_of(loaded: object) -> PublicKey:
    """The PublicKey of one of `cryptography`'s own. Raises KeyRefused for kinds that are not read."""
    if isinstance(loaded, ed25519.Ed25519PublicKey):
        return PublicKey(key_type=KeyType.ED25519, encoded=loaded.public_bytes_raw())
    if isinstance(loaded, rsa.RSAPublicKey):
        return PublicKey(key_type=KeyType.RSA, encoded=_rsa_bytes(loaded))
    if isinstance(loaded, ec.EllipticCurvePublicKey):
        for key_type, (curve, _, _) in _CURVES.items():
            if isinstance(loaded.curve, curve):
                encoded = loaded.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
                return PublicKey(key_type=key_type, encoded=encoded)
    raise KeyRefused("Only Ed25519, P-256, P-384 and RSA keys are used here.")


def rsa_public_key(n: int, e: int) -> PublicKey:
    """The RSA key of a modulus and an exponent. Raises KeyRefused."""
    _check_rsa(n, e)
    return PublicKey(key_type=KeyType.RSA, encoded=_rsa_bytes(rsa.RSAPublicNumbers(e, n).public_key()))


@lru_cache(maxsize=256)
def _loaded(key_type: KeyType, encoded: bytes) -> _Loaded:
    """The checked key in the library's form. Kept, because a status list and a class of badges share one key."""
    match key_type:
        case KeyType.ED25519:
            _check_ed25519(encoded)
            return ed25519.Ed25519PublicKey.from_public_bytes(encoded)
        case KeyType.RSA:
            return _load_rsa(encoded)
    if len(encoded) != ENCODED_BYTES[key_type] or encoded[0] not in (2, 3):
        raise KeyRefused(f"A {key_type} key is a compressed point of {ENCODED_BYTES[key_type]} bytes.")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[key_type][0](), encoded)
    except ValueError:
        raise KeyRefused(f"The {key_type} key is not a point on its curve.") from None


# --- Ed25519 (RFC 8032, 5.1) ------------------------------------------------------------------------------------
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _check_ed25519(encoded: bytes) -> None:
    """Refuse what OpenSSL takes: keys under which anyone can sign, second spellings, and points off the curve."""
    if len(encoded) != 32:
        raise KeyRefused(f"An Ed25519 key has 32 bytes; this one has {len(encoded)}.")
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    if y >= _P:
        raise KeyRefused("The Ed25519 key is not in its one canonical form (y is p or more; RFC 8032, 5.1.3).")
    # Order 1: y = 1. Order 2: y = -1. Order 4: y = 0. Order 8 doubles to y = 0, which gives d·y^4 + 2·y^2 - 1 = 0.
    if y in (0, 1, _P - 1) or (_D * pow(y, 4, _P) + 2 * y * y - 1) % _P == 0:
        raise KeyRefused("The Ed25519 key is a point of small order: anyone could sign under it.")
    # x^2 = (y^2 - 1) / (d·y^2 + 1) has a root exactly when numerator times denominator is a square (Euler).
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) != 1:
        raise KeyRefused("The Ed25519 key is not a point on its curve.")


# --- RSA --------------------------------------------------------------------------------------------------------
_MAX_EXPONENT_BITS = 64  # OpenSSL's own bound for large moduli; honest keys use 65537
_SMALL_PRIMES = tuple(n for n in range(3, 168) if all(n % divisor for divisor in range(2, n)))
# CVE-2017-15361: primes of the ROCA library are powers of 65537 modulo every small prime, and so is their product.
_ROCA_RESIDUES = {prime: frozenset(pow(65537, k, prime) for k in range(prime)) for prime in _SMALL_PRIMES}


def _check_rsa(n: int, e: int) -> None:
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS:
        raise KeyRefused(f"An RSA key has {MIN_RSA_BITS} to {MAX_RSA_BITS} bits; this one has {n.bit_length()}.")
    if e < 3 or e % 2 == 0 or e.bit_length() > _MAX_EXPONENT_BITS:
        raise KeyRefused("The RSA exponent is not an odd number from 3 up to 64 bits.")
    if n % 2 == 0 or any(n % prime == 0 for prime in _SMALL_PRIMES):
        raise KeyRefused("The RSA modulus has a small factor.")
    if all(n % prime in residues for prime, residues in _ROCA_RESIDUES.items()):
        raise KeyRefused("The RSA key was made by a library whose keys can be broken (ROCA, CVE-2017-15361).")


def _load_rsa(encoded: bytes) -> rsa.RSAPublicKey:
    try:
        loaded = load_der_public_key(encoded)
    except ValueError:
        raise KeyRefused("The RSA key cannot be read.") from None
    if not isinstance(loaded, rsa.RSAPublicKey) or _rsa_bytes(loaded) != encoded:
        raise KeyRefused("The RSA key is not in the one form it can have.")
    numbers = loaded.public_numbers()
    _check_rsa(numbers.n, numbers.e)
    return loaded


def _rsa_bytes(loaded: rsa.RSAPublicKey) -> bytes:
    return loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _base64url_uint(value: int) -> str:
    return base64url_encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _check_length(signature: bytes, expected: int) -> None:
    if len(signature) != expected:
        raise ProofInvalid(f"The signature has {len(signature)} bytes; it must have {expected}.")
