"""What a register holds, row by row, and the indexes to find it; knows no file format and decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from keys.did import canonical_id
from schemas.vocabulary import NZQA_LISTING_PAGE


class ProviderType(StrEnum):
    UNIVERSITY = "university"
    POLYTECHNIC = "polytechnic"
    WANANGA = "wananga"
    PTE = "pte"
    SCHOOL = "school"
    KURA = "kura"
    ISB = "isb"
    WDC = "wdc"
    ITO = "ito"
    OTHER = "other"


class QualityBody(StrEnum):
    NZQA = "NZQA"
    UNIVERSITIES = "Universities New Zealand"


class Origin(StrEnum):
    NEW = "new"
    TRAINING_SCHEME = "training-scheme"


class Basis(StrEnum):
    """Who may award (listing rule 18.1-18.2), in the order in which a decision names them."""

    ACCREDITATION = "accreditation"
    APPROVAL = "approval"
    DEVELOPER = "developer"
    NZQA = "nzqa"


class KeyPurpose(StrEnum):
    CREDENTIAL = "credential"
    STATUS = "status"


LAPSED = "lapsed"  # the one `end_reason` that changes a decision
EVERY_REF = "*"  # the scope of a succession to everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One period of registration; a provider with a gap, or with a new name, has several rows."""

    moe_number: str
    nzqa_provider_id: str | None = None
    legal_name: str
    trading_as: str | None = None
    type: ProviderType
    registered_from: date
    registered_to: date | None = None

    def is_registered(self, day: date) -> bool:
        return self.registered_from <= day and (self.registered_to is None or day <= self.registered_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """From which day to which a DID speaks for a provider."""

    moe_number: str
    did: str
    from_day: date
    to_day: date | None = None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """From which day to which a key is a DID's, and from when it must be taken as a thief's."""

    did: str
    verification_method: str
    public_key_multibase: str
    purpose: KeyPurpose
    from_day: date
    to_day: date | None = None
    compromised_from: datetime | None = None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One version of a listed micro-credential."""

    nzqa_ref: str
    approval_number: str | None = None
    version: str
    title_en: str | None = None
    title_mi: str | None = None
    level: int | None = None
    credits: int | float | None = None
    nzsced: str | None = None
    developer: str
    qa_body: QualityBody
    te_hono: bool
    origin: Origin
    review_years: int | None = None
    purpose: str | None = None
    listed_from: date
    approved_on: date | None = None
    approval_ended_on: date | None = None
    expiring_from: date | None = None
    discontinued_on: date | None = None
    removed_on: date | None = None
    source_url: str | None = None
    checked_on: date | None = None

    @property
    def first_day(self) -> date:
        return self.listed_from if self.approved_on is None else max(self.listed_from, self.approved_on)

    @property
    def last_day(self) -> date | None:
        """The last day on which it may be awarded, or None while no end is known."""
        ends = [day for day in (self.discontinued_on, self.approval_ended_on) if day is not None]
        return min(ends, default=None)

    def is_in_force(self, day: date) -> bool:
        if self.removed_on is not None or day < self.first_day:
            return False
        last = self.last_day
        return last is None or day <= last

    @property
    def title(self) -> str:
        """As the register has it: in English, or in te reo Māori where that is the only title."""
        return self.title_en or self.title_mi or self.nzqa_ref

    @property
    def nzqa_page(self) -> str:
        """NZQA's own page for the ref, for a person to look at."""
        return NZQA_LISTING_PAGE.format(ref=self.nzqa_ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningOutcome:
    """One learning outcome of one version of a listing."""

    nzqa_ref: str
    version: str
    position: int
    text_en: str | None = None
    text_mi: str | None = None
    standard_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardingRight:
    """One period in which a provider may award what a ref names."""

    moe_number: str
    nzqa_ref: str
    basis: Basis
    granted_on: date
    last_delivered_on: date | None = None
    delivery_checked_on: date | None = None
    lapse_extended_to: date | None = None
    ended_on: date | None = None
    end_reason: str | None = None
    reason_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """From a day on, one provider stands in another's place, for one ref or for all (`*`)."""

    from_moe: str
    to_moe: str
    effective_on: date
    scope: str
    instrument: str
    source: str

    def concerns(self, ref: str) -> bool:
        return self.scope in (EVERY_REF, ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalency:
    """A row of the separate register: levelled against the NZQCF, never quality assured."""

    organisation: str
    did: str | None = None
    title: str
    level: int | None = None
    credits: int | float | None = None
    statement_on: date | None = None
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRow:
    """The Merkle root over badges an issuer had signed by a day (SHA-256, in lower-case hexadecimal)."""

    did: str
    merkle_root: str
    count: int
    recorded_on: date


_Row = TypeVar("_Row")
_Key = TypeVar("_Key", bound=Hashable)


# No slots: `cached_property` keeps each index in the instance's own dictionary.
@dataclass(frozen=True, kw_only=True)
class Register:
    """Everything one edition holds. The indexes are made when first asked for."""

    providers: tuple[Provider, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    keys: tuple[KeyRow, ...] = ()
    listings: tuple[Listing, ...] = ()
    outcomes: tuple[LearningOutcome, ...] = ()
    awarding_rights: tuple[AwardingRight, ...] = ()
    successions: tuple[Succession, ...] = ()
    equivalencies: tuple[Equivalency, ...] = ()
    anchors: tuple[AnchorRow, ...] = ()

    @cached_property
    def providers_by_number(self) -> Mapping[str, tuple[Provider, ...]]:
        """Each provider's periods of registration, oldest first."""
        ordered = sorted(self.providers, key=lambda row: row.registered_from)
        return _grouped(ordered, lambda row: row.moe_number)

    @cached_property
    def versions_by_ref(self) -> Mapping[str, tuple[Listing, ...]]:
        """Each listing's versions, oldest first."""
        ordered = sorted(self.listings, key=lambda row: (row.first_day, version_order(row.version)))
        return _grouped(ordered, lambda row: row.nzqa_ref)

    @cached_property
    def outcomes_by_version(self) -> Mapping[tuple[str, str], tuple[LearningOutcome, ...]]:
        ordered = sorted(self.outcomes, key=lambda row: row.position)
        return _grouped(ordered, lambda row: (row.nzqa_ref, row.version))

    @cached_property
    def rights_by_pair(self) -> Mapping[tuple[str, str], tuple[AwardingRight, ...]]:
        return _grouped(self.awarding_rights, lambda row: (row.moe_number, row.nzqa_ref))

    @cached_property
    def successions_into(self) -> Mapping[str, tuple[Succession, ...]]:
        return _grouped(self.successions, lambda row: row.to_moe)

    @cached_property
    def issuers_by_did(self) -> Mapping[str, tuple[Issuer, ...]]:
        """By the DID in its one comparable form (hosts in punycode)."""
        return _grouped(self.issuers, lambda row: canonical_id(row.did))

    @cached_property
    def keys_by_method(self) -> Mapping[str, tuple[KeyRow, ...]]:
        return _grouped(self.keys, lambda row: canonical_id(row.verification_method))

    @cached_property
    def compromised_keys(self) -> Mapping[str, datetime]:
        """From when each stolen key is a thief's, by public key: a key is no safer under a second name."""
        earliest: dict[str, datetime] = {}
        for row in self.keys:
            if row.compromised_from is not None:
                known = earliest.get(row.public_key_multibase, row.compromised_from)
                earliest[row.public_key_multibase] = min(known, row.compromised_from)
        return earliest

    @cached_property
    def equivalencies_by_ref(self) -> Mapping[str, tuple[Equivalency, ...]]:
        return _grouped((row for row in self.equivalencies if row.ref), lambda row: row.ref or "")

    @cached_property
    def anchors_by_did(self) -> Mapping[str, tuple[AnchorRow, ...]]:
        return _grouped(self.anchors, lambda row: canonical_id(row.did))

    def provider_on(self, moe_number: str, day: date) -> Provider | None:
        """The provider as registered on that day, or None."""
        for row in reversed(self.providers_by_number.get(moe_number, ())):
            if row.is_registered(day):
                return row
        return None

    def provider_named(self, moe_number: str, day: date) -> Provider | None:
        """The provider as named for that day, registered or not: by the last period begun, else by the first."""
        rows = self.providers_by_number.get(moe_number)
        if not rows:
            return None
        begun = [row for row in rows if row.registered_from <= day]
        return begun[-1] if begun else rows[0]


def version_order(version: str) -> tuple[int, int, str]:
    """Orders `2` before `10`, and whole numbers before anything else."""
    return (0, int(version), "") if version.isdecimal() else (1, 0, version)


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], _Key]) -> Mapping[_Key, tuple[_Row, ...]]:
    groups: defaultdict[_Key, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: tuple(members) for name, members in groups.items()}
