"""The cases that New Zealand has produced or can produce, one by one, with the answer each must get.

Names are invented; the days have the shape of the real ones: industry councils gave way to boards on 1 January 2026,
and a national institute was divided into polytechnics on 1 January and 1 October 2026, to be gone by 31 March 2027.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.nzqcf import credit_warning, fold_title, title_warnings
from tests.register.making import REF, edition, equivalency, listing, provider, right, succession
from verifier.register.decision import Decision, decide, listing_in_force
from verifier.register.edition import Edition
from verifier.register.reasons import Outcome
from verifier.register.records import Basis, Origin, ProviderType

AS_AT = date(2027, 6, 1)


def on(day: str, *rows: Any, who: str = "9990", ref: str = REF, as_at: date = AS_AT) -> Decision:
    return decide(edition(*rows, as_at=as_at), provider=who, ref=ref, on=date.fromisoformat(day))


# --- lapse: twelve calendar months without delivery, on positive evidence only -----------------------------------
SURE = "2027-05-15"  # when somebody last looked whether it was delivered
LEAP = [provider(), listing(), right(delivered="2024-02-29", checked=SURE)]
ORDINARY = [provider(), listing(), right(delivered="2025-03-10", checked=SURE)]
ACROSS_LEAP = [provider(), listing(), right(delivered="2023-03-10", checked=SURE)]
NEVER = [provider(), listing(), right(granted="2025-03-10", delivered=None, checked=SURE)]
UNSURE = [provider(), listing(), right(delivered="2025-03-10")]
EXTENDED = [provider(), listing(), right(delivered="2025-03-10", checked=SURE, extended="2026-09-30")]
SHORT = [provider(), listing(), right(delivered="2025-03-10", checked=SURE, extended="2025-09-30")]


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param(ORDINARY, "2026-03-10", "accredited", id="day 365 after the last delivery still counts"),
        pytest.param(ORDINARY, "2026-03-11", "right-lapsed", id="day 366 does not"),
        pytest.param(ACROSS_LEAP, "2024-03-10", "accredited", id="across a 29 February it is day 366 that counts"),
        pytest.param(ACROSS_LEAP, "2024-03-11", "right-lapsed", id="and day 367 that does not"),
        pytest.param(LEAP, "2025-02-28", "accredited", id="from 29 February the twelve months end on the 28th"),
        pytest.param(LEAP, "2025-03-01", "right-lapsed", id="and not on 1 March"),
        pytest.param(
            UNSURE, "2026-03-11", "delivery-not-recorded", id="nobody looked, so it is not known to have lapsed"
        ),
        pytest.param(NEVER, "2027-05-01", "accredited", id="no delivery recorded at all is no lapse"),
        pytest.param(EXTENDED, "2026-09-30", "accredited", id="an extended lapse covers its last day"),
        pytest.param(EXTENDED, "2026-10-01", "right-lapsed", id="and no day after"),
        pytest.param(
            SHORT, "2026-03-10", "accredited", id="an extension shorter than the twelve months takes nothing away"
        ),
    ],
)
def test_an_accreditation_lapses_after_a_year_without_delivery(rows: list[Any], day: str, reason: str) -> None:
    assert on(day, *rows).reason == reason


# --- a national institute divided, many to one and then one to many ----------------------------------------------
# 9901 and 9902 were merged into 9900 on 1 April 2020; ten parts stood alone from 1 January 2026 (here 9911), three
# more from 1 October 2026 (here 9912, which takes one course only); the institute ends on 31 March 2027.
SCOPED = "128479-1"
INSTITUTE = [
    provider("9901", "2000-01-01", "2020-03-31", type=ProviderType.POLYTECHNIC),
    provider("9902", "2000-01-01", "2020-03-31", type=ProviderType.POLYTECHNIC),
    provider("9900", "2020-04-01", "2027-03-31", type=ProviderType.POLYTECHNIC),
    provider("9911", "2026-01-01", type=ProviderType.POLYTECHNIC),
    provider("9912", "2026-10-01", type=ProviderType.POLYTECHNIC),
    succession("9901", "9900", "2020-04-01"),
    succession("9902", "9900", "2020-04-01"),
    succession("9900", "9911", "2026-01-01"),
    succession("9900", "9912", "2026-10-01", SCOPED),
    listing(REF),
    listing(SCOPED),
    right("9901", "2019-02-01", "2020-03-31", delivered="2026-11-01", checked=SURE, why="merged"),
    right("9900", "2023-02-01", ref=SCOPED, delivered="2026-11-01", checked=SURE),
]


@pytest.mark.parametrize(
    ("who", "ref", "day", "reason"),
    [
        pytest.param("9901", REF, "2019-06-01", "accredited", id="the old polytechnic in its own time"),
        pytest.param("9901", REF, "2020-04-01", "provider-not-registered", id="and not from the day of the merger"),
        pytest.param("9900", REF, "2020-04-01", "accredited-through-predecessor", id="the institute carries it on"),
        pytest.param(
            "9900", REF, "2019-06-01", "accredited-through-predecessor", id="and may sign for the time before"
        ),
        pytest.param("9902", REF, "2019-06-01", "right-absent", id="the other polytechnic never had it"),
        pytest.param(
            "9911", REF, "2026-01-01", "accredited-through-predecessor", id="down a chain of two, on the first day"
        ),
        pytest.param(
            "9911", REF, "2025-12-31", "accredited-through-predecessor", id="signing for the institute's last day"
        ),
        pytest.param(
            "9911", REF, "2019-06-01", "accredited-through-predecessor", id="and for the polytechnic before it"
        ),
        pytest.param(
            "9911", SCOPED, "2026-06-01", "accredited-through-predecessor", id="everything went to the first part"
        ),
        pytest.param(
            "9912", SCOPED, "2026-10-01", "accredited-through-predecessor", id="one course went to the later part"
        ),
        pytest.param("9912", REF, "2026-10-01", "right-absent", id="and no other course"),
        pytest.param(
            "9912", SCOPED, "2026-09-30", "accredited-through-predecessor", id="it may sign for the day before"
        ),
        pytest.param("9900", SCOPED, "2027-03-31", "accredited", id="the institute lives on to its last day"),
        pytest.param("9900", SCOPED, "2027-04-01", "provider-not-registered", id="and is gone the day after"),
        pytest.param("9911", SCOPED, "2027-04-01", "accredited-through-predecessor", id="which harms no successor"),
        pytest.param("9911", SCOPED, "2025-06-01", "accredited-through-predecessor", id="nor what was awarded before"),
    ],
)
def test_an_institute_is_merged_and_divided_again(who: str, ref: str, day: str, reason: str) -> None:
    decision = on(day, *INSTITUTE, who=who, ref=ref)
    assert decision.reason == reason


# --- a council gives way to a board on 1 January 2026, as developer ----------------------------------------------
COUNCIL = [
    provider("9995", "2021-10-04", "2025-12-31", type=ProviderType.WDC),
    provider("9994", "2026-01-01", type=ProviderType.ISB),
    succession("9995", "9994", "2026-01-01"),
    listing(),
    right("9995", "2023-01-01", basis="developer", delivered=None),
]


@pytest.mark.parametrize(
    ("who", "day", "reason"),
    [
        pytest.param("9995", "2025-12-31", "awarded-by-developer", id="the council on its last day"),
        pytest.param("9995", "2026-01-01", "provider-not-registered", id="and not on the board's first"),
        pytest.param("9994", "2026-01-01", "accredited-through-predecessor", id="the board on its first day"),
        pytest.param("9994", "2025-12-31", "accredited-through-predecessor", id="the board signs for the council"),
        pytest.param("9994", "2027-05-01", "accredited-through-predecessor", id="a developer's right never lapses"),
        pytest.param("9994", "2022-12-31", "right-not-yet", id="but has a first day"),
    ],
)
def test_a_council_gives_way_to_a_board(who: str, day: str, reason: str) -> None:
    decision = on(day, *COUNCIL, who=who)
    assert decision.reason == reason
    if reason == "accredited-through-predecessor":
        assert decision.standing is not None
        assert decision.standing.right.basis is Basis.DEVELOPER


# --- listings --------------------------------------------------------------------------------------------------
GRANTED = [provider(), right(delivered="2027-05-01")]
VERSIONS = [
    listing(first="2020-01-01", approval_ended_on="2025-06-30", title_en="Old title", level=3, credits=8),
    listing(first="2025-07-01", version="2", title_en="New title", level=4, credits=10),
]


@pytest.mark.parametrize(
    ("rows", "ref", "day", "reason"),
    [
        pytest.param([listing(last="2025-06-30")], REF, "2025-06-30", "accredited", id="completed on the last day"),
        pytest.param(
            [listing(last="2025-06-30")], REF, "2024-05-01", "accredited", id="completed before it was discontinued"
        ),
        pytest.param([listing(last="2025-06-30")], REF, "2025-07-01", "listing-discontinued", id="completed after"),
        pytest.param(
            [listing(expiring_from="2025-01-01")], REF, "2025-06-01", "accredited", id="expiring still counts"
        ),
        pytest.param([listing(removed_on="2024-05-15")], REF, "2023-05-01", "listing-removed", id="listed by mistake"),
        pytest.param([listing(credits=4)], REF, "2025-06-01", "accredited", id="four credits, as 128482-1 has"),
        pytest.param([listing(credits=40)], REF, "2025-06-01", "accredited", id="forty credits, as 128488-1 has"),
        pytest.param(
            [listing("1111"), equivalency("ZQ0040")],
            "ZQ0040",
            "2025-06-01",
            "equivalency-only",
            id="level 9, 60 credits",
        ),
        pytest.param(
            [listing("1111"), equivalency("5055")], REF, "2025-06-01", "equivalency-only", id="the ref of one"
        ),
        pytest.param(
            [listing(), equivalency("5055")], REF, "2025-06-01", "accredited", id="a listing is never shadowed"
        ),
        pytest.param(
            [listing(title_en="Introduction to the Aotearoa New Zealand Screen Industry")],
            REF,
            "2025-06-01",
            "accredited",
            id="a listed title that holds New Zealand",
        ),
        pytest.param(
            [listing(title_en=None, title_mi="Te waha ōhaoha")],
            REF,
            "2025-06-01",
            "accredited",
            id="a title in te reo alone",
        ),
        pytest.param(
            [listing(first="2019-01-01", origin=Origin.TRAINING_SCHEME)],
            REF,
            "2021-06-01",
            "accredited",
            id="a training scheme carried over",
        ),
        pytest.param(VERSIONS, REF, "2025-06-30", "accredited", id="the last day of version 1"),
        pytest.param(VERSIONS, REF, "2025-07-01", "accredited", id="the first day of version 2"),
        pytest.param(
            [VERSIONS[0], replace(VERSIONS[1], listed_from=date(2025, 9, 1))],
            REF,
            "2025-08-01",
            "listing-discontinued",
            id="between two versions",
        ),
        pytest.param(
            [listing(first="2020-01-01", approved_on="2021-02-01")],
            REF,
            "2021-01-31",
            "listing-not-yet",
            id="not approved yet",
        ),
    ],
)
def test_a_listing_on_the_award_day(rows: list[Any], ref: str, day: str, reason: str) -> None:
    assert on(day, *GRANTED, *rows, ref=ref).reason == reason


def test_a_leading_zero_is_part_of_the_reference() -> None:
    rows = [provider(), listing("0426"), right(ref="0426", delivered="2027-05-01")]
    assert on("2025-06-01", *rows, ref="0426").reason == "accredited"
    assert on("2025-06-01", *rows, ref="426").reason == "listing-unknown"


@pytest.mark.parametrize(
    ("day", "version", "level"), [("2025-06-30", "1", 3), ("2025-07-01", "2", 4)], ids=["version 1", "version 2"]
)
def test_level_and_credits_are_those_of_the_version_on_the_award_day(day: str, version: str, level: int) -> None:
    found = listing_in_force(edition(*VERSIONS).register, ref=REF, on=date.fromisoformat(day))
    assert found is not None
    assert (found.version, found.level) == (version, level)
    assert on(day, *GRANTED, *VERSIONS).listing == found


@pytest.mark.parametrize(
    ("credits_", "day", "unusual"),
    [
        pytest.param(4, "2019-01-01", True, id="four credits in 2019"),
        pytest.param(4, "2023-06-01", False, id="four credits in 2023"),
        pytest.param(40, "2019-01-01", False, id="forty credits"),
        pytest.param(60, "2026-01-01", True, id="sixty credits"),
        pytest.param(1, "2025-07-01", False, id="one credit"),
    ],
)
def test_the_size_is_judged_by_the_rule_of_its_day_and_only_warned_about(
    credits_: int, day: str, unusual: bool
) -> None:
    assert bool(credit_warning(credits_, on=date.fromisoformat(day))) is unusual


def test_a_title_with_new_zealand_is_warned_about_and_never_refused() -> None:
    title = "Introduction to the Aotearoa New Zealand Screen Industry (Micro-credential)"
    assert len(title_warnings(title, on=date(2025, 1, 1))) == 1
    assert fold_title(title).endswith("Screen Industry")


# --- providers and periods --------------------------------------------------------------------------------------
GAP = [
    provider(last="2019-12-31"),
    provider(first="2021-01-01"),
    listing(),
    right(granted="2016-01-01", delivered="2027-05-01"),
]
PERIODS = [
    provider(),
    listing(),
    right(granted="2016-01-01", last="2018-12-31", delivered="2018-11-01"),
    right(granted="2020-01-01", last="2022-12-31", delivered="2022-11-01"),
    right(granted="2026-01-01", delivered="2027-05-01"),
]


@pytest.mark.parametrize(
    ("rows", "day", "reason"),
    [
        pytest.param(GAP, "2019-12-31", "accredited", id="before the gap in registration"),
        pytest.param(GAP, "2020-06-01", "provider-not-registered", id="in the gap"),
        pytest.param(GAP, "2021-01-01", "accredited", id="after the gap"),
        pytest.param(PERIODS, "2015-12-31", "right-not-yet", id="before the first period"),
        pytest.param(PERIODS, "2017-01-01", "accredited", id="in the first period"),
        pytest.param(PERIODS, "2019-06-01", "right-ended", id="between the first and the second"),
        pytest.param(PERIODS, "2022-12-31", "accredited", id="the last day of the second"),
        pytest.param(PERIODS, "2024-01-01", "right-ended", id="between the second and the third"),
        pytest.param(PERIODS, "2026-01-01", "accredited", id="the first day of the third"),
    ],
)
def test_registration_and_rights_come_in_periods(rows: list[Any], day: str, reason: str) -> None:
    assert on(day, *rows).reason == reason


# --- a register with the gaps that public sources really have -----------------------------------------------------
_DAYS = st.dates(date(2018, 9, 1), AS_AT)


@st.composite
def sparse_registers(draw: st.DrawFn) -> tuple[Edition, str, str, date]:
    """What is known is true; what is not known is blank. The provider was entitled on the day asked about."""
    day = draw(_DAYS)
    granted = draw(st.dates(date(2018, 8, 22), day))
    ended = draw(st.none() | st.dates(day, date(2028, 1, 1)))
    basis = draw(st.sampled_from(["accreditation", "approval", "developer", "nzqa"]))
    blank = st.none()
    rows = [
        provider(first="2010-01-01", last=None if ended is None else draw(blank | st.just(ended.isoformat()))),
        listing(
            draw(st.sampled_from(["5055", "0426", "128482-1"])),
            draw(st.dates(date(2015, 1, 1), day)).isoformat(),
            title_en=draw(blank | st.just("Kelp")),
            title_mi=draw(blank | st.just("Rimurimu")),
            level=draw(blank | st.integers(1, 10)),
            credits=draw(blank | st.integers(1, 40)),
            approved_on=draw(blank | st.dates(date(2015, 1, 1), day)),
            expiring_from=draw(blank | _DAYS),
            review_years=draw(blank | st.integers(1, 3)),
        ),
    ]
    ref = rows[1].nzqa_ref
    held = right(
        ref=ref,
        basis=basis,
        granted=granted.isoformat(),
        delivered=None,
        checked=draw(blank | _DAYS.map(date.isoformat)),
        last=None if ended is None else ended.isoformat(),
    )
    return edition(*rows, held, as_at=AS_AT), "9990", ref, day


@given(sparse_registers())
def test_a_sparse_register_gives_no_false_not_accredited(asked: tuple[Edition, str, str, date]) -> None:
    held, who, ref, day = asked
    decision = decide(held, provider=who, ref=ref, on=day)
    assert decision.outcome is Outcome.ACCREDITED, decision.reason


@given(sparse_registers(), st.dates(date(2018, 9, 1), date(2026, 6, 1)))
def test_an_old_delivery_date_that_nobody_checked_again_is_at_worst_unknown(
    asked: tuple[Edition, str, str, date], delivered: date
) -> None:
    held, who, ref, day = asked
    (row,) = held.register.awarding_rights
    rights = (replace(row, last_delivered_on=delivered, delivery_checked_on=min(delivered, day)),)
    known = replace(held, register=replace(held.register, awarding_rights=rights))
    assert decide(known, provider=who, ref=ref, on=day).outcome is not Outcome.NOT_ACCREDITED
