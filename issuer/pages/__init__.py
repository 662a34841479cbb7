"""A credential -> the HTML page a person reads; pure views over the signed document, written by `publish`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.nzqcf import format_nz_date, hours, nz_date

_environment = Environment(
    loader=PackageLoader("issuer.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Whose pages these are: the instance's public facts. URLs have no trailing slash."""

    name: str
    provider_number: str
    did: str
    base_url: str
    demonstration: bool
    visibility: str  # "public" lets search engines in; "link" does not
    verifier_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgePage:
    """One badge as its page needs it: the signed document and what the provider says of it now."""

    short_id: str
    document: Mapping[str, Any]
    state: str
    corrected: bool
    has_jwt: bool = False


def badge_html(page: BadgePage, publisher: Publisher) -> str:
    """The public page of one badge; everything about the award is read from the signed document.

    No date of today stands in it, so that publishing again changes only the pages whose badge changed.
    """
    view = Credential.parse(dict(page.document))
    achievement = view.achievement
    claim = view.nz_claim
    subject = view.subjects[0] if view.subjects else {}
    alignments = as_list(achievement.document.get("alignment")) if achievement else []
    credit_value = subject.get("creditsEarned", achievement.credits_available if achievement else None)
    return _environment.get_template("badge.html").render(
        publisher=publisher,
        page=page,
        root="../../",
        url=view.id,
        title=achievement.name if achievement else "",
        description=achievement.description if achievement else "",
        criteria=achievement.criteria if achievement else "",
        reference=claim.references[0] if claim and claim.references else None,
        level=claim.levels[0] if claim and claim.levels else None,
        credits=credit_value,
        hours=hours(int(credit_value)) if isinstance(credit_value, int) else None,
        outcomes=[one for one in alignments if one.get("targetType") == v.EXT_NZQA_STANDARD],
        listing_url=next((one["targetUrl"] for one in alignments if one.get("targetType") == v.EXT_NZQA_LISTING), None),
        developer=(achievement.document.get("creator") or {}).get("name") if achievement else None,
        learner=view.learner_name,
        awarded_on=_day(view.awarded_date.date() if view.awarded_date else None),
        signed_on=_day(nz_date(view.valid_from) if view.valid_from else None),
        valid_until=_day(nz_date(view.valid_until) if view.valid_until else None),
        issuer_name=view.issuer_name,
        nzroa_url=v.NZROA_PAGE,
        language="mi" if achievement and (achievement.language or "").startswith("mi") else "en-NZ",
    )


def index_html(
    publisher: Publisher,
    *,
    achievements: tuple[tuple[str, str, int], ...],
    badges: tuple[BadgePage, ...],
    as_at: datetime,
) -> str:
    """The front page: who issues here, and what. Learners are listed only for a demonstration, which invents them.

    `achievements` holds (reference, title, number of badges).
    """
    rows = []
    for page in badges if publisher.demonstration else ():
        view = Credential.parse(dict(page.document))
        rows.append((page, view.learner_name, view.achievement.name if view.achievement else ""))
    return _environment.get_template("index.html").render(
        publisher=publisher, root="", achievements=achievements, badges=rows, as_at=_day(nz_date(as_at))
    )


def achievement_html(publisher: Publisher, achievement: Mapping[str, Any], *, image: str) -> str:
    """The page at an achievement's own id. `image` is the file name of its artwork beside the page."""
    view = Credential.parse({"credentialSubject": {"achievement": dict(achievement)}})
    return _environment.get_template("achievement.html").render(
        publisher=publisher,
        root="../../../",
        achievement=view.achievement,
        claim=view.nz_claim,
        alignments=as_list(achievement.get("alignment")),
        image=image,
    )


def stylesheet() -> bytes:
    """The one stylesheet of the public pages."""
    return resources.files("issuer.pages").joinpath("static/badge.css").read_bytes()


def _day(day: date | None) -> str | None:
    return format_nz_date(day) if day else None
