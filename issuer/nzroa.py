"""The private NZRoA store: a student number sealed under a key of its own, kept for one export, never hashed."""

from __future__ import annotations

import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import IssuingError

_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces, well below 2**32 seals under one key
_PADDED_CHARS = 10  # nine and ten digits look alike from outside


def seal(nsn: str, *, key: bytes, short_id: str) -> bytes:
    """AES-256-GCM over the number; bound to the badge, so that no seal can be moved to another."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, nsn.rjust(_PADDED_CHARS).encode("ascii"), short_id.encode("ascii"))


def unseal(sealed: bytes, *, key: bytes, short_id: str) -> str:
    """The number. Whoever calls this logs it. Raises IssuingError for another key, another badge or damage."""
    try:
        plain = _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], short_id.encode("ascii"))
    except (InvalidTag, ValueError):
        raise IssuingError(f"The stored student number of badge {short_id} cannot be opened with this key.") from None
    return plain.decode("ascii").strip()


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
