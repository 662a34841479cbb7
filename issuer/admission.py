"""May this row become a badge? The rules about one row, and the gate: what the register says of that award day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple, Protocol

from issuer.catalogue import Achievement, achievement_on
from issuer.minting import IssuerFacts, NameDisplay
from issuer.results import RowOutcome, RowResult
from issuer.rowkeys import row_key_of
from issuer.store.setups import Setup
from issuer.trust.staples import Staples
from issuer.words import MAORI
from issuer.words.sayings import Saying, say, say_day, together
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject
from schemas.nzqcf import add_months, looks_like_nsn, nz_date, start_of_nz_day
from verifier.register.decision import Decision, decide_for_issuer
from verifier.register.edition import Edition
from verifier.register.reasons import Outcome
from verifier.register.statement import decision_sentence

_PUBLIC_FIELDS = ("learner_name", "preferred_name", "result", "evidence_url", "row_key")


class CompletionRow(Protocol):
    """What issuing needs of a row; `issuer.rows.Row` is one."""

    @property
    def line(self) -> int: ...
    @property
    def learner_name(self) -> str: ...
    @property
    def nzqa_ref(self) -> str: ...
    @property
    def achieved_on(self) -> date: ...
    @property
    def learner_email(self) -> str | None: ...
    @property
    def row_key(self) -> str | None: ...
    @property
    def nsn(self) -> str | None: ...
    @property
    def preferred_name(self) -> str | None: ...
    @property
    def name_display(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def result(self) -> str | None: ...
    @property
    def evidence_url(self) -> str | None: ...
    @property
    def replaces(self) -> str | None: ...


class CompletionFault(Protocol):
    """A place in the user's own file that cannot be read; `issuer.rows.RowFault` is one."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> str | None: ...
    @property
    def message(self) -> str: ...
    @property
    def reason(self) -> str: ...


class CompletionList(Protocol):
    """A class list as read: `issuer.rows.ClassList` is one."""

    @property
    def rows(self) -> Sequence[CompletionRow]: ...
    @property
    def faults(self) -> Sequence[CompletionFault]: ...


