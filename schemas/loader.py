"""The JSON-LD document loader: gives copies of pinned contexts, and never fetches anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from schemas import vocabulary as v
from schemas.errors import UnpinnedContext
from schemas.jsontext import JsonObject
from schemas.manifest import context_text, editions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextTexts:
    """Which text stands for a URL that has had several. URLs not named here have their current text."""

    name: str
    editions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __hash__(self) -> int:
        return hash(self.name)

    def edition_of(self, url: str) -> str:
        return self.editions.get(url, "current")


CURRENT = ContextTexts(name="current")

# Tried in turn by a verifier whose proof fails under CURRENT: the document may be older than the edit of its context.
HISTORICAL: tuple[ContextTexts, ...] = (
    ContextTexts(name="ob-2025-03-27", editions=MappingProxyType({v.OB3_CONTEXT: "2025-03-27"})),
    ContextTexts(name="vc-8d0ee107", editions=MappingProxyType({v.CREDENTIALS_V2: "8d0ee107"})),
    ContextTexts(
        name="vc-8d0ee107+ob-2025-03-27",
        editions=MappingProxyType({v.CREDENTIALS_V2: "8d0ee107", v.OB3_CONTEXT: "2025-03-27"}),
    ),
)


def held(url: str) -> bool:
    """Whether a text of this context is on board."""
    return bool(editions_of(url))


def historical_texts_for(document: JsonObject) -> tuple[ContextTexts, ...]:
    """The members of HISTORICAL that could make a difference to `document`."""
    contexts = document.get("@context")
    urls = {url for url in contexts if isinstance(url, str)} if isinstance(contexts, list) else {contexts}
    return tuple(texts for texts in HISTORICAL if set(texts.editions) <= urls)


def load_context(url: str, *, texts: ContextTexts = CURRENT) -> JsonObject:
    """A fresh copy of the pinned context at `url`; PyLD may change what it is given. Raises UnpinnedContext."""
    return _parsed(_text(url, texts))


def document_loader(texts: ContextTexts = CURRENT) -> Callable[[str, Any], dict[str, Any]]:
    """A PyLD document loader. The tag `static` lets PyLD keep the processed context from one document to the next."""

    def load(url: str, _options: Any = None) -> dict[str, Any]:
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": load_context(url, texts=texts),
            "tag": "static",
        }

    return load


def _text(url: str, texts: ContextTexts) -> bytes:
    if not held(url):
        raise UnpinnedContext(
            f"The JSON-LD context {url[:200]!r} is not held, and contexts are never fetched.", url=url
        )
    edition = texts.edition_of(url)
    return context_text(url, edition)


def _parsed(text: bytes) -> JsonObject:
    document: JsonObject = json.loads(text)
    _check_no_import(text)
    return document


@cache
def _check_no_import(text: bytes) -> None:
    """`@import` lets PyLD 3.3 change the imported context in place, so none of the texts may use it."""
    if b'"@import"' in text:
        raise UnpinnedContext("A pinned context uses @import, which is refused.")
