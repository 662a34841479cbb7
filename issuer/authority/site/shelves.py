"""The lists by which a person browses without a script: titles A to Z, references, levels and subjects; pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from issuer.authority.site.views import Contents, listing_state
from schemas.nzqcf import NZSCED_BROAD_FIELDS, ReferenceKind, level_name, parse_reference
from verifier.register.records import Listing

PAGE_ROWS = 250  # about 60 KB of HTML: a list that a phone still scrolls


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A listing as one line of a list: its newest version, and its state on the edition's day."""

    listing: Listing
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One list of listings under one name, cut into pages."""

    kind: str  # the folder
    slug: str
    name: str
    heading: str
    entries: tuple[Entry, ...]

    @property
    def path(self) -> str:
        return self.page_path(1)

    @property
    def page_count(self) -> int:
        return -(-len(self.entries) // PAGE_ROWS)

    def page_path(self, number: int) -> str:
        return f"{self.kind}/{self.slug}.html" if number == 1 else f"{self.kind}/{self.slug}-{number}.html"

    def pages(self) -> Iterator[tuple[int, Sequence[Entry]]]:
        for number in range(1, self.page_count + 1):
            yield number, self.entries[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]


def folded(text: str) -> str:
    """Letters without macrons and in lower case: how a person types, and how lists are sorted."""
    plain = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def entries_of(contents: Contents) -> tuple[Entry, ...]:
    """Every listing by its newest version, in the order of references."""
    versions = contents.edition.register.versions_by_ref
    as_at = contents.edition.as_at
    return tuple(
        Entry(listing=versions[ref][-1], state=listing_state(versions[ref][-1], as_at)) for ref in sorted(versions)
    )


def shelves_of(entries: Iterable[Entry]) -> dict[str, tuple[Shelf, ...]]:
    """Kind of list -> its shelves in order."""
    ordered = sorted(entries, key=lambda entry: (folded(entry.listing.title), entry.listing.nzqa_ref))
    by_ref = sorted(ordered, key=lambda entry: entry.listing.nzqa_ref)
    return {
        "titles": _shelved("titles", ordered, _letter),
        "references": _shelved("references", by_ref, _first_digits),
        "levels": _shelved("levels", ordered, _level),
        "subjects": _shelved("subjects", ordered, _subject),
    }


# Sorts, goes into a file's name, stands in the link, stands at the head of the page.
_Label = tuple[str, str, str, str]


def _shelved(kind: str, entries: Iterable[Entry], label: Callable[[Listing], _Label]) -> tuple[Shelf, ...]:
    groups: defaultdict[_Label, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[label(entry.listing)].append(entry)
    return tuple(
        Shelf(kind=kind, slug=name[1], name=name[2], heading=name[3], entries=tuple(members))
        for name, members in sorted(groups.items())
    )


def _letter(row: Listing) -> _Label:
    first = next((letter for letter in folded(row.title) if letter.isalnum()), "")
    if "a" <= first <= "z":
        return first, first, first.upper(), f"Titles that begin with {first.upper()}"
    return "~", "other", "0–9", "Titles that begin with a number or another sign"


_REFERENCE_HEADS: Mapping[ReferenceKind, int] = {
    ReferenceKind.NZQA: 2,
    ReferenceKind.PROVIDER_LOCAL: 2,
    ReferenceKind.APPROVAL: 4,
}


def _first_digits(row: Listing) -> _Label:
    head = row.nzqa_ref[: _REFERENCE_HEADS[parse_reference(row.nzqa_ref).kind]]
    return f"{len(row.nzqa_ref)}{head}", head.lower(), f"{head}…", f"References that begin with {head}"


def _level(row: Listing) -> _Label:
    if row.level is None:
        return "~", "unknown", "not recorded", "Listings whose level is not recorded"
    return f"{row.level:02}", str(row.level), str(row.level), level_name(row.level)


def _subject(row: Listing) -> _Label:
    if row.nzsced is None:
        return "~", "unknown", "Subject not recorded", "Listings whose subject is not recorded"
    field = row.nzsced[:2]
    name = NZSCED_BROAD_FIELDS[field]
    return field, field, name, f"{name} (NZSCED {field})"