class Candidate(NamedTuple):
    """A row that may be issued: with its key, and what the register says it is an award of."""

    row: CompletionRow
    row_key: str
    achievement: Achievement
    reason: str
    unconfirmed_reason: str | None
    endorsement: JsonObject | None = None  # the authority's statement for the badge to carry
    lacks_endorsement: bool = False  # one was wanted, and none speaks for this award
    valid_until: datetime | None = None  # by the provider's set-up
    replaces: str | None = None  # the withdrawn badge in whose place it is issued anew

    def __repr__(self) -> str:
        return f"Candidate(line={self.row.line}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """What rows of one reference, day and language have in common once they may be issued."""

    achievement: Achievement
    reason: str
    unconfirmed_reason: str | None
    endorsement: JsonObject | None
    lacks_endorsement: bool
    valid_until: datetime | None


class Gate:
    """The register's answer for our own key, signing now, asked once for each reference and day."""

    def __init__(
        self,
        edition: Edition | None,
        *,
        issuer: IssuerFacts,
        method: str,
        now: datetime,
        accept_unconfirmed: str | None = None,
        staples: Staples | None = None,
        setups: Mapping[str, Setup] = MappingProxyType({}),
    ) -> None:
        self.edition = edition
        self.issuer = issuer
        self._method = method
        self._now = now
        self.accept_unconfirmed = accept_unconfirmed
        self._staples = staples
        self._setups = setups
        self._today = nz_date(now)
        self._decisions: dict[tuple[str, date], Decision] = {}
        self._achievements: dict[tuple[str, date, str | None], Achievement] = {}
        self._grants: dict[tuple[str, date, str | None], _Grant] = {}

    @property
    def accepts_unconfirmed(self) -> bool:
        return self.accept_unconfirmed is not None

    def decide(self, *, ref: str, on: date) -> Decision:
        if (ref, on) not in self._decisions:
            self._decisions[ref, on] = decide_for_issuer(
                self.edition, did=self.issuer.did, method=self._method, signed_at=self._now, ref=ref, on=on
            )
        return self._decisions[ref, on]

    def admit(self, row: CompletionRow, *, row_key: str, replaces: str | None = None) -> Candidate | RowResult:
        """The candidate, or why the row is held or failed."""
        if fault := _row_fault(row, today=self._today):
            return _refused(row, row_key, reason=fault[0], sentence=fault[1])
        key = (row.nzqa_ref, row.achieved_on, row.language)
        grant = self._grants.get(key)
        if grant is None:
            found = self._ask(row, row_key=row_key)
            if isinstance(found, RowResult):
                return found
            grant = self._grants[key] = found
        return Candidate(
            row=row,
            row_key=row_key,
            achievement=grant.achievement,
            reason=grant.reason,
            unconfirmed_reason=grant.unconfirmed_reason,
            endorsement=grant.endorsement,
            lacks_endorsement=grant.lacks_endorsement,
            valid_until=grant.valid_until,
            replaces=replaces,
        )

    def _ask(self, row: CompletionRow, *, row_key: str) -> _Grant | RowResult:
        """What the register and the set-up say of this row's reference, day and language."""
        setup = self._setups.get(row.nzqa_ref)
        valid_until = end_of_validity(row.achieved_on, months=setup.valid_months if setup else None)
        if valid_until is not None and valid_until <= self._now:
            return _refused(row, row_key, reason="already-expired", sentence=_ended_sentence(row, setup, valid_until))
        decision = self.decide(ref=row.nzqa_ref, on=row.achieved_on)
        unconfirmed = decision.outcome is not Outcome.ACCREDITED
        if decision.outcome is Outcome.NOT_ACCREDITED or (unconfirmed and self.accept_unconfirmed is None):
            settle = _refused if decision.outcome is Outcome.NOT_ACCREDITED else _held
            return settle(row, row_key, reason=decision.reason, sentence=_spoken(decision, self.edition))
        try:
            achievement = self._achievement(row)
        except IssuingError as error:
            reason = error.extensions.get("reason", error.slug)
            settle = _held if unconfirmed else _refused
            return settle(row, row_key, reason=reason, sentence=error.detail)
        endorsement = self._endorsement(achievement, on=row.achieved_on) if not unconfirmed else None
        return _Grant(
            achievement=achievement,
            reason=decision.reason,
            unconfirmed_reason=self.accept_unconfirmed if unconfirmed else None,
            endorsement=endorsement,
            lacks_endorsement=self._staples is not None and endorsement is None,
            valid_until=valid_until,
        )

    def _endorsement(self, achievement: Achievement, *, on: date) -> JsonObject | None:
        if self._staples is None:
            return None
        return self._staples.for_award(achievement, on=on, signed_on=self._today)

    def _achievement(self, row: CompletionRow) -> Achievement:
        key = (row.nzqa_ref, row.achieved_on, row.language)
        if key not in self._achievements:
            if self.edition is None:
                raise IssuingError(
                    say(
                        "No register is in use, so the level, credits and title are not known. "
                        "Run: badge-issuer register use EDITION.json --anchor ANCHOR.json"
                    ),
                    reason="no-register",
                )
            setup = self._setups.get(row.nzqa_ref)
            self._achievements[key] = achievement_on(
                self.edition.register,
                ref=row.nzqa_ref,
                on=row.achieved_on,
                issuer=self.issuer,
                language=row.language,
                criteria=setup.criteria if setup else None,
            )
        return self._achievements[key]


def key_rows(rows: Iterable[CompletionRow], *, secret: bytes, provider: str) -> dict[int, str]:
    """Line -> row key: the file's own, else the HMAC."""
    return {row.line: row_key_of(row, secret=secret, provider=provider) for row in rows}


def find_repeats(rows: Iterable[CompletionRow], *, keys: Mapping[int, str]) -> dict[int, RowResult]:
    """Rows whose key an earlier row of the same file has: refused, for they may be one person twice or two people."""
    first: dict[str, int] = {}
    repeats: dict[int, RowResult] = {}
    for row in rows:
        key = keys[row.line]
        earlier = first.setdefault(key, row.line)
        if earlier != row.line:
            repeats[row.line] = refuse_repeat(row, row_key=key, earlier=earlier)
    return repeats


def refuse_repeat(row: CompletionRow, *, row_key: str, earlier: int) -> RowResult:
    """The result of a row whose key the row in line `earlier` has."""
    lines = {"line": row.line, "earlier": earlier}
    sentence = (
        say(
            "Line %(line)s has the same row_key as line %(earlier)s. Give each completion a row_key of its own.",
            **lines,
        )
        if row.row_key
        else say(
            "Line %(line)s is the same completion as line %(earlier)s. If it is one person, take one of the rows out; "
            "if they are two people, give each row a number of your own (row_key).",
            **lines,
        )
    )
    return _refused(row, row_key, reason="duplicate-row", sentence=sentence)


