"""A report -> the three answers as a page shows them: a word, a sign and a sentence each; never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.report import AccreditedVerdict, GenuineVerdict, Question, Report
from verifier.web.words import Said, pick, said
from verifier.wording_states import QUESTIONS, VERDICTS, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`kind` is good, warn, stop, unknown or none: which colour and which sign."""

    question: str
    word: str
    kind: str
    sentence: Said


def answers_of(report: Report, state: State) -> tuple[Answer, ...]:
    """The three, in their order."""
    genuine, current, accredited = report.genuine, report.current, report.accredited
    first = "no-badge" if state is State.NO_BADGE else genuine.verdict.value
    last = accredited.verdict.value
    if accredited.verdict is AccreditedVerdict.NOT_APPLICABLE and genuine.verdict is not GenuineVerdict.INVALID:
        last = "no-claim"
    return tuple(
        _answer(question, verdict, said(answer.sentence, answer.sentence_mi))
        for question, verdict, answer in (
            (Question.GENUINE, first, genuine),
            (Question.CURRENT, current.verdict.value, current),
            (Question.ACCREDITED, last, accredited),
        )
    )


def _answer(question: Question, verdict: str, sentence: Said) -> Answer:
    word, kind = VERDICTS[question, verdict]
    return Answer(question=pick(QUESTIONS[question]), word=pick(word), kind=kind, sentence=sentence)
