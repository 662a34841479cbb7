"""How far the signing lies from the award: worth a notice, and deciding nothing."""

from __future__ import annotations

from verifier.checks.finding import notice
from verifier.inspection import Inspection
from verifier.register.binding import day_of
from verifier.report import CheckId, Notice


def signing_notices(inspection: Inspection) -> list[Notice]:
    """Contract, "Report": an award signed more than 90 days later; or one signed before it was made."""
    if inspection.signed_at is None or inspection.award_day is None:
        return []
    late = day_of(inspection.signed_at) - inspection.award_day
    if late > inspection.policy.late_signing_after:
        return [notice(CheckId.MATCH, "signed-late", days=late.days)]
    return [notice(CheckId.MATCH, "signed-before-award")] if late.days < 0 else []
