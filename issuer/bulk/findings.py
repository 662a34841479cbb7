"""What a check or a run found in a class list, row by row, to stand beside a person's own cells; always sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from issuer.admission import Candidate
from issuer.bulk.delivering import fold_address, of_others, shared_addresses
from issuer.bulk.upload_choices import UPLOAD
from issuer.instance import Instance
from issuer.results import RowOutcome, RowResult
from issuer.rows import ClassList, Field, RowFault, Table, shown_cell
from issuer.store import uploads_rows
from issuer.vault import seal, unseal
from issuer.words.sayings import Saying, packed, say, say_day, unpacked
from schemas.nzqcf import looks_like_nsn, nz_date
from schemas.times import write_time

MASK: Final = "•••"
TO_FIX, HELD, ALREADY, LEFT_OUT = "to-fix", "held", "already", "left-out"
_ENDS_SOON: Final = timedelta(days=60)
_SAMPLE_ROWS: Final = 3
_ADDRESSES_AT_ONCE: Final = 500
_GRAVE: Final = frozenset({"not-achieved", "number-shared"})
_NAME_PARTS: Final = (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """What is wrong with a row; `column` as the header of the file has it, `field` as a repair names it."""

    column: str | None
    field: str | None
    message: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """A row that is not ready. `cells` are beside `Findings.headers`; student numbers are masked."""

    line: int
    outcome: str
    cells: tuple[str, ...] = field(default=(), repr=False)
    faults: tuple[CellFault, ...] = field(default=(), repr=False)
    short_id: str | None = None
    withdrawn_on: str | None = None  # the New Zealand day on which the badge it had was withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWarning:
    """A ready row that somebody should look at. `learner` is the name as it would stand on the badge."""

    line: int
    column: str | None
    message: str
    reason: str
    learner: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCount:
    nzqa_ref: str
    title: str
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One ready row, as its badge would say it."""

    line: int
    learner_name: str = field(repr=False)
    title: str
    nzqa_ref: str
    achieved_on: str
    has_email: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the last check or run found."""

    checked_at: str
    headers: tuple[str, ...]
    fields: Mapping[str, str]
    ready: int
    to_fix: int
    held: int
    already: int
    left_out: int
    problems: tuple[FoundRow, ...]
    already_rows: tuple[FoundRow, ...]
    left_out_rows: tuple[FoundRow, ...]
    warnings: tuple[RowWarning, ...]
    listings: tuple[ListingCount, ...]
    sample: tuple[SampleRow, ...]
    mail_count: int
    hand_over_count: int
    notes: tuple[str, ...]
    register_sha256: str | None
    issued: int = 0  # by a run

    @property
    def withdrawn_rows(self) -> tuple[FoundRow, ...]:
        """Those of `already_rows` whose badge stands no more, and is issued anew only when a person says so."""
        return tuple(row for row in self.already_rows if row.withdrawn_on is not None)

    @property
    def grave_count(self) -> int:
        """Ready rows that may well be wrong: perhaps not achieved, or with another person's student number."""
        return len({one.line for one in self.warnings if one.reason in _GRAVE})

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do: every row has its badge already, and each badge stands."""
        waiting = self.ready + self.to_fix + self.held + len(self.withdrawn_rows) + self.left_out
        return not waiting and self.already > 0

    @property
    def total(self) -> int:
        return self.ready + self.issued + self.to_fix + self.held + self.already + self.left_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rehearsal or a run made of a class list."""

    class_list: ClassList
    results: Sequence[RowResult]
    candidates: Sequence[Candidate] = ()


