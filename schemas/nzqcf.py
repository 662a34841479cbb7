"""What NZQA's words mean: references, levels, credits, titles and New Zealand days; no register, no clock."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from schemas.errors import InputError

NZ_TIME: Final = ZoneInfo("Pacific/Auckland")


# --- references -------------------------------------------------------------------------------------------------
class ReferenceKind(StrEnum):
    """The three shapes seen on NZQA's pages: `5056`, `TF0849`, `128480-1`."""

    NZQA = "nzqa"
    PROVIDER_LOCAL = "provider-local"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference as written; always compared as a string, for a leading zero is part of it."""

    kind: ReferenceKind
    text: str

    def __str__(self) -> str:
        return self.text


_REFERENCE_SHAPES: Final = (
    (ReferenceKind.NZQA, re.compile(r"[0-9]{4}")),
    (ReferenceKind.PROVIDER_LOCAL, re.compile(r"[A-Z]{2}[0-9]{4}")),
    (ReferenceKind.APPROVAL, re.compile(r"[0-9]{6}-[0-9]{1,2}")),
)


def parse_reference(text: str) -> Reference:
    """`dddd`, `AAdddd` or `dddddd-d`, exactly. Raises InputError."""
    for kind, shape in _REFERENCE_SHAPES:
        if shape.fullmatch(text):
            return Reference(kind=kind, text=text)
    raise InputError(
        f"“{text[:40]}” is not an NZQA reference: four digits (0426), two capitals and four digits (TF0849), "
        "or an approval number with its version (128480-1)."
    )


def is_reference(text: str) -> bool:
    return any(shape.fullmatch(text) for _, shape in _REFERENCE_SHAPES)


def regain_reference(text: str, *, among: Collection[str]) -> str | None:
    """The one reference in `among` that `text` is, or was before a spreadsheet ate its leading zeros; else None.

    `426`, `426.0` and `4974.0` are what Excel makes of `0426` and `4974`. Nothing is guessed that the register
    does not hold, and nothing is padded when the text as it stands is already a reference.
    """
    written = text.strip().upper()
    if is_reference(written):
        return written if written in among else None
    number = re.fullmatch(r"([0-9]{1,4})(?:\.0+)?", written)
    if number is None:
        return None
    padded = number[1].zfill(4)
    return padded if padded in among else None


def is_nzsced(text: str) -> bool:
    """Six digits whose first two name a broad field, 01 to 12 (NZSCED 2.0); the full code list is not held."""
    return re.fullmatch(r"(?:0[1-9]|1[0-2])[0-9]{4}", text) is not None


# NZSCED 2.0 (Statistics New Zealand, 2009): the twelve broad fields, by the first two digits of a code.
NZSCED_BROAD_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "01": "Natural and Physical Sciences",
        "02": "Information Technology",
        "03": "Engineering and Related Technologies",
        "04": "Architecture and Building",
        "05": "Agriculture, Environmental and Related Studies",
        "06": "Health",
        "07": "Education",
        "08": "Management and Commerce",
        "09": "Society and Culture",
        "10": "Creative Arts",
        "11": "Food, Hospitality and Personal Services",
        "12": "Mixed Field Programmes",
    }
)


def is_moe_number(text: str) -> bool:
    """The Ministry of Education's provider number: four digits, compared as a string."""
    return re.fullmatch(r"[0-9]{4}", text) is not None


# --- the National Student Number: recognised only to be kept out -------------------------------------------------
_NSN: Final = re.compile(r"[0-9]{9,10}")
_NSN_SOMEWHERE: Final = re.compile(r"(?<!\d)(?:\d{9,10}|\d{3}[ -]\d{3}[ -]\d{3,4})(?!\d)")
# A UUID, a digest or a key holds digit runs by chance.
_RANDOM_TEXT: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}", re.IGNORECASE)


def is_nsn(text: str) -> bool:
    """Nine or ten digits. NZQA's own samples show both `123456789` and `0123456789`; no check digit is published."""
    return _NSN.fullmatch(text) is not None


