from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from schemas.errors import InputError
from schemas.times import parse_date, parse_time, write_time


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-05-03", id="a day alone"),
        pytest.param("2026-05-03T10:00:00", id="no zone"),
        pytest.param("2026-05-03 10:00:00Z", id="a space for T"),
        pytest.param("2026-05-03t10:00:00z", id="small letters"),
        pytest.param("2026-13-03T10:00:00Z", id="month 13"),
        pytest.param("2026-02-29T10:00:00Z", id="29 February in a common year"),
        pytest.param("2026-05-03T24:00:00Z", id="hour 24"),
        pytest.param("2026-05-03T10:00:60Z", id="a leap second"),
        pytest.param("2026-05-03T10:00:00Z\n", id="a newline after it"),
        pytest.param("2026-05-03T10:00:00+24:00", id="an offset of a whole day"),
        pytest.param("٢٠٢٦-05-03T10:00:00Z", id="digits of another script"),
        pytest.param("0001-01-01T00:00:00+12:00", id="before the first year in UTC"),
        pytest.param(20260503, id="a number"),
        pytest.param(None, id="nothing"),
    ],
)
def test_is_no_time(text: object) -> None:
    with pytest.raises(InputError):
        parse_time(text)


def test_times_are_read_into_utc() -> None:
    assert parse_time("2026-05-03T10:00:00+12:00") == datetime(2026, 5, 2, 22, tzinfo=UTC)
    assert parse_time("2026-05-03T10:00:00.123456789Z").microsecond == 123456


def test_only_utc_to_the_second_is_written() -> None:
    auckland = timezone(timedelta(hours=13))
    assert write_time(datetime(2026, 1, 1, 1, 2, 3, 999, tzinfo=auckland)) == "2025-12-31T12:02:03Z"
    with pytest.raises(ValueError, match="zone"):
        write_time(datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def test_days() -> None:
    assert parse_date("2024-02-29") == date(2024, 2, 29)
    for text in ("2026-2-3", "2026-02-30", "20260203", "", None):
        with pytest.raises(InputError):
            parse_date(text)
