"""The whole public face as static files, for any host or CDN: nothing is signed here but stale status lists.

Incremental: a file is written only when its bytes differ, so that a second run over an unchanged instance touches
nothing. Private facts never come near: everything is read from signed documents and public keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from issuer import pages, qr
from issuer.anchoring import Inclusions
from issuer.editions import load_edition
from issuer.files import write_if_different
from issuer.instance import Instance
from issuer.pages import BadgePage, Publisher
from issuer.pictures import Pictures
from issuer.profile import did_document, did_document_name, issuer_profile, jwks
from issuer.status import signed_lists
from issuer.store import credentials as credential_store
from issuer.store.credentials import CurrentBadge, State
from schemas.credential import Credential
from schemas.jsontext import parse_object, write_json

_PAGE_STATES = {State.ISSUED: "current", State.SUSPENDED: "suspended", State.REVOKED: "revoked"}

# Static hosts guess types from suffixes, and these files have none. Netlify and Cloudflare Pages read this file;
# docs/operations.md has the same for nginx.
_HEADERS = """\
/*
  Access-Control-Allow-Origin: *
  X-Content-Type-Options: nosniff
/issuer
  Content-Type: application/ld+json
/status/*
  Content-Type: application/vc+ld+json
  Cache-Control: public, max-age=3600
/badges/*.json
  Content-Type: application/vc+ld+json
/badges/*.svg
  Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a run did: files in the folder that are ours, and how many of them it wrote."""

    files: int
    written: int
    badges: int


def publish(
    instance: Instance,
    folder: Path,
    *,
    publisher: Publisher,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
) -> Published:
    """Write the site into `folder`, whose root stands for the instance's base URL. Raises OSError, IssuingError."""
    return publish_into(_Site(folder), instance, publisher=publisher, now=now, progress=progress)


def publish_into(
    site: Place,
    instance: Instance,
    *,
    publisher: Publisher,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
) -> Published:
    """As `publish`, into anything that takes files by name. The files come in the same order every time."""
    _about(instance, site)
    pictures = Pictures(instance, demonstration=publisher.demonstration)
    badges: list[BadgePage] = []
    counts: Counter[tuple[str, str]] = Counter()
    total = 0
    with instance.store.reading() as connection:
        inclusions = Inclusions(connection)
        for badge in credential_store.current_badges(connection):
            page = _badge(badge, site, pictures, publisher)
            if proof := inclusions.of(badge.credential.short_id):
                site.write(f"badges/{badge.credential.short_id}.anchor.json", write_json(proof))
            counts[badge.credential.nzqa_ref, _title(page)] += 1
            total += 1
            if publisher.demonstration:
                badges.append(page)
            progress(total)
        achievements = credential_store.load_achievements(connection)
    for ref, version, text in achievements:
        _achievement(ref, version, text, site, pictures, publisher)
    for signed in signed_lists(instance, now=now):
        site.write(f"status/{signed.number}", signed.document)
    rows = tuple((ref, title, number) for (ref, title), number in sorted(counts.items()))
    site.write("index.html", pages.index_html(publisher, achievements=rows, badges=tuple(badges), as_at=now).encode())
    site.write("assets/badge.css", pages.stylesheet())
    site.write("_headers", _HEADERS.encode())
    return Published(files=site.files, written=site.written, badges=total)


class Place(Protocol):
    """What a site is written into."""

    files: int
    written: int

    def write(self, name: str, data: bytes) -> None: ...


def publisher_of(instance: Instance) -> Publisher:
    """What every page says of the instance; whether it is a demonstration is the register's to say."""
    config = instance.config
    edition = load_edition(instance)
    return Publisher(
        name=config.name,
        provider_number=config.provider,
        did=config.did,
        base_url=config.base_url,
        demonstration=edition is not None and edition.demonstration,
        visibility=config.visibility,
        verifier_url=config.verifier_url,
    )


class _Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = 0
        self.written = 0

    def write(self, name: str, data: bytes) -> None:
        self.files += 1
        self.written += write_if_different(self.folder / name, data)


def _about(instance: Instance, site: Place) -> None:
    if not instance.config.is_did_key:
        site.write(did_document_name(instance), write_json(did_document(instance), indent=2))
    site.write(".well-known/jwks.json", write_json(jwks(instance), indent=2))
    site.write("issuer", write_json(issuer_profile(instance), indent=2))


def _badge(badge: CurrentBadge, site: Place, pictures: Pictures, publisher: Publisher) -> BadgePage:
    short_id = badge.credential.short_id
    signed = badge.document
    page = BadgePage(
        short_id=short_id,
        document=parse_object(signed.document),
        state=_PAGE_STATES[badge.credential.state],
        corrected=signed.version > 1,
        has_jwt=signed.jwt is not None,
    )
    site.write(f"badges/{short_id}.json", signed.document)
    site.write(f"badges/{short_id}.png", pictures.png(signed.document))
    site.write(f"badges/{short_id}.svg", pictures.svg(signed.document))
    if signed.jwt is not None:
        site.write(f"badges/{short_id}.jwt", signed.jwt.encode())
    site.write(f"badges/{short_id}.qr.svg", qr.qr_svg(f"{publisher.base_url}/badges/{short_id}"))
    html = pages.badge_html(page, publisher)
    site.write(f"badges/{short_id}/index.html", html.encode())
    return page


def _achievement(ref: str, version: str, text: bytes, site: Place, pictures: Pictures, publisher: Publisher) -> None:
    document = parse_object(text)
    place = f"achievements/{ref}/{version}"
    site.write(f"{place}.png", pictures.achievement_png(document))
    html = pages.achievement_html(publisher, document, image=f"../{version}.png")
    site.write(f"{place}/index.html", html.encode())


def _title(page: BadgePage) -> str:
    achievement = Credential.parse(dict(page.document)).achievement
    return (achievement.name if achievement else None) or ""
