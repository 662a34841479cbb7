"""Achievements as the register in use has them: the listing version in force on the award day, as Open Badges JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from issuer.minting import IssuerFacts, whole
from issuer.words.sayings import say
from schemas import vocabulary as v
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject
from schemas.nzqcf import fold_title, hours, level_name
from verifier.register.decision import listing_in_force
from verifier.register.records import LearningOutcome, Listing, Register

ENGLISH = "en-NZ"
MAORI = "mi"
TE_HONO = "Te Hono o Te Kahurangi"

# NZSCED 2.0, broad fields: the first two digits of a code. The 379 detailed names are not held.
_BROAD_FIELDS = {
    "01": "Natural and Physical Sciences",
    "02": "Information Technology",
    "03": "Engineering and Related Technologies",
    "04": "Architecture and Building",
    "05": "Agriculture, Environmental and Related Studies",
    "06": "Health",
    "07": "Education",
    "08": "Management and Commerce",
    "09": "Society and Culture",
    "10": "Creative Arts",
    "11": "Food, Hospitality and Personal Services",
    "12": "Mixed Field Programmes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """One version of a listed micro-credential, ready to be put into credentials."""

    nzqa_ref: str
    version: str
    title: str
    level: int
    credits: int | float
    document: JsonObject  # as it stands in credentials, in the learner's language
    page: JsonObject  # as its own address shows it: the same, in the listing's first language

    @property
    def key(self) -> tuple[str, str, str]:
        return self.nzqa_ref, self.version, self.document["inLanguage"]


def achievement_on(
    register: Register,
    *,
    ref: str,
    on: date,
    issuer: IssuerFacts,
    language: str | None = None,
    criteria: str | None = None,
) -> Achievement:
    """What an award of `ref` on that day is an award of; `criteria` is the provider's own wording of it (Markdown).

    Raises IssuingError when the register does not say enough."""
    listing = listing_in_force(register, ref=ref, on=on)
    if listing is None:
        raise IssuingError(
            say(
                "The register in use has no version of %(reference)s in force on %(day)s.",
                reference=ref,
                day=f"{on:%d/%m/%Y}",
            ),
            reason="listing-unknown",
        )
    lacking = [name for name in ("level", "credits") if getattr(listing, name) is None]
    if not (listing.title_en or listing.title_mi):
        lacking.insert(0, "title")
    if lacking:
        raise IssuingError(
            f"The register in use has no {' and no '.join(lacking)} for {ref}; a badge must state them. "
            "Ask the register's authority to complete the listing.",
            reason="listing-incomplete",
        )
    outcomes = register.outcomes_by_version.get((listing.nzqa_ref, listing.version), ())
    return build_achievement(listing, outcomes, issuer=issuer, language=language, criteria=criteria)


def build_achievement(
    listing: Listing,
    outcomes: Sequence[LearningOutcome],
    *,
    issuer: IssuerFacts,
    language: str | None = None,
    criteria: str | None = None,
) -> Achievement:
    """The achievement JSON of a complete listing, in te reo Māori when asked for and there is such a title."""
    wants_maori = (language or "").lower().split("-")[0] == "mi"
    maori = bool(listing.title_mi) and (wants_maori or not listing.title_en)

    def written(*, maori: bool) -> JsonObject:
        return _document(listing, outcomes, issuer=issuer, maori=maori, criteria=criteria)

    document = written(maori=maori)
    first = document if not (maori and listing.title_en) else written(maori=False)
    return Achievement(
        nzqa_ref=listing.nzqa_ref,
        version=listing.version,
        title=document["name"],
        level=int(listing.level or 0),
        credits=document["creditsAvailable"],
        document=document,
        page=first,
    )


def achievement_url(base_url: str, *, ref: str, version: str) -> str:
    """The stable address of an achievement; its picture is the same with `.png`."""
    return f"{base_url}/achievements/{quote(ref, safe='')}/{quote(version, safe='')}"


def _document(
    listing: Listing,
    outcomes: Sequence[LearningOutcome],
    *,
    issuer: IssuerFacts,
    maori: bool,
    criteria: str | None = None,
) -> JsonObject:
    title = (listing.title_mi if maori else listing.title_en) or listing.title
    level, credit_value = int(listing.level or 0), whole(listing.credits or 0)
    address = achievement_url(issuer.base_url, ref=listing.nzqa_ref, version=listing.version)
    document: dict[str, Any] = {
        "id": address,
        "type": ["Achievement"],
        "achievementType": "MicroCredential",
        "name": title,
        "description": _description(listing, title, level, credit_value),
        "inLanguage": MAORI if maori else ENGLISH,
        "criteria": {"narrative": _narrative(outcomes, lead=_lead(criteria, level, credit_value), maori=maori)},
        "image": {
            "id": f"{address}.png",
            "type": "Image",
            "caption": f"{fold_title(title)}: {level_name(level)} micro-credential",
        },
        "humanCode": listing.nzqa_ref,
        "otherIdentifier": [
            {"type": "IdentifierEntry", "identifierType": v.EXT_NZQA_REFERENCE, "identifier": listing.nzqa_ref}
        ],
        "version": listing.version,
        "creditsAvailable": credit_value,
        "creator": _creator(listing, address, issuer),
        "alignment": _alignments(listing, outcomes, title, level),
    }
    if listing.nzsced:
        document["fieldOfStudy"] = _field_of_study(listing.nzsced)
    if listing.te_hono:
        document["tag"] = [TE_HONO]
    return document


def _description(listing: Listing, title: str, level: int, credit_value: float) -> str:
    unit = "credit" if credit_value == 1 else "credits"
    size = (
        f"A micro-credential of {credit_value:g} {unit} at level {level} of the "
        f"{v.NZQCF_FRAMEWORK} (about {hours(credit_value)} hours of learning). It is not a qualification."
    )
    other = listing.title_en if title == listing.title_mi else listing.title_mi
    named = f" Also known as: {other}." if other and other != title else ""
    return f"{listing.purpose.strip()}\n\n{size}{named}" if listing.purpose else size + named


def _lead(criteria: str | None, level: int, credit_value: float) -> str:
    """The provider's own wording, where there is one."""
    own = (criteria or "").strip()
    return (
        own
        or f"The learner met all the requirements of this micro-credential (level {level}, {credit_value:g} credits)."
    )


