"""A report -> the three answers as a page shows them: a word, a sign and a sentence each; never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from verifier.report import Question, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`kind` is good, warn, stop or unknown: which colour and which sign."""

    question: str
    word: str
    kind: str
    sentence: str

    @property
    def sign(self) -> str:
        return _SIGNS[self.kind]


_SIGNS: Final[Mapping[str, str]] = MappingProxyType({"good": "✓", "warn": "!", "stop": "✕", "unknown": "?"})
_WORDS: Final[Mapping[tuple[Question, str], tuple[str, str]]] = MappingProxyType(
    {
        (Question.GENUINE, "valid"): ("Genuine", "good"),
        (Question.GENUINE, "invalid"): ("Do not rely on it", "stop"),
        (Question.GENUINE, "unconfirmed"): ("Could not be established", "unknown"),
        (Question.CURRENT, "current"): ("In force", "good"),
        (Question.CURRENT, "expired"): ("Expired", "warn"),
        (Question.CURRENT, "not-yet-valid"): ("Not yet in force", "warn"),
        (Question.CURRENT, "withdrawn"): ("Withdrawn", "stop"),
        (Question.CURRENT, "suspended"): ("On hold", "warn"),
        (Question.CURRENT, "replaced"): ("Replaced by a newer one", "warn"),
        (Question.CURRENT, "unconfirmed"): ("Could not be established", "unknown"),
        (Question.CURRENT, "not-applicable"): ("Not asked", "unknown"),
        (Question.ACCREDITED, "valid"): ("Accredited when awarded", "good"),
        (Question.ACCREDITED, "invalid"): ("Not accredited for it", "stop"),
        (Question.ACCREDITED, "unconfirmed"): ("Could not be established", "unknown"),
        (Question.ACCREDITED, "not-applicable"): ("Not claimed", "unknown"),
    }
)
_QUESTIONS: Final[Mapping[Question, str]] = MappingProxyType(
    {Question.GENUINE: "Is it genuine?", Question.CURRENT: "Is it in force?", Question.ACCREDITED: "Was it accredited?"}
)


def answers_of(report: Report) -> tuple[Answer, ...]:
    """The three, in their order."""
    found = (
        (Question.GENUINE, report.genuine.verdict.value, report.genuine.sentence),
        (Question.CURRENT, report.current.verdict.value, report.current.sentence),
        (Question.ACCREDITED, report.accredited.verdict.value, report.accredited.sentence),
    )
    answers = []
    for question, verdict, sentence in found:
        word, kind = _WORDS[question, verdict]
        answers.append(Answer(question=_QUESTIONS[question], word=word, kind=kind, sentence=sentence))
    return tuple(answers)
