"""A credential -> the HTML page a person reads, in English and te reo Māori; pure views over the signed document.

The same pages are written by `publish` and served live. No date of today stands in a badge's page, so that publishing
again changes only the pages whose badge changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from issuer.pages.markdown import Block, BlockKind, parse_blocks
from issuer.words import ENGLISH, LANGUAGES, MAORI, TAGS, translations
from schemas import vocabulary as v
from schemas.credential import Achievement, Credential, as_list
from schemas.nzqcf import format_nz_date, hours, nz_date

_PLACES = {"badge": 2, "share": 2, "achievement": 3, "index": 0}
_OPEN_GRAPH_LOCALES = {ENGLISH: "en_NZ", MAORI: "mi_NZ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Whose pages these are: the instance's public facts. URLs have no trailing slash."""

    name: str
    provider_number: str
    did: str
    base_url: str
    demonstration: bool
    visibility: str  # of pages whose learner chose nothing; "public" lets search engines in, "link" does not
    verifier_url: str | None = None

    def check_url(self, address: str) -> str | None:
        """Where the verifier checks the badge at this address."""
        return f"{self.verifier_url}/verify?badge={quote(address, safe='')}" if self.verifier_url else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgePage:
    """One badge as its page needs it: the signed document and what the provider and the learner say of it now."""

    short_id: str
    document: Mapping[str, Any]
    state: str
    corrected: bool
    has_jwt: bool = False
    visibility: str | None = None  # None: as the publisher's
    reported_on: date | None = None  # to NZQA, for the Record of Achievement
    nzroa_link: str | None = None  # the learner's own
    share_key: str | None = None  # reached by the key on a printed certificate


def badge_html(page: BadgePage, publisher: Publisher, *, language: str = ENGLISH, root: str | None = None) -> str:
    """The public page of one badge; everything about the award is read from the signed document.

    `root` is the way from the page to the site's front, for an address that is not the one it is published at.
    """
    view = Credential.parse(dict(page.document))
    achievement = view.achievement
    claim = view.nz_claim
    subject = view.subjects[0] if view.subjects else {}
    alignments = as_list(achievement.document.get("alignment")) if achievement else []
    credit_value = subject.get("creditsEarned", achievement.credits_available if achievement else None)
    visibility = page.visibility or publisher.visibility
    own = f"s/{page.share_key}" if page.share_key else f"badges/{page.short_id}"
    address = f"{publisher.base_url}/{own}"
    return _template("badge.html", language).render(
        _frame(publisher, language, place="badge", path=own, root=root),
        page=page,
        url=address,
        file_url=f"{address}.json" if page.share_key else address,
        check_url=publisher.check_url(f"{address}.json" if page.share_key else address),
        indexed=visibility == "public" and page.share_key is None,
        shows_name=visibility == "public" and page.share_key is None,
        title=achievement.name if achievement else "",
        description=_about(achievement),
        criteria=parse_blocks(achievement.criteria if achievement else None),
        reference=claim.references[0] if claim and claim.references else None,
        level=claim.levels[0] if claim and claim.levels else None,
        credits=credit_value,
        hours=hours(int(credit_value)) if isinstance(credit_value, int) else None,
        outcomes=[one for one in alignments if one.get("targetType") == v.EXT_NZQA_STANDARD],
        listing_url=next((one["targetUrl"] for one in alignments if one.get("targetType") == v.EXT_NZQA_LISTING), None),
        developer=(achievement.document.get("creator") or {}).get("name") if achievement else None,
        learner=view.learner_name,
        awarded_on=_day(view.awarded_date.date() if view.awarded_date else None, language),
        signed_on=_day(nz_date(view.valid_from) if view.valid_from else None, language),
        valid_until=_day(nz_date(view.valid_until) if view.valid_until else None, language),
        reported_on=_day(page.reported_on, language),
        issuer_name=view.issuer_name,
        nzroa_url=v.NZROA_PAGE,
        content_language=_content_language(achievement.language if achievement else None),
    )


