"""Completions for NZQA's Record of Achievement: who is still to be reported, who was, and numbers that are done with.

The one module that opens student numbers. Each opening is in the audit log before anybody sees the number; they go
into the export file and nowhere else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import NSN_KEY, Instance
from issuer.nzroa import unseal
from issuer.rows.days import read_day
from issuer.rows.delimited import decode_text
from issuer.rows.export import neutralise
from issuer.rows.unfit import UnfitCell
from issuer.store import credentials as credential_store
from issuer.store import nzroa_rows
from issuer.store.credentials import State
from issuer.store.nzroa_rows import Completion
from schemas.errors import InputError, TableError
from schemas.jsontext import parse_object
from schemas.limits import MAX_TABLE_BYTES

COLUMNS: Final = ("nsn", "achieved_on", "micro_credential", "nzqa_ref", "provider")
_NEEDED: Final = ("nsn", "achieved_on", "nzqa_ref")
_ID: Final = "credential_id"
_REF_DIGITS: Final = 4

_Key = tuple[str, str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One completion as NZQA's portal asks for it. `repr` shows the badge's id alone."""

    short_id: str
    nsn: str = field(repr=False)
    achieved_on: date
    micro_credential: str
    nzqa_ref: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The rows to report; the badges that lack a number, and those that are on hold, are left out and named here."""

    rows: tuple[ExportRow, ...]
    missing: tuple[str, ...]
    on_hold: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What became of the lines of a file that came back: `unmatched` are their numbers in that file."""

    count: int
    already: int
    unmatched: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLine:
    """One line of a file of what was reported."""

    line: int
    short_id: str | None
    key: _Key | None = field(repr=False)


def export_rows(
    instance: Instance, *, since: date | None = None, again: bool = False, now: datetime, actor: str
) -> Export:
    """Every completion not yet reported (`again`: those reported too), achieved on `since` or later.

    Opens the student numbers, and says so in the log first. Withdrawn badges are left out. Raises IssuingError when a
    number cannot be opened.
    """
    key = instance.secret(NSN_KEY)
    with instance.store.writing() as connection:
        wanted = [
            one
            for one in nzroa_rows.load_completions(connection, since=since)
            if one.state is not State.REVOKED and (again or one.reported_at is None)
        ]
        titles = _titles(connection)
        rows = tuple(
            ExportRow(
                short_id=one.short_id,
                nsn=unseal(one.nsn_sealed, key=key, short_id=one.short_id),
                achieved_on=one.achieved_on,
                micro_credential=titles.get((one.nzqa_ref, one.listing_version), ""),
                nzqa_ref=one.nzqa_ref,
                provider=instance.config.provider,
            )
            for one in wanted
            if one.nsn_sealed is not None and one.state is State.ISSUED
        )
        if rows:
            facts = {"credentials": [row.short_id for row in rows], "again": again}
            audit.append(connection, at=now, actor=actor, action=audit.NZROA_EXPORT, facts=facts)
    return Export(
        rows=rows,
        missing=tuple(one.short_id for one in wanted if one.nsn_sealed is None and one.state is State.ISSUED),
        on_hold=tuple(one.short_id for one in wanted if one.state is State.SUSPENDED),
    )


def export_csv(rows: Iterable[ExportRow]) -> bytes:
    """The rows as CSV, UTF-8 with a byte order mark so that Excel reads the macrons; nothing runs as a formula."""
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for row in rows:
        cells = (row.nsn, row.achieved_on.isoformat(), row.micro_credential, row.nzqa_ref, row.provider)
        table.writerow([neutralise(cell) for cell in cells])
    return written.getvalue().encode("utf-8-sig")


