"""What a verifier has seen of registers and status lists, and what may not come after it; values only, keeps no file.

A signature shows who wrote an edition or a list, not that it is the last one they wrote. Somebody between the
authority and us can serve an older one (rollback), keep on serving it (freeze), or serve us another than everybody
else (fork). Whoever remembers what they saw notices all three.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from schemas.canonical import jcs
from schemas.errors import HistoryRefused
from schemas.jsontext import JsonObject
from schemas.limits import MAX_SEEN_AUTHORITIES, MAX_SEEN_EDITIONS, MAX_SEEN_LISTS
from schemas.nzqcf import format_nz_date
from verifier.register.edition import Edition
from verifier.report import Notice

ListKey = tuple[str, str]  # the list's address, and its issuer: somebody else's list there must not count against it


class Broken(StrEnum):
    """How a history can be broken; the `reason` of HistoryRefused."""

    ROLLBACK = "edition-rolled-back"
    FORK = "edition-forked"
    REORDER = "edition-reordered"
    MIXED = "edition-mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEdition:
    """What is remembered of one edition."""

    number: int
    sha256: str
    previous_sha256: str | None
    as_at: date
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenList:
    """What is remembered of the newest status list at one address. `sha256` is of what the list says, not of its text:
    the same list signed again, or wrapped otherwise, is the same list."""

    url: str
    issuer: str
    valid_from: datetime
    sha256: str

    @property
    def key(self) -> ListKey:
        return self.url, self.issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The editions seen of one register authority, lowest number first; never empty."""

    did: str
    editions: tuple[SeenEdition, ...]

    @property
    def newest(self) -> SeenEdition:
        return self.editions[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class HighWater:
    """All that one verifier remembers."""

    authorities: tuple[Authority, ...] = ()
    lists: tuple[SeenList, ...] = ()

    def authority(self, did: str) -> Authority | None:
        return next((one for one in self.authorities if one.did == did), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An edition that may be used: what to remember from now on, and what its reader should know."""

    high_water: HighWater
    notices: tuple[Notice, ...] = ()


def seen_edition(edition: Edition) -> SeenEdition:
    """What is worth remembering of an edition."""
    return SeenEdition(
        number=edition.number,
        sha256=edition.sha256,
        previous_sha256=edition.previous_sha256,
        as_at=edition.as_at,
        demonstration=edition.demonstration,
    )


# --- editions -----------------------------------------------------------------------------------------------------
def admit_editions(seen: HighWater, editions: Sequence[Edition], *, looking_back_to: date | None = None) -> Admission:
    """Whether the last of `editions` may be used; those before it, oldest first, only show how it came about.

    `looking_back_to` is the day in New Zealand that somebody asked about with `--at`. When it lies before the newest
    edition seen, an older edition is what they want: it is let through with a notice, and nothing is remembered.
    Raises HistoryRefused with a `reason` of `Broken`.
    """
    if not editions:
        raise ValueError("no edition to admit")
    did = editions[-1].authority_did
    before = seen.authority(did)
    back = before is not None and looking_back_to is not None and looking_back_to < before.newest.as_at
    known = () if before is None else before.editions
    for edition in editions:
        if edition.authority_did != did:
            raise HistoryRefused(
                f"Edition {edition.number} is another authority's than edition {editions[-1].number}.",
                reason=Broken.MIXED.value,
            )
        known = _taken_up(known, seen_edition(edition))
    used = seen_edition(editions[-1])
    if used.number < known[-1].number and not back:
        raise HistoryRefused(_rolled_back(used, known[-1]), reason=Broken.ROLLBACK.value)
    notices = tuple(_notices(used, before, known))
    if back:
        return Admission(high_water=seen, notices=notices)
    return Admission(high_water=_remember(seen, Authority(did=did, editions=known)), notices=notices)


def _taken_up(known: tuple[SeenEdition, ...], new: SeenEdition) -> tuple[SeenEdition, ...]:
    """The editions seen with one more among them, in its place. Raises HistoryRefused when it does not fit there."""
    place = sum(one.number < new.number for one in known)
    if place < len(known) and known[place].number == new.number:
        if known[place].sha256 != new.sha256:
            raise HistoryRefused(
                f"There are two editions {new.number}: this one, and another that was seen before. The register has "
                "been split in two; ask the authority which is theirs, and use neither until then.",
                reason=Broken.FORK.value,
            )
        return known
    if place > 0:
        _check_order(known[place - 1], new)
    if place < len(known):
        _check_order(new, known[place])
    return (*known[:place], new, *known[place:])


def _check_order(earlier: SeenEdition, later: SeenEdition) -> None:
    if later.number == earlier.number + 1 and later.previous_sha256 != earlier.sha256:
        raise HistoryRefused(
            f"Edition {later.number} was made after another edition {earlier.number} than the one that was shown here. "
            "The register has been split in two; ask the authority which is theirs.",
            reason=Broken.FORK.value,
        )
    if later.as_at < earlier.as_at:
        raise HistoryRefused(
            f"Edition {later.number} is as at {format_nz_date(later.as_at)}, before edition {earlier.number} "
            f"({format_nz_date(earlier.as_at)}): the editions are out of order. Ask the authority.",
            reason=Broken.REORDER.value,
        )
    if later.demonstration != earlier.demonstration:
        raise HistoryRefused(
            f"Of the editions {earlier.number} and {later.number} one is demonstration data and the other is not. "
            "Keep what was seen of the two in separate files.",
            reason=Broken.MIXED.value,
        )


def _rolled_back(used: SeenEdition, newest: SeenEdition) -> str:
    return (
        f"Edition {used.number} is older than edition {newest.number}, as at {format_nz_date(newest.as_at)}, which was "
        f"seen before, so it decides nothing. Use edition {newest.number} or a later one."
    )


def _notices(used: SeenEdition, before: Authority | None, known: tuple[SeenEdition, ...]) -> Iterable[Notice]:
    if before is None:
        return
    newest = before.newest
    if used.number < newest.number:
        met = "" if used in before.editions else " It was never seen here while it was the newest."
        yield Notice(
            code="older-edition",
            sentence=f"Edition {used.number} was used because an earlier day was asked about; edition {newest.number}, "
            f"as at {format_nz_date(newest.as_at)}, has been seen since.{met}",
        )
    missing = used.number - newest.number - sum(newest.number < one.number <= used.number for one in known)
    if missing > 0:
        yield Notice(
            code="editions-skipped",
            sentence=f"Editions between {newest.number} and {used.number} were not seen ({missing} of them), so "
            f"nothing shows here that edition {used.number} follows edition {newest.number}. `badge-verifier register "
            "verify` takes them all, oldest first.",
        )


def _remember(seen: HighWater, authority: Authority) -> HighWater:
    others = tuple(one for one in seen.authorities if one.did != authority.did)
    if len(others) >= MAX_SEEN_AUTHORITIES:
        raise HistoryRefused(
            f"{len(others)} register authorities are remembered, which is the limit; keep another file for this one.",
            reason="too-many-authorities",
        )
    # The oldest are let go first: the mark that nothing may fall below is the newest.
    kept = replace(authority, editions=authority.editions[-MAX_SEEN_EDITIONS:])
    return replace(seen, authorities=(*others, kept))


# --- status lists -------------------------------------------------------------------------------------------------
class ListWatch:
    """What was seen of status lists before and during one run; `noticed` is for remembering afterwards.

    `looking_back_to` is the instant that somebody asked about with `--at`: a list newer than that is no reason against
    an older one.
    """

    def __init__(self, seen: HighWater, *, looking_back_to: datetime | None = None) -> None:
        self._marks = {one.key: one for one in seen.lists}
        self._back = looking_back_to
        self.noticed: dict[ListKey, SeenList] = {}

    def compare(self, new: SeenList) -> SeenList | None:
        """The list that outranks this one; else None, and it is noted. Never call it with a list that is unproven."""
        mark = self._marks.get(new.key)
        if mark is not None and self._back is not None and self._back < mark.valid_from:
            return None
        if mark is not None and not follows(mark, new):
            return mark
        self._marks[new.key] = self.noticed[new.key] = new
        return None


def said_digest(subject: JsonObject) -> str:
    """SHA-256 of what a status list says (its subject, RFC 8785), whoever signed it and however it is wrapped."""
    return hashlib.sha256(jcs(subject)).hexdigest()


def remember_lists(seen: HighWater, noticed: Iterable[SeenList]) -> tuple[HighWater, int]:
    """The newest list of every address, and how many new addresses there was no room for.

    An address is never let go to make room: a stranger could otherwise name thousands to wash one out.
    """
    marks = {one.key: one for one in seen.lists}
    passed_over = 0
    for new in noticed:
        mark = marks.get(new.key)
        if mark is None and len(marks) >= MAX_SEEN_LISTS:
            passed_over += 1
        elif mark is None or new.valid_from > mark.valid_from:
            marks[new.key] = new
    return replace(seen, lists=tuple(marks.values())), passed_over


def follows(mark: SeenList, new: SeenList) -> bool:
    """Whether a list may come after the newest one seen: it is newer, or says the same."""
    return new.valid_from > mark.valid_from or (new.valid_from == mark.valid_from and new.sha256 == mark.sha256)
