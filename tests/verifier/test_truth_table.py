"""The whole truth table: outcomes of checks in, three verdicts out (contract, "Report")."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from types import MappingProxyType

import pytest

from verifier.policy import BADGE_POLICY, Policy
from verifier.report import (
    ACCREDITED_CHECKS,
    CURRENT_CHECKS,
    GENUINE_CHECKS,
    AccreditedAnswer,
    AccreditedVerdict,
    Check,
    CheckId,
    CurrentAnswer,
    CurrentVerdict,
    GenuineAnswer,
    GenuineVerdict,
    Need,
    Outcome,
    Report,
)
from verifier.verdicts import judge

P, F, U, S = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED
GONE = None  # the check did not run at all

GOOD: dict[str, tuple[Outcome, str] | None] = {check_id.value: (P, "fine") for check_id in CheckId}
NO_NZ = {check_id.value: (S, "no-nz-claim") for check_id in ACCREDITED_CHECKS}
UNKNOWN_RIGHT = {"register.right": (U, "delivery-not-recorded")}
BAD_RIGHT = {"register.right": (F, "right-absent")}


def check(check_id: str, outcome: Outcome, reason: str) -> Check:
    return Check(id=CheckId(check_id), outcome=outcome, reason=reason, sentence="")


def checks(changes: dict[str, tuple[Outcome, str] | None]) -> list[Check]:
    return [check(check_id, *found) for check_id, found in (GOOD | changes).items() if found is not None]


TABLE = [
    # what differs from a badge in which every check passed, and the three verdicts
    pytest.param({}, "valid", "current", "valid", id="every check passed"),
    # --- genuine --------------------------------------------------------------------------------------------------
    pytest.param({"intake": (F, "json-malformed")}, "invalid", "not-applicable", "not-applicable", id="a failed intake is invalid and hides the rest"),
    pytest.param({"conforms": (F, "schema")}, "invalid", "not-applicable", "not-applicable", id="a badge that does not conform is invalid"),
    pytest.param({"lossless": (F, "term-dropped")}, "invalid", "not-applicable", "not-applicable", id="a badge with an unsigned term is invalid"),
    pytest.param({"proof": (F, "signature-wrong")}, "invalid", "not-applicable", "not-applicable", id="a wrong signature is invalid"),
    pytest.param({"issuer.identity": (F, "controller-not-issuer")}, "invalid", "not-applicable", "not-applicable", id="a stranger's signature is invalid"),
    pytest.param({"intake": (U, "pdf-not-read")}, "unconfirmed", "current", "unconfirmed", id="an unreadable file leaves it unconfirmed"),
    pytest.param({"conforms": (U, "context-not-held")}, "unconfirmed", "current", "unconfirmed", id="a context not held leaves it unconfirmed"),
    pytest.param({"lossless": (U, "context-not-held")}, "unconfirmed", "current", "unconfirmed", id="lossless not known leaves it unconfirmed"),
    pytest.param({"proof": (U, "key-unreachable")}, "unconfirmed", "current", "unconfirmed", id="a key that cannot be retrieved leaves it unconfirmed"),
    pytest.param({"issuer.identity": (U, "issuer-proof-unchecked")}, "unconfirmed", "current", "unconfirmed", id="identity not known leaves it unconfirmed"),
    pytest.param({"lossless": (S, "signed-as-text")}, "valid", "current", "valid", id="a check that is skipped because absent satisfies if-present"),
    pytest.param({"proof": (S, "not-reached")}, "unconfirmed", "current", "unconfirmed", id="a required check that was skipped leaves it unconfirmed"),
    pytest.param({"proof": GONE}, "unconfirmed", "current", "unconfirmed", id="a required check that is missing leaves it unconfirmed"),
    pytest.param({"lossless": GONE}, "unconfirmed", "current", "unconfirmed", id="an if-present check that never ran leaves it unconfirmed"),
    pytest.param({check_id.value: GONE for check_id in GENUINE_CHECKS}, "unconfirmed", "current", "unconfirmed", id="no check at all leaves it unconfirmed"),
    pytest.param({"proof": (U, "key-unreachable"), "conforms": (F, "schema")}, "invalid", "not-applicable", "not-applicable", id="failed outranks unknown"),
    # --- current --------------------------------------------------------------------------------------------------
    pytest.param({"dates": (F, "expired")}, "valid", "expired", "valid", id="an end that is past is expired"),
    pytest.param({"dates": (F, "not-yet-valid")}, "valid", "not-yet-valid", "valid", id="a beginning to come is not yet valid"),
    pytest.param({"dates": (U, "internal-fault")}, "valid", "unconfirmed", "valid", id="dates not known leave it unconfirmed"),
    pytest.param({"dates": GONE}, "valid", "unconfirmed", "valid", id="missing dates leave it unconfirmed"),
    pytest.param({"status.revocation": (F, "withdrawn")}, "valid", "withdrawn", "valid", id="a set bit is withdrawn"),
    pytest.param({"status.revocation": (U, "status-unreachable")}, "valid", "unconfirmed", "valid", id="an unreachable list leaves it unconfirmed"),
    pytest.param({"status.revocation": (S, "no-status")}, "valid", "current", "valid", id="no status entry satisfies if-present"),
    pytest.param({"status.revocation": GONE}, "valid", "unconfirmed", "valid", id="a status check that never ran leaves it unconfirmed"),
    pytest.param({"status.suspension": (F, "suspended")}, "valid", "suspended", "valid", id="a set suspension bit is suspended"),
    pytest.param({"status.suspension": (U, "status-unreachable")}, "valid", "unconfirmed", "valid", id="suspension not known leaves it unconfirmed"),
    pytest.param({"status.suspension": (S, "no-status")}, "valid", "current", "valid", id="no suspension entry satisfies if-present"),
    pytest.param({"lineage": (F, "replaced")}, "valid", "replaced", "valid", id="a newer genuine one is replaced"),
    pytest.param({"lineage": (F, "replaced"), "status.revocation": (F, "withdrawn")}, "valid", "replaced", "valid", id="replaced wins over withdrawn"),
    pytest.param({"lineage": (F, "replaced"), "status.revocation": (U, "status-unreachable")}, "valid", "replaced", "valid", id="replaced needs no list"),
    pytest.param({"lineage": (F, "replaced"), "dates": (F, "expired")}, "valid", "replaced", "valid", id="replaced wins over expired"),
    pytest.param({"lineage": (U, "address-unreachable")}, "valid", "current", "valid", id="a silent address does not unsettle a good badge"),
    pytest.param({"lineage": (S, "not-published")}, "valid", "current", "valid", id="a badge that is kept private stays current"),
    pytest.param({"lineage": (S, "not-published"), "status.revocation": (U, "status-unreachable")}, "valid", "unconfirmed", "valid", id="a private badge without an answer of its list is unconfirmed"),
    pytest.param({"lineage": (S, "no-address")}, "valid", "current", "valid", id="no address of its own is no harm"),
    pytest.param({"lineage": GONE}, "valid", "current", "valid", id="lineage only ever adds"),
    pytest.param({"lineage": (U, "address-unreachable"), "status.revocation": (F, "withdrawn")}, "valid", "withdrawn", "valid", id="withdrawn stands where no newer one is found"),
    pytest.param({"status.revocation": (F, "withdrawn"), "status.suspension": (F, "suspended"), "dates": (F, "expired")}, "valid", "withdrawn", "valid", id="withdrawn wins over suspended and expired"),
    pytest.param({"status.suspension": (F, "suspended"), "dates": (F, "expired")}, "valid", "suspended", "valid", id="suspended wins over expired"),
    pytest.param({"status.suspension": (F, "suspended"), "status.revocation": (U, "status-unreachable")}, "valid", "suspended", "valid", id="a failed status decides beside an unknown one"),
    pytest.param({"dates": (F, "expired"), "status.revocation": (U, "status-unreachable")}, "valid", "expired", "valid", id="expired decides beside an unknown status"),
    # --- accredited -----------------------------------------------------------------------------------------------
    pytest.param(NO_NZ, "valid", "current", "not-applicable", id="no New Zealand claim is not applicable, never valid"),
    pytest.param(NO_NZ | {"register.match": (P, "matches")}, "valid", "current", "unconfirmed", id="half a claim is not no claim"),
    pytest.param(NO_NZ | {"register.match": GONE}, "valid", "current", "unconfirmed", id="a missing check is not no claim"),
    pytest.param({check_id.value: (S, "not-reached") for check_id in ACCREDITED_CHECKS}, "valid", "current", "unconfirmed", id="all skipped for another reason is unconfirmed"),
    pytest.param({check_id.value: (U, "no-register") for check_id in ACCREDITED_CHECKS}, "valid", "current", "unconfirmed", id="no register is unconfirmed"),
    pytest.param({"register.issuer": (F, "issuer-not-bound")}, "valid", "current", "invalid", id="an issuer the register does not bind is invalid"),
    pytest.param({"register.issuer": (F, "issuer-claim-mismatch")}, "valid", "current", "invalid", id="a claim of another provider's number is invalid"),
    pytest.param({"register.issuer": (U, "key-not-bound"), "register.right": (S, "not-reached")}, "valid", "current", "unconfirmed", id="a key the register does not bind is unconfirmed"),
    pytest.param({"register.listing": (F, "equivalency-only")}, "valid", "current", "invalid", id="an equivalency is not accredited"),
    pytest.param({"register.listing": (F, "listing-discontinued"), "register.right": (S, "not-reached")}, "valid", "current", "invalid", id="failed decides beside skipped"),
    pytest.param({"register.provider": (F, "provider-not-registered")}, "valid", "current", "invalid", id="an unregistered provider is invalid"),
    pytest.param(BAD_RIGHT, "valid", "current", "invalid", id="no right is invalid"),
    pytest.param(UNKNOWN_RIGHT, "valid", "current", "unconfirmed", id="a right in doubt is unconfirmed"),
    pytest.param({"register.match": (F, "level-differs")}, "valid", "current", "invalid", id="another level than listed is invalid"),
    pytest.param({"register.match": (S, "not-reached")}, "valid", "current", "unconfirmed", id="a required match that was skipped is unconfirmed"),
    pytest.param(UNKNOWN_RIGHT | {"register.match": (F, "credits-differ")}, "valid", "current", "invalid", id="a failed match decides beside an unknown right"),
    # --- the three together -----------------------------------------------------------------------------------------
    pytest.param({"proof": (U, "key-unreachable"), **NO_NZ}, "unconfirmed", "current", "not-applicable", id="unconfirmed and no claim stays not applicable"),
    pytest.param({"proof": (U, "key-unreachable"), **BAD_RIGHT}, "unconfirmed", "current", "invalid", id="unconfirmed does not lift what is invalid"),
    pytest.param({"proof": (U, "key-unreachable"), **UNKNOWN_RIGHT}, "unconfirmed", "current", "unconfirmed", id="unconfirmed and in doubt stays unconfirmed"),
    pytest.param({"proof": (U, "key-unreachable"), "status.revocation": (F, "withdrawn")}, "unconfirmed", "withdrawn", "unconfirmed", id="an unconfirmed badge can be withdrawn"),
    pytest.param({"proof": (F, "signature-wrong"), "status.revocation": (F, "withdrawn"), **BAD_RIGHT}, "invalid", "not-applicable", "not-applicable", id="after a failed proof nothing else is meaningful"),
    pytest.param({"status.revocation": (F, "withdrawn"), **BAD_RIGHT}, "valid", "withdrawn", "invalid", id="withdrawn and not accredited are two answers"),
    pytest.param({"recipient": (F, "other-recipient"), "endorsements": (F, "endorsement-invalid")}, "valid", "current", "valid", id="informative checks decide nothing"),
    pytest.param({"recipient": GONE, "endorsements": GONE}, "valid", "current", "valid", id="informative checks may be missing"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "genuine", "current", "accredited"), TABLE)
def test_verdicts_follow_from_the_outcomes(
    changes: dict[str, tuple[Outcome, str] | None], genuine: str, current: str, accredited: str
) -> None:
    verdicts = judge(checks(changes), policy=BADGE_POLICY)
    assert (verdicts.genuine, verdicts.current, verdicts.accredited) == (genuine, current, accredited)


def test_the_order_in_which_checks_ran_does_not_matter() -> None:
    for row in TABLE:
        changes = row.values[0]
        assert isinstance(changes, dict)
        forwards = judge(checks(changes), policy=BADGE_POLICY)
        backwards = judge(reversed(checks(changes)), policy=BADGE_POLICY)
        assert (forwards.genuine, forwards.current, forwards.accredited) == (
            backwards.genuine,
            backwards.current,
            backwards.accredited,
        )


def test_every_combination_of_outcomes_is_good_only_when_nothing_stands_against_it() -> None:
    """All 5^5 combinations of each question: valid needs every required check to have passed."""
    for ids, verdict, good in (
        (GENUINE_CHECKS, "genuine", GenuineVerdict.VALID),
        (ACCREDITED_CHECKS, "accredited", AccreditedVerdict.VALID),
        (CURRENT_CHECKS, "current", CurrentVerdict.CURRENT),
    ):
        for outcomes in product((P, F, U, S, GONE), repeat=len(ids)):
            changes = {
                check_id.value: None if outcome is None else (outcome, "reason")
                for check_id, outcome in zip(ids, outcomes, strict=True)
            }
            expected = all(
                outcome is P
                or (outcome is S and BADGE_POLICY.need(check_id) is Need.IF_PRESENT)
                or (BADGE_POLICY.need(check_id) is Need.INFORMATIVE and outcome is not F)
                for check_id, outcome in zip(ids, outcomes, strict=True)
            )
            assert (getattr(judge(checks(changes), policy=BADGE_POLICY), verdict) is good) is expected, changes


# --- the policy -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "needs",
    [
        pytest.param({}, id="an empty policy"),
        pytest.param(dict.fromkeys(CheckId, Need.INFORMATIVE), id="a policy that only looks"),
        pytest.param(dict.fromkeys(CheckId, Need.IF_PRESENT), id="a policy that is content with nothing"),
        pytest.param(dict.fromkeys(GENUINE_CHECKS, Need.REQUIRED), id="a policy with two questions left open"),
    ],
)
def test_a_policy_that_would_believe_anything_is_refused(needs: dict[CheckId, Need]) -> None:
    with pytest.raises(ValueError, match="requires nothing"):
        replace(BADGE_POLICY, needs=MappingProxyType(needs))


def test_a_policy_without_suites_is_refused() -> None:
    with pytest.raises(ValueError, match="no cryptosuite"):
        Policy(
            name="none",
            needs=BADGE_POLICY.needs,
            suites=frozenset(),
            clock_skew=timedelta(0),
            max_status_age=timedelta(0),
        )


# --- the report in an `if` ----------------------------------------------------------------------------------------
def _report(genuine: GenuineVerdict, current: CurrentVerdict, accredited: AccreditedVerdict) -> Report:
    return Report(
        genuine=GenuineAnswer(verdict=genuine, sentence=""),
        current=CurrentAnswer(verdict=current, sentence="", as_of=None),
        accredited=AccreditedAnswer(verdict=accredited, reason="", sentence=""),
        checks=(),
        needs={},
        badge=None,
        checked_at=datetime(2026, 5, 3, tzinfo=UTC),
        sources=(),
        register=None,
        verifier_version="",
    )


def test_a_report_is_true_only_when_everything_required_is_good() -> None:
    true_ones = {
        verdicts for verdicts in product(GenuineVerdict, CurrentVerdict, AccreditedVerdict) if _report(*verdicts)
    }
    assert true_ones == {
        (GenuineVerdict.VALID, CurrentVerdict.CURRENT, AccreditedVerdict.VALID),
        (GenuineVerdict.VALID, CurrentVerdict.CURRENT, AccreditedVerdict.NOT_APPLICABLE),
    }
