"""Writes the register site: only what differs, and takes away what an earlier run wrote and this one did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from issuer.authority.site import documents, pages
from issuer.authority.site.shelves import entries_of, shelves_of
from issuer.authority.site.views import Contents
from issuer.files import write_if_different
from schemas.errors import InputError
from schemas.jsontext import JsonObject, parse_json, write_json
from schemas.limits import EDITION
from verifier.register.edition import Edition

_FILES = "files.json"
# The only names this program gives: nothing else is ever taken away.
_OURS = re.compile(r"(?:(?:titles|references|levels|subjects|listings|providers)/)?[0-9A-Za-z-]{1,40}\.(?:html|json)")
# `frame-ancestors` has no effect in a page's own policy; hosts that read this file send it.
_HEADERS = b"""\
/*
  Content-Security-Policy: frame-ancestors 'none'
  X-Content-Type-Options: nosniff
/*.json
  Access-Control-Allow-Origin: *
/edition.json
  Cache-Control: public, max-age=3600
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a run did: files of the site, how many it wrote, and how many old ones it took away."""

    files: int
    written: int
    removed: int
    listings: int
    providers: int


def write_site(edition: Edition, *, data: bytes, folder: Path) -> Written:
    """Write the pages of a verified edition, whose signed bytes are `data`, into `folder`. Raises OSError."""
    contents = Contents(edition=edition)
    names: list[str] = []
    written = 0
    for name, content in _files(contents, data):
        names.append(name)
        written += write_if_different(folder / name, content)
    removed = 0
    for name in _earlier(folder / _FILES) - set(names):
        (folder / name).unlink(missing_ok=True)
        removed += 1
    write_if_different(folder / _FILES, write_json(sorted(names)))
    return Written(
        files=len(names),
        written=written,
        removed=removed,
        listings=len(edition.register.versions_by_ref),
        providers=len(edition.register.providers_by_number),
    )


def _files(contents: Contents, data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file, pages before the lists that lead to them."""
    edition = contents.edition
    yield "edition.json", data
    yield "edition.sha256", f"{edition.sha256}  edition.json\n".encode()
    for name in pages.ASSETS:
        yield f"assets/{name}", pages.asset(name)
    for listing in contents.listings():
        yield f"listings/{listing.ref}.html", pages.listing_page(listing, contents)
        yield f"listings/{listing.ref}.json", _json(documents.listing_document(listing, edition))
    providers = tuple(contents.providers())
    for provider in providers:
        yield f"providers/{provider.moe_number}.html", pages.provider_page(provider, contents)
        yield f"providers/{provider.moe_number}.json", _json(documents.provider_document(provider, edition))
    yield "providers/index.html", pages.providers_page(contents, providers)
    entries = entries_of(contents)
    shelves = shelves_of(entries)
    for shelf in (shelf for kind in shelves.values() for shelf in kind):
        for number, rows in shelf.pages():
            yield shelf.page_path(number), pages.shelf_page(edition, shelf, number=number, entries=rows)
    yield "equivalencies.html", pages.equivalencies_page(contents)
    yield "equivalencies.json", _json(documents.equivalencies_document(contents))
    yield "assets/search-data.js", pages.search_data(entries, providers)
    yield "index.html", pages.index_page(contents, shelves)
    yield "index.json", _json(documents.index_document(contents))
    yield "_headers", _HEADERS


def _earlier(path: Path) -> set[str]:
    """The pages that the last run wrote; none when nobody can tell."""
    try:
        names = parse_json(path.read_bytes(), limits=EDITION)
    except (OSError, InputError):
        return set()
    if not isinstance(names, list):
        return set()
    return {name for name in names if isinstance(name, str) and _OURS.fullmatch(name)}


def _json(document: JsonObject) -> bytes:
    return write_json(document, indent=2)
