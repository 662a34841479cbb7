"""A second, deliberately naive reading of the contract's Decision section: walks day by day, shares no code.

Rows are plain dictionaries, days are ordinals. Where the contract names one answer, `answers` returns a set of one;
where it leaves the choice open (two rights cover the day, two periods begin on one day) it returns all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, list[Row]]
Answer: TypeAlias = tuple[str, str, bool]  # outcome, reason, whether the delivery caveat stands

FOREVER = date(2100, 1, 1).toordinal()
NAMES = {
    "accreditation": "accredited",
    "approval": "approved-institution",
    "developer": "awarded-by-developer",
    "nzqa": "awarded-by-nzqa",
}


def answers(tables: Tables, as_at: int, provider: str, ref: str, day: int) -> set[Answer]:
    window = as_at < day <= as_at + 45

    def no(reason: str) -> set[Answer]:
        if window and reason in ("listing-unknown", "provider-unknown", "right-absent", "right-not-yet"):
            return {("unknown", "register-predates-award", False)}
        return {("not-accredited", reason, False)}

    # "listing removed as listed by mistake, whatever the day"; "only when all are"
    versions = [row for row in tables["listings"] if row["ref"] == ref]
    if versions and all(row["removed"] is not None for row in versions):
        return no("listing-removed")
    # "day later than as_at + 45 days"
    if day > as_at + 45:
        return {("unknown", "register-predates-award", False)}
    # "ref only among equivalencies"
    if not versions:
        return no("equivalency-only" if ref in tables["equivalencies"] else "listing-unknown")
    # "day before the later of listed_from and approved_on · after discontinued_on or approval_ended_on, or between"
    spans = []
    for row in versions:
        if row["removed"] is None:
            first = row["listed"] if row["approved"] is None else max(row["listed"], row["approved"])
            last = min(FOREVER if row[name] is None else row[name] for name in ("discontinued", "approval_ended"))
            spans.append((first, last))
    if not any(first <= day <= last for first, last in spans):
        return no("listing-not-yet" if all(day < first for first, _ in spans) else "listing-discontinued")
    # "provider absent"
    if provider not in {row["moe"] for row in tables["providers"]}:
        return no("provider-unknown")
    return _by_rights(tables, provider, ref, day, no)


def _by_rights(tables: Tables, provider: str, ref: str, day: int, no: Any) -> set[Answer]:
    chains = list(_chains(tables, provider, ref))
    # "nobody registered on the day whose right could count": the provider, or one it may sign for
    possible = {provider}
    for chain in chains:
        arrived = chain[0]["from"]
        for link in chain:
            if link["on"] <= day:
                arrived = link["to"]
        possible.add(arrived)
    if not any(_registered(tables, who, day) for who in possible):
        return no("provider-not-registered")

    own = [_own(tables, right, day) for right in _rights(tables, provider, ref)]
    passed = []
    for chain in chains:
        for right in _rights(tables, chain[0]["from"], ref):
            story = _followed(tables, chain, right, day)
            if story is not None:
                passed.append(story)

    good: set[Answer] = {
        ("accredited", NAMES[right["basis"]], _undated(right)) for state, right in own if state == "good"
    } or {
        ("accredited", "accredited-through-predecessor", _undated(right)) for state, right in passed if state == "good"
    }
    if good:
        return good
    for group in (own, passed):
        begun = [(state, right) for state, right in group if state != "not-yet"]
        if begun:
            latest = max(right["granted"] for _, right in begun)
            found: set[Answer] = set()
            for state, right in begun:
                if right["granted"] == latest:
                    found |= {("unknown", "delivery-not-recorded", False)} if state == "doubtful" else no(state)
            return found
    return no("right-not-yet" if own or passed else "right-absent")


def _rights(tables: Tables, who: str, ref: str) -> list[Row]:
    return [row for row in tables["rights"] if row["moe"] == who and row["ref"] == ref]


def _undated(right: Row) -> bool:
    return right["basis"] == "accreditation" and right["delivered"] is None


def _registered(tables: Tables, who: str, day: int) -> bool:
    for row in tables["providers"]:
        if row["moe"] == who and row["first"] <= day and (row["last"] is None or day <= row["last"]):
            return True
    return False


def _a_year_on(ordinal: int) -> int:
    day = date.fromordinal(ordinal)
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28).toordinal()
    return date(day.year + 1, day.month, day.day).toordinal()


def _lapse(right: Row, day: int) -> str:
    """`fine`, `doubtful` or `right-lapsed` on a day, found by walking there from the grant."""
    if right["basis"] != "accreditation" or right["delivered"] is None:
        return "fine"
    state = "fine"
    last_good = max(right["granted"], right["delivered"])
    for _ in range(1):
        last_good = _a_year_on(last_good)
    if right["extended"] is not None and right["extended"] > last_good:
        last_good = right["extended"]
    walker = right["granted"]
    while walker <= day:
        if walker > last_good:
            sure = right["why"] == "lapsed" or (right["checked"] is not None and right["checked"] >= walker)
            state = "right-lapsed" if sure else "doubtful"
        walker += 1
    return state


def _first_day_not_fine(right: Row, day: int) -> int | None:
    for walker in range(right["granted"], day + 1):
        if _lapse(right, walker) != "fine":
            return walker
    return None


def _by_dates(right: Row, day: int) -> str:
    if day < right["granted"]:
        return "not-yet"
    lapse = _lapse(right, day)
    ended = right["ended"] is not None and day > right["ended"]
    if ended and right["why"] == "lapsed":
        return "right-lapsed"
    if ended and lapse == "right-lapsed":
        # "otherwise whichever came first"
        first_lapsed = _first_day_not_fine(right, day)
        return "right-lapsed" if first_lapsed is not None and first_lapsed <= right["ended"] else "right-ended"
    if ended:
        return "right-ended"
    return {"fine": "good"}.get(lapse, lapse)


def _own(tables: Tables, right: Row, day: int) -> tuple[str, Row]:
    state = _by_dates(right, day)
    if state in ("good", "doubtful") and not _registered(tables, right["moe"], day):
        state = "provider-not-registered"
    return state, right


def _chains(tables: Tables, provider: str, ref: str) -> Iterator[list[Row]]:
    """Every list of links that leads to the provider, first link first, none made before the one ahead of it."""
    links = [row for row in tables["successions"] if row["scope"] in ("*", ref)]

    def lead_to(who: str, latest: int) -> Iterator[list[Row]]:
        for link in links:
            if link["to"] == who and link["on"] <= latest:
                yield [link]
                for before in lead_to(link["from"], link["on"]):
                    yield [*before, link]

    yield from lead_to(provider, FOREVER)


def _followed(tables: Tables, chain: list[Row], right: Row, day: int) -> tuple[str, Row] | None:
    """A right followed down a chain, from the day it is first handed over to the day asked about."""
    if day < chain[0]["on"]:
        return _own(tables, right, day)
    start = _by_dates(right, chain[0]["on"] - 1)
    if start == "not-yet":
        return None
    if start in ("right-ended", "right-lapsed"):
        return start, right
    if _lapse(right, day) == "right-lapsed":
        return "right-lapsed", right
    # Whoever held it on the eve of each hand-over had to be registered then.
    holder, since = chain[0]["from"], 0
    for link in chain:
        if link["on"] > day:
            break
        if since < link["on"] and not _registered(tables, holder, link["on"] - 1):
            return "provider-not-registered", right
        holder, since = link["to"], link["on"]
    if not _registered(tables, holder, day):
        return "provider-not-registered", right
    return {"fine": "good"}.get(_lapse(right, day), "doubtful"), right
