"""A register authority's statement carried in a badge: what it says, read strictly; proved by `verifier.stapling`.

It is an EndorsementCredential whose subject is the issuer's profile. Its facts stand in Open Badges' own members:
`otherIdentifier` names the provider, each `alignment` one fact told apart by its `targetType`, and
`validFrom`/`validUntil` the days of award that it speaks for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from keys.did import canonical_id, split_did_url
from keys.multikey import parse_multikey
from schemas import vocabulary as v
from schemas.errors import InputError
from schemas.jsontext import JsonObject, JsonValue
from schemas.limits import MAX_STAPLED_KEYS
from schemas.nzqcf import is_moe_number, is_reference
from schemas.times import parse_date, parse_time
from verifier.register.binding import day_of
from verifier.register.reasons import OUTCOME_OF, Caveat, Outcome, Reason

TYPES = ("VerifiableCredential", "EndorsementCredential")
SUBJECT_TYPES = ("EndorsementSubject", "Profile")
NAME = "name"  # of Open Badges' own identifier types: the provider as the register names it
OPEN_END = ".."  # ISO 8601-2: an interval whose end is not known
VERSION = "version "

_MEMBERS = {"@context", "id", "type", "name", "description", "issuer", "validFrom", "validUntil"} | {
    "credentialSubject",
    "proof",
}
_SUBJECT_MEMBERS = {"id", "type", "otherIdentifier", "alignment", "endorsementComment"}
_EDITIONS = (v.EXT_REGISTER_EDITION, v.EXT_DEMONSTRATION_EDITION)
_KINDS = {v.EXT_NZQA_LISTING, v.EXT_NZQCF_LEVEL, v.EXT_NZQCF_CREDITS, v.EXT_AWARDING_RIGHT, v.EXT_SIGNING_KEY} | {
    *_EDITIONS
}
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?")
_NI = re.compile(r"ni:///sha-256;([A-Za-z0-9_-]{43})")  # RFC 6920: a name that is a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class StapledKey:
    """A key that signs the issuer's badges, and the New Zealand days on which it may, both included."""

    method: str
    public_key_multibase: str
    from_day: date
    to_day: date | None = None

    def covers(self, day: date) -> bool:
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staple:
    """What the authority stated: this provider could award this, so sized, from the first day to the last."""

    authority_id: str
    authority_name: str
    did: str
    moe_number: str
    provider_name: str
    ref: str
    version: str
    title: str
    level: int
    credits: int | float
    reason: Reason
    caveats: tuple[Caveat, ...]
    first_day: date
    last_day: date
    edition: int
    edition_sha256: str
    as_at: date
    demonstration: bool
    keys: tuple[StapledKey, ...]

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    def key(self, method: str | None, day: date) -> StapledKey | None:
        """The key that the statement binds under this name on that day."""
        if method is None or not self.covers(day):
            return None
        wanted = canonical_id(method)
        return next((key for key in self.keys if canonical_id(key.method) == wanted and key.covers(day)), None)


