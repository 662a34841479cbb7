"""What the register holds about one listing or one provider, gathered for a page; pure, as at the edition's day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from schemas.nzqcf import format_nz_date, hours, review_due
from verifier.register.edition import Edition
from verifier.register.records import (
    AwardingRight,
    Equivalency,
    Issuer,
    KeyRow,
    LearningOutcome,
    Listing,
    Provider,
    Succession,
)
from verifier.register.succession import State, lapse_day, own_standing

_Row = TypeVar("_Row")

EQUIVALENCY_STATEMENT = (
    "Levelled against the NZQCF; neither the micro-credential nor its delivery was quality assured by NZQA."
)
BASIS_WORDS = {
    "accreditation": "accredited to deliver it",
    "approval": "holds the approval itself",
    "developer": "as its developer, with a good reason",
    "nzqa": "NZQA itself, with a good reason",
}
_STATE_WORDS = {
    State.COVERS: "in force",
    State.DOUBTFUL: "may have lapsed: no later delivery is recorded",
    State.NOT_YET: "not begun",
    State.ENDED: "ended",
    State.LAPSED: "lapsed",
    State.UNREGISTERED: "the provider is not registered",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a listing and what its learners can do."""

    listing: Listing
    state: str
    outcomes: tuple[LearningOutcome, ...]
    review_due: date | None

    @property
    def hours(self) -> int | None:
        return None if self.listing.credits is None else hours(self.listing.credits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One awarding right and who stands behind it."""

    right: AwardingRight
    provider: str
    listing: Listing | None
    state: str
    lapses_after: date | None
    heirs: tuple[Succession, ...]  # in whose hands it came since, nearest first

    @property
    def basis(self) -> str:
        return BASIS_WORDS[self.right.basis.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    ref: str
    versions: tuple[Version, ...]  # newest first
    holdings: tuple[Holding, ...]

    @property
    def newest(self) -> Version:
        return self.versions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    moe_number: str
    periods: tuple[Provider, ...]  # newest first
    state: str
    issuers: tuple[Issuer, ...]
    keys: tuple[KeyRow, ...]
    successions_out: tuple[Succession, ...]
    successions_in: tuple[Succession, ...]
    holdings: tuple[Holding, ...]

    @property
    def name(self) -> str:
        return self.periods[0].legal_name


# No slots: `cached_property` keeps each index in the instance's own dictionary.
@dataclass(frozen=True, kw_only=True)
class Contents:
    """An edition, seen by listing and by provider."""

    edition: Edition

    @cached_property
    def rights_by_ref(self) -> Mapping[str, list[AwardingRight]]:
        return _gathered((right.nzqa_ref, right) for right in self.edition.register.awarding_rights)

    @cached_property
    def rights_by_number(self) -> Mapping[str, list[AwardingRight]]:
        return _gathered((right.moe_number, right) for right in self.edition.register.awarding_rights)

    @cached_property
    def successions_from(self) -> Mapping[str, list[Succession]]:
        return _gathered((link.from_moe, link) for link in self.edition.register.successions)

    @cached_property
    def issuers_by_number(self) -> Mapping[str, list[Issuer]]:
        return _gathered((row.moe_number, row) for row in self.edition.register.issuers)

    @cached_property
    def keys_by_did(self) -> Mapping[str, list[KeyRow]]:
        return _gathered((row.did, row) for row in self.edition.register.keys)

    def name_of(self, moe_number: str) -> str:
        periods = self.edition.register.providers_by_number.get(moe_number)
        return periods[-1].legal_name if periods else f"provider {moe_number}"

    def newest_version(self, ref: str) -> Listing | None:
        versions = self.edition.register.versions_by_ref.get(ref)
        return versions[-1] if versions else None

    def listings(self) -> Iterator[ListingView]:
        for ref in sorted(self.edition.register.versions_by_ref):
            yield self.listing(ref)

    def providers(self) -> Iterator[ProviderView]:
        for moe_number in sorted(self.edition.register.providers_by_number):
            yield self.provider(moe_number)

    def listing(self, ref: str) -> ListingView:
        register = self.edition.register
        versions = tuple(
            Version(
                listing=row,
                state=listing_state(row, self.edition.as_at),
                outcomes=register.outcomes_by_version.get((ref, row.version), ()),
                review_due=review_due(approved_on=row.first_day, years=row.review_years),
            )
            for row in reversed(register.versions_by_ref[ref])
        )
        holdings = [self._holding(right) for right in self.rights_by_ref.get(ref, ())]
        holdings.sort(key=lambda one: (one.provider.casefold(), one.right.moe_number, one.right.granted_on))
        return ListingView(ref=ref, versions=versions, holdings=tuple(holdings))

    def provider(self, moe_number: str) -> ProviderView:
        register = self.edition.register
        issuers = tuple(self.issuers_by_number.get(moe_number, ()))
        holdings = [self._holding(right) for right in self.rights_by_number.get(moe_number, ())]
        holdings.sort(key=lambda one: (one.right.nzqa_ref, one.right.granted_on))
        return ProviderView(
            moe_number=moe_number,
            periods=tuple(reversed(register.providers_by_number[moe_number])),
            state=provider_state(register.providers_by_number[moe_number], self.edition.as_at),
            issuers=issuers,
            keys=tuple(
                key for did in dict.fromkeys(row.did for row in issuers) for key in self.keys_by_did.get(did, ())
            ),
            successions_out=tuple(self.successions_from.get(moe_number, ())),
            successions_in=register.successions_into.get(moe_number, ()),
            holdings=tuple(holdings),
        )

    def equivalencies(self) -> tuple[Equivalency, ...]:
        rows = self.edition.register.equivalencies
        return tuple(sorted(rows, key=lambda row: (row.organisation.casefold(), row.title.casefold())))

    def _holding(self, right: AwardingRight) -> Holding:
        standing = own_standing(self.edition.register, right, self.edition.as_at)
        return Holding(
            right=right,
            provider=self.name_of(right.moe_number),
            listing=self.newest_version(right.nzqa_ref),
            state=_STATE_WORDS[standing.state],
            lapses_after=lapse_day(right),
            heirs=tuple(self._heirs(right)),
        )

    def _heirs(self, right: AwardingRight) -> Iterator[Succession]:
        """The hand-overs of a right, forward in time; each link once."""
        seen: set[tuple[str, str, date, str]] = set()
        waiting = [(right.moe_number, right.granted_on)]
        while waiting:
            holder, since = waiting.pop(0)
            for link in self.successions_from.get(holder, ()):
                key = (link.from_moe, link.to_moe, link.effective_on, link.scope)
                if link.concerns(right.nzqa_ref) and link.effective_on >= since and key not in seen:
                    seen.add(key)
                    yield link
                    waiting.append((link.to_moe, link.effective_on))


def listing_state(row: Listing, as_at: date) -> str:
    """Whether it could be awarded on a day, in words."""
    if row.removed_on is not None:
        return f"removed on {format_nz_date(row.removed_on)}: it was listed by mistake"
    if as_at < row.first_day:
        return f"not to be awarded before {format_nz_date(row.first_day)}"
    last = row.last_day
    if last is not None and as_at > last:
        return f"no longer awarded: the last day was {format_nz_date(last)}"
    if row.expiring_from is not None and row.expiring_from <= as_at:
        return f"expiring: no new enrolments since {format_nz_date(row.expiring_from)}"
    return "current" if last is None else f"current until {format_nz_date(last)}"


def provider_state(periods: tuple[Provider, ...], as_at: date) -> str:
    if any(row.is_registered(as_at) for row in periods):
        return "registered"
    if periods[0].registered_from > as_at:
        return f"not registered before {format_nz_date(periods[0].registered_from)}"
    ended = max(row.registered_to for row in periods if row.registered_to is not None and row.registered_to < as_at)
    return f"no longer registered: the last day was {format_nz_date(ended)}"


def _gathered(pairs: Iterable[tuple[str, _Row]]) -> Mapping[str, list[_Row]]:
    groups: defaultdict[str, list[_Row]] = defaultdict(list)
    for key, row in pairs:
        groups[key].append(row)
    return groups
