"""NZQA's words: each rule beside the value on either side of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import nzqcf
from schemas.errors import InputError
from schemas.nzqcf import ReferenceKind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("5056", ReferenceKind.NZQA, id="four digits"),
        pytest.param("0426", ReferenceKind.NZQA, id="a leading zero is part of the reference"),
        pytest.param("TF0849", ReferenceKind.PROVIDER_LOCAL, id="two capitals and four digits"),
        pytest.param("128480-1", ReferenceKind.APPROVAL, id="an approval number with its version"),
        pytest.param("128480-12", ReferenceKind.APPROVAL, id="a version of two digits"),
    ],
)
def test_a_reference_of_a_known_shape_is_read(text, kind):
    reference = nzqcf.parse_reference(text)
    assert (reference.kind, str(reference)) == (kind, text)
    assert nzqcf.is_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("426", id="three digits"),
        pytest.param("50560", id="five digits"),
        pytest.param("5056\n", id="a newline after it"),
        pytest.param(" 5056", id="a space before it"),
        pytest.param("５０５６", id="full-width digits"),
        pytest.param("٥٠٥٦", id="Arabic-Indic digits"),
        pytest.param("tf0849", id="small letters"),
        pytest.param("TFX0849", id="three letters"),
        pytest.param("128480", id="an approval number without a version"),
        pytest.param("128480-123", id="a version of three digits"),
        pytest.param("128480–1", id="an en dash"),
        pytest.param("MC-5056", id="an invented prefix"),
    ],
)
def test_anything_else_is_no_reference(text):
    assert not nzqcf.is_reference(text)
    with pytest.raises(InputError, match="not an NZQA reference"):
        nzqcf.parse_reference(text)


REGISTER = frozenset({"0426", "5056", "TF0849", "128480-1", "0007"})


@pytest.mark.parametrize(
    ("written", "regained"),
    [
        pytest.param("5056", "5056", id="as it stands"),
        pytest.param("426", "0426", id="a leading zero eaten by a spreadsheet"),
        pytest.param("426.0", "0426", id="a number cell"),
        pytest.param("7", "0007", id="three zeros eaten"),
        pytest.param(" 5056 ", "5056", id="spaces around it"),
        pytest.param("tf0849", "TF0849", id="small letters"),
        pytest.param("128480-1", "128480-1", id="an approval number"),
        pytest.param("427", None, id="padding it gives nothing the register holds"),
        pytest.param("9999", None, id="not in the register"),
        pytest.param("426.5", None, id="not whole"),
        pytest.param("-426", None, id="negative"),
        pytest.param("4 26", None, id="a space inside"),
        pytest.param("٤٢٦", None, id="another script's digits"),
    ],
)
def test_leading_zeros_return_only_when_the_register_says_so(written, regained):
    assert nzqcf.regain_reference(written, among=REGISTER) == regained


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("050301", True, id="horticulture"),
        pytest.param("129999", True, id="the last broad field"),
        pytest.param("130000", False, id="a broad field there is not"),
        pytest.param("000000", False, id="no broad field"),
        pytest.param("50301", False, id="the leading zero lost"),
        pytest.param("0503011", False, id="seven digits"),
    ],
)
def test_an_nzsced_code_has_six_digits_in_a_broad_field(text, expected):
    assert nzqcf.is_nzsced(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9999", True), ("0012", True), ("999", False), ("09999", False), ("９９９９", False)],
)
def test_a_provider_number_has_four_digits(text, expected):
    assert nzqcf.is_moe_number(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("123456789", id="nine digits"),
        pytest.param("0123456789", id="ten digits"),
        pytest.param("Aroha Ngata 123456789", id="after a name"),
        pytest.param("NSN123456789x", id="between letters"),
        pytest.param("123 456 789", id="grouped by spaces"),
        pytest.param("123-456-7890", id="grouped by hyphens"),
        pytest.param("１２３４５６７８９", id="full-width digits"),
        pytest.param("١٢٣٤٥٦٧٨٩", id="Arabic-Indic digits"),
        pytest.param("https://portfolio.example.nz/learner/123456789/film", id="in a URL"),
    ],
)
def test_a_number_shaped_like_an_nsn_is_seen(text):
    assert nzqcf.looks_like_nsn(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("12345678", id="eight digits"),
        pytest.param("12345678901", id="eleven digits"),
        pytest.param("2026-05-03", id="a date"),
        pytest.param("20260503", id="a date without hyphens"),
        pytest.param("128480-1", id="an approval number"),
        pytest.param("https://x.nz/3f2504e0-4f89-41d3-9a0c-030512345678", id="a UUID"),
        pytest.param("0" * 9 + "a" * 55, id="a digest"),
        pytest.param("", id="nothing"),
    ],
)
def test_other_numbers_are_not_taken_for_an_nsn(text):
    assert not nzqcf.looks_like_nsn(text)


@pytest.mark.parametrize("level", range(1, 11))
def test_levels_one_to_ten_exist(level):
    assert nzqcf.level_fault(level) is None
    assert nzqcf.level_name(level) == f"Level {level}"
    assert nzqcf.level_name(level, language="mi") == f"Kaupae {level}"


@pytest.mark.parametrize("level", [0, 11, -1, 4.0, True, "4", None])
def test_other_levels_do_not(level):
    assert "levels 1 to 10" in nzqcf.level_fault(level)


@pytest.mark.parametrize(
    ("value", "on", "unusual"),
    [
        pytest.param(4, date(2022, 12, 31), True, id="four credits on the last day of the 2018 rules"),
        pytest.param(4, date(2023, 1, 1), False, id="four credits under the 2023 rules"),
        pytest.param(5, date(2018, 8, 22), False, id="five credits on the first day"),
        pytest.param(4, date(2017, 8, 1), True, id="four credits in the pilots before the first rules"),
        pytest.param(40, date(2026, 1, 1), False, id="forty credits"),
        pytest.param(41, date(2026, 1, 1), True, id="forty-one credits"),
        pytest.param(0.5, date(2025, 7, 1), True, id="half a credit"),
        pytest.param(2.5, date(2025, 7, 1), False, id="two and a half credits"),
    ],
)
def test_an_unusual_size_is_warned_about_by_the_rules_of_the_day(value, on, unusual):
    warning = nzqcf.credit_warning(value, on=on)
    assert (warning is not None) is unusual


@pytest.mark.parametrize("value", [0, -5, float("nan"), float("inf"), 1_000, True, "10", None])
def test_what_is_no_credit_value_is_a_fault(value):
    assert "credit value" in nzqcf.credit_fault(value)


@pytest.mark.parametrize("value", [1, 0.5, 40, 60, 999])
def test_any_size_above_nothing_can_be_a_credit_value(value):
    assert nzqcf.credit_fault(value) is None


def test_bands_stand_in_order_with_their_source():
    days = [band.effective_from for band in nzqcf.CREDIT_BANDS]
    assert days == sorted(days)
    assert all(band.source for band in nzqcf.CREDIT_BANDS)


def test_a_credit_is_about_ten_hours():
    assert nzqcf.hours(5) == 50
    assert nzqcf.hours(2.5) == 25


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        pytest.param("Te Waha Ohaoha (Micro-credential)", "Te Waha Ohaoha", id="the suffix"),
        pytest.param("Carry out a conservation activity (micro-credential)", "Carry out a conservation activity",
                     id="the suffix in small letters"),
        pytest.param("Beekeeping (Microcredential)", "Beekeeping", id="the suffix without a hyphen"),
        pytest.param("Beekeeping (Micro credential)", "Beekeeping", id="the suffix with a space"),
        pytest.param("Beekeeping (Micro‑credential)", "Beekeeping", id="the suffix with a non-breaking hyphen"),
        pytest.param("Beekeeping(Micro-credential) ", "Beekeeping", id="no space before, one after"),
        pytest.param("  Forestry \u00a0 River\tCrossing ", "Forestry River Crossing", id="spaces of all kinds"),
        pytest.param("Te Reo Ma\u0304ori", "Te Reo Māori", id="a decomposed macron"),
        pytest.param("Micro-credential design", "Micro-credential design", id="the word itself stays"),
        pytest.param("(Micro-credential) design", "(Micro-credential) design", id="only at the end"),
        pytest.param("TE REO", "TE REO", id="capitals are not folded"),
    ],
)  # fmt: skip
def test_titles_fold_as_the_contract_says(title, folded):
    assert nzqcf.fold_title(title) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more_unless_suffixes_are_stacked(title):
    once = nzqcf.fold_title(title)
    assert nzqcf.fold_title(once) == once or once.rstrip().casefold().endswith("credential)")


@pytest.mark.parametrize(
    ("title", "word"),
    [
        pytest.param("Introduction to the Aotearoa New Zealand Screen Industry", "New Zealand", id="a real title"),
        pytest.param("National Hazard Response", "national", id="a capital"),
        pytest.param("Bachelor's-level Statistics", "bachelor", id="a possessive"),
        pytest.param("Postgraduate Writing", "post-graduate", id="without its hyphen"),
        pytest.param("Post graduate Writing", "post-graduate", id="with a space"),
        pytest.param("Post‑graduate Writing", "post-graduate", id="with a non-breaking hyphen"),
        pytest.param("A Degree of Care", "degree", id="in another sense: a person decides"),
    ],
)
def test_a_title_word_is_warned_about(title, word):
    (warning,) = nzqcf.title_warnings(title, on=date(2026, 1, 1))
    assert f"“{word}”" in warning


@pytest.mark.parametrize(
    "title",
    [
        "Masterclass in Weaving",
        "Master-class in Weaving",
        "International Freight",
        "Inter-national Freight",
        "Doctoring Data",
        "Zealandia Guiding",
        "Mastery of Tikanga",
    ],
)
def test_words_that_only_contain_one_are_let_be(title):
    assert nzqcf.title_warnings(title, on=date(2026, 1, 1)) == ()


def test_no_title_was_warned_about_before_there_were_rules():
    assert nzqcf.title_warnings("New Zealand Diploma", on=date(2018, 8, 21)) == ()


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        pytest.param(datetime(2026, 5, 3, 11, 59, tzinfo=UTC), date(2026, 5, 3), id="a minute before midnight, NZST"),
        pytest.param(datetime(2026, 5, 3, 12, 0, tzinfo=UTC), date(2026, 5, 4), id="midnight, NZST"),
        pytest.param(datetime(2026, 12, 31, 10, 59, tzinfo=UTC), date(2026, 12, 31), id="the year's last minute, NZDT"),
        pytest.param(datetime(2026, 12, 31, 11, 0, tzinfo=UTC), date(2027, 1, 1), id="the new year, NZDT"),
        pytest.param(datetime(2026, 9, 26, 11, 59, tzinfo=UTC), date(2026, 9, 26), id="before the day clocks go on"),
        pytest.param(datetime(2026, 9, 27, 10, 59, tzinfo=UTC), date(2026, 9, 27), id="that day has 23 hours"),
        pytest.param(datetime(2026, 9, 27, 11, 0, tzinfo=UTC), date(2026, 9, 28), id="and then ends"),
        pytest.param(datetime(2026, 4, 5, 11, 59, tzinfo=UTC), date(2026, 4, 5), id="the day clocks go back has 25"),
    ],
)
def test_an_instant_has_one_day_in_new_zealand(instant, day):
    assert nzqcf.nz_date(instant) == day


def test_a_naive_instant_has_none():
    with pytest.raises(ValueError, match="time zone"):
        nzqcf.nz_date(datetime(2026, 5, 3))  # noqa: DTZ001 - the point of the test


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)))
def test_a_new_zealand_day_starts_where_the_one_before_ends(day):
    start = nzqcf.start_of_nz_day(day)
    assert nzqcf.nz_date(start) == day
    before = start.astimezone(UTC) - timedelta(seconds=1)
    assert nzqcf.nz_date(before) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        pytest.param(date(2024, 2, 29), 12, date(2025, 2, 28), id="29 February clips to the 28th"),
        pytest.param(date(2024, 2, 29), 48, date(2028, 2, 29), id="four years on there is a 29th again"),
        pytest.param(date(2025, 2, 28), 12, date(2026, 2, 28), id="the 28th stays the 28th"),
        pytest.param(date(2023, 2, 28), 12, date(2024, 2, 28), id="in a leap year too"),
        pytest.param(date(2026, 1, 31), 1, date(2026, 2, 28), id="the 31st clips"),
        pytest.param(date(2026, 11, 30), 2, date(2027, 1, 30), id="over the year's end"),
        pytest.param(date(2026, 12, 15), 12, date(2027, 12, 15), id="December to December"),
        pytest.param(date(2026, 3, 31), -1, date(2026, 2, 28), id="backwards"),
    ],
)
def test_calendar_months_are_added(day, months, expected):
    assert nzqcf.add_months(day, months) == expected


def test_days_are_written_for_people_in_both_languages():
    assert nzqcf.format_nz_date(date(2026, 5, 3)) == "3 May 2026"
    assert nzqcf.format_nz_date(date(2026, 11, 22), language="mi") == "22 Whiringa-ā-rangi 2026"
