"""`decide` against the naive oracle, on random registers and days."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.register.making import edition, equivalency, listing, provider, right, succession
from tests.register.oracle import Tables, answers
from verifier.register.decision import decide, decide_today
from verifier.register.reasons import Caveat, Reason
from verifier.register.statement import since_sentence

PROVIDERS = ("9990", "9991", "9992", "9993")
REFS = ("0001", "0002", "0003")
FIRST, LAST = date(2022, 1, 1).toordinal(), date(2026, 12, 31).toordinal()


def _day(dice: random.Random) -> int:
    """Any day, or one of a few around which things are made to meet."""
    if dice.random() < 0.4:
        return date(dice.choice((2023, 2024, 2025)), *dice.choice(((1, 1), (2, 28), (3, 1), (12, 31)))).toordinal()
    return dice.randint(FIRST, LAST)


def _later(dice: random.Random, first: int, chance: float) -> int | None:
    return None if dice.random() > chance else max(first, _day(dice))


def random_tables(dice: random.Random) -> Tables:
    providers = []
    for moe in PROVIDERS[: dice.randint(2, 4)]:
        first = dice.choice((FIRST - 400, FIRST - 400, _day(dice)))
        last = _later(dice, first, 0.4)
        providers.append({"moe": moe, "first": first, "last": last})
        if last is not None and dice.random() < 0.3:
            again = last + dice.randint(2, 300)
            providers.append({"moe": moe, "first": again, "last": _later(dice, again, 0.3)})
    listings = []
    for ref in REFS[: dice.randint(1, 2)]:
        for _ in range(dice.choice((1, 1, 1, 2))):
            listed = dice.choice((*(FIRST - 400,) * 6, _day(dice)))
            approved = dice.choice((*(None,) * 6, _day(dice)))
            start = max(listed, approved or listed)
            listings.append(
                {
                    "ref": ref,
                    "listed": listed,
                    "approved": approved,
                    "discontinued": _later(dice, start, 0.15),
                    "approval_ended": _later(dice, start, 0.1),
                    "removed": dice.choice((*(None,) * 19, listed + 5)),
                }
            )
    rights = [_random_right(dice) for _ in range(dice.randint(0, 7))]
    order = list(PROVIDERS)
    dice.shuffle(order)
    successions = []
    for position, source in enumerate(order):
        for target in order[position + 1 :]:
            if dice.random() < 0.3:
                scope = dice.choice(("*", "*", *REFS[:2]))
                successions.append({"from": source, "to": target, "on": _day(dice), "scope": scope})
    if len(providers) > 2 and dice.random() < 0.2:
        _hand_over_twice_in_a_day(dice, providers, order, successions, rights)
    return {
        "providers": providers,
        "listings": listings,
        "rights": rights,
        "successions": successions,
        "equivalencies": [ref for ref in REFS if dice.random() < 0.5],  # type: ignore[misc]
    }


def _hand_over_twice_in_a_day(
    dice: random.Random, providers: list[Any], order: list[str], successions: list[Any], rights: list[Any]
) -> None:
    """first -> between -> last on one day: whoever stands between need never have been registered."""
    first, between, last = order[0], order[1], order[2]
    day = _day(dice)
    successions[:] = [row for row in successions if {row["from"], row["to"]} - {first, between, last}]
    successions += [
        {"from": first, "to": between, "on": day, "scope": "*"},
        {"from": between, "to": last, "on": day + dice.choice((0, 0, 0, 1, -1)), "scope": dice.choice(("*", REFS[0]))},
    ]
    for row in providers:
        if row["moe"] == between:
            row["first"] = dice.choice((FIRST - 400, day - 1, day, day + 1, day + 200))
            row["last"] = dice.choice((None, max(row["first"], day - 1), max(row["first"], day)))
    rights.append(_random_right(dice) | {"moe": first, "ref": REFS[0], "granted": min(day, _day(dice))})


def _random_right(dice: random.Random) -> dict[str, Any]:
    granted = _day(dice)
    delivered = dice.choice((None, _day(dice), _day(dice)))
    ended = _later(dice, granted, 0.4)
    checked = dice.choice((None, _day(dice), _day(dice)))
    if ended is not None and dice.random() < 0.4:  # it ends within days of its lapse, on either side
        delivered = ended - 365 + dice.choice((-20, -1, 0, 0, 1, 20))
        checked = dice.choice((None, ended - 1, ended + 1, ended + 30, LAST))
    return {
        "moe": dice.choice(PROVIDERS),
        "ref": dice.choice(REFS[:2]),
        "basis": dice.choice(("accreditation",) * 4 + ("approval", "developer", "nzqa")),
        "granted": granted,
        "delivered": delivered,
        "checked": checked,
        "extended": dice.choice((None, None, _day(dice))),
        "ended": ended,
        "why": dice.choice(("lapsed", "withdrawn")) if ended or (delivered and dice.random() < 0.3) else None,
    }


def _iso(day: int | None) -> str | None:
    return None if day is None else date.fromordinal(day).isoformat()


def rows_of(tables: Tables) -> list[Any]:
    rows: list[Any] = [provider(row["moe"], str(_iso(row["first"])), _iso(row["last"])) for row in tables["providers"]]
    for number, row in enumerate(tables["listings"]):
        rows.append(
            listing(
                row["ref"],
                str(_iso(row["listed"])),
                _iso(row["discontinued"]),
                version=str(number),
                approved_on=_iso(row["approved"]),
                approval_ended_on=_iso(row["approval_ended"]),
                removed_on=_iso(row["removed"]),
            )
        )
    rows += [
        right(
            row["moe"],
            str(_iso(row["granted"])),
            _iso(row["ended"]),
            ref=row["ref"],
            basis=row["basis"],
            delivered=_iso(row["delivered"]),
            checked=_iso(row["checked"]),
            extended=_iso(row["extended"]),
            why=row["why"],
        )
        for row in tables["rights"]
    ]
    rows += [succession(row["from"], row["to"], str(_iso(row["on"])), row["scope"]) for row in tables["successions"]]
    return rows + [equivalency(str(ref)) for ref in tables["equivalencies"]]


def _question(dice: random.Random, tables: Tables, as_at: int) -> tuple[str, str, int]:
    """Who, what and when: half of the time right at an edge of something the register holds."""
    if not tables["rights"] or dice.random() < 0.4:
        return dice.choice(PROVIDERS), dice.choice(REFS), dice.choice((_day(dice), as_at + dice.randint(-1, 50)))
    held = dice.choice(tables["rights"])
    edges = [held["granted"], held["granted"] + 365, held["ended"], held["checked"], held["extended"]]
    edges += [held["delivered"] and held["delivered"] + 365, held["delivered"] and held["delivered"] + 366]
    edges += [row["on"] for row in tables["successions"]]
    edges += [row[name] for row in tables["providers"] if row["moe"] == held["moe"] for name in ("first", "last")]
    day = dice.choice([edge for edge in edges if edge is not None]) + dice.choice((-1, 0, 0, 1))
    heirs = [row["to"] for row in tables["successions"]]
    return dice.choice((held["moe"], held["moe"], *heirs)), held["ref"], day


def compared(seed: int, registers: int, days: int) -> Counter[str]:
    """How often each reason was given; fails at the first answer that the oracle does not allow."""
    dice = random.Random(seed)
    reasons: Counter[str] = Counter()
    for _ in range(registers):
        tables = random_tables(dice)
        as_at = dice.choice((LAST, LAST, LAST, _day(dice)))
        held = edition(*rows_of(tables), as_at=date.fromordinal(as_at))
        for _ in range(days):
            who, ref, day = _question(dice, tables, as_at)
            decision = decide(held, provider=who, ref=ref, on=date.fromordinal(day))
            given = (decision.outcome, decision.reason, Caveat.DELIVERY_NOT_RECORDED in decision.caveats)
            allowed = answers(tables, as_at, who, ref, day)
            assert given in allowed, (who, ref, date.fromordinal(day), as_at, given, allowed, tables)
            reasons[decision.reason] += 1
    return reasons


NEVER_HERE = {
    Reason.NO_REGISTER,
    Reason.REGISTER_STALE,
    Reason.ISSUER_NOT_BOUND,
    Reason.KEY_NOT_BOUND,
    Reason.KEY_COMPROMISED,
}


def test_decide_agrees_with_the_oracle_on_four_thousand_cases() -> None:
    reasons = compared(seed=20261122, registers=200, days=20)
    assert reasons.total() == 4_000
    assert set(reasons) == set(Reason) - NEVER_HERE, "the random registers reach every reason"


@pytest.mark.slow
def test_decide_agrees_with_the_oracle_on_a_hundred_thousand_cases() -> None:
    assert compared(seed=1, registers=2_500, days=40).total() == 100_000


def test_after_a_good_answer_there_is_always_something_to_say_of_today() -> None:
    dice, told = random.Random(7), 0
    for _ in range(200):
        tables = random_tables(dice)
        held = edition(*rows_of(tables), as_at=date.fromordinal(LAST))
        for _ in range(10):
            who, ref, day = _question(dice, tables, LAST)
            if decide(held, provider=who, ref=ref, on=date.fromordinal(day)):
                later = date.fromordinal(max(day, LAST + dice.randint(-300, 60)))
                assert since_sentence(decide_today(held, provider=who, ref=ref, today=later), held)
                told += 1
    assert told > 100
