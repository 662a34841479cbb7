"""Checks and a policy in, three verdicts out: pure; tests/verifier/test_truth_table.py is its truth table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from verifier.policy import Policy
from verifier.report import (
    ACCREDITED_CHECKS,
    CURRENT_CHECKS,
    GENUINE_CHECKS,
    AccreditedVerdict,
    Check,
    CheckId,
    CurrentVerdict,
    GenuineVerdict,
    Need,
    Outcome,
)

NO_NZ_CLAIM = "no-nz-claim"
REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The three verdicts, each with the check that decided it (None when nothing stands against it)."""

    genuine: GenuineVerdict
    current: CurrentVerdict
    accredited: AccreditedVerdict
    genuine_by: Check | None = None
    current_by: Check | None = None
    accredited_by: Check | None = None


class _Standing(Enum):
    GOOD = auto()
    BAD = auto()
    OPEN = auto()


def judge(checks: Iterable[Check], *, policy: Policy) -> Verdicts:
    """The verdicts that `checks` add up to (contract, "Report")."""
    found = {check.id: check for check in checks}

    standing, genuine_by = _stand(GENUINE_CHECKS, found, policy)
    genuine = {
        _Standing.GOOD: GenuineVerdict.VALID,
        _Standing.BAD: GenuineVerdict.INVALID,
        _Standing.OPEN: GenuineVerdict.UNCONFIRMED,
    }[standing]
    if genuine is GenuineVerdict.INVALID:
        # What stands in a badge that is not genuine says nothing about anybody.
        return Verdicts(
            genuine=genuine,
            genuine_by=genuine_by,
            current=CurrentVerdict.NOT_APPLICABLE,
            accredited=AccreditedVerdict.NOT_APPLICABLE,
        )

    current, current_by = _current(found, policy)
    accredited, accredited_by = _accredited(found, policy)
    if genuine is GenuineVerdict.UNCONFIRMED and accredited is AccreditedVerdict.VALID:
        accredited, accredited_by = AccreditedVerdict.UNCONFIRMED, genuine_by
    return Verdicts(
        genuine=genuine,
        genuine_by=genuine_by,
        current=current,
        current_by=current_by,
        accredited=accredited,
        accredited_by=accredited_by,
    )


def is_disproved(checks: Mapping[CheckId, Check], *, policy: Policy) -> bool:
    """Whether the badge is known not to be genuine: nothing else in it then says anything."""
    return _stand(GENUINE_CHECKS, checks, policy)[0] is _Standing.BAD


def _stand(ids: Iterable[CheckId], found: Mapping[CheckId, Check], policy: Policy) -> tuple[_Standing, Check | None]:
    """A failed check that counts decides; else one that is unknown, or required and not there, leaves it open."""
    standing, by = _Standing.GOOD, None
    for check_id in ids:
        need = policy.need(check_id)
        if need is Need.INFORMATIVE:
            continue
        check = found.get(check_id)
        outcome = None if check is None else check.outcome
        if outcome is Outcome.FAILED:
            return _Standing.BAD, check
        settled = outcome is Outcome.PASSED or (outcome is Outcome.SKIPPED and need is Need.IF_PRESENT)
        if not settled and standing is _Standing.GOOD:
            standing, by = _Standing.OPEN, check
    return standing, by


def _current(found: Mapping[CheckId, Check], policy: Policy) -> tuple[CurrentVerdict, Check | None]:
    lineage = found.get(CheckId.LINEAGE)
    if lineage is not None and lineage.outcome is Outcome.FAILED:
        return CurrentVerdict.REPLACED, lineage  # wins over withdrawn: a correction revokes the old entry
    failed = {
        check_id: found[check_id]
        for check_id in CURRENT_CHECKS
        if check_id in found
        and found[check_id].outcome is Outcome.FAILED
        and policy.need(check_id) is not Need.INFORMATIVE
    }
    if CheckId.REVOCATION in failed:
        return CurrentVerdict.WITHDRAWN, failed[CheckId.REVOCATION]
    if CheckId.SUSPENSION in failed:
        return CurrentVerdict.SUSPENDED, failed[CheckId.SUSPENSION]
    if CheckId.DATES in failed:
        dates = failed[CheckId.DATES]
        early = dates.reason == CurrentVerdict.NOT_YET_VALID
        return CurrentVerdict.NOT_YET_VALID if early else CurrentVerdict.EXPIRED, dates
    standing, by = _stand(CURRENT_CHECKS, found, policy)
    return CurrentVerdict.CURRENT if standing is _Standing.GOOD else CurrentVerdict.UNCONFIRMED, by


def _accredited(found: Mapping[CheckId, Check], policy: Policy) -> tuple[AccreditedVerdict, Check | None]:
    ours = [found[check_id] for check_id in ACCREDITED_CHECKS if check_id in found]
    if len(ours) == len(ACCREDITED_CHECKS) and all(
        check.outcome is Outcome.SKIPPED and check.reason == NO_NZ_CLAIM for check in ours
    ):
        return AccreditedVerdict.NOT_APPLICABLE, ours[0]
    standing, by = _stand(ACCREDITED_CHECKS, found, policy)
    return {
        _Standing.GOOD: AccreditedVerdict.VALID,
        _Standing.BAD: AccreditedVerdict.INVALID,
        _Standing.OPEN: AccreditedVerdict.UNCONFIRMED,
    }[standing], by