def looks_like_nsn(text: str) -> bool:
    """Whether a number of an NSN's shape stands anywhere in `text`, in any script's digits, grouped or not."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if _NSN_SOMEWHERE.search(plain) is None:
        return False
    return _NSN_SOMEWHERE.search(_RANDOM_TEXT.sub(" ", plain)) is not None


# --- levels and credits -----------------------------------------------------------------------------------------
# NZQCF, appendix: the qualification types at each level. A micro-credential may stand at every one of them.
LEVELS: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        1: ("Certificate",),
        2: ("Certificate",),
        3: ("Certificate",),
        4: ("Certificate",),
        5: ("Certificate", "Diploma"),
        6: ("Certificate", "Diploma"),
        7: ("Diploma", "Graduate Certificate", "Graduate Diploma", "Bachelor's Degree"),
        8: ("Postgraduate Certificate", "Postgraduate Diploma", "Bachelor Honours Degree"),
        9: ("Master's Degree",),
        10: ("Doctoral Degree",),
    }
)
_LEVEL_WORD: Final = MappingProxyType({"en": "Level", "mi": "Kaupae"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBand:
    """The usual size of a micro-credential from a day on, in credits, both ends included."""

    effective_from: date
    minimum: int
    maximum: int
    source: str


# Newest last. The rule is "should not usually be more than 40": a band warns, the register decides.
CREDIT_BANDS: Final = (
    CreditBand(
        effective_from=date(2018, 8, 22),
        minimum=5,
        maximum=40,
        source="aide-memoire CR17591 of 25 May 2018, paragraph 19; applications opened on 22 August 2018",
    ),
    CreditBand(
        effective_from=date(2023, 1, 1),
        minimum=1,
        maximum=40,
        source="NZQA, Micro-credential listing, approval, and accreditation (2023): “up to 40 credits in size”",
    ),
    CreditBand(
        effective_from=date(2025, 7, 1),
        minimum=1,
        maximum=40,
        source="NZQA, Micro-credentials (rules in force from 1 July 2025): “1 to 40 credits”",
    ),
)
HOURS_PER_CREDIT: Final = 10  # Operational rules, rule 3: "each credit representing ten notional learning hours"


def level_name(level: int, *, language: str = "en") -> str:
    """`Level 4`, or `Kaupae 4` in te reo Māori."""
    return f"{_LEVEL_WORD.get(language, _LEVEL_WORD['en'])} {level}"


def level_fault(level: object) -> str | None:
    """A sentence when `level` is no NZQCF level, a whole number from 1 to 10."""
    if isinstance(level, int) and not isinstance(level, bool) and level in LEVELS:
        return None
    return f"The level is {level!r}; the NZQCF has levels 1 to 10."


def credit_band(on: date) -> CreditBand:
    """The band in force on a day; before the first, the first."""
    in_force = [band for band in CREDIT_BANDS if band.effective_from <= on]
    return in_force[-1] if in_force else CREDIT_BANDS[0]


def credit_fault(credits_: object) -> str | None:
    """A sentence when this cannot be a credit value at all: not a number above 0 and below 1,000."""
    if isinstance(credits_, int | float) and not isinstance(credits_, bool) and 0 < credits_ < 1_000:
        return None
    return f"The credit value is {credits_!r}; it must be a number above 0."


def credit_warning(credits_: float, *, on: date) -> str | None:
    """A sentence when the size is unusual for a micro-credential approved on that day; never a reason to refuse."""
    band = credit_band(on)
    if band.minimum <= credits_ <= band.maximum:
        return None
    return (
        f"{credits_:g} credits is unusual: the rules in force on {format_nz_date(on)} speak of "
        f"{band.minimum} to {band.maximum} credits."
    )


def hours(credits_: float) -> int:
    """About how many hours of learning the credits stand for."""
    return round(credits_ * HOURS_PER_CREDIT)


# --- reviews ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRule:
    """How often a micro-credential approved from a day on is usually reviewed, in years, both ends included."""

    effective_from: date
    minimum: int
    maximum: int
    default: int | None  # taken where a listing records no period
    source: str


# Newest last. An overdue review is something to look at, never a reason to refuse an award.
REVIEW_RULES: Final = (
    ReviewRule(
        effective_from=date(2018, 8, 22),
        minimum=1,
        maximum=1,
        default=1,
        source="NZQA (2023): “Micro-credentials approved before 2023 have a 1-year review period by default”",
    ),
    ReviewRule(
        effective_from=date(2023, 1, 1),
        minimum=1,
        maximum=3,
        default=None,
        source="NZQA (2023): “The period for ongoing review (usually 1-3 years)”",
    ),
)


def review_rule(on: date) -> ReviewRule:
    """The rule for what was approved on a day; before the first, the first."""
    in_force = [rule for rule in REVIEW_RULES if rule.effective_from <= on]
    return in_force[-1] if in_force else REVIEW_RULES[0]


def review_due(*, approved_on: date, years: int | None) -> date | None:
    """The anniversary of the approval by which a review was due, or None where no period is known."""
    period = review_rule(approved_on).default if years is None else years
    return None if period is None else add_months(approved_on, 12 * period)


def review_warning(*, approved_on: date, years: int | None, as_at: date, seen_on: date | None) -> str | None:
    """A sentence when a review was due before `as_at` and nobody has looked at NZQA's page since (`seen_on`)."""
    due = review_due(approved_on=approved_on, years=years)
    if due is None or due >= as_at or (seen_on is not None and seen_on >= due):
        return None
    return f"Its review was due by {format_nz_date(due)}; look at NZQA's page, and enter the day as checked_on."


