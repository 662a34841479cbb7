"""In which language a page speaks, and how it says days, moments and sentences in it; no cookie, `?lang=` only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, NamedTuple

from flask import g, request
from werkzeug.exceptions import HTTPException

from schemas.nzqcf import NZ_TIME, format_nz_date, nz_date
from verifier.wording_page import page_words
from verifier.words import Sentence

ENGLISH: Final = "en"
MAORI: Final = "mi"
LANGUAGES: Final = (ENGLISH, MAORI)


class Said(NamedTuple):
    """A sentence, and the language it turned out to be in: what has no te reo is said in English, and marked so."""

    text: str
    language: str


def language() -> str:
    """`lang` of the address or of the form; English without."""
    if "language" not in g:
        chosen = request.args.get("lang")
        if chosen is None and request.method == "POST" and not request.is_json:
            try:
                chosen = request.form.get("lang")
            except HTTPException:  # a form that cannot be read is answered as one, in English
                chosen = None
        g.language = chosen if chosen in LANGUAGES else ENGLISH
    return str(g.language)


def words(key: str, **facts: Any) -> str:
    """The page's own words under that key."""
    return page_words(key, language(), **facts)


def pick(sentence: Sentence) -> str:
    return sentence.mi if language() == MAORI else sentence.en


def said(english: str, maori: str | None) -> Said:
    return Said(maori, MAORI) if language() == MAORI and maori else Said(english, ENGLISH)


def nz_day(day: date) -> str:
    return format_nz_date(day, language=language())


def nz_moment(instant: datetime) -> str:
    """`10:32, 22 November 2026 (NZDT)`: as people in New Zealand read a clock."""
    local = instant.astimezone(NZ_TIME)
    return f"{local:%H:%M}, {nz_day(nz_date(instant))} ({local:%Z})"