def _narrative(outcomes: Sequence[LearningOutcome], *, lead: str, maori: bool) -> str:
    """Markdown, as Open Badges 3.0 has it for `criteria.narrative`: the register's learning outcomes always follow."""
    lines = [
        " ".join(text.split())
        for outcome in outcomes
        if (text := (outcome.text_mi if maori else outcome.text_en) or outcome.text_en or outcome.text_mi)
    ]
    if not lines:
        return lead
    listed = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
    return f"{lead}\n\nLearning outcomes:\n\n{listed}"


def _creator(listing: Listing, address: str, issuer: IssuerFacts) -> JsonObject:
    """The developer: another body than the provider, unless they are one. The register knows it by name alone."""
    if listing.developer.casefold() == issuer.name.casefold():
        # One node in linked data: a name repeated here could be taken out again without breaking the proof.
        return {"id": issuer.did, "type": ["Profile"]}
    return {"id": f"{address}#developer", "type": ["Profile"], "name": listing.developer}


def _alignments(listing: Listing, outcomes: Sequence[LearningOutcome], title: str, level: int) -> list[JsonObject]:
    alignments: list[JsonObject] = [
        {
            "type": ["Alignment"],
            "targetType": v.EXT_NZQCF_LEVEL,
            "targetCode": str(level),
            "targetName": level_name(level),
            "targetUrl": v.NZQCF_PAGE,
            "targetFramework": v.NZQCF_FRAMEWORK,
        },
        {
            "type": ["Alignment"],
            "targetType": v.EXT_NZQA_LISTING,
            "targetCode": listing.nzqa_ref,
            "targetName": title,
            "targetUrl": listing.nzqa_page,
        },
    ]
    seen: set[str] = set()
    for outcome in outcomes:
        standard = outcome.standard_ref
        if standard and standard not in seen:
            seen.add(standard)
            alignments.append(
                {
                    "type": ["Alignment"],
                    "targetType": v.EXT_NZQA_STANDARD,
                    "targetCode": standard,
                    "targetName": f"Standard {standard}",
                    # NZQA's address pattern is known for standards that are numbers.
                    "targetUrl": v.NZQA_STANDARD_PAGE.format(standard=standard)
                    if re.fullmatch(r"[0-9]{1,6}", standard)
                    else listing.nzqa_page,
                }
            )
    return alignments


def _field_of_study(code: str) -> str:
    name = _BROAD_FIELDS.get(code[:2])
    return f"{code} {name}" if name else code
