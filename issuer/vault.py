"""Sealing what must lie in the database unread, and tokens that can be made again but not read there."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from issuer.instance import NSN_KEY, Identity
from schemas.errors import IssuingError

_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2
_TOKEN_BYTES = 16  # 128 bits: nobody guesses one


def seal(instance: Identity, data: bytes, *, purpose: str, context: str) -> bytes:
    """AES-256-GCM under a key of that purpose; bound to its context, so that no seal can be moved elsewhere."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key(instance, purpose)).encrypt(nonce, data, context.encode())


def unseal(instance: Identity, sealed: bytes, *, purpose: str, context: str) -> bytes:
    """What was sealed. Raises IssuingError for another key, another context or damage."""
    try:
        return AESGCM(_key(instance, purpose)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        raise IssuingError(
            f"What was sealed as “{purpose}” cannot be opened with this instance's secrets; restore them from a backup."
        ) from None


def token(instance: Identity, *, purpose: str, context: str) -> str:
    """26 lower-case characters of base32, always the same for the same purpose and context.

    Only its hash is stored: who reads the database alone has no link, and a link can be printed or mailed again.
    """
    return tokens(instance, purpose=purpose, contexts=(context,))[0]


def tokens(instance: Identity, *, purpose: str, contexts: Sequence[str]) -> list[str]:
    """`token` for many contexts: the key is derived once."""
    keyed = hmac.new(_key(instance, f"token {purpose}"), digestmod=hashlib.sha256)
    return text_of_128_bits([_digest(keyed, context)[:_TOKEN_BYTES] for context in contexts])


def text_of_128_bits(many: Iterable[bytes]) -> list[str]:
    """Sixteen bytes each -> 26 lower-case characters of base32."""
    # Four zero bytes more make whole groups of eight characters, all encoded at once; 26 of 32 say everything.
    text = b32encode(b"".join(one + bytes(4) for one in many)).decode("ascii").lower()
    return [text[start : start + 26] for start in range(0, len(text), 32)]


def _digest(keyed: hmac.HMAC, context: str) -> bytes:
    one = keyed.copy()
    one.update(context.encode())
    return one.digest()


def token_sha256(given: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(given.encode()).hexdigest()


def derived_key(instance: Identity, purpose: str) -> bytes:
    """32 bytes for one purpose, for libraries that ask for a secret of their own."""
    return _key(instance, purpose)


def _key(instance: Identity, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"nz-open-badges {purpose}".encode()).derive(
        instance.secret(NSN_KEY)
    )
