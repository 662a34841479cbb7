"""One cell of a register record: text -> value and back, strictly; knows nothing of other cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar

from keys.did import punycode_host, split_did_url
from keys.multikey import parse_multikey
from schemas.errors import InputError, KeyRefused
from schemas.limits import MAX_RECORD_CHARS, MAX_URL_CHARS
from schemas.nzqcf import credit_fault, is_moe_number, is_nzsced, level_fault, parse_reference, start_of_nz_day
from schemas.times import parse_date, parse_time, write_time
from verifier.register.records import EVERY_REF

# A parser takes a trimmed, non-empty text and raises InputError with a sentence that says how to mend it.
Parser: TypeAlias = Callable[[str], object]

FIRST_YEAR, LAST_YEAR = 1900, 2199  # a year outside is a slip of the finger, and could not be reckoned with
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_CONTROL_BUT_NEWLINE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_APPROVAL = re.compile(r"[0-9]{6}-[0-9]{1,2}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,15}")
_EQUIVALENCY_REF = re.compile(r"[0-9A-Za-z][0-9A-Za-z./-]{0,31}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_CREDITS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")
_ROOT = re.compile(r"[0-9a-f]{64}")
_URL = re.compile(r"https?://[!-~]+")

_Enum = TypeVar("_Enum", bound=StrEnum)


def a_line(text: str) -> str:
    """One line of text, NFC, without control characters or marks that reverse the reading direction."""
    if hidden := _CONTROL.search(text):
        raise InputError(f"holds a hidden character (U+{ord(hidden[0]):04X}) or a line break; take it out")
    return unicodedata.normalize("NFC", text)


def a_text(text: str) -> str:
    """As a line, but line breaks may stand in it."""
    plain = text.replace("\r\n", "\n")
    if hidden := _CONTROL_BUT_NEWLINE.search(plain):
        raise InputError(f"holds a hidden character (U+{ord(hidden[0]):04X}); take it out")
    return unicodedata.normalize("NFC", plain)


def a_day(text: str) -> date:
    try:
        day = parse_date(text)
    except InputError:
        raise InputError(f"{text[:40]!r} is not a day; write it as 2026-05-03 (year-month-day)") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InputError(f"the year {day.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day


def a_moment(text: str) -> datetime:
    """A time with its zone, or the start of a day in New Zealand."""
    if "T" not in text:
        return start_of_nz_day(a_day(text)).astimezone(UTC)
    try:
        moment = parse_time(text)
    except InputError:
        raise InputError(
            f"{text[:40]!r} is neither a day nor a time with its zone, like 2026-05-03T10:00:00Z"
        ) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InputError(f"the year {moment.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def a_reference(text: str) -> str:
    try:
        return parse_reference(text).text
    except InputError as error:
        raise InputError(error.detail.rstrip(".")) from None


def a_scope(text: str) -> str:
    if text == EVERY_REF:
        return text
    try:
        return a_reference(text)
    except InputError:
        raise InputError(f"{text[:40]!r} is neither * (everything) nor an NZQA reference") from None


def an_equivalency_ref(text: str) -> str:
    return _fullmatch(_EQUIVALENCY_REF, text, "a reference of letters, digits, dots, dashes and slashes")


def a_moe_number(text: str) -> str:
    if is_moe_number(text):
        return text
    hint = f"; with its leading zero it may be {text.zfill(4)}" if text.isdecimal() and len(text) < 4 else ""
    raise InputError(f"{text[:40]!r} is not a Ministry of Education provider number of four digits{hint}")


def an_approval_number(text: str) -> str:
    return _fullmatch(_APPROVAL, text, "an approval number with its version, like 128480-1")


def a_version(text: str) -> str:
    return _fullmatch(_VERSION, text, "a version, like 1 or 2")


def an_nzsced(text: str) -> str:
    if not is_nzsced(text):
        raise InputError(f"{text[:40]!r} is not an NZSCED code: six digits, the first two from 01 to 12")
    return text


def a_level(text: str) -> int:
    level = int(text) if _WHOLE.fullmatch(text) else None
    if level is None or level_fault(level):
        raise InputError(f"{text[:40]!r} is not a level; the NZQCF has levels 1 to 10")
    return level


def credits_(text: str) -> int | float:
    if not _CREDITS.fullmatch(text):
        raise InputError(f"{text[:40]!r} is not a number of credits, like 10 or 7.5")
    value = float(text)
    if fault := credit_fault(value):
        raise InputError(fault.rstrip("."))
    return int(value) if value.is_integer() else value


def a_whole_number(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise InputError(f"{text[:40]!r} is not a whole number")
    return int(text)


def review_years(text: str) -> int:
    if text not in ("1", "2", "3"):
        raise InputError(f"{text[:40]!r} is not a review period of 1, 2 or 3 years")
    return int(text)


def yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise InputError(f"{text[:40]!r} is neither yes nor no")
    return text == "yes"


def a_did(text: str) -> str:
    if not text.isascii() and text.startswith("did:web:"):
        raise InputError(f"write the host of {text[:80]!r} in punycode{_punycode_hint(text)}")
    try:
        did, fragment = split_did_url(text)
    except KeyRefused as error:
        raise InputError(error.detail.rstrip(".")) from None
    if fragment is not None:
        raise InputError("a DID ends before the '#'; the part after it names a key and belongs in keys.csv")
    return did


def a_method(text: str) -> str:
    try:
        _, fragment = split_did_url(text)
    except KeyRefused as error:
        raise InputError(error.detail.rstrip(".")) from None
    if fragment is None:
        raise InputError("a verification method is a DID, '#' and the name of a key")
    return text


def a_multikey(text: str) -> str:
    try:
        parse_multikey(text)
    except KeyRefused as error:
        raise InputError(f"is not a public key that can be used. {error.detail.rstrip('.')}") from None
    return text


def a_root(text: str) -> str:
    return _fullmatch(_ROOT, text, "a SHA-256 root of 64 lower-case hexadecimal digits")


def a_url(text: str) -> str:
    if len(text) > MAX_URL_CHARS:
        raise InputError(f"is an address of {len(text):,} characters; the limit is {MAX_URL_CHARS:,}")
    return _fullmatch(_URL, text, "a web address that begins with https:// or http://")


def end_reason(text: str) -> str:
    """Lower case, because `lapsed` is a word that decides."""
    return a_line(text).lower()


def one_of(kind: type[_Enum]) -> Callable[[str], _Enum]:
    values = {member.value: member for member in kind}

    def parse(text: str) -> _Enum:
        if text not in values:
            raise InputError(f"{text[:40]!r} is none of: {', '.join(values)}")
        return values[text]

    return parse


def write_cell(value: object) -> str | int | float:
    """A value as an edition writes it: numbers as numbers, everything else as the text a cell would hold."""
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return write_time(value)
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case int() | float() | str():
            return value
    raise TypeError(f"no cell holds a {type(value).__name__}")


def check_length(text: str) -> None:
    if len(text) > MAX_RECORD_CHARS:
        raise InputError(f"holds {len(text):,} characters; the limit is {MAX_RECORD_CHARS:,}")


def _fullmatch(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    if not pattern.fullmatch(text):
        raise InputError(f"{text[:40]!r} is not {wanted}")
    return text


def _punycode_hint(did: str) -> str:
    host = did.removeprefix("did:web:").partition(":")[0]
    try:
        return f": {punycode_host(host)}"
    except InputError:
        return ""
