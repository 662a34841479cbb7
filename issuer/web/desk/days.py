"""A day in a form of the desk: written as people here write it, read strictly; knows nothing of class lists."""

from __future__ import annotations

import re
from datetime import date

from issuer.web.words import _
from schemas.errors import InputError
from schemas.times import parse_date

_WRITTEN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def read_day(text: str) -> date:
    """31/05/2026 (day first, always), or 2026-05-31. Raises InputError."""
    text = text.strip()
    if found := _WRITTEN.fullmatch(text):
        text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    return parse_date(text)


def write_day(day: date) -> str:
    """As a form holds it: 31/05/2026."""
    return f"{day:%d/%m/}{day.year:04}"


def as_written(text: str) -> str:
    """What a form was given, in the form it asks for; what is no day stays as it is."""
    try:
        return write_day(read_day(text))
    except InputError:
        return text


def not_a_day() -> str:
    """The sentence beside a field that holds no day."""
    return _("Write the day as 31/05/2026.")
