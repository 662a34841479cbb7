"""The day in a cell: ISO, day/month/year, a month's name, an Excel serial or a date cell; never guessed between two."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from issuer.rows.columnmap import DATE_ORDERS
from issuer.rows.model import Cell
from issuer.rows.unfit import UnfitCell, shown
from issuer.words.sayings import say
from schemas.nzqcf import nz_date

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)  # micro-credentials began in 2018; the rest is a slip
_EXCEL_EPOCH: Final = date(1899, 12, 30)  # serial 1 is 1 January 1900, and 1900 had a 29 February in Excel
_TIME: Final = r"(?:[T ,]+[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:\.[0-9]+)?)?(?: ?[ap]\.?m\.?)?)?"
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}", re.IGNORECASE)
_YEAR_LAST: Final = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}", re.IGNORECASE)
_COMPACT: Final = re.compile(r"((?:20|21)[0-9]{2})([0-9]{2})([0-9]{2})")
_NAMED: Final = re.compile(
    rf"(?:[A-Za-z]{{3,9}},? )?([0-9]{{1,2}})(?:st|nd|rd|th)?[ -]+([A-Za-z]{{3,9}})\.?,?[ -]+([0-9]{{4}}){_TIME}",
    re.IGNORECASE,
)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_SHORT_YEAR: Final = re.compile(rf"[0-9]{{1,2}}[-/. ](?:[0-9]{{1,2}}|[A-Za-z]{{3,9}})[-/. ][0-9]{{2}}{_TIME}")
_SERIAL: Final = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day, and whether the same cell could be another one if months were written first."""

    on: date
    ambiguous: bool = False


class MonthFirst(UnfitCell):
    """A day that can only be read month first: 05/25/2026. Makes every ambiguous day of its column doubtful."""


@lru_cache(maxsize=4096, typed=True)
def read_day(cell: Cell, *, order: str | None = None) -> Day:
    """The day of a completion. `order` is how days with slashes are written, from the column map; day first if None.

    A time of day is dropped; an instant with its zone becomes the day it was in New Zealand.
    Raises UnfitCell, or MonthFirst.
    """
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return Day(on=_within(cell), ambiguous=_could_be_swapped(cell.day, cell.month) and order is None)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Day(on=_serial(f"{cell:.5f}".rstrip("0").rstrip("."), cell))
    if not isinstance(cell, str):
        raise _unreadable(cell)
    text = " ".join(cell.split())
    if _INSTANT.fullmatch(text):
        return Day(on=_within(_instant(text)))
    if found := _YEAR_LAST.fullmatch(text):
        return _slashes(int(found[1]), int(found[3]), int(found[4]), text, order=order)
    if found := _YEAR_FIRST.fullmatch(text):
        return Day(on=_calendar(int(found[1]), int(found[3]), int(found[4]), text))
    if found := _COMPACT.fullmatch(text):
        return Day(on=_calendar(int(found[1]), int(found[2]), int(found[3]), text))
    if found := _NAMED.fullmatch(text):
        return Day(on=_calendar(int(found[3]), _month(found[2], text), int(found[1]), text))
    if _SERIAL.fullmatch(text):
        return Day(on=_serial(text, cell))
    if _SHORT_YEAR.fullmatch(text):
        raise UnfitCell(say("%(value)s has a year of two digits; write all four.", value=shown(text)))
    raise _unreadable(cell)


def _slashes(first: int, second: int, year: int, text: str, *, order: str | None) -> Day:
    if order == DATE_ORDERS[1]:
        return Day(on=_calendar(year, first, second, text))
    if second > 12 >= first and _exists(year, first, second):
        raise MonthFirst(
            say(
                "%(value)s has no month %(month)s; days are read as day/month/year. Write it as 2026-05-03, or say, "
                "where the columns are named, that months come first.",
                value=shown(text),
                month=second,
            )
        )
    return Day(on=_calendar(year, second, first, text), ambiguous=_could_be_swapped(first, second) and order is None)


def _could_be_swapped(day: int, month: int) -> bool:
    return day <= 12 and day != month


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _calendar(year: int, month: int, day: int, text: str) -> date:
    if not _exists(year, month, day):
        raise UnfitCell(
            say("%(value)s is no day of the calendar. Write it as 2026-05-03 or 3/05/2026.", value=shown(text))
        )
    return _within(date(year, month, day))


def _instant(text: str) -> date:
    try:
        return nz_date(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise UnfitCell(
            say("%(value)s is no day of the calendar. Write it as 2026-05-03.", value=shown(text))
        ) from None


def _month(word: str, text: str) -> int:
    lower = word.lower()
    if lower in _FULL_MONTHS:
        return _FULL_MONTHS.index(lower) + 1
    if lower[:3] in _MONTHS and (len(lower) == 3 or lower == "sept"):
        return _MONTHS.index(lower[:3]) + 1
    raise UnfitCell(say("%(value)s names no month we know. Write it as 2026-05-03.", value=shown(text)))


def _serial(text: str, cell: Cell) -> date:
    if not _SERIAL.fullmatch(text):
        raise _unreadable(cell)
    return _within(_EXCEL_EPOCH + timedelta(days=int(text.partition(".")[0])))


def _within(day: date) -> date:
    if FIRST_DAY <= day <= LAST_DAY:
        return day
    raise UnfitCell(say("%(day)s lies outside the years 2000 to 2100.", day=f"{day.day}/{day.month}/{day.year:04}"))


def _unreadable(cell: Cell) -> UnfitCell:
    return UnfitCell(say("%(value)s is not a date. Write it as 2026-05-03 or 3/05/2026.", value=shown(cell)))
