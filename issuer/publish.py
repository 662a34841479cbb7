"""The whole public face as static files, for any host or CDN: nothing is signed here but stale status lists.

Incremental: what a badge's files depend on is noted beside their names, and while it is the same they are neither made
nor looked at. A file is written only when its bytes differ. What an earlier run wrote and is not public any more is
taken out of the folder; nothing else there is touched. Nothing is held of all badges at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Connection

from issuer import pages
from issuer.files import PRIVATE, writing_whole
from issuer.fingerprints import Fingerprints
from issuer.frontpage import FrontPage
from issuer.instance import Identity, Instance
from issuer.pages import Publisher
from issuer.profile import did_document, did_document_name, issuer_profile, jwks
from issuer.publicface import Face, Shown, page_file, publisher_of
from issuer.rendering import Renderer
from issuer.sitefolder import Made, Place, Published, SiteFolder
from issuer.status import refresh_lists
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store import public_rows, setups
from issuer.store.public_rows import PublicRow
from issuer.store.sitenotes import Note
from issuer.trust.anchoring import Inclusions, Tree
from issuer.words import LANGUAGES
from schemas.jsontext import JsonObject, parse_object, write_json

__all__ = ["Place", "Published", "publish", "publish_into", "publisher_of"]

# Static hosts guess types from suffixes, and these files have none. Netlify and Cloudflare Pages read this file;
# docs/operations.md has the same for nginx.
_HEADERS = """\
/*
  Access-Control-Allow-Origin: *
  X-Content-Type-Options: nosniff
/issuer
  Content-Type: application/ld+json
  Cache-Control: public, max-age=300
/did.json
  Cache-Control: public, max-age=300
/.well-known/*
  Cache-Control: public, max-age=300
/badges/*
  Cache-Control: no-cache
/achievements/*
  Cache-Control: no-cache
/status/*
  Content-Type: application/vc+ld+json
  Cache-Control: public, max-age=3600
/badges/*.json
  Content-Type: application/vc+ld+json
/badges/*.svg
  Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox
/s/*
  Cache-Control: no-store
  X-Robots-Tag: noindex
  Referrer-Policy: no-referrer
/s/*.json
  Content-Type: application/vc+ld+json
/s/*.svg
  Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox
"""
SHARED_FOLDER: Final = "s/"
_ROWS_AT_ONCE: Final = 500  # narrow rows, and at most the documents of as many badges
_BADGES_AT_ONCE: Final = 128  # rendered before their names are noted and they are written


def publish(
    instance: Instance,
    folder: Path,
    *,
    publisher: Publisher,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
    verify_files: bool = False,
    changed_list: Path | None = None,
    workers: int = 1,
) -> Published:
    """Write the site into `folder`, whose root stands for the instance's base URL. Raises OSError, IssuingError.

    With `verify_files` every file is made again and compared. `changed_list` gets the address of everything that
    changed since it was last written, one a line.
    """
    with SiteFolder(folder, instance, lists_changes=changed_list is not None) as site, ExitStack() as stack:
        renderer = stack.enter_context(Renderer(instance, publisher, workers=workers))
        run = _Run(
            instance=instance,
            site=site,
            renderer=renderer,
            progress=progress,
            verify_files=verify_files,
            looks_for_files=not site.looks_whole(),
        )
        run.publish(now=now)
        done = Published(files=site.files, written=site.written, badges=run.badges, removed=site.removed)
        if changed_list is not None:
            _write_addresses(site, instance, changed_list)
    return done


def publish_into(place: Place, instance: Instance, *, publisher: Publisher, now: datetime) -> Published:
    """As `publish`, into anything that takes files by name. The files come in the same order every time."""
    face = Face(instance, publisher)
    trees: dict[str, Tree] = {}
    badges = 0
    for name, document in about_documents(instance).items():
        place.write(name, document)
    for rows, shown in _every_page(instance, face, trees):
        for one, proof in shown:
            for name, data in face.files(one, proof=proof):
                place.write(name, data)
        badges += len(rows)
    for name, data in _achievement_files(instance, face):
        place.write(name, data)
    _write_rest(instance, face, place, now=now)
    return Published(files=place.files, written=place.written, badges=badges)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run of `publish`."""

    instance: Instance
    site: SiteFolder
    renderer: Renderer
    progress: Callable[[int], None]
    verify_files: bool
    looks_for_files: bool
    badges: int = 0
    _recalled: int = 0
    _trees: dict[str, Tree] = field(default_factory=dict)

    def publish(self, *, now: datetime) -> None:
        face = self.renderer.face
        noted_before, _ = self.site.notes.totals()
        with self.instance.store.reading() as connection:
            fingerprints = Fingerprints(face.publisher, setups.load_digests(connection))
        for name, document in about_documents(self.instance).items():
            self.site.write(name, document)
        for rows in self._badge_pages(face, fingerprints):
            self.badges += rows
        achievements = self._achievements(face, fingerprints)
        if self._recalled != noted_before:
            self._take_out_what_is_gone(achievements)
        _write_rest(self.instance, face, self.site, now=now)
        self.site.take_out_other_singles()

    def _badge_pages(self, face: Face, fingerprints: Fingerprints) -> Iterator[int]:
        """Publish the badges a page of rows at a time, each in a transaction of its own: a long run holds none open.

        What changes after its row was read has another fingerprint, and is published by the next run.
        """
        after = ""
        while True:
            with self.instance.store.reading() as connection:
                rows = public_rows.load_page(connection, after=after, limit=_ROWS_AT_ONCE)
                wanted = {row.short_id: fingerprints.of_badge(row, face.visibility_of(row)) for row in rows}
                known = self._recall(list(wanted))
                stale = [row for row in rows if self._is_stale(known.get(row.short_id), wanted[row.short_id])]
                shown = _with_proofs(connection, face, stale, self._trees)
            self._put_badges(shown, wanted, known, counted_from=self.badges)
            self.progress(self.badges + len(rows))
            yield len(rows)
            if len(rows) < _ROWS_AT_ONCE:
                return
            after = rows[-1].short_id

    def _put_badges(
        self,
        shown: list[tuple[Shown, JsonObject | None]],
        wanted: dict[str, bytes],
        known: dict[str, Note],
        *,
        counted_from: int,
    ) -> None:
        for start in range(0, len(shown), _BADGES_AT_ONCE):
            some = shown[start : start + _BADGES_AT_ONCE]
            made = [
                Made(key=one.short_id, fingerprint=wanted[one.short_id], files=files)
                for (one, _), files in zip(some, self.renderer.render(some), strict=True)
            ]
            self.site.put(made, known)
            self.progress(counted_from + start + len(some))

    def _achievements(self, face: Face, fingerprints: Fingerprints) -> set[str]:
        with self.instance.store.reading() as connection:
            held = credential_store.load_achievements(connection)
        places = {}
        for ref, version, text in held:
            key = f"achievements/{ref}/{version}"
            places[key] = (ref, text)
        known = self._recall(list(places))
        for key, (ref, text) in places.items():
            fingerprint = fingerprints.of_achievement(ref, text)
            if self._is_stale(known.get(key), fingerprint):
                files = tuple(_files_of_achievement(face, key, text))
                self.site.put([Made(key=key, fingerprint=fingerprint, files=files)], known)
        return set(places)

    def _recall(self, keys: list[str]) -> dict[str, Note]:
        known = self.site.notes.recall(keys)
        self._recalled += len(known)
        return known

    def _is_stale(self, note: Note | None, fingerprint: bytes) -> bool:
        if self.verify_files or note is None or note.fingerprint != fingerprint:
            return True
        return self.looks_for_files and not self.site.has_all(note.names)

    def _take_out_what_is_gone(self, achievements: set[str]) -> None:
        """Of badges and achievements that an earlier run knew and the database does not: a restored one, say."""
        for keys in self.site.notes.pages_of_keys():
            with self.instance.store.reading() as connection:
                there = public_rows.find_ids(connection, keys) | achievements
            self.site.take_out(self.site.notes.recall([key for key in keys if key not in there]))


def _every_page(
    instance: Instance, face: Face, trees: dict[str, Tree]
) -> Iterator[tuple[list[PublicRow], list[tuple[Shown, JsonObject | None]]]]:
    after = ""
    while True:
        with instance.store.reading() as connection:
            rows = public_rows.load_page(connection, after=after, limit=_ROWS_AT_ONCE)
            shown = _with_proofs(connection, face, rows, trees)
        yield rows, shown
        if len(rows) < _ROWS_AT_ONCE:
            return
        after = rows[-1].short_id


def _with_proofs(
    connection: Connection, face: Face, rows: list[PublicRow], trees: dict[str, Tree]
) -> list[tuple[Shown, JsonObject | None]]:
    """The badges with their documents, and the proof that lies beside those that are anchored."""
    if not rows:
        return []
    inclusions = Inclusions(connection, trees=trees)
    anchored = {row.short_id for row in rows if row.leaves}
    return [
        (one, inclusions.of(one.short_id) if one.short_id in anchored else None) for one in face.shown(connection, rows)
    ]


def _achievement_files(instance: Instance, face: Face) -> Iterator[tuple[str, bytes]]:
    with instance.store.reading() as connection:
        held = credential_store.load_achievements(connection)
    for ref, version, text in held:
        yield from _files_of_achievement(face, f"achievements/{ref}/{version}", text)


def _files_of_achievement(face: Face, place: str, text: bytes) -> Iterator[tuple[str, bytes]]:
    document = parse_object(text)
    yield f"{place}.png", face.pictures.achievement_png(document)
    for language in LANGUAGES:
        html = pages.achievement_html(face.publisher, document, place=place, language=language)
        yield f"{place}/{page_file(language)}", html.encode()


def _write_rest(instance: Instance, face: Face, place: Place, *, now: datetime) -> None:
    refresh_lists(instance, now=now)
    with instance.store.reading() as connection:
        for signed in list_store.load_signed_lists(connection):
            place.write(f"status/{signed.number}", signed.document)
        front = FrontPage.load(face, connection)
    for language in LANGUAGES:
        place.write(page_file(language), front.html(now=now, language=language))
    place.write("assets/badge.css", pages.stylesheet())
    place.write("assets/icon.svg", pages.icon())
    place.write("_headers", _HEADERS.encode())


def _write_addresses(site: SiteFolder, instance: Instance, path: Path) -> None:
    """The addresses of everything that changed. Those with a certificate's key are secrets, and kept by no cache."""
    with writing_whole(path, mode=PRIVATE) as file:
        for name in site.notes.changed_names():
            if not name.startswith(SHARED_FOLDER):
                for address in addresses_of(name):
                    file.write(f"{instance.config.base_url}/{address}\n")
    site.notes.forget_changed()


def addresses_of(name: str) -> tuple[str, ...]:
    """Every address under which a file may be kept, below the base URL: a page is at those of its folder too, and a
    badge's JSON at its id."""
    folder, _, file = name.rpartition("/")
    if file == "index.html":
        return (name, f"{folder}/", folder) if folder else (name, "")
    if folder == "badges" and file.endswith(".json") and file.count(".") == 1:
        return (name, name.removesuffix(".json"))
    return (name,)


def about_documents(instance: Identity) -> dict[str, bytes]:
    """(name -> bytes) of what the instance says of itself."""
    made: dict[str, bytes] = {}
    if not instance.config.is_did_key:
        made[did_document_name(instance)] = write_json(did_document(instance), indent=2)
    made[".well-known/jwks.json"] = write_json(jwks(instance), indent=2)
    made["issuer"] = write_json(issuer_profile(instance), indent=2)
    return made
