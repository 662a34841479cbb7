"""The contract's decision table, row by row and day by day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.register.making import AS_AT, REF, P, Q, R, S, edition, equivalency, listing, plain, provider, right
from tests.register.making import succession as hands_over
from verifier.register.decision import decide, decide_today, listing_in_force
from verifier.register.reasons import Caveat, Outcome, Reason

DAY = date(2026, 5, 3)
UNDATED = (Caveat.DELIVERY_NOT_RECORDED,)


def on(text: str) -> date:
    return date.fromisoformat(text)


def reason_of(rows: Any, day: str, *, who: str = P, ref: str = REF, as_at: date = AS_AT) -> Reason:
    return decide(plain(*rows, as_at=as_at), provider=who, ref=ref, on=on(day)).reason


# --- rows 1 to 4 ------------------------------------------------------------------------------------------------
def test_without_a_register_nothing_is_known() -> None:
    decision = decide(None, provider=P, ref=REF, on=DAY)
    assert (decision.outcome, decision.reason, bool(decision)) == (Outcome.UNKNOWN, Reason.NO_REGISTER, False)


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param([listing(removed_on="2016-01-01"), right()], "2026-05-03", "listing-removed", id="removed"),
        pytest.param(
            [listing(removed_on="2026-10-01"), right()], "2015-01-01", "listing-removed", id="removed, whatever the day"
        ),
        pytest.param(
            [listing(removed_on="2026-10-01"), right()],
            "2030-01-01",
            "listing-removed",
            id="removed, even after the register's window",
        ),
        pytest.param(
            [listing(removed_on="2026-10-01"), listing(version="2", first="2016-01-01"), right()],
            "2026-05-03",
            "accredited",
            id="one version of two removed, the other in force",
        ),
        pytest.param(
            [listing(removed_on="2026-10-01"), listing(version="2", first="2016-01-01"), right(granted="2015-01-01")],
            "2015-06-01",
            "listing-not-yet",
            id="a removed version does not make up for one that is not yet listed",
        ),
        pytest.param([right()], "2026-12-16", "accredited", id="45 days after the register's day"),
        pytest.param([right()], "2026-12-17", "register-predates-award", id="46 days after the register's day"),
        pytest.param(
            [right(last="2026-06-30")], "2026-12-17", "register-predates-award", id="46 days after, though it had ended"
        ),
        pytest.param([equivalency(REF), listing("1111")], "2026-05-03", "equivalency-only", id="equivalency only"),
        pytest.param(
            [equivalency(REF), listing("1111")],
            "2026-12-01",
            "equivalency-only",
            id="equivalency only, after the register's day",
        ),
        pytest.param(
            [equivalency(REF), listing("1111")],
            "2026-12-17",
            "register-predates-award",
            id="equivalency, after the register's window",
        ),
        pytest.param([equivalency(REF), right()], "2026-05-03", "accredited", id="equivalency and a listing as well"),
    ],
)
def test_rows_two_to_four(rows: list[Any], day: str, reason: str) -> None:
    assert reason_of(rows, day) == reason


# --- row 5 ------------------------------------------------------------------------------------------------------
TWO_VERSIONS = [
    listing(first="2016-01-01", approval_ended_on="2019-12-31"),
    listing(first="2021-01-01", version="2"),
    right(granted="2016-01-01"),
]


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param([listing("1111"), right()], "2026-05-03", "listing-unknown", id="listing absent"),
        pytest.param([listing(first="2022-03-01"), right()], "2022-02-28", "listing-not-yet", id="day before listed"),
        pytest.param([listing(first="2022-03-01"), right()], "2022-03-01", "accredited", id="first day listed"),
        pytest.param(
            [listing(first="2022-03-01", approved_on="2022-05-01"), right()],
            "2022-04-30",
            "listing-not-yet",
            id="listed but not yet approved",
        ),
        pytest.param(
            [listing(first="2022-03-01", approved_on="2022-05-01"), right()],
            "2022-05-01",
            "accredited",
            id="first day listed and approved",
        ),
        pytest.param(
            [listing(first="2022-03-01", approved_on="2021-05-01"), right()],
            "2022-02-28",
            "listing-not-yet",
            id="approved but not yet listed",
        ),
        pytest.param([listing(last="2024-02-29"), right()], "2024-02-29", "accredited", id="last day, a leap day"),
        pytest.param(
            [listing(last="2024-02-29"), right()], "2024-03-01", "listing-discontinued", id="day after discontinued"
        ),
        pytest.param(
            [listing(approval_ended_on="2025-06-30"), right()],
            "2025-06-30",
            "accredited",
            id="last day of the approval",
        ),
        pytest.param(
            [listing(approval_ended_on="2025-06-30"), right()],
            "2025-07-01",
            "listing-discontinued",
            id="day after the approval ended",
        ),
        pytest.param(
            [listing(last="2025-12-31", approval_ended_on="2025-06-30"), right()],
            "2025-07-01",
            "listing-discontinued",
            id="approval ended before discontinuation",
        ),
        pytest.param(
            [listing(last="2025-06-30", approval_ended_on="2025-12-31"), right()],
            "2025-07-01",
            "listing-discontinued",
            id="discontinued before the approval ended",
        ),
        pytest.param(
            [listing(expiring_from="2025-01-01"), right()], "2026-05-03", "accredited", id="expiring is still in force"
        ),
        pytest.param(TWO_VERSIONS, "2015-12-31", "listing-not-yet", id="before both versions"),
        pytest.param(TWO_VERSIONS, "2019-12-31", "accredited", id="last day of the first version"),
        pytest.param(TWO_VERSIONS, "2020-06-01", "listing-discontinued", id="between two versions"),
        pytest.param(TWO_VERSIONS, "2021-01-01", "accredited", id="first day of the second version"),
        pytest.param(
            [listing(first="2026-11-10"), right()],
            "2026-11-05",
            "listing-not-yet",
            id="a listing to come is known, and not softened",
        ),
        pytest.param(
            [listing("1111"), right()], "2026-11-01", "listing-unknown", id="absence on the register's day counts"
        ),
        pytest.param(
            [listing("1111"), right()],
            "2026-11-02",
            "register-predates-award",
            id="absence on the day after proves nothing",
        ),
        pytest.param(
            [listing(last="2026-06-30"), right()],
            "2026-11-02",
            "listing-discontinued",
            id="an end in the window stays an end",
        ),
    ],
)
def test_row_five_the_listing(rows: list[Any], day: str, reason: str) -> None:
    assert reason_of(rows, day) == reason


def test_the_newest_of_two_versions_in_force_is_compared_with() -> None:
    old = listing(first="2016-01-01", version="9")
    new = listing(first="2021-01-01", version="10")
    register = plain(new, old).register
    assert listing_in_force(register, ref=REF, on=on("2022-01-01")) is new
    assert listing_in_force(register, ref=REF, on=on("2020-12-31")) is old
    assert listing_in_force(register, ref=REF, on=on("2015-12-31")) is None


def test_of_two_versions_begun_on_one_day_the_higher_number_is_newer() -> None:
    nine, ten = listing(version="9"), listing(version="10")
    assert listing_in_force(plain(ten, nine).register, ref=REF, on=DAY) is ten


# --- row 6 ------------------------------------------------------------------------------------------------------
GAP = [provider(first="2016-01-01", last="2019-12-31"), provider(first="2021-01-01", last="2025-12-31"), right()]


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param([provider(Q), right()], "2026-05-03", "provider-unknown", id="provider absent"),
        pytest.param(
            [provider(Q), right()], "2026-11-02", "register-predates-award", id="provider absent, in the window"
        ),
        pytest.param([*GAP, right(granted="2015-01-01")], "2015-12-31", "provider-not-registered", id="day before"),
        pytest.param([*GAP, right(granted="2015-01-01")], "2016-01-01", "accredited", id="first day registered"),
        pytest.param([*GAP, right(granted="2015-01-01")], "2019-12-31", "accredited", id="last day before a gap"),
        pytest.param([*GAP, right(granted="2015-01-01")], "2020-06-01", "provider-not-registered", id="in a gap"),
        pytest.param(GAP, "2021-01-01", "accredited", id="first day after a gap"),
        pytest.param(GAP, "2025-12-31", "accredited", id="last day registered"),
        pytest.param(GAP, "2026-01-01", "provider-not-registered", id="day after the last"),
        pytest.param(GAP, "2026-11-05", "provider-not-registered", id="an end of registration is not softened"),
    ],
)
def test_row_six_the_provider(rows: list[Any], day: str, reason: str) -> None:
    assert reason_of(rows, day) == reason


# --- rows 7 to 9: one provider's own right ------------------------------------------------------------------------
OLD = "2024-03-10"  # a last delivery from which twelve months end on 10 March 2025


@pytest.mark.parametrize(
    ("rows", "day", "reason", "caveats"),
    [
        pytest.param([right()], "2026-05-03", "accredited", (), id="accreditation"),
        pytest.param([right(basis="approval")], "2026-05-03", "approved-institution", (), id="institution"),
        pytest.param([right(basis="developer")], "2026-05-03", "awarded-by-developer", (), id="developer"),
        pytest.param([right(basis="nzqa")], "2026-05-03", "awarded-by-nzqa", (), id="NZQA"),
        pytest.param([right(granted="2026-05-03")], "2026-05-03", "accredited", (), id="day granted"),
        pytest.param([right(granted="2026-05-04")], "2026-05-03", "right-not-yet", (), id="day before it is granted"),
        pytest.param([right(last="2026-05-03")], "2026-05-03", "accredited", (), id="last good day"),
        pytest.param([right(last="2026-05-02")], "2026-05-03", "right-ended", (), id="day after it ended"),
        pytest.param([right(Q)], "2026-05-03", "right-absent", (), id="somebody else's right"),
        pytest.param([right(ref="1111")], "2026-05-03", "right-absent", (), id="a right to something else"),
        pytest.param([right(Q)], "2026-11-02", "register-predates-award", (), id="no right, in the window"),
        pytest.param(
            [right(granted="2026-11-10")], "2026-11-02", "register-predates-award", (), id="not yet, in the window"
        ),
        pytest.param([right(last="2026-06-30")], "2026-11-02", "right-ended", (), id="ended, in the window"),
        pytest.param([right(delivered=OLD)], "2025-03-10", "accredited", (), id="twelve months to the day"),
        pytest.param([right(delivered=OLD)], "2025-03-11", "delivery-not-recorded", (), id="a day later, unchecked"),
        pytest.param(
            [right(delivered=OLD, checked="2025-03-11")], "2025-03-11", "right-lapsed", (), id="a day later, checked"
        ),
        pytest.param(
            [right(delivered=OLD, checked="2025-03-10")],
            "2025-03-11",
            "delivery-not-recorded",
            (),
            id="checked the day before, which proves nothing",
        ),
        pytest.param([right(delivered=OLD, why="lapsed")], "2025-03-10", "accredited", (), id="lapsed, but not yet"),
        pytest.param([right(delivered=OLD, why="lapsed")], "2025-03-11", "right-lapsed", (), id="said to be lapsed"),
        pytest.param(
            [right(delivered="2024-02-29")], "2025-02-28", "accredited", (), id="29 February clips to the 28th"
        ),
        pytest.param(
            [right(delivered="2024-02-29", why="lapsed")], "2025-03-01", "right-lapsed", (), id="and lapses on 1 March"
        ),
        pytest.param(
            [right(delivered="2023-02-28", why="lapsed")], "2024-02-28", "accredited", (), id="28th into a leap year"
        ),
        pytest.param(
            [right(delivered="2023-02-28", why="lapsed")], "2024-02-29", "right-lapsed", (), id="29th of a leap year"
        ),
        pytest.param(
            [right(granted="2025-01-01", delivered="2023-01-01", checked="2026-10-01")],
            "2026-01-01",
            "accredited",
            (),
            id="granted after the last delivery: counted from the grant",
        ),
        pytest.param(
            [right(granted="2025-01-01", delivered="2023-01-01", checked="2026-10-01")],
            "2026-01-02",
            "right-lapsed",
            (),
            id="granted after the last delivery, a year and a day",
        ),
        pytest.param(
            [right(delivered=OLD, extended="2025-09-30", checked="2026-10-01")],
            "2025-09-30",
            "accredited",
            (),
            id="extended to the day",
        ),
        pytest.param(
            [right(delivered=OLD, extended="2025-09-30", checked="2026-10-01")],
            "2025-10-01",
            "right-lapsed",
            (),
            id="day after the extension",
        ),
        pytest.param(
            [right(delivered=OLD, extended="2024-09-30", checked="2026-10-01")],
            "2025-03-10",
            "accredited",
            (),
            id="an extension to an earlier day shortens nothing",
        ),
        pytest.param([right(delivered=None)], "2026-05-03", "accredited", UNDATED, id="no delivery recorded"),
        pytest.param(
            [right(delivered=None)], "2020-01-01", "accredited", UNDATED, id="none recorded, on the first day"
        ),
        pytest.param(
            [right(delivered=None, checked="2026-10-01")], "2026-05-03", "accredited", UNDATED, id="checked, none found"
        ),
        pytest.param(
            [right(delivered=None, basis="approval")], "2026-05-03", "approved-institution", (), id="no test of others"
        ),
        pytest.param(
            [right(delivered=OLD, checked="2026-10-01", basis="developer")],
            "2026-05-03",
            "awarded-by-developer",
            (),
            id="only an accreditation lapses",
        ),
        pytest.param(
            [right(delivered=OLD, checked="2026-10-01")], "2022-05-03", "accredited", (), id="before the last delivery"
        ),
        pytest.param(
            [right(last="2025-06-30", why="lapsed", delivered=None)],
            "2025-06-30",
            "accredited",
            UNDATED,
            id="last day of a right that lapsed",
        ),
        pytest.param(
            [right(last="2025-06-30", why="lapsed", delivered=None)],
            "2025-07-01",
            "right-lapsed",
            (),
            id="ended because it lapsed",
        ),
        pytest.param(
            [right(last="2025-02-01", why="withdrawn", delivered=OLD, checked="2026-10-01")],
            "2026-05-03",
            "right-ended",
            (),
            id="ended, then would have lapsed",
        ),
        pytest.param(
            [right(last="2025-06-30", why="withdrawn", delivered=OLD, checked="2026-10-01")],
            "2026-05-03",
            "right-lapsed",
            (),
            id="lapsed, then ended",
        ),
        pytest.param(
            [right(last="2025-03-10", why="withdrawn", delivered=OLD, checked="2026-10-01")],
            "2026-05-03",
            "right-ended",
            (),
            id="ended on the very day it would have lapsed after",
        ),
        pytest.param(
            [right(last="2025-06-30", why="withdrawn", delivered=OLD)],
            "2026-05-03",
            "right-ended",
            (),
            id="perhaps lapsed, but surely ended",
        ),
        pytest.param(
            [right(last="2025-06-30", why="withdrawn", delivered=OLD)],
            "2025-05-01",
            "delivery-not-recorded",
            (),
            id="perhaps lapsed, before it ended",
        ),
    ],
)
def test_rows_seven_to_nine_one_right(rows: list[Any], day: str, reason: str, caveats: tuple[Caveat, ...]) -> None:
    decision = decide(plain(*rows), provider=P, ref=REF, on=on(day))
    assert (decision.reason, decision.caveats) == (reason, caveats)


PERIODS = [right(granted="2016-01-01", last="2017-12-31"), right(granted="2020-01-01", last="2021-12-31")]


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param(PERIODS, "2015-12-31", "right-not-yet", id="before every period"),
        pytest.param(PERIODS, "2016-06-01", "accredited", id="in the first"),
        pytest.param(PERIODS, "2018-06-01", "right-ended", id="between two"),
        pytest.param(PERIODS, "2020-01-01", "accredited", id="in the second"),
        pytest.param(PERIODS, "2022-01-01", "right-ended", id="after both"),
        pytest.param(
            [right(granted="2016-01-01", last="2017-12-31"), right(granted="2020-01-01", delivered="2020-06-01")],
            "2026-05-03",
            "delivery-not-recorded",
            id="the latest begun tells: in doubt",
        ),
        pytest.param(
            [right(granted="2016-01-01", delivered="2016-06-01"), right(granted="2020-01-01", last="2021-12-31")],
            "2026-05-03",
            "right-ended",
            id="the latest begun tells: ended, whatever the one before",
        ),
        pytest.param(
            [right(granted="2016-01-01", last="2017-12-31"), right(granted="2026-06-01")],
            "2026-05-03",
            "right-ended",
            id="a period to come does not tell",
        ),
        pytest.param(
            [right(delivered=None), right(basis="approval", granted="2021-01-01")],
            "2026-05-03",
            "approved-institution",
            id="of two that cover, the one without a caveat",
        ),
        pytest.param(
            [right(basis="nzqa"), right()], "2026-05-03", "accredited", id="of two that cover, by basis as listed"
        ),
    ],
)
def test_several_rights_are_periods(rows: list[Any], day: str, reason: str) -> None:
    assert reason_of([listing(first="2010-01-01"), *rows], day) == reason


# --- successions --------------------------------------------------------------------------------------------------
END = "2025-12-31"
MERGED = [provider(P, "2026-01-01"), provider(Q, last=END), hands_over()]  # Q into P on 1 January 2026


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param([*MERGED, right(Q)], END, "accredited-through-predecessor", id="signs for what Q awarded"),
        pytest.param([*MERGED, right(Q)], "2026-01-01", "accredited-through-predecessor", id="from the day it passes"),
        pytest.param([*MERGED, right(Q)], "2026-10-31", "accredited-through-predecessor", id="and after"),
        pytest.param(
            [*MERGED, right(Q, last=END)],
            "2026-05-03",
            "accredited-through-predecessor",
            id="Q's own end does not follow it",
        ),
        pytest.param(
            [*MERGED, right(Q, last="2025-12-30")], "2026-05-03", "right-ended", id="ended the day before the eve"
        ),
        pytest.param(
            [*MERGED, right(Q, granted="2026-01-01")], "2026-05-03", "right-absent", id="granted to Q too late to pass"
        ),
        pytest.param(
            [*MERGED, right(Q, granted=END)], "2026-05-03", "accredited-through-predecessor", id="granted on the eve"
        ),
        pytest.param(
            [*MERGED, right(Q, granted="2025-06-01")], "2025-05-31", "right-not-yet", id="before Q had the right"
        ),
        pytest.param(
            [*MERGED, right(Q, delivered="2025-06-15", last=END, checked="2026-10-01")],
            "2026-06-15",
            "accredited-through-predecessor",
            id="the lapse test follows it, to the day",
        ),
        pytest.param(
            [*MERGED, right(Q, delivered="2025-06-15", last=END, checked="2026-10-01")],
            "2026-06-16",
            "right-lapsed",
            id="and then it has lapsed",
        ),
        pytest.param(
            [*MERGED, right(Q, delivered="2025-06-15", last=END)],
            "2026-06-16",
            "delivery-not-recorded",
            id="or may have",
        ),
        pytest.param(
            [*MERGED, right(Q, delivered="2023-06-15")],
            "2026-05-03",
            "delivery-not-recorded",
            id="in doubt already when it passed",
        ),
        pytest.param(
            [*MERGED, right(Q, delivered="2023-06-15", checked="2025-01-01")],
            "2024-12-31",
            "right-lapsed",
            id="lapsed for Q",
        ),
        pytest.param(
            [provider(P, "2026-02-01"), provider(Q), hands_over(), right(Q)],
            "2026-01-15",
            "provider-not-registered",
            id="the successor must be registered from the day",
        ),
        pytest.param(
            [provider(P, "2026-01-01"), provider(Q, last="2025-11-30"), hands_over(), right(Q)],
            "2025-12-15",
            "provider-not-registered",
            id="before it, the predecessor must be",
        ),
        pytest.param(
            [provider(P, "2026-01-01"), provider(Q, last="2025-12-30"), hands_over(), right(Q)],
            "2026-05-03",
            "provider-not-registered",
            id="a predecessor not registered on the eve hands nothing over",
        ),
        pytest.param(
            [provider(P, "2020-01-01"), provider(Q, last="2025-11-30"), hands_over(), right(Q)],
            "2025-12-15",
            "provider-not-registered",
            id="though the successor was registered, without a right of its own",
        ),
        pytest.param(
            [provider(P, "2020-01-01"), provider(Q, last=END), hands_over(), right(P)],
            "2025-12-15",
            "accredited",
            id="its own right, where it covers the day, is named first",
        ),
        pytest.param(
            [provider(P, "2020-01-01"), provider(Q, last=END), hands_over(), right(P, last="2024-12-31"), right(Q)],
            "2025-12-15",
            "accredited-through-predecessor",
            id="its own right ended, the predecessor's covers",
        ),
        pytest.param(
            [
                *(provider(P, "2020-01-01"), provider(Q, last=END), hands_over()),
                *(right(P, last="2024-12-31"), right(Q, granted="2025-01-01", last="2025-06-30", why="lapsed")),
            ],
            "2025-12-15",
            "right-ended",
            id="the provider's own reason before a predecessor's",
        ),
        pytest.param(
            [
                provider(P, "2020-01-01"),
                provider(Q, last=END),
                hands_over(),
                right(P, "2026-06-01"),
                right(Q, last=END),
            ],
            "2026-01-15",
            "accredited-through-predecessor",
            id="own right to come, the predecessor's passed over",
        ),
        pytest.param(
            [*MERGED, right(Q, basis="approval")],
            "2026-05-03",
            "accredited-through-predecessor",
            id="whatever the basis was",
        ),
        pytest.param([*MERGED], "2026-05-03", "right-absent", id="nobody had a right"),
        pytest.param([*MERGED], "2026-11-05", "register-predates-award", id="nobody had a right, in the window"),
        pytest.param(
            [provider(P, "2026-01-01"), provider(Q, last=END), hands_over(scope=REF), right(Q)],
            "2026-05-03",
            "accredited-through-predecessor",
            id="scope of this very reference",
        ),
        pytest.param(
            [provider(P, "2026-01-01"), provider(Q, last=END), hands_over(scope="1111"), right(Q)],
            "2026-05-03",
            "right-absent",
            id="scope of another reference",
        ),
        pytest.param(
            [provider(P, "2026-01-01"), provider(Q, last=END), hands_over(scope="1111"), right(Q)],
            END,
            "provider-not-registered",
            id="before it, out of scope, nobody's registration counts",
        ),
    ],
)
def test_a_succession(rows: list[Any], day: str, reason: str) -> None:
    assert reason_of(rows, day) == reason


# R into Q on 1 January 2024, Q into P on 1 January 2026.
CHAIN = [
    *(provider(P, "2026-01-01"), provider(Q, "2023-01-01", "2025-12-31"), provider(R, last="2023-12-31")),
    *(hands_over(R, Q, "2024-01-01"), hands_over(Q, P, "2026-01-01")),
]
SAME_DAY = [
    *(provider(P, "2026-01-01"), provider(Q, "2026-01-01"), provider(R, last="2025-12-31")),
    *(hands_over(R, Q, "2026-01-01"), hands_over(Q, P, "2026-01-01")),
]
BACKWARDS = [
    *(provider(P, "2023-06-01"), provider(Q), provider(R)),
    *(hands_over(Q, P, "2024-01-01"), hands_over(R, Q, "2025-01-01")),
]


@pytest.mark.parametrize(
    ("rows", "day", "who", "reason"),
    [
        pytest.param([*CHAIN, right(R)], "2023-06-01", P, "accredited-through-predecessor", id="signs for the first"),
        pytest.param([*CHAIN, right(R)], "2025-06-01", P, "accredited-through-predecessor", id="signs for the second"),
        pytest.param([*CHAIN, right(R)], "2026-05-03", P, "accredited-through-predecessor", id="holds it at the end"),
        pytest.param([*CHAIN, right(R)], "2026-05-03", Q, "provider-not-registered", id="the second is gone by then"),
        pytest.param([*CHAIN, right(R)], "2026-05-03", R, "provider-not-registered", id="and so is the first"),
        pytest.param([*CHAIN, right(R)], "2023-06-01", R, "accredited", id="the first could, in its day"),
        pytest.param(
            [*CHAIN, right(Q)], "2025-06-01", P, "accredited-through-predecessor", id="the second's own right"
        ),
        pytest.param(
            [*CHAIN, right(R, delivered="2024-06-01", checked="2026-10-01")],
            "2026-05-03",
            P,
            "right-lapsed",
            id="lapsed while the second held it",
        ),
        pytest.param(
            [*CHAIN[1:], provider(P, "2026-01-01"), hands_over(Q, S, "2026-01-01"), provider(S), right(R)],
            "2026-05-03",
            S,
            "accredited-through-predecessor",
            id="one to many: the other successor has it too",
        ),
        pytest.param([*SAME_DAY, right(R)], "2025-12-31", P, "accredited-through-predecessor", id="one day: before it"),
        pytest.param(
            [*SAME_DAY, right(R)], "2026-01-01", P, "accredited-through-predecessor", id="one day: through it"
        ),
        pytest.param(
            [*BACKWARDS, right(R, "2020-01-01", last="2024-12-31")],
            "2026-05-03",
            P,
            "right-absent",
            id="what reached Q after Q handed over stays with Q",
        ),
        pytest.param(
            [*BACKWARDS, right(R, "2020-01-01", last="2024-12-31")],
            "2026-05-03",
            Q,
            "accredited-through-predecessor",
            id="and Q, living on, has it",
        ),
        pytest.param(
            [provider(P), provider(Q), hands_over(), right(Q)],
            "2026-05-03",
            Q,
            "accredited",
            id="a predecessor that lives on keeps its right",
        ),
        pytest.param(
            [provider(P), provider(Q), hands_over(), right(Q, last="2026-03-31")],
            "2026-04-01",
            Q,
            "right-ended",
            id="until it ends, for the predecessor",
        ),
        pytest.param(
            [provider(P), provider(Q), hands_over(), right(Q, last="2026-03-31")],
            "2026-04-01",
            P,
            "accredited-through-predecessor",
            id="but not for the successor",
        ),
        pytest.param(
            [provider(P), provider(Q, last=END), provider(R, last=END), hands_over(), hands_over(R, P), right(R)],
            "2026-05-03",
            P,
            "accredited-through-predecessor",
            id="many to one: one of them had it",
        ),
        pytest.param(
            [
                *(provider(P), provider(Q, last=END), provider(R, last=END), hands_over(), hands_over(R, P)),
                *(right(R, "2021-01-01", "2024-12-31"), right(Q, "2022-01-01", "2024-06-30", why="lapsed")),
            ],
            "2026-05-03",
            P,
            "right-lapsed",
            id="many to one: the latest begun tells",
        ),
    ],
)
def test_chains_of_successions(rows: list[Any], day: str, who: str, reason: str) -> None:
    assert decide(plain(*rows), provider=who, ref=REF, on=on(day)).reason == reason


def test_a_passed_right_without_a_delivery_keeps_its_caveat() -> None:
    decision = decide(plain(*MERGED, right(Q, delivered=None, last=END)), provider=P, ref=REF, on=DAY)
    assert (decision.reason, decision.caveats) == ("accredited-through-predecessor", UNDATED)


# --- the edges of a New Zealand day and of today --------------------------------------------------------------------
@pytest.mark.parametrize(
    "last",
    [
        pytest.param("2026-04-05", id="the day daylight saving ends"),
        pytest.param("2026-09-27", id="the day daylight saving begins"),
        pytest.param("2024-02-29", id="a leap day"),
        pytest.param("2025-12-31", id="the last day of a year"),
    ],
)
def test_days_are_whole_whatever_the_clocks_do(last: str) -> None:
    rows = [right(last=last)]
    after = date.fromordinal(on(last).toordinal() + 1).isoformat()
    assert (reason_of(rows, last), reason_of(rows, after)) == ("accredited", "right-ended")


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        pytest.param("2026-12-06", "accredited", id="35 days old"),
        pytest.param("2026-12-07", "register-stale", id="36 days old"),
    ],
)
def test_today_is_unknown_when_the_edition_is_older_than_35_days(today: str, reason: str) -> None:
    assert decide_today(plain(right()), provider=P, ref=REF, today=on(today)).reason == reason


def test_a_sparse_register_gives_no_false_no() -> None:
    sparse = edition(provider(), listing(level=None, credits=None, title_en="Kelp"), right(delivered=None))
    assert decide(sparse, provider=P, ref=REF, on=DAY).outcome is Outcome.ACCREDITED