def build_findings(
    instance: Instance, outcome: Outcome, *, table: Table, register_sha256: str | None, now: datetime
) -> Findings:
    """Findings from what was made of the rows; `table` is gone through once, for the cells that are to be shown."""
    class_list, candidates = outcome.class_list, outcome.candidates
    by_outcome: dict[str, list[RowResult]] = {name: [] for name in RowOutcome}
    for result in outcome.results:
        by_outcome[result.outcome].append(result)
    needy = [*by_outcome[RowOutcome.FAILED], *by_outcome[RowOutcome.HELD]]
    withdrawn = [result for result in by_outcome[RowOutcome.ALREADY] if result.withdrawn_at is not None]
    cells = _cells_of(table, {result.line for result in (*needy, *withdrawn)} | set(class_list.left_out))
    faults: dict[int, list[RowFault]] = {}
    for fault in class_list.faults:
        faults.setdefault(fault.line, []).append(fault)
    columns = _one_column_each(table)
    not_own = _not_own_addresses(instance, class_list, candidates)
    mailed = sum(
        1 for one in candidates if one.row.learner_email and fold_address(one.row.learner_email) not in not_own
    )
    return Findings(
        checked_at=write_time(now),
        headers=table.header.names,
        fields=columns,
        ready=len(candidates),
        to_fix=len(by_outcome[RowOutcome.FAILED]),
        held=len(by_outcome[RowOutcome.HELD]),
        already=len(by_outcome[RowOutcome.ALREADY]),
        issued=len(by_outcome[RowOutcome.ISSUED]),
        left_out=len(class_list.left_out),
        problems=tuple(_found_row(one, cells=cells, faults=faults, columns=columns) for one in needy),
        already_rows=tuple(
            _found_row(one, cells=cells, faults={}, columns=columns) for one in by_outcome[RowOutcome.ALREADY]
        ),
        left_out_rows=tuple(
            FoundRow(line=line, outcome=LEFT_OUT, cells=cells.get(line, ())) for line in class_list.left_out
        ),
        warnings=tuple(_warnings(class_list, candidates, columns=columns, not_own=not_own, now=now)),
        listings=_listings(candidates),
        sample=tuple(_sample(one) for one in candidates[:_SAMPLE_ROWS]),
        mail_count=mailed,
        hand_over_count=len(candidates) - mailed,
        notes=(*class_list.notes, *_unused(class_list)),
        register_sha256=register_sha256,
    )


def cell_of(row: FoundRow, name: str, findings: Findings, columns: Mapping[str, Sequence[str]]) -> str:
    """What the file has in that field of the row, the parts of a name joined; `columns` as a person chose them."""
    headers = columns.get(name) or ((findings.fields[name],) if name in findings.fields else ())
    places = [place for place, each in enumerate(findings.headers) if each in headers]
    found = " ".join(row.cells[place] for place in places if place < len(row.cells) and row.cells[place])
    if not found and name == Field.LEARNER_NAME and not headers:
        parts = (cell_of(row, part, findings, columns) for part in _NAME_PARTS)
        return " ".join(part for part in parts if part)
    return found


def seal_findings(instance: Instance, batch_id: str, findings: Findings) -> bytes:
    return seal(instance, json.dumps(packed(asdict(findings))).encode(), purpose=UPLOAD, context=f"{batch_id} findings")


def load_findings(instance: Instance, batch_id: str) -> Findings | None:
    """What the last check or run found; None when there was none, or it is purged."""
    with instance.store.reading() as connection:
        upload = uploads_rows.load_upload(connection, batch_id)
    if upload is None or upload.findings_sealed is None:
        return None
    members: dict[str, Any] = json.loads(
        unseal(instance, upload.findings_sealed, purpose=UPLOAD, context=f"{batch_id} findings"), object_hook=unpacked
    )
    for name in ("problems", "already_rows", "left_out_rows"):
        members[name] = tuple(_row_of(row) for row in members[name])
    members["warnings"] = tuple(RowWarning(**one) for one in members["warnings"])
    members["listings"] = tuple(ListingCount(**one) for one in members["listings"])
    members["sample"] = tuple(SampleRow(**one) for one in members["sample"])
    members["headers"], members["notes"] = tuple(members["headers"]), tuple(members["notes"])
    return Findings(**members)


def _row_of(row: dict[str, Any]) -> FoundRow:
    faults = tuple(CellFault(**fault) for fault in row["faults"])
    return FoundRow(**(row | {"cells": tuple(row["cells"]), "faults": faults}))


def _one_column_each(table: Table) -> dict[str, str]:
    """Field -> the name of its (first) column."""
    names = table.header.names
    return {str(name): names[places[0]] for name, places in table.header.places.items() if places}


def _cells_of(table: Table, lines: set[int]) -> dict[int, tuple[str, ...]]:
    """The cells of these lines as they may be shown: the column of student numbers, and what looks like one, masked."""
    masked = set(table.header.places.get(Field.NSN, ()))
    found: dict[int, tuple[str, ...]] = {}
    if not lines:
        return found
    for record in table.records:
        if record.line in lines and not record.problem:
            found[record.line] = tuple(
                _masked(shown_cell(cell), always=place in masked) for place, cell in enumerate(record.cells)
            )
    return found


def _masked(text: str, *, always: bool) -> str:
    return MASK if text and (always or looks_like_nsn(text)) else text


