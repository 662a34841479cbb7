"""A report -> the three answers as a page shows them: a word, a sign and a sentence each; never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.report import AccreditedVerdict, CheckId, GenuineVerdict, Question, Report
from verifier.web.words import Said, pick, said
from verifier.wording_states import QUESTIONS, VERDICTS, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`kind` is good, warn, stop, unknown or none: which colour and which sign."""

    question: str
    word: str
    kind: str
    sentence: Said | None


def answers_of(report: Report, state: State) -> tuple[Answer, ...]:
    """The three, in their order."""
    genuine, current, accredited = report.genuine, report.current, report.accredited
    first, why = genuine.verdict.value, said(genuine.sentence, genuine.sentence_mi)
    if state is State.NO_BADGE:
        # Nothing was found, so nothing is warned of: what is wrong with the file is said by itself.
        intake = report.check(CheckId.INTAKE)
        first, why = "no-badge", said(intake.sentence, intake.sentence_mi)
    last = accredited.verdict.value
    if accredited.verdict is AccreditedVerdict.NOT_APPLICABLE and genuine.verdict is not GenuineVerdict.INVALID:
        last = "no-claim"
    return (
        _answer(Question.GENUINE, first, why),
        _answer(Question.CURRENT, current.verdict.value, said(current.sentence, current.sentence_mi)),
        _answer(Question.ACCREDITED, last, said(accredited.sentence, accredited.sentence_mi)),
    )


def _answer(question: Question, verdict: str, sentence: Said) -> Answer:
    word, kind = VERDICTS[question, verdict]
    asked = verdict != AccreditedVerdict.NOT_APPLICABLE
    return Answer(question=pick(QUESTIONS[question]), word=pick(word), kind=kind, sentence=sentence if asked else None)
