"""verify(subject, policy, surroundings, at) -> Report: runs the checks in order and adds them up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from importlib import metadata
from typing import TypeVar

from verifier.answers import NO_ANSWERS, answer
from verifier.checks import CHECKS
from verifier.checks.finding import SKIPPED, UNKNOWN, finding
from verifier.inspection import Inspection, Surroundings
from verifier.intake import Subject
from verifier.policy import Policy
from verifier.report import GENUINE_CHECKS, Check, CheckId, RegisterUsed, Report
from verifier.verdicts import is_disproved, judge

__all__ = ["Surroundings", "verify"]

_log = logging.getLogger(__name__)
_Found = TypeVar("_Found")


def verify(subject: Subject, *, policy: Policy, surroundings: Surroundings, at: datetime) -> Report:
    """Everything found out about one badge at the instant `at` (aware). Never raises for what is in the badge."""
    inspection = Inspection(subject, policy=policy, surroundings=surroundings, at=at)
    for check_id, function in CHECKS.items():
        inspection.found[check_id] = _passed_over(check_id, inspection) or _attempt(
            partial(function, inspection), otherwise=finding(check_id, UNKNOWN, "internal-fault")
        )
    checks = tuple(inspection.found.values())
    verdicts = judge(checks, policy=policy)
    answers = _attempt(partial(answer, inspection, verdicts), otherwise=NO_ANSWERS)
    edition = inspection.edition
    return Report(
        genuine=answers.genuine,
        current=answers.current,
        accredited=answers.accredited,
        checks=checks,
        needs={check_id: policy.need(check_id) for check_id in CheckId},
        badge=answers.badge,
        checked_at=at,
        sources=inspection.fetch.sources,
        register=None
        if edition is None
        else RegisterUsed(
            edition=edition.number,
            as_at=edition.as_at.isoformat(),
            sha256=edition.sha256,
            demonstration=edition.demonstration,
            notices=surroundings.register_notices,
        ),
        verifier_version=_version(),
    )


@cache
def _version() -> str:
    try:
        return metadata.version("nz-open-badges")
    except metadata.PackageNotFoundError:
        return "unknown (run from its source, not installed)"


def _passed_over(check_id: CheckId, inspection: Inspection) -> Check | None:
    """After a failed proof nothing else is meaningful; without a credential there is nothing to look at."""
    if check_id in GENUINE_CHECKS:
        return None
    if is_disproved(inspection.found, policy=inspection.policy):
        return finding(check_id, SKIPPED, "not-genuine")
    return finding(check_id, SKIPPED, "not-reached") if inspection.subject.document is None else None


def _attempt(step: Callable[[], _Found], *, otherwise: _Found) -> _Found:
    """The one bare except: a fault of ours is "unknown", never a verdict about the badge."""
    try:
        return step()
    except Exception:  # noqa: BLE001 - see above
        _log.exception("A step of the verification broke down")
        return otherwise