def mark_reported(instance: Instance, data: bytes, *, now: datetime, actor: str) -> Marked:
    """Mark as reported the completions of an export that came back. Twice is once.

    A line is matched by its `credential_id` where the file has one, else by number, reference and day, which opens
    numbers and is logged. Raises InputError for a file that is not such an export.
    """
    lines = _read_lines(data, instance)
    key = instance.secret(NSN_KEY)
    with instance.store.writing() as connection:
        completions = nzroa_rows.load_completions(connection)
        opened, by_key = _open_for(lines, completions, key=key)
        by_id = {one.short_id: [one] for one in completions}
        found: dict[str, Completion] = {}
        unmatched: list[int] = []
        for line in lines:
            candidates = by_id.get(line.short_id, []) if line.short_id else by_key.get(line.key, [])
            found |= {one.short_id: one for one in candidates}
            if not candidates:
                unmatched.append(line.line)
        new = sorted(one.short_id for one in found.values() if one.reported_at is None)
        nzroa_rows.mark_reported(connection, new, at=now)
        if new or opened:
            facts = {"credentials": new, "opened": opened}
            audit.append(connection, at=now, actor=actor, action=audit.NZROA_REPORTED, facts=facts)
    return Marked(count=len(new), already=len(found) - len(new), unmatched=tuple(unmatched))


def purge(instance: Instance, *, before: datetime, now: datetime, actor: str) -> int:
    """Erase the numbers of completions that were reported, or whose badge was withdrawn, before that moment.

    Returns how many. The completion itself stays, with when it was reported.
    """
    with instance.store.writing() as connection:
        spent = nzroa_rows.find_spent(connection, before=before)
        nzroa_rows.purge_numbers(connection, spent, at=now)
        if spent:
            audit.append(connection, at=now, actor=actor, action=audit.NSN_PURGE, facts={"credentials": spent})
    return len(spent)


def _titles(connection: Connection) -> Mapping[tuple[str, str], str]:
    """(reference, version) -> title, as the badges have it."""
    return {
        (ref, version): str(parse_object(document).get("name", ""))
        for ref, version, document in credential_store.load_achievements(connection)
    }


def _open_for(
    lines: Sequence[ReportedLine], completions: Sequence[Completion], *, key: bytes
) -> tuple[list[str], Mapping[_Key | None, list[Completion]]]:
    """(whose numbers were opened, the completions by number, reference and day): only of days the file names.

    Two badges of one learner for one reference and day are one completion to NZQA, so a line stands for both.
    """
    named = {line.key[1:] for line in lines if line.key is not None}
    by_key: dict[_Key | None, list[Completion]] = {}
    opened: list[str] = []
    for one in completions:
        if one.nsn_sealed is None or (one.nzqa_ref, one.achieved_on) not in named:
            continue
        opened.append(one.short_id)
        number = _bare(unseal(one.nsn_sealed, key=key, short_id=one.short_id))
        by_key.setdefault((number, one.nzqa_ref, one.achieved_on), []).append(one)
    return sorted(opened), by_key


def _read_lines(data: bytes, instance: Instance) -> list[ReportedLine]:
    if len(data) > MAX_TABLE_BYTES:
        raise TableError(f"The file is over the limit of {MAX_TABLE_BYTES:,} bytes.")
    text, _ = decode_text(data, encoding=None)
    table = csv.reader(io.StringIO(text, newline=""))
    header = ["_".join(cell.split()).lower() for cell in next(table, [])]
    if _ID not in header and not set(_NEEDED) <= set(header):
        raise TableError(
            f"The file has no columns {', '.join(_NEEDED)}; give the file that was made here for NZQA's portal."
        )
    lines = []
    for cells in table:
        row = dict(zip(header, cells, strict=False))
        if any(cell.strip() for cell in cells):
            lines.append(_read_line(table.line_num, row, instance))
    return lines


def _read_line(line: int, row: Mapping[str, str], instance: Instance) -> ReportedLine:
    """What a line names; neither id nor key when it cannot be read, so that it is told as unmatched."""
    given = row.get(_ID, "").strip()
    try:
        short_id = instance.short_id(given) if given else None
        day = None if short_id else read_day(row.get("achieved_on", "")).on
    except (InputError, UnfitCell):
        return ReportedLine(line=line, short_id=None, key=None)
    if day is None:
        return ReportedLine(line=line, short_id=short_id, key=None)
    ref = row.get("nzqa_ref", "").strip().upper()
    number = _bare(row.get("nsn", ""))
    key = (number, ref.zfill(_REF_DIGITS) if ref.isdigit() else ref, day)
    return ReportedLine(line=line, short_id=None, key=key if number else None)


def _bare(number: str) -> str:
    """Without the zeros in front, which spreadsheets take away and NZQA's own samples write or leave out."""
    return number.strip().lstrip("'").lstrip("0")
