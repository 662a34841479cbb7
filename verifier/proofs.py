"""What was found out about the proofs of a document, as values; examines nothing (that is `verifier.signatures`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from keys.did import canonical_id
from keys.resolve import Fetch
from keys.suites.jwt import Jws
from schemas import vocabulary as v
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject
from verifier.highwater import ListWatch
from verifier.memory import Memory
from verifier.policy import Policy
from verifier.register.binding import Binding
from verifier.register.edition import Edition
from verifier.report import Outcome, format_instant
from verifier.staple import Staple


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where and when signatures are examined."""

    policy: Policy
    fetch: Fetch
    edition: Edition | None
    at: datetime
    staple: Staple | None = None  # without a register: the pinned authority's statement about the badge's issuer
    lists: ListWatch | None = None  # what was seen of status lists before, where somebody remembers
    memory: Memory = field(default_factory=Memory)  # what need not be found out again for the next badge


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A signed document: JSON with proofs in it, or the credential of a JWS. `text` is what an anchor would cover."""

    document: JsonObject
    jws: Jws | None = None
    text: str | None = None
    anchor: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a proof must have been made for (Data Integrity 4.4): a purpose and, when asked, a domain and challenge."""

    purpose: str = v.ASSERTION_METHOD
    domain: tuple[str, ...] = ()
    challenge: str | None = None


ASSERTION = Expected()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFinding:
    """One proof. `facts` fill a sentence, `evidence` goes into the report, `notices` are (code, facts)."""

    outcome: Outcome
    reason: str
    suite: str = ""
    method: str | None = None
    controller: str | None = None
    signed_at: datetime | None = None
    binding: Binding | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    problem: BadgeError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """All proofs of a document together; `outcome` and `reason` are those of the proof that decided."""

    issuer: str
    decided_by: ProofFinding
    findings: tuple[ProofFinding, ...]
    notices: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    @property
    def outcome(self) -> Outcome:
        return self.decided_by.outcome

    @property
    def reason(self) -> str:
        return self.decided_by.reason

    @property
    def is_bound(self) -> bool:
        """Whether the issuer's proof verified with a key that the register has as the issuer's on the signing day."""
        by_issuer = self.by_issuer
        return (
            by_issuer is not None
            and by_issuer.binding is not None
            and bool(by_issuer.binding)
            and (by_issuer.binding.key is not None)
        )

    @property
    def by_issuer(self) -> ProofFinding | None:
        """The proof that verified and whose key the issuer controls, if there is one."""
        for one in self.findings:
            if one.outcome is Outcome.PASSED and one.controller is not None and same_id(one.controller, self.issuer):
                return one
        return None


def same_id(one: str | None, other: str | None) -> bool:
    """Whether two identifiers are one; hosts in did:web compare without regard to capitals."""
    return bool(one) and bool(other) and canonical_id(one or "") == canonical_id(other or "")


def findings_as_evidence(findings: Iterable[ProofFinding]) -> list[JsonObject]:
    """The proofs as facts for the report."""
    return [
        {
            key: value
            for key, value in {
                "outcome": one.outcome.value,
                "reason": one.reason,
                "cryptosuite": one.suite,
                "verification_method": one.method,
                "controller": one.controller,
                "signed_at": None if one.signed_at is None else format_instant(one.signed_at),
                **one.evidence,
            }.items()
            if value not in {None, ""}
        }
        for one in findings
    ]