def _found_row(
    result: RowResult,
    *,
    cells: Mapping[int, tuple[str, ...]],
    faults: Mapping[int, Sequence[RowFault]],
    columns: Mapping[str, str],
) -> FoundRow:
    outcome = {RowOutcome.FAILED: TO_FIX, RowOutcome.HELD: HELD}.get(result.outcome, ALREADY)
    told = [
        CellFault(
            column=columns.get(fault.field or "", fault.column),
            field=fault.field,
            message=fault.message,
            reason=fault.reason,
        )
        for fault in faults.get(result.line, ())
    ]
    if not told:
        named = next((name for name in columns if f"column {name}:" in result.sentence[:60]), None)
        message = _without_place(result, named)
        column = columns.get(named) if named else None
        told = [CellFault(column=column, field=named, message=message, reason=result.reason)]
    return FoundRow(
        line=result.line,
        outcome=outcome,
        cells=cells.get(result.line, ()),
        faults=tuple(told),
        short_id=result.short_id,
        withdrawn_on=nz_date(result.withdrawn_at).isoformat() if result.withdrawn_at else None,
    )


def _without_place(result: RowResult, named: str | None) -> str:
    """The sentence without the line and column that stand beside it anyway."""
    message = result.sentence.removeprefix(f"Line {result.line}: ")
    message = message.removeprefix(f"Line {result.line}, column {named}: ") if named else message
    if message == result.sentence:
        return result.sentence
    said = result.sentence.values.get("what") if isinstance(result.sentence, Saying) else None
    return said if said == message else message


def _not_own_addresses(instance: Instance, class_list: ClassList, candidates: Sequence[Candidate]) -> dict[str, str]:
    """Folded address -> the code of why no mail goes to it."""
    shared = shared_addresses((row.learner_name, row.learner_email) for row in class_list.rows)
    not_own = dict.fromkeys(shared, "address-shared")
    people = [(one.row.learner_name, one.row.learner_email) for one in candidates]
    with instance.store.reading() as connection:
        for start in range(0, len(people), _ADDRESSES_AT_ONCE):
            for address in of_others(connection, people[start : start + _ADDRESSES_AT_ONCE]):
                not_own.setdefault(address, "address-of-another")
    return not_own


def _warnings(
    class_list: ClassList,
    candidates: Sequence[Candidate],
    *,
    columns: Mapping[str, str],
    not_own: Mapping[str, str],
    now: datetime,
) -> Iterable[RowWarning]:
    names = {one.row.line: one.row.learner_name for one in candidates}
    for warning in class_list.warnings:
        if warning.line in names:
            yield RowWarning(
                line=warning.line,
                column=warning.column,
                message=warning.message,
                reason=warning.reason,
                learner=names[warning.line],
            )
    column = columns.get(Field.LEARNER_EMAIL)
    for one in candidates:
        line, email = one.row.line, one.row.learner_email
        if one.replaces is not None:
            message = say("A badge for this was withdrawn. A new one is issued in its place, as somebody chose here.")
            yield RowWarning(line=line, column=None, message=message, reason="issued-anew", learner=names[line])
        if email is None:
            message = say("There is no e-mail address: the claim link is printed or handed over.")
            yield RowWarning(line=line, column=column, message=message, reason="address-missing", learner=names[line])
        elif reason := not_own.get(fold_address(email)):
            message = (
                say(
                    "Two differently named learners of this file have this e-mail address: no mail is sent, the claim "
                    "link is printed or handed over."
                )
                if reason == "address-shared"
                else say(
                    "A badge of another name has this e-mail address: no mail is sent, the claim link is printed or "
                    "handed over."
                )
            )
            yield RowWarning(line=line, column=column, message=message, reason=reason, learner=names[line])
        if one.valid_until is not None and one.valid_until < now + _ENDS_SOON:
            message = say("By your set-up, this badge ends on %(day)s.", day=say_day(nz_date(one.valid_until)))
            yield RowWarning(
                line=line,
                column=columns.get(Field.ACHIEVED_ON),
                message=message,
                reason="expires",
                learner=names[line],
            )


def _listings(candidates: Sequence[Candidate]) -> tuple[ListingCount, ...]:
    counts: dict[str, tuple[str, int]] = {}
    for one in candidates:
        title, count = counts.get(one.achievement.nzqa_ref, (one.achievement.title, 0))
        counts[one.achievement.nzqa_ref] = title, count + 1
    return tuple(
        ListingCount(nzqa_ref=reference, title=title, ready=count)
        for reference, (title, count) in sorted(counts.items())
    )


def _sample(one: Candidate) -> SampleRow:
    row = one.row
    return SampleRow(
        line=row.line,
        learner_name=row.learner_name,
        title=one.achievement.title,
        nzqa_ref=one.achievement.nzqa_ref,
        achieved_on=row.achieved_on.isoformat(),
        has_email=row.learner_email is not None,
    )


def _unused(class_list: ClassList) -> tuple[str, ...]:
    unknown = class_list.unknown_columns
    return (say("Columns not used: %(columns)s.", columns=", ".join(unknown)),) if unknown else ()
