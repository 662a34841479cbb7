"""The private NZRoA store: a student number sealed under a key of its own, kept for one export, never hashed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import IssuingError

_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces, well below 2**32 seals under one key
_PADDED_CHARS = 10  # nine and ten digits look alike from outside


def seal(nsn: str, *, key: bytes, short_id: str) -> bytes:
    """AES-256-GCM over the number; bound to the badge, so that no seal can be moved to another."""
    return _seal(nsn, short_id, _cipher(key), secrets.token_bytes(_NONCE_BYTES))


def seal_many(numbers: Sequence[tuple[str, str | None]], *, key: bytes) -> list[bytes | None]:
    """`seal` for many badges, (short id, number or None) each; the randomness of all is asked for at once."""
    cipher, random = _cipher(key), secrets.token_bytes(_NONCE_BYTES * len(numbers))
    nonces = (random[start : start + _NONCE_BYTES] for start in range(0, len(random), _NONCE_BYTES))
    return [
        None if nsn is None else _seal(nsn, short_id, cipher, nonce)
        for (short_id, nsn), nonce in zip(numbers, nonces, strict=True)
    ]


def _seal(nsn: str, short_id: str, cipher: AESGCM, nonce: bytes) -> bytes:
    return nonce + cipher.encrypt(nonce, nsn.rjust(_PADDED_CHARS).encode("ascii"), short_id.encode("ascii"))


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