def refuse_unreadable(faults: Sequence[CompletionFault]) -> RowResult:
    """The result of a row that cannot be read, telling all that is wrong with it."""
    return RowResult(
        line=faults[0].line,
        outcome=RowOutcome.FAILED,
        reason=faults[0].reason,
        sentence=" ".join(_located(fault) for fault in faults),
    )


def _located(fault: CompletionFault) -> str:
    where = f"Line {fault.line}" + (f", column {fault.column}" if fault.column else "")
    return f"{where}: {fault.message}"


def known_nsns(rows: Iterable[CompletionRow]) -> frozenset[str]:
    """Every student number of the class list: what must not stand in any public byte."""
    return frozenset(row.nsn for row in rows if row.nsn)


def _row_fault(row: CompletionRow, *, today: date) -> tuple[str, str] | None:
    """(code, sentence) of what is wrong with a row by itself."""
    if row.achieved_on > today:
        what = say(
            "%(day)s has not come yet; today is %(today)s in New Zealand. Give the day on which all requirements were "
            "met.",
            day=say_day(row.achieved_on),
            today=say_day(today),
        )
        return "achieved-in-future", _at(row, "achieved_on", what)
    values = (row.learner_name, row.preferred_name, row.result, row.evidence_url, row.row_key)
    for field, value in zip(_PUBLIC_FIELDS, values, strict=True):
        if value and looks_like_nsn(value):
            what = say(
                "holds a number that looks like a National Student Number, which must never stand in a badge. Take it "
                "out; the NSN has a column of its own."
            )
            return "nsn-in-public-field", _at(row, field, what)
    if row.name_display == NameDisplay.PREFERRED and not row.preferred_name:
        what = say(
            "is empty, but name_display is “preferred”. Give the preferred name, or set name_display to full or none."
        )
        return "preferred-name-missing", _at(row, "preferred_name", what)
    return None


def _at(row: CompletionRow, column: str, what: Saying) -> Saying:
    return say("Line %(line)s, column %(column)s: %(what)s", line=row.line, column=column, what=what)


def _spoken(decision: Decision, edition: Edition | None) -> Saying:
    """The register's answer, which has its own words in both languages."""
    return Saying(
        decision_sentence(decision, edition), spoken={MAORI: decision_sentence(decision, edition, language=MAORI)}
    )


def end_of_validity(achieved_on: date, *, months: int | None) -> datetime | None:
    """The last second, in New Zealand, of the day so many months after the award; None for a badge without end."""
    if months is None:
        return None
    next_day = add_months(achieved_on, months) + timedelta(days=1)
    return start_of_nz_day(next_day).astimezone(UTC) - timedelta(seconds=1)


def _ended_sentence(row: CompletionRow, setup: Setup | None, valid_until: datetime) -> str:
    """VCDM 2.0, 4.9: `validFrom` is never later than `validUntil`, so such a badge cannot be signed any more."""
    months = setup.valid_months if setup else None
    what = say(
        "By your set-up, badges for %(reference)s last %(months)s months, so one for %(day)s ended on %(end)s. A badge "
        "that has ended cannot be signed; if it lasts longer, change the set-up.",
        reference=row.nzqa_ref,
        months=months,
        day=say_day(row.achieved_on),
        end=say_day(nz_date(valid_until)),
    )
    return _at(row, "achieved_on", what)


def _refused(row: CompletionRow, row_key: str, *, reason: str, sentence: str) -> RowResult:
    return RowResult(line=row.line, row_key=row_key, outcome=RowOutcome.FAILED, reason=reason, sentence=sentence)


def _held(row: CompletionRow, row_key: str, *, reason: str, sentence: str) -> RowResult:
    advice = [say("Held, nothing was signed. Once it is settled, run the same file again.")]
    if reason == "no-register":
        advice.append(say("To settle it: badge-issuer register use EDITION.json --anchor ANCHOR.json"))
    elif reason == "register-predates-award":
        advice.append(say("To settle it: put a newer edition of the register to use."))
    elif reason == "key-not-bound":
        advice.append(say("To settle it: have the authority accept this instance's key (badge-issuer enrol-request)."))
    elif reason == "delivery-not-recorded":
        advice.append(say("To settle it: have the authority record the last day of delivery."))
    told = together(sentence, *advice)
    return RowResult(line=row.line, row_key=row_key, outcome=RowOutcome.HELD, reason=reason, sentence=told)
