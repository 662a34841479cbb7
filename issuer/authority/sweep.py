"""What a new edition does to badges that are out: each is verified under both, and only what differs is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from keys.resolve import Fetch
from schemas.jsontext import JsonObject
from verifier.highwater import Authority, HighWater, admit_editions, seen_edition
from verifier.intake import Subject
from verifier.policy import BADGE_POLICY
from verifier.register.edition import Edition
from verifier.report import (
    GENUINE_CHECKS,
    AccreditedVerdict,
    CheckId,
    GenuineVerdict,
    Outcome,
    Report,
)
from verifier.verify import Surroundings, verify

KEY_COMPROMISED = "key-compromised"


class Advice(StrEnum):
    """What a change may call for; a person decides."""

    NOTHING = "nothing"
    NOTIFY = "notify"
    REISSUE = "re-issue"
    REVOKE = "revoke"


# Of a badge that is no longer accredited: wrong in itself, so that a corrected one mends it; or a matter for both
# sides to look at. Everything else says that the provider was not entitled to award it.
_ADVICE_WHEN_INVALID: Mapping[str, Advice] = MappingProxyType(
    {
        "level-differs": Advice.REISSUE,
        "credits-differ": Advice.REISSUE,
        "issuer-claim-mismatch": Advice.REISSUE,
        "issuer-not-bound": Advice.NOTIFY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a badge stands under one edition. `sentence` answers the question that went worst."""

    genuine: GenuineVerdict
    genuine_reason: str
    accredited: AccreditedVerdict
    accredited_reason: str
    sentence: str

    @property
    def verdicts(self) -> tuple[GenuineVerdict, AccreditedVerdict]:
        return self.genuine, self.accredited

    @property
    def reasons(self) -> tuple[str, str]:
        return self.genuine_reason, self.accredited_reason

    @property
    def is_good(self) -> bool:
        return self.genuine is GenuineVerdict.VALID and self.accredited in {
            AccreditedVerdict.VALID,
            AccreditedVerdict.NOT_APPLICABLE,
        }

    @property
    def is_established(self) -> bool:
        """Whether the register had its say: not when the badge could not be read or its key not be had, offline."""
        return self.genuine is not GenuineVerdict.UNCONFIRMED or self.genuine_reason == KEY_COMPROMISED

    def to_json(self) -> JsonObject:
        return {
            "genuine": self.genuine.value,
            "genuine_reason": self.genuine_reason,
            "accredited": self.accredited.value,
            "accredited_reason": self.accredited_reason,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """One badge under both editions. No name of a learner: a sweep is about the register."""

    files: tuple[str, ...]
    credential_id: str | None
    issuer: str | None
    nzqa_ref: str | None
    awarded_on: str | None
    signed_at: str | None
    before: Standing
    after: Standing

    @property
    def changed(self) -> bool:
        return self.before.verdicts != self.after.verdicts

    @property
    def reason_changed(self) -> bool:
        """The verdicts are the same, on other grounds."""
        return not self.changed and self.before.reasons != self.after.reasons

    @property
    def established(self) -> bool:
        return self.changed or (self.before.is_established and self.after.is_established)

    @property
    def advice(self) -> Advice:
        return advise(self.before, self.after)

    def to_json(self) -> JsonObject:
        return {
            "files": list(self.files),
            "credential_id": self.credential_id,
            "issuer": self.issuer,
            "nzqa_ref": self.nzqa_ref,
            "awarded_on": self.awarded_on,
            "signed_at": self.signed_at,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "advice": self.advice.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All badges of a sweep, in the order in which their files were given."""

    old: Edition
    new: Edition
    at: datetime
    badges: tuple[Swept, ...]

    @property
    def changed(self) -> tuple[Swept, ...]:
        return tuple(one for one in self.badges if one.changed)

    @property
    def reason_changed(self) -> tuple[Swept, ...]:
        return tuple(one for one in self.badges if one.reason_changed)

    @property
    def not_established(self) -> tuple[Swept, ...]:
        return tuple(one for one in self.badges if not one.established)


Copies = tuple[Subject, ...]  # one credential, in one file or several (JSON and PNG)
Sweeper = Callable[[Sequence[Copies]], Iterable[Swept]]


def sweep(subjects: Iterable[Subject], *, old: Edition, new: Edition, at: datetime, sweeper: Sweeper) -> Sweep:
    """Verify every badge under both editions, at the same instant and from the same sources.

    `sweeper` is `sweeper_here(…)`, or one that shares the work out. Raises HistoryRefused when `new` cannot come after
    `old`.
    """
    seen = Authority(did=old.authority_did, editions=(seen_edition(old),))
    admit_editions(HighWater(authorities=(seen,)), [old, new])
    copies: dict[str, list[Subject]] = {}
    for subject in subjects:
        copies.setdefault(subject.text or subject.sha256, []).append(subject)
    return Sweep(old=old, new=new, at=at, badges=tuple(sweeper([tuple(same) for same in copies.values()])))


def sweeper_here(*, old: Edition, new: Edition, fetch: Fetch, at: datetime) -> Sweeper:
    """Verifies in this process."""
    before, after = Surroundings(fetch=fetch, edition=old), Surroundings(fetch=fetch, edition=new)
    return lambda badges: [_swept(same, before, after, at) for same in badges]


def advise(before: Standing, after: Standing) -> Advice:
    """What the change of one badge may call for."""
    if before.verdicts == after.verdicts:
        return Advice.NOTHING
    if after.is_good:
        was_refused = before.genuine is GenuineVerdict.INVALID or before.accredited is AccreditedVerdict.INVALID
        return Advice.NOTIFY if was_refused else Advice.NOTHING
    if after.genuine is GenuineVerdict.INVALID or after.genuine_reason == KEY_COMPROMISED:
        return Advice.REISSUE  # the provider's own records say which of them it signed
    if after.accredited is AccreditedVerdict.INVALID:
        return _ADVICE_WHEN_INVALID.get(after.accredited_reason, Advice.REVOKE)
    return Advice.NOTIFY


def _swept(same: Copies, before: Surroundings, after: Surroundings, at: datetime) -> Swept:
    # The copy with an inclusion proof beside it speaks for all: it can only help.
    subject = next((one for one in same if one.anchor is not None), same[0])
    first = verify(subject, policy=BADGE_POLICY, surroundings=before, at=at)
    second = verify(subject, policy=BADGE_POLICY, surroundings=after, at=at)
    badge: dict[str, Any] = first.badge or second.badge or {}
    return Swept(
        files=tuple(one.name for one in same),
        credential_id=badge.get("id"),
        issuer=badge.get("issuer"),
        nzqa_ref=badge.get("nzqa_ref"),
        awarded_on=badge.get("awarded_on"),
        signed_at=badge.get("signed_at"),
        before=_standing(first),
        after=_standing(second),
    )


def _standing(report: Report) -> Standing:
    genuine = report.genuine.verdict is GenuineVerdict.VALID
    return Standing(
        genuine=report.genuine.verdict,
        genuine_reason=_genuine_reason(report),
        accredited=report.accredited.verdict,
        accredited_reason=report.accredited.reason,
        sentence=report.accredited.sentence if genuine else report.genuine.sentence,
    )


def _genuine_reason(report: Report) -> str:
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        for check_id in GENUINE_CHECKS:
            check = report.check(check_id)
            if check.outcome is outcome:
                return check.reason
    return report.check(CheckId.PROOF).reason
