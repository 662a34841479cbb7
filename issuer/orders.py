"""What is ordered of the workshop, and what comes back: values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from issuer.minting import Award
from keys.signing import Signer
from schemas.jsontext import JsonObject


class Order(NamedTuple):
    """One badge to be made; `short_id` is the store's name for it."""

    short_id: str
    award: Award
    achievement: JsonObject
    endorsement: JsonObject | None = None  # of the authority, for the badge to carry


class Made(NamedTuple):
    """The signed bytes, or the sentence why there are none."""

    short_id: str
    document: bytes = b""
    document_sha256: str = ""
    jwt: str | None = None
    reason: str | None = None
    sentence: str | None = None
    by_template: bool = False  # and so neither verified nor validated by itself: a sample of its chunk is


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKit:
    """The keys of one run and the names others know them by."""

    signer: Signer
    method: str
    jwt_signer: Signer | None = None
    jwt_method: str | None = None
