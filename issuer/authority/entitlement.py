"""From which award day to which a provider may award what, as one edition knows it: pure, and asks only `decide`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from verifier.register.decision import KNOWN_AFTER, Decision, decide
from verifier.register.edition import Edition
from verifier.register.records import Listing, Provider, Register
from verifier.register.succession import lapse_day

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Award days in a row, both ends included, of which the edition says the very same."""

    first_day: date
    last_day: date
    decision: Decision

    @property
    def listing(self) -> Listing | None:
        return self.decision.listing

    @property
    def provider(self) -> Provider | None:
        return self.decision.provider


def open_stretches(edition: Edition, *, moe_number: str, ref: str) -> tuple[Stretch, ...]:
    """The accredited stretches that reach the edition's own day or begin after it, oldest first.

    None goes on for longer than the edition may speak, 45 days after its day: what has no end is not known to last.
    """
    merged: list[Stretch] = []
    for stretch in _stretches(edition, moe_number=moe_number, ref=ref):
        if merged and merged[-1].last_day + _ONE_DAY == stretch.first_day and _says_the_same(merged[-1], stretch):
            merged[-1] = replace(merged[-1], last_day=stretch.last_day)
        else:
            merged.append(stretch)
    return tuple(stretch for stretch in merged if stretch.last_day >= edition.as_at)


def refs_with_a_right(register: Register, moe_number: str) -> tuple[str, ...]:
    """Every reference that the provider, or one it succeeded, ever had a right to award."""
    providers = _family(register, moe_number)
    return tuple(sorted({right.nzqa_ref for right in register.awarding_rights if right.moe_number in providers}))


def _stretches(edition: Edition, *, moe_number: str, ref: str) -> Iterator[Stretch]:
    end = edition.as_at + KNOWN_AFTER + _ONE_DAY
    days = sorted({day for day in _turning_days(edition, moe_number, ref) if day < end} | {end})
    for first, following in pairwise(days):
        decision = decide(edition, provider=moe_number, ref=ref, on=first)
        if decision:
            yield Stretch(first_day=first, last_day=following - _ONE_DAY, decision=decision)


def _turning_days(edition: Edition, moe_number: str, ref: str) -> Iterator[date]:
    """Every day on which an answer can begin to differ from the day before."""
    register, family = edition.register, _family(edition.register, moe_number)
    yield edition.as_at + _ONE_DAY
    last_days: list[date | None] = []
    for listing in register.versions_by_ref.get(ref, ()):
        yield listing.first_day
        last_days.append(listing.last_day)
    for link in register.successions:
        if link.to_moe in family:
            yield link.effective_on
    for number in family:
        for period in register.providers_by_number.get(number, ()):
            yield period.registered_from
            last_days.append(period.registered_to)
        for right in register.rights_by_pair.get((number, ref), ()):
            yield right.granted_on
            last_days += (right.ended_on, lapse_day(right), right.delivery_checked_on)
    for day in last_days:
        if day is not None and day < date.max:
            yield day + _ONE_DAY


def _family(register: Register, moe_number: str) -> frozenset[str]:
    """The provider and everyone it succeeded, at whatever remove."""
    found, waiting = {moe_number}, [moe_number]
    while waiting:
        for link in register.successions_into.get(waiting.pop(), ()):
            if link.from_moe not in found:
                found.add(link.from_moe)
                waiting.append(link.from_moe)
    return frozenset(found)


def _says_the_same(one: Stretch, other: Stretch) -> bool:
    facts = [
        (
            it.decision.reason,
            it.decision.caveats,
            it.listing,
            it.provider and (it.provider.legal_name, it.provider.trading_as),
        )
        for it in (one, other)
    ]
    return facts[0] == facts[1]
