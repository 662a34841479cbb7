"""The whole public face as static files, for any host or CDN: nothing is signed here but stale status lists.

Incremental: a file is written only when its bytes differ, so that a second run over an unchanged instance touches
nothing. What an earlier run wrote and is not public any more is taken out of the folder; nothing else there is touched.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from issuer import pages
from issuer.drawing.pictures import Pictures
from issuer.files import PRIVATE, write_if_different, write_whole
from issuer.instance import Identity, Instance
from issuer.pages import BadgePage, Publisher
from issuer.profile import did_document, did_document_name, issuer_profile, jwks
from issuer.publicface import Face, Shown, page_file, publisher_of
from issuer.status import signed_lists
from issuer.store import credentials as credential_store
from issuer.trust.anchoring import Inclusions
from issuer.words import LANGUAGES
from schemas.credential import Credential
from schemas.jsontext import parse_object, write_json

__all__ = ["Place", "Published", "publish", "publish_into", "publisher_of"]

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
/s/*
  X-Robots-Tag: noindex
  Referrer-Policy: no-referrer
/s/*.json
  Content-Type: application/vc+ld+json
/s/*.svg
  Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox
"""
WRITTEN_FOLDER = "published"  # in the instance: what was written into each folder, never inside it for all to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a run did: files in the folder that are ours, how many of them it wrote, and how many it took out."""

    files: int
    written: int
    badges: int
    removed: int = 0


class FrontPage:
    """What the index lists: micro-credentials with the number of badges that are not private, and of a demonstration
    its invented learners."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._counts: Counter[tuple[str, str]] = Counter()
        self._badges: list[BadgePage] = []

    def add(self, shown: Shown) -> None:
        if shown.is_private:
            return
        page = self._face.page_of(shown)
        self._counts[shown.badge.credential.nzqa_ref, _title(page)] += 1
        if self._face.publisher.demonstration:
            self._badges.append(page)

    def html(self, *, now: datetime, language: str, root: str | None = None, live: bool = False) -> bytes:
        rows = tuple((ref, title, number) for (ref, title), number in sorted(self._counts.items()))
        return pages.index_html(
            self._face.publisher,
            achievements=rows,
            badges=tuple(self._badges),
            as_at=now,
            language=language,
            root=root,
            live=live,
        ).encode()


def publish(
    instance: Instance,
    folder: Path,
    *,
    publisher: Publisher,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
) -> Published:
    """Write the site into `folder`, whose root stands for the instance's base URL. Raises OSError, IssuingError."""
    with _Site(folder, instance) as site:
        done = publish_into(site, instance, publisher=publisher, now=now, progress=progress)
        removed = site.take_out_the_rest()
    return Published(files=done.files, written=done.written, badges=done.badges, removed=removed)


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
    face = Face(instance, publisher)
    front = FrontPage(face)
    total = 0
    with instance.store.reading() as connection:
        inclusions = Inclusions(connection)
        for shown in face.every_badge(connection):
            for name, data in face.files(shown):
                site.write(name, data)
            if not shown.is_private and (proof := inclusions.of(shown.short_id)):
                site.write(f"badges/{shown.short_id}.anchor.json", write_json(proof))
            front.add(shown)
            total += 1
            progress(total)
        achievements = credential_store.load_achievements(connection)
    for ref, version, text in achievements:
        _achievement(ref, version, text, site, face.pictures, publisher)
    for signed in signed_lists(instance, now=now):
        site.write(f"status/{signed.number}", signed.document)
    for language in LANGUAGES:
        site.write(page_file(language), front.html(now=now, language=language))
    site.write("assets/badge.css", pages.stylesheet())
    site.write("assets/icon.svg", pages.icon())
    site.write("_headers", _HEADERS.encode())
    return Published(files=site.files, written=site.written, badges=total)


class Place(Protocol):
    """What a site is written into."""

    files: int
    written: int

    def write(self, name: str, data: bytes) -> None: ...


class _Site:
    """A folder being filled. What was written is noted in the instance, for those names are nobody else's to know.

    A name is noted before its file is written: a run that is killed leaves nothing behind that a later one forgets.
    """

    def __init__(self, folder: Path, instance: Identity) -> None:
        self.folder = folder
        self.files = 0
        self.written = 0
        digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
        self._notes = instance.folder / WRITTEN_FOLDER / f"{digest[:16]}.txt"
        self._before = set(self._notes.read_text(encoding="utf-8").split("\n")) if self._notes.exists() else set()
        self._before.discard("")
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        if not self._notes.exists():
            write_whole(self._notes, b"", mode=PRIVATE)
        self._open = self._notes.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._open.close()
        if kind is None:
            write_whole(self._notes, "".join(f"{name}\n" for name in sorted(self._names)).encode(), mode=PRIVATE)

    def write(self, name: str, data: bytes) -> None:
        if name not in self._before and name not in self._names:
            self._open.write(f"{name}\n")
            self._open.flush()
        self._names.add(name)
        self.files += 1
        self.written += write_if_different(self.folder / name, data)

    def take_out_the_rest(self) -> int:
        """Remove what earlier runs wrote and this one did not, and the folders that are empty then."""
        removed = 0
        for name in sorted(self._before - self._names, reverse=True):
            path = self.folder / name
            if path.is_file() or path.is_symlink():
                path.unlink()
                removed += 1
            for parent in list(path.parents)[: name.count("/")]:
                if not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()
        return removed


def _about(instance: Instance, site: Place) -> None:
    for name, document in about_documents(instance).items():
        site.write(name, document)


def about_documents(instance: Identity) -> dict[str, bytes]:
    """(name -> bytes) of what the instance says of itself."""
    made: dict[str, bytes] = {}
    if not instance.config.is_did_key:
        made[did_document_name(instance)] = write_json(did_document(instance), indent=2)
    made[".well-known/jwks.json"] = write_json(jwks(instance), indent=2)
    made["issuer"] = write_json(issuer_profile(instance), indent=2)
    return made


def _achievement(ref: str, version: str, text: bytes, site: Place, pictures: Pictures, publisher: Publisher) -> None:
    document = parse_object(text)
    place = f"achievements/{ref}/{version}"
    site.write(f"{place}.png", pictures.achievement_png(document))
    for language in LANGUAGES:
        html = pages.achievement_html(publisher, document, place=place, language=language)
        site.write(f"{place}/{page_file(language)}", html.encode())


def _title(page: BadgePage) -> str:
    achievement = Credential.parse(dict(page.document)).achievement
    return (achievement.name if achievement else None) or ""
