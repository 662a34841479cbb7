"""Frozen, typed views over a credential; the source document is kept whole, unknown members included.

A view reads and never judges: what is missing or of a wrong type is None or empty here, and is for
`schemas.validate` to name. VCDM 2.0 and 1.1 are read alike; single values and arrays too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas import vocabulary as v
from schemas.errors import InputError
from schemas.jsontext import JsonObject, JsonValue
from schemas.nzqcf import is_reference
from schemas.times import parse_time

# Compared after NFKC and with single spaces: a wide letter or a no-break space must not get a badge past the register.
_FRAMEWORK = re.compile(
    r"(?<![A-Z0-9])N\.?Z\.?Q\.?(?:C\.?)?F(?![A-Z0-9])|New Zealand Qualifications(?: (?:and|&) Credentials)? Framework",
    re.IGNORECASE,
)
_NZ_TERMS = ("ext:NZQA", "ext:NZQCF", v.EXT_MOE_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """OB 3.0 Achievement, as far as it is shown or compared."""

    document: JsonObject
    id: str | None
    name: str | None
    description: str | None
    human_code: str | None
    version: str | None
    achievement_type: str | None
    credits_available: float | None
    criteria: str | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NzClaim:
    """What a badge says of New Zealand: compared with the register, never believed.

    Each is a tuple because a badge may claim twice, and contradict itself.
    """

    references: tuple[str, ...]
    levels: tuple[str, ...]
    provider_numbers: tuple[str, ...]
    credits: tuple[float, ...]
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An OpenBadgeCredential (or an EndorsementCredential, or a status list credential)."""

    document: JsonObject
    id: str | None
    types: tuple[str, ...]
    issuer_id: str | None
    issuer_name: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    awarded_date: datetime | None
    proofs: tuple[JsonValue, ...]
    status_entries: tuple[JsonValue, ...]
    subjects: tuple[JsonObject, ...]
    achievement: Achievement | None
    learner_name: str | None
    endorsements: tuple[JsonValue, ...]
    nz_claim: NzClaim | None

    @classmethod
    def parse(cls, document: JsonObject) -> Credential:
        """The view of any JSON object; never raises."""
        issuer = document.get("issuer")
        subjects = tuple(one for one in as_list(document.get("credentialSubject")) if isinstance(one, dict))
        subject = subjects[0] if subjects else {}
        achievement = _achievement(subject.get("achievement"))
        return cls(
            document=document,
            id=_text(document.get("id")),
            types=tuple(name for name in as_list(document.get("type")) if isinstance(name, str)),
            issuer_id=_text(issuer.get("id")) if isinstance(issuer, dict) else _text(issuer),
            issuer_name=_text(issuer.get("name")) if isinstance(issuer, dict) else None,
            valid_from=_time(document.get("validFrom", document.get("issuanceDate"))),
            valid_until=_time(document.get("validUntil", document.get("expirationDate"))),
            awarded_date=_time(document.get("awardedDate")),
            proofs=tuple(as_list(document.get("proof"))),
            status_entries=tuple(as_list(document.get("credentialStatus"))),
            subjects=subjects,
            achievement=achievement,
            learner_name=_learner_name(subject),
            endorsements=(*as_list(document.get("endorsement")),),
            nz_claim=_nz_claim(document, subject, achievement),
        )


def as_list(value: JsonValue) -> list[Any]:
    """VCDM 2.0 lets a single value stand for a set of one; absent is the empty set."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: JsonValue) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _time(value: JsonValue) -> datetime | None:
    try:
        return parse_time(value)
    except InputError:
        return None


def _achievement(value: JsonValue) -> Achievement | None:
    if not isinstance(value, dict):
        return None
    criteria = value.get("criteria")
    return Achievement(
        document=value,
        id=_text(value.get("id")),
        name=_text(value.get("name")),
        description=_text(value.get("description")),
        human_code=_text(value.get("humanCode")),
        version=_text(value.get("version")),
        achievement_type=_text(value.get("achievementType")),
        credits_available=_number(value.get("creditsAvailable")),
        criteria=_text(criteria.get("narrative")) if isinstance(criteria, dict) else None,
        language=_text(value.get("inLanguage")),
    )


def _learner_name(subject: JsonObject) -> str | None:
    for identity in as_list(subject.get("identifier")):
        if isinstance(identity, dict) and identity.get("identityType") == "name" and not identity.get("hashed"):
            return _text(identity.get("identityHash"))
    return None


def _nz_claim(document: JsonObject, subject: JsonObject, achievement: Achievement | None) -> NzClaim | None:
    """A NZ claim is any `ext:NZQA…`, `ext:NZQCF…` or `ext:MoEProviderNumber` entry, or a framework named so."""
    if not _claims_new_zealand(document):
        return None
    of_achievement = achievement.document if achievement else {}
    issuer = document.get("issuer")
    numbers = (_number(of_achievement.get("creditsAvailable")), _number(subject.get("creditsEarned")))
    return NzClaim(
        references=_distinct(
            *_identifiers(of_achievement, v.EXT_NZQA_REFERENCE),
            *_alignment_codes(of_achievement, v.EXT_NZQA_LISTING),
            # A `humanCode` that is no NZQA reference is the provider's own code.
            *([achievement.human_code] if achievement and is_reference(achievement.human_code or "") else ()),
        ),
        levels=_distinct(*_alignment_codes(of_achievement, v.EXT_NZQCF_LEVEL)),
        provider_numbers=_distinct(*_identifiers(issuer if isinstance(issuer, dict) else {}, v.EXT_MOE_NUMBER)),
        credits=tuple(dict.fromkeys(number for number in numbers if number is not None)),
        title=achievement.name if achievement else None,
    )


def _claims_new_zealand(value: JsonValue) -> bool:
    if isinstance(value, list):
        return any(_claims_new_zealand(member) for member in value)
    if not isinstance(value, dict):
        return False
    for key, member in value.items():
        if key in {"identifierType", "targetType", "genre", "identityType", "resultType"}:
            if any(isinstance(name, str) and name.startswith(_NZ_TERMS) for name in as_list(member)):
                return True
        elif key == "targetFramework" and isinstance(member, str) and _names_framework(member):
            return True
        if _claims_new_zealand(member):
            return True
    return False


def _names_framework(text: str) -> bool:
    return _FRAMEWORK.search(" ".join(unicodedata.normalize("NFKC", text).split())) is not None


def _identifiers(owner: JsonObject, kind: str) -> Iterator[str]:
    for entry in as_list(owner.get("otherIdentifier")):
        if isinstance(entry, dict) and entry.get("identifierType") == kind and isinstance(entry.get("identifier"), str):
            yield entry["identifier"]


def _alignment_codes(achievement: JsonObject, kind: str) -> Iterator[str]:
    for entry in as_list(achievement.get("alignment")):
        if isinstance(entry, dict) and entry.get("targetType") == kind and isinstance(entry.get("targetCode"), str):
            yield entry["targetCode"]


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
