"""The words of the pages: each in both languages, with the same facts, as composed text, none left over."""

from __future__ import annotations

import re
import string
import unicodedata
from pathlib import Path

import pytest

import verifier.web
from verifier.report import (
    AccreditedVerdict,
    CheckId,
    CurrentVerdict,
    GenuineVerdict,
    Outcome,
    Question,
)
from verifier.wording_page import PAGE
from verifier.wording_states import (
    CHECK_NAMES,
    EVIDENCE,
    HEADINGS,
    KINDS,
    MEANING,
    OUTCOMES,
    QUESTIONS,
    VERDICTS,
    State,
)
from verifier.words import Sentence

TABLES = {
    **{f"page {key}": sentence for key, sentence in PAGE.items()},
    **{f"heading {state}": sentence for state, sentence in HEADINGS.items()},
    **{f"meaning {state}": sentence for state, sentence in MEANING.items()},
    **{f"verdict {key}": sentence for key, (sentence, _) in VERDICTS.items()},
    **{f"question {key}": sentence for key, sentence in QUESTIONS.items()},
    **{f"outcome {key}": sentence for key, sentence in OUTCOMES.items()},
    **{f"check {key}": sentence for key, sentence in CHECK_NAMES.items()},
    **{f"evidence {key}": sentence for key, sentence in EVIDENCE.items()},
}
WEB = Path(verifier.web.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TABLES)
def test_both_languages_say_it_with_the_same_facts_in_composed_text(key: str) -> None:
    sentence: Sentence = TABLES[key]
    assert sentence.mi
    assert sentence.en or key == "page draft"
    assert fields(sentence.en) == fields(sentence.mi)
    assert unicodedata.is_normalized("NFC", sentence.mi)
    assert sentence.mi != sentence.en


def test_every_verdict_state_check_and_outcome_has_words() -> None:
    for question, verdicts in (
        (Question.GENUINE, GenuineVerdict),
        (Question.CURRENT, CurrentVerdict),
        (Question.ACCREDITED, AccreditedVerdict),
    ):
        for verdict in verdicts:
            assert (question, verdict.value) in VERDICTS
    assert set(HEADINGS) == set(KINDS) == set(State)
    assert set(CHECK_NAMES) == set(CheckId)
    assert set(OUTCOMES) == set(Outcome)


def test_no_word_of_a_page_is_missing_or_left_over() -> None:
    sources = [*WEB.glob("templates/*.html"), *WEB.glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    used = set(re.findall(r"""["']([a-z_]+)["']""", text))
    assert set(PAGE) - used == set()
    asked = set(re.findall(r"""\b(?:t|words|page_words)\(["']([a-z_]+)["']""", text))
    assert asked - set(PAGE) == set()
