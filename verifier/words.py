"""A sentence in English and in te reo Māori side by side, and how facts are put into it; knows no check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from schemas.nzqcf import format_nz_date
from verifier.report import Outcome

REO_AWAITS_REVIEW = True  # until a te reo speaker has read the drafts; whoever shows them must say so
PASSED, FAILED, UNKNOWN, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED
_UNRECORDED = MappingProxyType({"en": "a day that is not recorded", "mi": "tētahi rā kāore i tuhia"})


class Sentence(NamedTuple):
    en: str
    mi: str


Rows: TypeAlias = dict[tuple[Outcome, str], Sentence]


def say(sentence: Sentence, facts: Mapping[str, Any], language: str) -> str:
    """The sentence with its facts; a day is written in the language, None as a day not recorded. Raises KeyError.

    A fact that is itself words is given as a Sentence without facts of its own.
    """
    text = sentence.mi if language == "mi" else sentence.en
    return text.format_map({name: _spoken(fact, language) for name, fact in facts.items()})


def _spoken(fact: Any, language: str) -> Any:
    if fact is None:
        return _UNRECORDED["mi" if language == "mi" else "en"]
    if isinstance(fact, Sentence):
        return fact.mi if language == "mi" else fact.en
    return format_nz_date(fact, language=language) if type(fact) is date else fact
