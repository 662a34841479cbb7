"""How a check says what it found: an outcome, a reason, and the sentence that `wording` has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.errors import BadgeError
from schemas.problem import problem_document
from verifier.report import Check, CheckId, Notice, Outcome
from verifier.wording import notice_for, sentence_for

PASSED, FAILED, UNKNOWN, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED


def finding(
    check_id: CheckId,
    outcome: Outcome,
    reason: str,
    *,
    evidence: Mapping[str, Any] | None = None,
    notices: Iterable[Notice] = (),
    problem: BadgeError | None = None,
    sentence: str | None = None,
    sentence_mi: str | None = None,
    **facts: Any,
) -> Check:
    """A Check whose sentences are made from `facts`; a `sentence` given outright stands as it is."""
    if sentence is None:
        sentence = sentence_for(check_id, outcome, reason, facts)
        sentence_mi = sentence_for(check_id, outcome, reason, facts, language="mi")
    return Check(
        id=check_id,
        outcome=outcome,
        reason=reason,
        sentence=sentence,
        sentence_mi=sentence_mi,
        evidence=evidence or {},
        notices=tuple(notices),
        problem=None if problem is None else problem_document(problem),
    )


def notice(check_id: CheckId, code: str, **facts: Any) -> Notice:
    return Notice(
        code=code,
        sentence=notice_for(check_id, code, facts),
        sentence_mi=notice_for(check_id, code, facts, language="mi"),
    )
