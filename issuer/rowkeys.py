"""The key that makes a completion itself and no other: an HMAC under the instance's secret, so it tells nothing."""

from __future__ import annotations

import hmac
import unicodedata
from datetime import date
from json.encoder import encode_basestring
from typing import Final, Protocol

from schemas.canonical import jcs

_HEX_CHARS: Final = 40  # 160 bits: no accidental equal among billions, and short enough to read out


class Completion(Protocol):
    """What a completion is known by."""

    @property
    def learner_name(self) -> str: ...
    @property
    def learner_email(self) -> str | None: ...
    @property
    def nzqa_ref(self) -> str: ...
    @property
    def achieved_on(self) -> date: ...
    @property
    def row_key(self) -> str | None: ...


def default_row_key(secret: bytes, *, provider: str, name: str, email: str | None, ref: str, achieved_on: date) -> str:
    """The row key of a completion whose row gives none.

    Made from the provider, the learner's name and e-mail, the reference and the day; never from the NSN. Case,
    spacing and the Unicode form of name and e-mail make no difference.
    """
    return _key_of(secret, provider, fold_person(name), fold_person(email or ""), ref, achieved_on.isoformat())


def row_key_of(row: Completion, *, secret: bytes, provider: str) -> str:
    """The row's own key, else the one made of it."""
    return row.row_key or _key_of(secret, provider, *identity_of(row))


def identity_of(row: Completion) -> tuple[str, ...]:
    """The same for two rows exactly where one of them repeats the other: their row keys are the same, or would be."""
    if row.row_key:
        return (row.row_key,)
    return (
        fold_person(row.learner_name),
        fold_person(row.learner_email or ""),
        row.nzqa_ref,
        row.achieved_on.isoformat(),
    )


def key_after(secret: bytes, row_key: str) -> str:
    """The row key of a badge issued anew in place of the withdrawn one that has this key: always the same."""
    return _key_of(secret, "issued anew after", row_key)


def _key_of(secret: bytes, *parts: str) -> str:
    try:  # as RFC 8785 writes an array of strings
        text = f"[{','.join(map(encode_basestring, parts))}]".encode()
    except UnicodeEncodeError:  # half a pair of surrogates
        text = jcs(list(parts))
    return hmac.digest(secret, text, "sha256").hex()[:_HEX_CHARS]


def fold_person(text: str) -> str:
    if text.isascii():  # a form of its own already, in which the two ways to make letters small are the same
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
