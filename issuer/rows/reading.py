"""A class list read: the table found, every row checked cell by cell, good rows never lost to bad ones."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from issuer.rows import cells
from issuer.rows.columnmap import ColumnMap
from issuer.rows.days import MonthFirst, read_day
from issuer.rows.doubts import doubt_name_part, doubt_numbers, doubt_success, places_of_success
from issuer.rows.header import Header, place_beside_name, unclear_name
from issuer.rows.model import ISSUE_ANEW, LEAVE_OUT, Cell, ClassList, Field, Record, Row, RowFault
from issuer.rows.table import find_table
from issuer.rows.unfit import UnfitCell
from issuer.words.sayings import say, together
from schemas.errors import TableError, TooLarge
from schemas.limits import MAX_TABLE_ROWS

_OPTIONAL: Final[tuple[tuple[Field, Callable[[Cell], str]], ...]] = (
    (Field.LEARNER_EMAIL, cells.read_email),
    (Field.ROW_KEY, cells.read_row_key),
    (Field.NSN, cells.read_nsn),
    (Field.NAME_DISPLAY, cells.read_name_display),
    (Field.LANGUAGE, cells.read_language),
    (Field.RESULT, cells.read_text),
    (Field.EVIDENCE_URL, cells.read_evidence_url),
)
_NAME_PARTS: Final = (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)


def read_class_list(
    data: bytes,
    *,
    filename: str,
    column_map: ColumnMap | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    register_refs: Collection[str] = (),
    repairs: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
) -> ClassList:
    """The rows of a CSV (UTF-8, or cp1252 when `encoding` says so) or XLSX file, and a fault for each that is not fit.

    `register_refs` are the references the register holds: only they bring back a leading zero.
    `repairs` are cells a person has mended since: line -> field -> what to read there; LEAVE_OUT leaves the row out.
    Raises TableError or TooLarge when there is no table to read.
    """
    mapped = column_map or ColumnMap()
    table = find_table(data, filename=filename, column_map=mapped, encoding=encoding, sheet=sheet)
    header = table.header
    reading = _Reading(header=header, column_map=mapped, register_refs=register_refs, repairs=repairs)
    for count, record in enumerate(table.records, start=1):
        if count > MAX_TABLE_ROWS:
            raise TooLarge(
                say("%(file)s has more than %(limit)s rows. Split it.", file=filename, limit=f"{MAX_TABLE_ROWS:,}")
            )
        reading.read(record)
    if reading.beside_name is not None:
        raise unclear_name(header, reading.beside_name)
    reading.settle_days()
    if not reading.rows and not reading.faults and not reading.left_out:
        raise TableError(
            say("%(file)s has a header, in line %(line)s, but no row below it.", file=filename, line=header.line)
        )
    return ClassList(
        rows=tuple(reading.rows.values()),
        faults=tuple(sorted(reading.faults, key=lambda fault: fault.line)),
        warnings=tuple(
            warning
            for warning in (*reading.warnings, *doubt_numbers(reading.rows.values(), spelled=header.spelled))
            if warning.line in reading.rows
        ),
        columns={str(name): spelling for name, spelling in header.spelled.items()},
        unknown_columns=header.unknown,
        notes=table.notes,
        sha256=hashlib.sha256(data).hexdigest(),
        left_out=tuple(reading.left_out),
    )


# --- reading rows -----------------------------------------------------------------------------------------------


class _Reading:
    """What has been read so far, and what of it a later row may yet throw into doubt."""

    def __init__(
        self,
        *,
        header: Header,
        column_map: ColumnMap,
        register_refs: Collection[str],
        repairs: Mapping[int, Mapping[str, str]],
    ) -> None:
        self.rows: dict[int, Row] = {}
        self.faults: list[RowFault] = []
        self.warnings: list[RowFault] = []
        self.left_out: list[int] = []
        self.beside_name: int | None = None  # the first line with a word in the unnamed column beside the name
        self._watched = place_beside_name(header, column_map=column_map)
        self._repairs = repairs
        self._mended: Mapping[str, str] = MappingProxyType({})  # of the record at hand
        self._header = header
        self._map = column_map
        self._register_refs = register_refs
        self._seen: dict[tuple[str, ...], int] = {}
        self._references: dict[Cell, str] = {}  # a class list has few of them, each many times
        self._ambiguous: list[int] = []
        self._month_first: int | None = None
        self._name_places = self._placed(Field.LEARNER_NAME) or self._placed(*_NAME_PARTS)
        self._preferred_places = self._placed(Field.PREFERRED_NAME)
        self._success_places = places_of_success(header)
        self._optional_places = [(name, at, read) for name, read in _OPTIONAL for _, at in self._placed(name)]
        self._unplaced = [(name, read) for name, read in _OPTIONAL if not self._placed(name)]

    def _placed(self, *names: Field) -> list[tuple[Field, int]]:
        return [(name, place) for name in names for place in self._header.places.get(name, ())]

    def read(self, record: Record) -> None:
        """One record: nothing when it is blank or left out, else a row or its faults."""
        self._mended = self._repairs.get(record.line, MappingProxyType({}))
        if self._mended.get(LEAVE_OUT):
            self.left_out.append(record.line)
            return
        if record.problem:
            self.faults.append(RowFault(line=record.line, column=None, message=record.problem))
            return
        if all(map(_is_blank, record.cells)) or self._ragged(record):
            return
        if self._mended:
            record = self._mend(record)
        if self._watched is not None and self.beside_name is None and holds_word(record.cells[self._watched]):
            self.beside_name = record.line
        before = len(self.faults)
        name = self._name(record)
        reference = self._reference(record)
        day = self._day(record)
        others = self._others(record)
        if len(self.faults) > before or name is None or reference is None or day is None:
            return
        others["replaces"] = self._mended.get(ISSUE_ANEW) or None
        row = Row(line=record.line, learner_name=name, nzqa_ref=reference, achieved_on=day, **others)
        if not self._repeats(row):
            self.rows[row.line] = row
            self.warnings += doubt_success(record, self._success_places)

    def _mend(self, record: Record) -> Record:
        """The record with its mended cells; whole names and fields without a column are seen to where they are read."""
        mended = list(record.cells)
        for name, text in self._mended.items():
            at = () if name == ISSUE_ANEW else self._header.places.get(Field(name), ())
            if len(at) == 1:
                mended[at[0]] = text
        return replace(record, cells=tuple(mended))

    def settle_days(self) -> None:
        """When one day was written month first, others may have been: each that reads both ways is asked about."""
        if self._month_first is None:
            return
        for line in self._ambiguous:
            if self.rows.pop(line, None) is not None:
                self._fault(
                    line,
                    Field.ACHIEVED_ON,
                    say(
                        "Line %(line)s has its month before its day, so this day could be read two ways. Write it as "
                        "2026-05-03, or say, where the columns are named, which comes first.",
                        line=self._month_first,
                    ),
                )

    def _ragged(self, record: Record) -> bool:
        extra = record.cells[self._header.width :]
        if len(record.cells) >= self._header.width and not any(not _is_blank(cell) for cell in extra):
            return False
        message: str = say(
            "The row has %(number)s cells; the header, in line %(line)s, has %(width)s.",
            number=len(record.cells),
            line=self._header.line,
            width=self._header.width,
        )
        if len(record.cells) > self._header.width:
            message = together(message, say("A value that holds the separator must stand in quotation marks."))
        self.faults.append(RowFault(line=record.line, column=None, message=message))
        return True

    def _name(self, record: Record) -> str | None:
        first = self._name_places[0][0]
        whole = self._mended.get(Field.LEARNER_NAME)
        name = self._joined(record, self._name_places) if whole is None else self._whole_name(record.line, whole)
        if name == "":
            self._fault(record.line, first, say("The learner's name is missing."))
        elif name and (doubt := cells.doubtful_name(name)):
            column = self._header.spelled.get(first)
            self.warnings.append(
                RowFault(line=record.line, column=column, message=doubt, reason="name-doubtful", field=str(first))
            )
        elif name and whole is None and (lack := doubt_name_part(record, self._name_places, self._header)):
            self.warnings.append(lack)
        return name

    def _whole_name(self, line: int, text: str) -> str | None:
        """A name mended as a whole, whatever parts it stands in."""
        try:
            return cells.read_name(text)
        except UnfitCell as unfit:
            self._fault(line, Field.LEARNER_NAME, unfit.sentence)
            return None

    def _joined(self, record: Record, places: Sequence[tuple[Field, int]]) -> str | None:
        """The name's parts with a space between; None when one is unfit, which is then among the faults."""
        name = Field.LEARNER_NAME
        try:
            parts = []
            for name, place in places:  # noqa: B007 - read when a part is unfit
                if part := cells.read_name(record.cells[place]):
                    parts.append(part)
            return parts[0] if len(parts) == 1 else cells.read_name(" ".join(parts))
        except UnfitCell as unfit:
            self._fault(record.line, name, unfit.sentence)
            return None

    def _reference(self, record: Record) -> str | None:
        cell = record.cells[self._header.places[Field.NZQA_REF][0]]
        if reference := self._references.get(cell):
            return reference
        try:
            _refuse_blank(cell)
            reference = cells.read_reference(cell, column_map=self._map, register_refs=self._register_refs)
        except UnfitCell as unfit:
            self._fault(record.line, Field.NZQA_REF, unfit.sentence)
            return None
        self._references[cell] = reference
        return reference

    def _day(self, record: Record) -> date | None:
        cell = record.cells[self._header.places[Field.ACHIEVED_ON][0]]
        try:
            _refuse_blank(cell)
            day = read_day(cell, order=self._map.dates)
        except UnfitCell as unfit:
            if isinstance(unfit, MonthFirst) and self._month_first is None:
                self._month_first = record.line
            self._fault(record.line, Field.ACHIEVED_ON, unfit.sentence)
            return None
        if day.ambiguous:
            self._ambiguous.append(record.line)
        return day.on

    def _others(self, record: Record) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        added = [(name, self._mended[name], read) for name, read in self._unplaced if name in self._mended]
        for name, cell, read in [*((n, record.cells[at], r) for n, at, r in self._optional_places), *added]:
            if not _is_blank(cell):
                try:
                    values[name] = read(cell)
                except UnfitCell as unfit:
                    self._fault(record.line, name, unfit.sentence)
        if self._preferred_places:
            values[Field.PREFERRED_NAME] = self._joined(record, self._preferred_places) or None
        elif preferred := self._mended.get(Field.PREFERRED_NAME):
            values[Field.PREFERRED_NAME] = self._whole_name(record.line, preferred)
        if values.get(Field.NAME_DISPLAY) == "preferred" and not values.get(Field.PREFERRED_NAME):
            self._fault(record.line, Field.NAME_DISPLAY, say("It asks for the preferred name, but the row gives none."))
        return values

    def _repeats(self, row: Row) -> bool:
        """Whether an earlier row is the same completion, or has its key."""
        if row.row_key:
            identity: tuple[str, ...] = (row.row_key,)
        else:
            person = (_fold(row.learner_name), _fold(row.learner_email or ""))
            identity = (*person, row.nzqa_ref, row.achieved_on.isoformat())
        earlier = self._seen.setdefault(identity, row.line)
        if earlier == row.line:
            return False
        column = self._header.spelled.get(Field.ROW_KEY) if row.row_key else None
        message = (
            say("The row has the same row key as line %(line)s. Give each completion a key of its own.", line=earlier)
            if row.row_key
            else say(
                "The row is the same as line %(line)s. Take one out, or, if they are two people, give each row a "
                "number of your own (row_key).",
                line=earlier,
            )
        )
        self.faults.append(RowFault(line=row.line, column=column, message=message, reason="duplicate-row"))
        return True

    def _fault(self, line: int, name: Field, message: str) -> None:
        column = self._header.spelled.get(name, str(name))
        self.faults.append(RowFault(line=line, column=column, message=message, field=str(name)))


def holds_word(cell: Cell) -> bool:
    return isinstance(cell, str) and any(character.isalpha() for character in cell)


def _is_blank(cell: Cell) -> bool:
    return not cell.strip() if isinstance(cell, str) else cell is None


def _refuse_blank(cell: Cell) -> None:
    if _is_blank(cell):
        raise UnfitCell(say("The value is missing."))


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