def index_html(
    publisher: Publisher,
    *,
    achievements: tuple[tuple[str, str, int], ...],
    badges: tuple[BadgePage, ...],
    badges_in_all: int = 0,
    as_at: datetime,
    language: str = ENGLISH,
    root: str | None = None,
    live: bool = False,
) -> str:
    """The front page: who issues here, and what. Learners are listed only for a demonstration, which invents them, and
    of those the first: `badges_in_all` is how many there are.

    `live` adds the ways in that need an answer from a service; static files have none.
    `achievements` holds (reference, title, number of badges).
    """
    rows = []
    for page in badges if publisher.demonstration else ():
        if page.visibility == "link" != publisher.visibility:
            continue  # its learner wants it seen by those who have the link, and a list is no link from them
        view = Credential.parse(dict(page.document))
        rows.append((page, view.learner_name, view.achievement.name if view.achievement else ""))
    return _template("index.html", language).render(
        _frame(publisher, language, place="index", path="", root=root),
        achievements=achievements,
        badges=rows,
        badges_in_all=badges_in_all,
        live=live,
        as_at=_day(nz_date(as_at), language),
        indexed=publisher.visibility == "public",
    )


def achievement_html(
    publisher: Publisher,
    achievement: Mapping[str, Any],
    *,
    place: str,
    language: str = ENGLISH,
    root: str | None = None,
) -> str:
    """The page at an achievement's own id. `place` is its path below the base URL; its artwork is beside it."""
    view = Credential.parse({"credentialSubject": {"achievement": dict(achievement)}})
    found = view.achievement
    return _template("achievement.html", language).render(
        _frame(publisher, language, place="achievement", path=place, root=root),
        achievement=found,
        description=_about(found),
        criteria=parse_blocks(found.criteria if found else None),
        claim=view.nz_claim,
        alignments=as_list(achievement.get("alignment")),
        content_language=_content_language(found.language if found else None),
        indexed=publisher.visibility == "public",
    )


def private_html(publisher: Publisher, short_id: str, *, language: str = ENGLISH, root: str | None = None) -> str:
    """What stands where a learner has not published a badge: it tells nobody's name and no title."""
    return _template("private.html", language).render(
        _frame(publisher, language, place="badge", path=f"badges/{short_id}", root=root), indexed=False
    )


def icon() -> bytes:
    """The picture in a browser's tab, of the public pages and the desk."""
    return resources.files("issuer.pages").joinpath("static/icon.svg").read_bytes()


def stylesheet() -> bytes:
    """The one stylesheet of the public pages."""
    return resources.files("issuer.pages").joinpath("static/badge.css").read_bytes()


def root_of(place: str, language: str) -> str:
    """The way from a published page to the site's front: up out of the folders of its address."""
    return "../" * (_PLACES[place] + (language != ENGLISH))


def _frame(publisher: Publisher, language: str, *, place: str, path: str, root: str | None) -> dict[str, Any]:
    """What every page needs for its head, its top and its foot. `path` has no slash at either end."""
    slashed = f"{path}/" if path else ""
    return {
        "publisher": publisher,
        "root": root_of(place, language) if root is None else root,
        "path": path,
        "language": language,
        "language_tag": TAGS[language],
        "og_locale": _OPEN_GRAPH_LOCALES[language],
        "og_other_locale": _OPEN_GRAPH_LOCALES[MAORI if language == ENGLISH else ENGLISH],
        "home": "index.html" if language == ENGLISH else f"{language}/index.html",
        "in_english": f"{slashed}index.html",
        "in_maori": f"{slashed}mi/index.html",
        "own_folder": "" if language == ENGLISH else f"{language}/",
        "page_url": f"{publisher.base_url}/{path}".rstrip("/") + ("" if language == ENGLISH else f"/{language}"),
        "english_url": f"{publisher.base_url}/{path}".rstrip("/"),
        "maori_url": f"{publisher.base_url}/{path}".rstrip("/") + "/mi",
    }


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("issuer.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    return environment


@lru_cache(maxsize=16)
def _template(name: str, language: str) -> Template:
    return _environment(language).get_template(name)


def _about(achievement: Achievement | None) -> tuple[Block, ...]:
    """The description, without a paragraph that says the criteria's list again: registers give one text as both."""
    if achievement is None:
        return ()
    lists = [block for block in parse_blocks(achievement.criteria) if block.kind is not BlockKind.PARAGRAPH]
    said = [_letters(text) for block in lists for text in block.texts]
    return tuple(
        block
        for block in parse_blocks(achievement.description)
        if block.kind is not BlockKind.PARAGRAPH or not _is_said(block.texts[0], said)
    )


def _is_said(paragraph: str, said: list[str]) -> bool:
    left = _letters(paragraph)
    for text in sorted(said, key=len, reverse=True):
        left = left.replace(text, "")
    return left in {"", "and"}


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _content_language(tag: str | None) -> str:
    return TAGS[MAORI] if (tag or "").startswith("mi") else TAGS[ENGLISH]


def _day(day: date | None, language: str) -> str | None:
    return format_nz_date(day, language=language) if day else None
