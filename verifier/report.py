"""What a verification found: outcomes, checks, verdicts and the report; values only, nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from schemas.jsontext import JsonObject
from verifier.digest import report_sha256


class Outcome(StrEnum):
    """Of one check. `unknown`: tried, could not find out. `skipped`: absent, or not meaningful here."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Question(StrEnum):
    GENUINE = "genuine"
    CURRENT = "current"
    ACCREDITED = "accredited"


class Need(StrEnum):
    """What a policy makes of a check."""

    REQUIRED = "required"
    IF_PRESENT = "if-present"
    INFORMATIVE = "informative"


class CheckId(StrEnum):
    """Every check, in the order in which they run."""

    INTAKE = "intake"
    CONFORMS = "conforms"
    LOSSLESS = "lossless"
    PROOF = "proof"
    IDENTITY = "issuer.identity"
    DATES = "dates"
    REVOCATION = "status.revocation"
    SUSPENSION = "status.suspension"
    LINEAGE = "lineage"
    BOUND = "register.issuer"
    LISTING = "register.listing"
    PROVIDER = "register.provider"
    RIGHT = "register.right"
    MATCH = "register.match"
    RECIPIENT = "recipient"
    ENDORSEMENTS = "endorsements"


GENUINE_CHECKS = (CheckId.INTAKE, CheckId.CONFORMS, CheckId.LOSSLESS, CheckId.PROOF, CheckId.IDENTITY)
CURRENT_CHECKS = (CheckId.DATES, CheckId.REVOCATION, CheckId.SUSPENSION, CheckId.LINEAGE)
ACCREDITED_CHECKS = (CheckId.BOUND, CheckId.LISTING, CheckId.PROVIDER, CheckId.RIGHT, CheckId.MATCH)

# Under whose heading each check is shown; the two informative ones decide nothing there.
QUESTION_OF: Mapping[CheckId, Question] = MappingProxyType(
    dict.fromkeys(GENUINE_CHECKS, Question.GENUINE)
    | dict.fromkeys(CURRENT_CHECKS, Question.CURRENT)
    | dict.fromkeys(ACCREDITED_CHECKS, Question.ACCREDITED)
    | {CheckId.RECIPIENT: Question.GENUINE, CheckId.ENDORSEMENTS: Question.ACCREDITED}
)


class GenuineVerdict(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    UNCONFIRMED = "unconfirmed"


class CurrentVerdict(StrEnum):
    CURRENT = "current"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    UNCONFIRMED = "unconfirmed"
    NOT_APPLICABLE = "not-applicable"


class AccreditedVerdict(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    UNCONFIRMED = "unconfirmed"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a reader should know that decides nothing."""

    code: str
    sentence: str
    sentence_mi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one check found. `evidence` holds facts: what was compared with what, from which source, dated when."""

    id: CheckId
    outcome: Outcome
    reason: str
    sentence: str
    sentence_mi: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    problem: JsonObject | None = None

    @property
    def question(self) -> Question:
        return QUESTION_OF[self.id]

    def to_json(self, *, need: Need) -> JsonObject:
        document: JsonObject = {
            "id": self.id.value,
            "question": self.question.value,
            "need": need.value,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "sentence": self.sentence,
            "sentence_mi": self.sentence_mi,
            "evidence": dict(self.evidence),
        }
        if self.notices:
            document["notices"] = [
                {"code": notice.code, "sentence": notice.sentence, "sentence_mi": notice.sentence_mi}
                for notice in self.notices
            ]
        if self.problem is not None:
            document["problem"] = self.problem
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class GenuineAnswer:
    verdict: GenuineVerdict
    sentence: str
    sentence_mi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentAnswer:
    """`as_of` is how old the oldest source of the answer is; None when the question does not apply."""

    verdict: CurrentVerdict
    sentence: str
    as_of: datetime | None
    sentence_mi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccreditedAnswer:
    """`at_award` and `today` are the register's decisions on those two days, as JSON, or None."""

    verdict: AccreditedVerdict
    reason: str
    sentence: str
    sentence_mi: str | None = None  # a draft that awaits a te reo speaker's review
    at_award: JsonObject | None = None
    today: JsonObject | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document that was retrieved for this report."""

    url: str
    retrieved_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUsed:
    edition: int
    as_at: str
    sha256: str
    demonstration: bool
    notices: tuple[Notice, ...] = ()

    def to_json(self) -> JsonObject:
        document: JsonObject = {
            "edition": self.edition,
            "as_at": self.as_at,
            "sha256": self.sha256,
            "demonstration": self.demonstration,
        }
        if self.notices:
            document["notices"] = [{"code": notice.code, "sentence": notice.sentence} for notice in self.notices]
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Three answers, never blended, and everything they rest on."""

    genuine: GenuineAnswer
    current: CurrentAnswer
    accredited: AccreditedAnswer
    checks: tuple[Check, ...]
    needs: Mapping[CheckId, Need]
    badge: JsonObject | None
    checked_at: datetime
    sources: tuple[Source, ...]
    register: RegisterUsed | None
    verifier_version: str

    def __bool__(self) -> bool:
        """Whether everything required is good: genuine, current, and accredited where that question applies."""
        return (
            self.genuine.verdict is GenuineVerdict.VALID
            and self.current.verdict is CurrentVerdict.CURRENT
            and self.accredited.verdict in {AccreditedVerdict.VALID, AccreditedVerdict.NOT_APPLICABLE}
        )

    def check(self, check_id: CheckId | str) -> Check:
        """The check of that id. Raises KeyError."""
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(check_id)

    def to_json(self) -> JsonObject:
        """The report of the contract ("Report (JSON)"), with the digest that another run must reproduce."""
        document = self._members()
        return document | {"report_sha256": report_sha256(document)}

    def _members(self) -> JsonObject:
        return {
            "genuine": {
                "verdict": self.genuine.verdict.value,
                "sentence": self.genuine.sentence,
                "sentence_mi": self.genuine.sentence_mi,
            },
            "current": {
                "verdict": self.current.verdict.value,
                "sentence": self.current.sentence,
                "sentence_mi": self.current.sentence_mi,
                "as_of": None if self.current.as_of is None else format_instant(self.current.as_of),
            },
            "accredited": {
                "verdict": self.accredited.verdict.value,
                "reason": self.accredited.reason,
                "sentence": self.accredited.sentence,
                "at_award": self.accredited.at_award,
                "today": self.accredited.today,
                "authority": self.accredited.authority,
                "sentence_mi": self.accredited.sentence_mi,
            },
            "checks": [check.to_json(need=self.needs.get(check.id, Need.INFORMATIVE)) for check in self.checks],
            "badge": self.badge,
            "checked_at": format_instant(self.checked_at),
            "sources": [
                {"url": source.url, "retrieved_at": format_instant(source.retrieved_at), "sha256": source.sha256}
                for source in self.sources
            ],
            "register": None if self.register is None else self.register.to_json(),
            "verifier": {"version": self.verifier_version},
        }


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
