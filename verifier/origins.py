"""Origins of a development machine: an address that stands in badges, found somewhere on this machine instead.

For trying things out only. Whoever starts a verifier with one says so on every page and in every log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

from keys.resolve import Fetch, Retrieved
from schemas.errors import InputError
from verifier.fetch import origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedOrigins:
    """`origins` are reached without the usual questions; `moved` says which other origin each of them stands for."""

    origins: frozenset[str] = frozenset()
    moved: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def parse(cls, texts: tuple[str, ...]) -> Self:
        """`http://127.0.0.1:8801`, or `https://badges.example=http://127.0.0.1:8801`. Raises InputError."""
        origins: set[str] = set()
        moved: dict[str, str] = {}
        for text in texts:
            named, _, found_at = text.partition("=")
            origins.add(_origin(found_at or named))
            if found_at:
                moved[_origin(named)] = _origin(found_at)
        return cls(origins=frozenset(origins), moved=MappingProxyType(moved))

    def __bool__(self) -> bool:
        return bool(self.origins)

    def over(self, fetch: Fetch) -> Fetch:
        """A Fetch that asks for a moved origin's addresses where that is found."""
        if not self.moved:
            return fetch

        def ask(url: str) -> Retrieved:
            parts = urlsplit(url)
            found_at = self.moved.get(origin_of(parts)) if parts.hostname else None
            if found_at is None:
                return fetch(url)
            query = f"?{parts.query}" if parts.query else ""
            return replace(fetch(f"{found_at}{parts.path or '/'}{query}"), url=url)

        return ask


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise InputError(f"“{text[:80]}” is no origin; one looks like http://127.0.0.1:8801.")
    return origin_of(parts)
