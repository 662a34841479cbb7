"""Multikey text -> PublicKey (Controlled Identifiers 1.0, section 2.2.2), and the public-key names of this package."""

from __future__ import annotations

from keys.jwk import public_key_from_jwk
from keys.multibase import (
    base58btc_decode,
    base58btc_encode,
    base64url_decode,
    base64url_encode,
    multibase_decode,
    multibase_encode,
)
from keys.public_key import ENCODED_BYTES, MULTICODEC_PREFIXES, KeyType, PublicKey
from schemas.errors import InputError, KeyRefused

__all__ = [
    "KeyType",
    "PublicKey",
    "base58btc_decode",
    "base58btc_encode",
    "base64url_decode",
    "base64url_encode",
    "multibase_decode",
    "multibase_encode",
    "parse_multikey",
    "public_key_from_jwk",
]


def parse_multikey(text: str) -> PublicKey:
    """The key of a `publicKeyMultibase`: base58btc of a multicodec prefix and the key. Raises KeyRefused."""
    if not text.startswith("z"):
        raise KeyRefused("A Multikey begins with 'z' (base58btc).")
    try:
        data = base58btc_decode(text[1:])
    except InputError as error:
        raise KeyRefused(f"The Multikey cannot be read. {error.detail}") from None
    for key_type, prefix in MULTICODEC_PREFIXES.items():
        if data.startswith(prefix):
            encoded = data[len(prefix) :]
            if len(encoded) != ENCODED_BYTES[key_type]:
                raise KeyRefused(f"A {key_type} Multikey has {ENCODED_BYTES[key_type]} bytes, not {len(encoded)}.")
            return PublicKey(key_type=key_type, encoded=encoded)
    raise KeyRefused("The Multikey is not an Ed25519, P-256 or P-384 public key.")