def edition_name(sha256: str) -> str:
    """The RFC 6920 name of an edition, by the SHA-256 of its bytes."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def read_staple(document: JsonObject) -> Staple:
    """What a statement says. Raises InputError for anything missing, doubled or not known here.

    Strict, because it is the authority's word: a member this program does not know might limit the rest.
    """
    _refuse_unknown(document, _MEMBERS)
    if sorted(document.get("type", ())) != sorted(TYPES):
        raise InputError("it is not an EndorsementCredential and nothing else")
    issuer, subject = _object(document.get("issuer")), _object(document.get("credentialSubject"))
    _refuse_unknown(subject, _SUBJECT_MEMBERS)
    if not set(subject.get("type", ())) <= set(SUBJECT_TYPES):
        raise InputError("its subject is of a type that this program does not know")
    did, fragment = split_did_url(_text(subject, "id"))
    if fragment is not None:
        raise InputError("its subject is no DID")
    facts = _facts(subject)
    listing, level = _one(facts, v.EXT_NZQA_LISTING), _one(facts, v.EXT_NZQCF_LEVEL)
    right, edition = _one(facts, v.EXT_AWARDING_RIGHT), _one(facts, *_EDITIONS)
    first_day, last_day = (day_of(parse_time(document.get(name))) for name in ("validFrom", "validUntil"))
    return Staple(
        authority_id=_text(issuer, "id"),
        authority_name=_text(issuer, "name"),
        did=did,
        moe_number=_provider_number(subject),
        provider_name=_identifier(subject, NAME),
        ref=_reference(listing),
        version=_text(listing, "targetDescription").removeprefix(VERSION),
        title=_text(listing, "targetName"),
        level=int(_matching(_WHOLE, level)),
        credits=_number(_matching(_NUMBER, _one(facts, v.EXT_NZQCF_CREDITS))),
        reason=_right(right),
        caveats=tuple(_caveats(right)),
        first_day=first_day,
        last_day=last_day,
        edition=int(_matching(_WHOLE, edition)),
        edition_sha256=_digest(edition),
        as_at=parse_date(edition.get("targetDescription")),
        demonstration=edition["targetType"] == v.EXT_DEMONSTRATION_EDITION,
        keys=tuple(_keys(facts, did)),
    )


# --- the parts --------------------------------------------------------------------------------------------------
def _facts(subject: JsonObject) -> list[JsonObject]:
    facts = [_object(member) for member in _list(subject.get("alignment"))]
    for fact in facts:
        if fact.get("targetType") not in _KINDS:
            raise InputError(f"it states something that this program does not know: {fact.get('targetType')!r:.60}")
    return facts


def _one(facts: list[JsonObject], *kinds: str) -> JsonObject:
    found = [fact for fact in facts if fact["targetType"] in kinds]
    if len(found) != 1:
        raise InputError(f"it states {kinds[0]} {len(found)} times, not once")
    return found[0]


def _identifier(subject: JsonObject, kind: str) -> str:
    entries = [_object(entry) for entry in _list(subject.get("otherIdentifier"))]
    found = [entry for entry in entries if entry.get("identifierType") == kind]
    if len(found) != 1:
        raise InputError(f"it has {len(found)} identifiers of the type {kind}, not one")
    return _text(found[0], "identifier")


def _provider_number(subject: JsonObject) -> str:
    number = _identifier(subject, v.EXT_MOE_NUMBER)
    if not is_moe_number(number):
        raise InputError(f"{number[:40]!r} is no provider number")
    return number


def _reference(listing: JsonObject) -> str:
    ref = _text(listing, "targetCode")
    if not is_reference(ref):
        raise InputError(f"{ref[:40]!r} is no NZQA reference")
    return ref


def _right(fact: JsonObject) -> Reason:
    code = _text(fact, "targetCode")
    try:
        reason = Reason(code)
    except ValueError:
        raise InputError(f"{code[:40]!r} is no right that this program knows") from None
    if OUTCOME_OF[reason] is not Outcome.ACCREDITED:
        raise InputError("it states no right to award")
    return reason


def _caveats(fact: JsonObject) -> Iterator[Caveat]:
    for code in str(fact.get("targetDescription", "")).split():
        try:
            yield Caveat(code)
        except ValueError:
            raise InputError(f"{code[:40]!r} is no caveat that this program knows") from None


def _digest(fact: JsonObject) -> str:
    named = _NI.fullmatch(_text(fact, "targetUrl"))
    if named is None:
        raise InputError("it does not name the edition by its SHA-256")
    return base64.urlsafe_b64decode(named[1] + "=").hex()


def _keys(facts: list[JsonObject], did: str) -> Iterator[StapledKey]:
    found = [fact for fact in facts if fact["targetType"] == v.EXT_SIGNING_KEY]
    if not 0 < len(found) <= MAX_STAPLED_KEYS:
        raise InputError(f"it binds {len(found)} keys; 1 to {MAX_STAPLED_KEYS} are read")
    for fact in found:
        method, multibase = _text(fact, "targetUrl"), _text(fact, "targetCode")
        owner, fragment = split_did_url(method)
        if fragment is None or canonical_id(owner) != canonical_id(did):
            raise InputError("it binds a key under another name than its subject's")
        parse_multikey(multibase)
        first, _, last = _text(fact, "targetDescription").partition("/")
        yield StapledKey(
            method=method,
            public_key_multibase=multibase,
            from_day=parse_date(first),
            to_day=None if last == OPEN_END else parse_date(last),
        )


def _matching(shape: re.Pattern[str], fact: JsonObject) -> str:
    code = _text(fact, "targetCode")
    if not shape.fullmatch(code):
        raise InputError(f"{code[:40]!r} is no number as it should be")
    return code


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise InputError("a part of it is not an object")
    return value


def _list(value: JsonValue) -> list[Any]:
    if not isinstance(value, list):
        raise InputError("a part of it is not a list")
    return value


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} is missing")
    return value


def _refuse_unknown(document: JsonObject, known: set[str]) -> None:
    if unknown := sorted(document.keys() - known):
        raise InputError(f"it has a member that this program does not know: {unknown[0][:40]!r}")
