"""One function per check, and the table that lists them in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from verifier.checks.accredited import check_bound, check_listing, check_match, check_provider, check_right
from verifier.checks.current import check_dates, check_lineage, check_revocation, check_suspension
from verifier.checks.genuine import check_conforms, check_identity, check_intake, check_lossless, check_proof
from verifier.checks.informative import check_endorsements, check_recipient
from verifier.inspection import CheckFunction
from verifier.report import CheckId

CHECKS: Mapping[CheckId, CheckFunction] = MappingProxyType(
    {
        CheckId.INTAKE: check_intake,
        CheckId.CONFORMS: check_conforms,
        CheckId.LOSSLESS: check_lossless,
        CheckId.PROOF: check_proof,
        CheckId.IDENTITY: check_identity,
        CheckId.DATES: check_dates,
        CheckId.REVOCATION: check_revocation,
        CheckId.SUSPENSION: check_suspension,
        CheckId.LINEAGE: check_lineage,
        CheckId.BOUND: check_bound,
        CheckId.LISTING: check_listing,
        CheckId.PROVIDER: check_provider,
        CheckId.RIGHT: check_right,
        CheckId.MATCH: check_match,
        CheckId.RECIPIENT: check_recipient,
        CheckId.ENDORSEMENTS: check_endorsements,
    }
)
