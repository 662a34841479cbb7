"""Dates and times as credentials write them: parsed once, aware of their zone, and strictly."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from schemas.errors import InputError
from schemas.jsontext import JsonValue

# RFC 3339 date-time, which XML Schema dateTimeStamp also reads; a leap second has no Python form and is refused.
_DATE_TIME = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def parse_time(text: JsonValue) -> datetime:
    """An instant from RFC 3339 text with its zone. Raises InputError. Fractions beyond microseconds are cut."""
    if isinstance(text, str) and _DATE_TIME.fullmatch(text):
        try:
            short = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text) if "." in text else text
            return datetime.fromisoformat(short).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise InputError(f"{str(text)[:60]!r} is not a date and time with a zone, like 2026-05-03T10:00:00Z.")


def parse_date(text: JsonValue) -> date:
    """A day from ISO 8601 text, `YYYY-MM-DD`. Raises InputError."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InputError(f"{str(text)[:60]!r} is not a day, like 2026-05-03.")


def write_time(instant: datetime) -> str:
    """UTC to the second, with `Z`: the only form this project signs. Needs an aware instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def is_date_time(text: JsonValue) -> bool:
    try:
        parse_time(text)
    except InputError:
        return False
    return True


def is_date(text: JsonValue) -> bool:
    try:
        parse_date(text)
    except InputError:
        return False
    return True
