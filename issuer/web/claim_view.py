"""What the learner's pages show of a badge, and the files they give out, made from its signed document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Literal

from issuer.drawing.pictures import Pictures
from issuer.learner.claims import Held
from issuer.learner.linkedin import linkedin_url
from issuer.publicface import publisher_of
from issuer.sharing import grouped, share_key
from issuer.web.site import site
from issuer.web.words import language
from issuer.words import MAORI
from schemas.credential import Credential
from schemas.jsontext import parse_object
from schemas.nzqcf import hours, nz_date

_MEDIA = {
    "badge.json": "application/vc+ld+json",
    "badge.png": "image/png",
    "badge.svg": "image/svg+xml",
    "certificate.pdf": "application/pdf",
}
_SNIPPET_PIXELS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeFacts:
    """A badge in a few words."""

    title: str
    content_language: str
    level: str | None
    credits: object
    hours: int | None
    reference: str
    awarded_on: date
    learner: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A download. Its name tells the micro-credential, never the person."""

    data: bytes
    media_type: str
    file_name: str


def badge_facts(held: Held) -> BadgeFacts:
    view = _view(held)
    achievement, claim = view.achievement, view.nz_claim
    number = achievement.credits_available if achievement else None
    return BadgeFacts(
        title=title_of(held),
        content_language="mi" if achievement and (achievement.language or "").startswith("mi") else "en-NZ",
        level=claim.levels[0] if claim and claim.levels else None,
        credits=number,
        hours=hours(int(number)) if number is not None and float(number).is_integer() else None,
        reference=held.credential.nzqa_ref,
        awarded_on=held.credential.achieved_on,
        learner=view.learner_name,
        state=held.credential.state.value,
    )


def title_of(held: Held) -> str:
    achievement = _view(held).achievement
    return (achievement.name if achievement else None) or held.credential.nzqa_ref


def linkedin_of(held: Held) -> str:
    until = held.document.valid_until
    return linkedin_url(
        title=title_of(held),
        organisation=site.instance.config.name,
        awarded_on=held.credential.achieved_on,
        expires_on=None if until is None else nz_date(until),
        page_url=site.link(f"/badges/{held.short_id}"),
        credential_id=held.short_id,
    )


def snippet_of(held: Held) -> str:
    """HTML to paste into a page of one's own: a picture that leads to the badge."""
    url = escape(site.link(f"/badges/{held.short_id}"), quote=True)
    size = f'width="{_SNIPPET_PIXELS}" height="{_SNIPPET_PIXELS}"'
    return f'<a href="{url}"><img src="{url}.svg" {size} alt="Badge: {escape(title_of(held), quote=True)}"></a>'


def check_url_of(held: Held) -> str | None:
    """Where the verifier checks it: at the badge's own address, which its page must then be seen at."""
    publisher = publisher_of(site.instance, demonstration=site.is_demonstration)
    return publisher.check_url(site.instance.badge_url(held.short_id))


def file_of(held: Held, name: str) -> MadeFile | None:
    document = held.document.document
    pictures = Pictures(site.instance, demonstration=site.is_demonstration)
    match name:
        case "badge.json":
            data = document
        case "badge.png":
            data = pictures.png(document)
        case "badge.svg":
            data = pictures.svg(document)
        case "certificate.pdf":
            data = _certificate(held, pictures)
        case _:
            return None
    stem, _dot, ending = name.rpartition(".")
    return MadeFile(data=data, media_type=_MEDIA[name], file_name=f"{stem}-{held.credential.nzqa_ref}.{ending}")


def _certificate(held: Held, pictures: Pictures) -> bytes:
    """With the share key while there is one: paper on a wall then outlives a page that is hidden later."""
    check_url, code = site.link(f"/badges/{held.short_id}"), ""
    if held.claim.share_sha256 is not None:
        key = share_key(site.instance, held.short_id, serial=held.claim.share_serial)
        check_url, code = site.link(f"/s/{key}"), grouped(key)
    return pictures.certificate(held.document.document, check_url=check_url, short_code=code, language=first_language())


def first_language() -> Literal["en", "mi"]:
    """Which of a certificate's two languages stands first: that of the page it is asked for on."""
    return "mi" if language() == MAORI else "en"


def _view(held: Held) -> Credential:
    return Credential.parse(parse_object(held.document.document))
