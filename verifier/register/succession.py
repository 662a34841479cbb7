"""Which predecessors' rights could count for a provider, and whether one does on a day; knows no reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from itertools import pairwise
from typing import TypeAlias

from schemas.nzqcf import add_months
from verifier.register.records import LAPSED, AwardingRight, Basis, Register, Succession

LAPSE_MONTHS = 12  # "If you do not deliver a micro-credential for a 12-month period, your accreditation … will lapse"
_ONE_DAY = timedelta(days=1)

# The links from the provider who first had the right to the one asked about, oldest first.
Path: TypeAlias = tuple[Succession, ...]


class State(Enum):
    """What a right is on a day."""

    COVERS = auto()
    DOUBTFUL = auto()  # so long since the last recorded delivery that it may have lapsed
    NOT_YET = auto()
    ENDED = auto()
    LAPSED = auto()
    UNREGISTERED = auto()  # its dates cover the day, but the provider it rests on was not registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One right, seen from one provider on one day. `holder` is the provider on whose registration it rests."""

    state: State
    right: AwardingRight
    holder: str
    path: Path = ()
    last_good_day: date | None = None

    @property
    def undated(self) -> bool:
        """No delivery is recorded at all, so nothing can be said about a lapse."""
        return self.right.basis is Basis.ACCREDITATION and self.right.last_delivered_on is None


def lapse_day(right: AwardingRight) -> date | None:
    """The last day before a lapse, or None where there is no lapse test."""
    if right.basis is not Basis.ACCREDITATION or right.last_delivered_on is None:
        return None
    day = add_months(max(right.granted_on, right.last_delivered_on), LAPSE_MONTHS)
    return day if right.lapse_extended_to is None else max(day, right.lapse_extended_to)


def _lapse(right: AwardingRight, limit: date | None, day: date) -> State:
    if limit is None or day <= limit:
        return State.COVERS
    checked = right.delivery_checked_on
    if right.end_reason == LAPSED or (checked is not None and checked >= day):
        return State.LAPSED
    return State.DOUBTFUL


def _on_its_own(right: AwardingRight, day: date) -> tuple[State, date | None]:
    """The state of a right by its own dates, and its last good day once that is past."""
    if day < right.granted_on:
        return State.NOT_YET, None
    limit = lapse_day(right)
    lapse = _lapse(right, limit, day)
    ended = right.ended_on
    if ended is None or day <= ended:
        return lapse, None if lapse is State.COVERS else limit
    if right.end_reason == LAPSED:
        return State.LAPSED, ended if limit is None else min(ended, limit)
    if lapse is State.LAPSED and limit is not None and limit < ended:
        return State.LAPSED, limit
    return State.ENDED, ended


def own_standing(register: Register, right: AwardingRight, day: date) -> Standing:
    """A provider's own right counts only while the provider is itself registered."""
    state, last = _on_its_own(right, day)
    if state in (State.COVERS, State.DOUBTFUL) and register.provider_on(right.moe_number, day) is None:
        state, last = State.UNREGISTERED, None
    return Standing(state=state, right=right, holder=right.moe_number, last_good_day=last)


def paths_to(register: Register, moe_number: str, ref: str) -> Iterator[Path]:
    """Every chain of successions that leads to the provider for the ref.

    A chain runs forward in time: what reached a provider after it had handed over stays with that provider.
    """
    open_paths: list[Path] = [(link,) for link in register.successions_into.get(moe_number, ()) if link.concerns(ref)]
    while open_paths:
        path = open_paths.pop()
        yield path
        first = path[0]
        passed = {link.to_moe for link in path}
        open_paths.extend(
            (link, *path)
            for link in register.successions_into.get(first.from_moe, ())
            if link.concerns(ref) and link.effective_on <= first.effective_on and link.from_moe not in passed
        )


def holder_on(path: Path, day: date) -> str:
    """Who, along the path, held on that day what came down it."""
    taken = [link for link in path if link.effective_on <= day]
    return taken[-1].to_moe if taken else path[0].from_moe


def standing_through(register: Register, path: Path, right: AwardingRight, day: date) -> Standing | None:
    """A predecessor's right, seen from the end of the path; None when it began too late to be handed over."""
    taken = [link for link in path if link.effective_on <= day]
    if not taken:  # the successor signs for what the predecessor awarded
        own = own_standing(register, right, day)
        return Standing(state=own.state, right=right, holder=own.holder, path=path, last_good_day=own.last_good_day)
    holder = taken[-1].to_moe
    eve = taken[0].effective_on - _ONE_DAY
    state, last = _on_its_own(right, eve)
    if state is State.NOT_YET:
        return None
    if state in (State.COVERS, State.DOUBTFUL):
        limit = lapse_day(right)
        state = _lapse(right, limit, day)
        last = None if state is State.COVERS else limit
        unregistered = _unregistered(register, right, taken, day)
        if state is not State.LAPSED and unregistered is not None:
            state, last, holder = State.UNREGISTERED, None, unregistered
    return Standing(state=state, right=right, holder=holder, path=path, last_good_day=last)


def _unregistered(register: Register, right: AwardingRight, taken: list[Succession], day: date) -> str | None:
    """The first provider along the way who was not registered when it had to be, or None."""
    if register.provider_on(right.moe_number, taken[0].effective_on - _ONE_DAY) is None:
        return right.moe_number
    for link, following in pairwise(taken):
        # Two links of the same day hand over at once: whoever stands between never had to be registered.
        eve = following.effective_on - _ONE_DAY
        if link.effective_on <= eve and register.provider_on(link.to_moe, eve) is None:
            return link.to_moe
    return None if register.provider_on(taken[-1].to_moe, day) is not None else taken[-1].to_moe
