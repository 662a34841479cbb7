"""What a verifier insists on: which checks decide, which suites it knows, how old an answer may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from schemas import vocabulary as v
from verifier.report import ACCREDITED_CHECKS, CURRENT_CHECKS, GENUINE_CHECKS, QUESTION_OF, CheckId, Need, Question

JWT_ALGORITHMS = frozenset({"RS256", "ES256", "ES384", "EdDSA"})
VERIFIED_SUITES = JWT_ALGORITHMS | {
    v.EDDSA_RDFC_2022,
    v.ECDSA_RDFC_2019,
    v.EDDSA_JCS_2022,
    v.ECDSA_JCS_2019,
    v.ECDSA_SD_2023,
    v.ED25519_SIGNATURE_2020,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules of one kind of verification. Raises ValueError when a question would be answered by nothing at all."""

    name: str
    needs: Mapping[CheckId, Need]
    suites: frozenset[str]
    clock_skew: timedelta  # how far another computer's clock may run ahead of ours
    max_status_age: timedelta  # how old the status lists may be that say "current"
    register_stale_after: timedelta = timedelta(days=35)  # then "today" is unknown; an award it covers is not
    late_signing_after: timedelta = timedelta(days=90)  # an award signed later than this gets a notice
    leaves_out: frozenset[Question] = frozenset()  # questions that do not arise; never whether it is genuine

    def __post_init__(self) -> None:
        for ids in (GENUINE_CHECKS, CURRENT_CHECKS, ACCREDITED_CHECKS):
            if QUESTION_OF[ids[0]] in self.leaves_out and ids is not GENUINE_CHECKS:
                continue
            if not any(self.need(check_id) is Need.REQUIRED for check_id in ids):
                asked = QUESTION_OF[ids[0]]
                raise ValueError(f"The policy {self.name!r} requires nothing of “{asked}”: it would believe anything.")
        if not self.suites:
            raise ValueError(f"The policy {self.name!r} knows no cryptosuite.")

    def need(self, check_id: CheckId) -> Need:
        return self.needs.get(check_id, Need.INFORMATIVE)


BADGE_POLICY = Policy(
    name="badge",
    needs=MappingProxyType(
        dict.fromkeys((*GENUINE_CHECKS, *ACCREDITED_CHECKS, CheckId.DATES), Need.REQUIRED)
        | {
            # A signature over the text itself (JWT) loses nothing, so there the check is skipped.
            CheckId.LOSSLESS: Need.IF_PRESENT,
            CheckId.REVOCATION: Need.IF_PRESENT,
            CheckId.SUSPENSION: Need.IF_PRESENT,
            # An address that does not answer must not unsettle a good badge; a newer one found there always decides.
            CheckId.LINEAGE: Need.INFORMATIVE,
            CheckId.RECIPIENT: Need.INFORMATIVE,
            CheckId.ENDORSEMENTS: Need.INFORMATIVE,
        }
    ),
    suites=VERIFIED_SUITES,
    clock_skew=timedelta(minutes=5),
    max_status_age=timedelta(days=30),
)


# Any W3C credential, for the VC-API conformance endpoints alone: nothing is asked of any register, and whoever lists a
# context in a credential may define terms there. No badge page and no `check` ever uses it.
GENERIC_POLICY = Policy(
    name="generic",
    needs=MappingProxyType(
        dict.fromkeys((*GENUINE_CHECKS, CheckId.DATES), Need.REQUIRED)
        | {
            CheckId.LOSSLESS: Need.IF_PRESENT,
            CheckId.REVOCATION: Need.IF_PRESENT,
            CheckId.SUSPENSION: Need.IF_PRESENT,
        }
    ),
    suites=VERIFIED_SUITES,
    clock_skew=timedelta(minutes=5),
    max_status_age=timedelta(days=1),
    leaves_out=frozenset({Question.ACCREDITED}),
)