# --- titles -----------------------------------------------------------------------------------------------------
_KIND_SUFFIX: Final = re.compile(r"\s*\(\s*micro[\s‐‑‒–-]?credential\s*\)\s*\Z", re.IGNORECASE)


def fold_title(title: str) -> str:
    """The title as `register.match` compares it: NFC, single spaces, without a closing “(Micro-credential)”."""
    plain = " ".join(unicodedata.normalize("NFC", title).split())
    return _KIND_SUFFIX.sub("", plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleWord:
    """A word a micro-credential's title "should not usually include", from a day on."""

    word: str
    effective_from: date


_TITLE_WORDS_2018: Final = date(2018, 8, 22)
# Listing rule 6.2(a): only "where it may cause confusion with a qualification". Real listed titles hold them.
TITLE_WORDS: Final = tuple(
    TitleWord(word=word, effective_from=_TITLE_WORDS_2018)
    for word in (
        "New Zealand",
        "national",
        "diploma",
        "degree",
        "bachelor",
        "master",
        "doctor",
        "under-graduate",
        "post-graduate",
    )
)


def _title_pattern(word: str) -> re.Pattern[str]:
    loose = r"[\s‐‑‒–-]?".join(re.escape(part) for part in word.split("-"))
    loose = loose.replace(r"\ ", r"\s+")
    # `\w` on either side, or beyond a hyphen, makes another word of it: masterclass, master-class, inter-national.
    return re.compile(rf"(?<!\w)(?<!\w[‐‑-]){loose}(?:['’]?s)?(?![‐‑-]?\w)", re.IGNORECASE)


_TITLE_PATTERNS: Final = tuple((entry, _title_pattern(entry.word)) for entry in TITLE_WORDS)


def title_warnings(title: str, *, on: date) -> tuple[str, ...]:
    """A sentence for each word NZQA would usually not have in a title; a listed title stands all the same."""
    plain = fold_title(title)
    return tuple(
        f"The title holds “{entry.word}”, which a micro-credential's title should not usually include."
        for entry, pattern in _TITLE_PATTERNS
        if entry.effective_from <= on and pattern.search(plain)
    )


# --- days -------------------------------------------------------------------------------------------------------
_MONTHS: Final = MappingProxyType(
    {
        "en": (
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        # Te Taura Whiri's names; the CLDR has the transliterations (Noema). Awaits a te reo speaker's review.
        "mi": (
            *("Kohi-tātea", "Hui-tanguru", "Poutū-te-rangi", "Paenga-whāwhā", "Haratua", "Pipiri"),
            *("Hōngongoi", "Here-turi-kōkā", "Mahuru", "Whiringa-ā-nuku", "Whiringa-ā-rangi", "Hakihea"),
        ),
    }
)


def nz_date(instant: datetime) -> date:
    """The day it is in New Zealand (Pacific/Auckland) at an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no day in New Zealand")
    return instant.astimezone(NZ_TIME).date()


def start_of_nz_day(day: date) -> datetime:
    """The first instant of a day in New Zealand, aware; on a daylight-saving day too, for that change is at 2 am."""
    return datetime.combine(day, time(), tzinfo=NZ_TIME)


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` calendar months on; a day the month lacks clips to its last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def format_nz_date(day: date, *, language: str = "en") -> str:
    """`3 May 2026`, or `3 Haratua 2026` in te reo Māori."""
    return f"{day.day} {_MONTHS.get(language, _MONTHS['en'])[day.month - 1]} {day.year}"
