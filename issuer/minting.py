"""Award + achievement + issuer -> unsigned credential: pure, and the one place that says what a credential carries."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from schemas import vocabulary as v
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject
from schemas.statuslist import status_entry
from schemas.times import write_time

BADGE_TYPES = ("VerifiableCredential", "OpenBadgeCredential")
NZROA_NAME = "New Zealand Record of Achievement (NZRoA)"
NZROA_DESCRIPTION = (
    "The provider can report this micro-credential to NZQA. Once it is reported, the learner sees it on their New "
    "Zealand Record of Achievement, through NZQA's Learner Login. This link leads to NZQA's general page about the "
    "record and shows nobody's results."
)
EVIDENCE_NAME = "Evidence of learning"

_NSN_RUN = re.compile(r"\d{9,}")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ \u00a0.-](?=\d)")


class NameDisplay(StrEnum):
    """How the learner chose to be named."""

    FULL = "full"
    PREFERRED = "preferred"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerFacts:
    """Who signs: the same in every credential of an instance."""

    did: str
    name: str
    base_url: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one learner achieved, as far as it is to be signed. `repr` names nobody."""

    credential_id: str
    achieved_on: date
    name: str
    preferred_name: str | None
    name_display: NameDisplay
    subject_urn: str | None  # for NameDisplay.NONE
    result: str | None
    evidence_url: str | None
    list_url: str
    list_index: int
    suspension_url: str | None = None  # with its index, of an instance that can put badges on hold
    suspension_index: int | None = None
    valid_until: datetime | None = None

    def __repr__(self) -> str:
        return f"Award(credential_id={self.credential_id!r}, …)"


def mint(
    award: Award,
    *,
    achievement: JsonObject,
    issuer: IssuerFacts,
    valid_from: datetime,
    endorsement: JsonObject | None = None,
) -> JsonObject:
    """The unsigned credential. Arrays wherever Open Badges 3.0 has a set; nothing empty is written.

    `achievement` and `endorsement` (the authority's statement) are shared between credentials and must not be changed
    afterwards.
    """
    return {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": award.credential_id,
        "type": list(BADGE_TYPES),
        "name": achievement["name"],
        "issuer": _issuer(issuer),
        "validFrom": write_time(valid_from),
        **({} if award.valid_until is None else {"validUntil": write_time(award.valid_until)}),
        # The same date in New Zealand and in UTC: midnight UTC is noon or one o'clock of that day there.
        "awardedDate": write_time(datetime.combine(award.achieved_on, time(), tzinfo=UTC)),
        "credentialSubject": _subject(award, achievement),
        "evidence": _evidence(award),
        **({} if endorsement is None else {"endorsement": [endorsement]}),
        "credentialStatus": _status(award),
    }


def refuse_nsns(text: str, *, known: Container[str]) -> None:
    """Raises IssuingError when a National Student Number of the class list stands anywhere in the text.

    Numbers grouped with spaces, dots or hyphens are found too. An NSN is never quoted, not even here.
    """
    for run in _NSN_RUN.findall(_BETWEEN_DIGITS.sub("", text)):
        for length in (9, 10):
            if any(run[start : start + length] in known for start in range(len(run) - length + 1)):
                raise IssuingError(
                    "A learner's National Student Number would stand in the public badge; it was not signed. "
                    "Take the number out of the name, result, evidence link or row key.",
                    reason="nsn-in-badge",
                )


def whole(number: float) -> int | float:
    """A whole number as an integer: `15.0` and `15` would be signed differently by different programs."""
    return int(number) if number == int(number) else number


def _status(award: Award) -> JsonObject | list[JsonObject]:
    """One object, for the strict Open Badges schema takes no array; two entries only where badges can be suspended."""
    revocation = status_entry(list_url=award.list_url, index=award.list_index, purpose=v.REVOCATION)
    if award.suspension_url is None or award.suspension_index is None:
        return revocation
    suspension = status_entry(list_url=award.suspension_url, index=award.suspension_index, purpose=v.SUSPENSION)
    return [revocation, suspension]


def _issuer(issuer: IssuerFacts) -> JsonObject:
    return {
        "id": issuer.did,
        "type": ["Profile"],
        "name": issuer.name,
        "url": issuer.base_url,
        "otherIdentifier": [
            {"type": "IdentifierEntry", "identifierType": v.EXT_MOE_NUMBER, "identifier": issuer.provider},
        ],
    }


def _subject(award: Award, achievement: JsonObject) -> JsonObject:
    subject: dict[str, Any] = {"type": ["AchievementSubject"]}
    shown = _shown_name(award)
    if shown is None:
        subject["id"] = award.subject_urn
    else:
        subject["identifier"] = [
            {"type": "IdentityObject", "hashed": False, "identityHash": shown, "identityType": "name"}
        ]
    subject["creditsEarned"] = achievement["creditsAvailable"]
    subject["achievement"] = achievement
    if award.result:
        subject["result"] = [{"type": ["Result"], "value": award.result}]
    return subject


def _shown_name(award: Award) -> str | None:
    match award.name_display:
        case NameDisplay.FULL:
            return award.name
        case NameDisplay.PREFERRED:
            return award.preferred_name or award.name
        case NameDisplay.NONE:
            return None


def _evidence(award: Award) -> list[JsonObject]:
    evidence: list[JsonObject] = [
        {
            "id": v.NZROA_PAGE,
            "type": ["Evidence"],
            "name": NZROA_NAME,
            "description": NZROA_DESCRIPTION,
            "genre": v.EXT_NZROA,
        }
    ]
    if award.evidence_url:
        evidence.append({"id": award.evidence_url, "type": ["Evidence"], "name": EVIDENCE_NAME})
    return evidence
