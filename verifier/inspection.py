"""What the checks of one report share: the subject, the sources, and what earlier checks found; judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from keys.resolve import Fetch
from schemas.credential import Credential
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject
from verifier.fetch import Recorder
from verifier.highwater import ListWatch
from verifier.intake import Subject
from verifier.memory import Memory
from verifier.policy import Policy
from verifier.proofs import Scene, Secured, Signature
from verifier.register.anchor import Anchor
from verifier.register.binding import Binding, bind, day_of
from verifier.register.decision import Decision, decide_for_issuer, decide_today
from verifier.register.edition import Edition
from verifier.report import Check, CheckId, Notice, Outcome
from verifier.signatures import examine
from verifier.staple import Staple
from verifier.stapling import Stapled, find_staple


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a verification may look at beside the badge: the network (or none), the register, whom to compare with.

    One value serves the badges of one run; it remembers their status lists. A server makes a new one each time, and
    gives it what it remembers itself.
    """

    fetch: Fetch
    edition: Edition | None = None
    anchor: Anchor | None = None  # whose statements inside badges are believed where there is no edition
    recipient: str | None = None
    register_fault: BadgeError | None = None  # why a register that was given could not be used
    register_notices: tuple[Notice, ...] = ()  # what a reader should know of the edition
    lists: ListWatch | None = None  # what was seen of status lists before; without it, nothing is compared
    memory: Memory = field(default_factory=Memory, repr=False)  # status lists proved for an earlier badge


class Inspection:
    """One badge under examination."""

    def __init__(self, subject: Subject, *, policy: Policy, surroundings: Surroundings, at: datetime) -> None:
        self.subject = subject
        self.policy = policy
        self.at = at
        self.edition = surroundings.edition
        self.anchor = surroundings.anchor
        self.recipient = surroundings.recipient
        self.register_fault = surroundings.register_fault
        self.fetch = Recorder(fetch=surroundings.fetch)
        self._lists = surroundings.lists
        self._memory = surroundings.memory
        self.found: dict[CheckId, Check] = {}

    def outcome(self, check_id: CheckId) -> Outcome | None:
        check = self.found.get(check_id)
        return None if check is None else check.outcome

    @property
    def document(self) -> JsonObject:
        """The credential as given; empty when intake failed."""
        return self.subject.document or {}

    @cached_property
    def credential(self) -> Credential:
        return Credential.parse(self.document)

    @cached_property
    def scene(self) -> Scene:
        return Scene(
            policy=self.policy,
            fetch=self.fetch,
            edition=self.edition,
            at=self.at,
            staple=self.stapled.staple if self._may_believe_staple else None,
            lists=self._lists,
            memory=self._memory,
        )

    @cached_property
    def signature(self) -> Signature:
        """The signatures of the badge itself, examined once."""
        secured = Secured(
            document=self.document, jws=self.subject.jws, text=self.subject.text, anchor=self.subject.anchor
        )
        return examine(secured, scene=self.scene)

    @property
    def issuer(self) -> str:
        return self.credential.issuer_id or ""

    @cached_property
    def signed_at(self) -> datetime | None:
        """When the issuer says it signed: its proof's time, else the start of validity."""
        by_issuer = self.signature.by_issuer
        return (by_issuer.signed_at if by_issuer else None) or self.credential.valid_from

    @cached_property
    def award_day(self) -> date | None:
        """The day in New Zealand on which the badge says it was awarded; without one, the first day of validity."""
        instant = self.credential.awarded_date or self.credential.valid_from
        return None if instant is None else day_of(instant)

    @cached_property
    def binding(self) -> Binding | None:
        """Whom the register knows the issuer and key as, at the time of signing; None without a register."""
        if self.edition is None or self.signed_at is None:
            return None
        signer = self.signature.by_issuer or self.signature.decided_by
        if signer.binding is not None:
            return signer.binding
        method = signer.method or f"{self.issuer}#"
        return bind(self.edition.register, did=self.issuer, method=method, signed_at=self.signed_at)

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The NZQA references that the badge claims, those included that are not written like one."""
        claim = self.credential.nz_claim
        return () if claim is None else claim.references

    @cached_property
    def stapled(self) -> Stapled:
        """The pinned authority's statement about this award that the badge carries, if it does."""
        if self.anchor is None or self.credential.nz_claim is None:
            return Stapled()
        return find_staple(
            self.credential.endorsements,
            anchor=self.anchor,
            issuer=self.issuer,
            references=self.references,
            on=self.award_day,
        )

    @property
    def _may_believe_staple(self) -> bool:
        """An edition decides alone; one that was given and is not believed is not got around by an older statement."""
        return self.edition is None and self.register_fault is None

    @cached_property
    def staple(self) -> Staple | None:
        """The statement that stands in for the register: it must also bind the key that signed, on the signing day."""
        staple, by_issuer = self.stapled.staple, self.signature.by_issuer
        if not self._may_believe_staple or staple is None or by_issuer is None or by_issuer.signed_at is None:
            return None
        return staple if staple.key(by_issuer.method, day_of(by_issuer.signed_at)) else None

    @cached_property
    def at_award(self) -> Decision | None:
        """The register's decision for the award day; None where there is nothing to decide."""
        if len(self.references) != 1 or self.award_day is None or self.binding is None:
            return None
        return decide_for_issuer(
            self.edition,
            did=self.issuer,
            method=self.binding.method,
            signed_at=self.signed_at,
            ref=self.references[0],
            on=self.award_day,
        )

    @cached_property
    def today(self) -> Decision | None:
        """How things stand on the day of checking, for information."""
        if self.at_award is None or self.binding is None or self.binding.moe_number is None:
            return None
        return decide_today(
            self.edition, provider=self.binding.moe_number, ref=self.references[0], today=day_of(self.at)
        )


CheckFunction = Callable[[Inspection], Check]
