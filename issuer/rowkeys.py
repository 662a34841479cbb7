"""The key that makes a completion itself and no other: an HMAC under the instance's secret, so it tells nothing."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import date

from schemas.canonical import jcs

_HEX_CHARS = 40  # 160 bits: no accidental equal among billions, and short enough to read out


def default_row_key(secret: bytes, *, provider: str, name: str, email: str | None, ref: str, achieved_on: date) -> str:
    """The row key of a completion whose row gives none.

    Made from the provider, the learner's name and e-mail, the reference and the day; never from the NSN. Case,
    spacing and the Unicode form of name and e-mail make no difference.
    """
    parts = [provider, _fold(name), _fold(email or ""), ref, achieved_on.isoformat()]
    return hmac.new(secret, jcs(parts), hashlib.sha256).hexdigest()[:_HEX_CHARS]


def key_after(secret: bytes, row_key: str) -> str:
    """The row key of a badge issued anew in place of the withdrawn one that has this key: always the same."""
    return hmac.new(secret, jcs(["issued anew after", row_key]), hashlib.sha256).hexdigest()[:_HEX_CHARS]


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
