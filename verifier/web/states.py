"""A report -> how the badge stands in a word, for the head of a page; the three answers stay three."""

from __future__ import annotations

from typing import Final

from verifier.report import (
    GENUINE_CHECKS,
    AccreditedVerdict,
    CheckId,
    CurrentVerdict,
    GenuineVerdict,
    Outcome,
    Report,
)
from verifier.wording_states import State

# A picture that lost its badge on the way is no forgery, and the page does not say so.
_NO_BADGE: Final = frozenset({"empty", "no-badge", "not-a-badge", "web-page"})
_ALTERED: Final = frozenset({"disguised", "claims-differ", "term-dropped"})
_ENDED: Final = {
    CurrentVerdict.SUSPENDED: State.SUSPENDED,
    CurrentVerdict.REPLACED: State.REPLACED,
    CurrentVerdict.EXPIRED: State.EXPIRED,
    CurrentVerdict.NOT_YET_VALID: State.NOT_YET,
    CurrentVerdict.UNCONFIRMED: State.CURRENT_OPEN,
}


def state_of(report: Report) -> State:
    """The gravest thing there is to say; a good word only when all three answers allow it."""
    if report.genuine.verdict is GenuineVerdict.INVALID:
        return _refusal(report)
    if report.current.verdict is CurrentVerdict.WITHDRAWN:
        return State.WITHDRAWN
    if report.genuine.verdict is GenuineVerdict.UNCONFIRMED:
        return State.NOT_CHECKED
    if report.accredited.verdict is AccreditedVerdict.INVALID:
        return State.STRANGER if report.accredited.reason == "issuer-not-bound" else State.NOT_ACCREDITED
    if report.current.verdict in _ENDED:
        return _ENDED[report.current.verdict]
    if report.accredited.verdict is AccreditedVerdict.UNCONFIRMED:
        return State.ACCREDITATION_OPEN
    if report.accredited.verdict is AccreditedVerdict.NOT_APPLICABLE and not (report.badge or {}).get("provider"):
        return State.UNKNOWN_ISSUER
    # Said outright, so that a verdict nobody thought of is never the good one.
    return State.GOOD if report.current.verdict is CurrentVerdict.CURRENT else State.NOT_CHECKED


def _refusal(report: Report) -> State:
    failed = next(
        (check for check in report.checks if check.id in GENUINE_CHECKS and check.outcome is Outcome.FAILED), None
    )
    if failed is None:
        return State.MALFORMED
    if failed.id is CheckId.INTAKE:
        return State.NO_BADGE if failed.reason in _NO_BADGE else State.MALFORMED
    if failed.id in {CheckId.PROOF, CheckId.IDENTITY} or failed.reason in _ALTERED:
        return State.ALTERED
    return State.MALFORMED
