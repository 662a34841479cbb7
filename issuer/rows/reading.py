"""A class list read: the table found, every row checked cell by cell, good rows never lost to bad ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from issuer.rows import cells
from issuer.rows.columnmap import ColumnMap
from issuer.rows.days import MonthFirst, read_day
from issuer.rows.doubts import doubt_name_part, doubt_numbers, doubt_success, places_of_success
from issuer.rows.header import Header, place_beside_name, unclear_name
from issuer.rows.model import ISSUE_ANEW, LEAVE_OUT, Cell, ClassList, Field, Record, Row, RowFault
from issuer.rows.settling import Settling, SoundRow, settle_all
from issuer.rows.table import Table, find_table
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
    reader = RowReader(table.header, column_map=mapped, register_refs=register_refs, repairs=repairs)
    sound = [one for one in reader.read_all(table, most=MAX_TABLE_ROWS, filename=filename) if one is not None]
    settled = list(settle_all(sound, Settling(table.header, month_first=reader.month_first)))
    rows = {row.line: row for row in settled if isinstance(row, Row)}
    faults = [*reader.faults, *(fault for fault in settled if isinstance(fault, RowFault))]
    return ClassList(
        rows=tuple(rows.values()),
        faults=tuple(sorted(faults, key=lambda fault: fault.line)),
        warnings=tuple(
            warning
            for warning in (*reader.warnings, *doubt_numbers(rows.values(), spelled=table.header.spelled))
            if warning.line in rows
        ),
        columns={str(name): spelling for name, spelling in table.header.spelled.items()},
        unknown_columns=table.header.unknown,
        notes=table.notes,
        sha256=hashlib.sha256(data).hexdigest(),
        left_out=tuple(reader.left_out),
    )


# --- reading rows -----------------------------------------------------------------------------------------------


class RowReader:
    """Reads rows one after the other, by themselves, and keeps what of them a later row may yet throw into doubt.

    Faults and warnings gather in its lists, in the order of their lines; whoever reads may empty them.
    """

    def __init__(
        self,
        header: Header,
        *,
        column_map: ColumnMap,
        register_refs: Collection[str],
        repairs: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        self.faults: list[RowFault] = []
        self.warnings: list[RowFault] = []
        self.left_out: list[int] = []
        self.month_first: int | None = None  # the first line whose day can only be read with the month first
        self._two_ways = False  # of the record at hand: its day could be read with the month first too
        self._beside_name: int | None = None  # the first line with a word in the unnamed column beside the name
        self._watched = place_beside_name(header, column_map=column_map)
        self._repairs = repairs
        self._mended: Mapping[str, str] = MappingProxyType({})  # of the record at hand
        self._header = header
        self._map = column_map
        self._register_refs = register_refs
        self._references: dict[Cell, str] = {}  # a class list has few of them, each many times
        self._reference_at = header.places[Field.NZQA_REF][0]
        self._day_at = header.places[Field.ACHIEVED_ON][0]
        self._name_places = self._placed(Field.LEARNER_NAME) or self._placed(*_NAME_PARTS)
        self._preferred_places = self._placed(Field.PREFERRED_NAME)
        self._success_places = places_of_success(header)
        self._optional_places = [(name, at, read) for name, read in _OPTIONAL for _, at in self._placed(name)]
        self._unplaced = [(name, read) for name, read in _OPTIONAL if not self._placed(name)]

    def _placed(self, *names: Field) -> list[tuple[Field, int]]:
        return [(name, place) for name in names for place in self._header.places.get(name, ())]

    def read_all(self, table: Table, *, most: int, filename: str) -> Iterator[SoundRow | None]:
        """Every sound row, and None for every other record.

        Raises TooLarge beyond `most` records, and, at the end, TableError when this is no class list.
        """
        is_empty = True
        for count, record in enumerate(table.records, start=1):
            if count > most:
                raise TooLarge(
                    say("%(file)s has more than %(limit)s rows. Split it.", file=filename, limit=f"{most:,}")
                )
            row = self._read(record)
            is_empty = is_empty and row is None and not self.faults and not self.left_out
            yield None if row is None else SoundRow(row, self._two_ways)
        if self._beside_name is not None:
            raise unclear_name(self._header, self._beside_name)
        if is_empty:
            line = self._header.line
            raise TableError(
                say("%(file)s has a header, in line %(line)s, but no row below it.", file=filename, line=line)
            )

    def _read(self, record: Record) -> Row | None:
        """One record: nothing when it is blank or left out, else a row or its faults."""
        if self._repairs:
            self._mended = self._repairs.get(record.line, MappingProxyType({}))
            if self._mended.get(LEAVE_OUT):
                self.left_out.append(record.line)
                return None
        if record.problem:
            self.faults.append(RowFault(line=record.line, column=None, message=record.problem))
            return None
        if all(map(_is_blank, record.cells)) or self._ragged(record):
            return None
        if self._mended:
            record = self._mend(record)
        if self._watched is not None and self._beside_name is None and holds_word(record.cells[self._watched]):
            self._beside_name = record.line
        before = len(self.faults)
        name = self._name(record)
        reference = self._reference(record)
        day = self._day(record)
        others = self._others(record)
        if len(self.faults) > before or name is None or reference is None or day is None:
            return None
        if self._mended:
            others["replaces"] = self._mended.get(ISSUE_ANEW) or None
        if self._success_places:
            self.warnings += doubt_success(record, self._success_places)
        return Row(record.line, name, reference, day, **others)

    def _mend(self, record: Record) -> Record:
        """The record with its mended cells; whole names and fields without a column are seen to where they are read."""
        mended = list(record.cells)
        for name, text in self._mended.items():
            at = () if name == ISSUE_ANEW else self._header.places.get(Field(name), ())
            if len(at) == 1:
                mended[at[0]] = text
        return record._replace(cells=tuple(mended))

    def _ragged(self, record: Record) -> bool:
        if len(record.cells) == self._header.width:
            return False
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
        whole = self._mended.get(Field.LEARNER_NAME) if self._mended else None
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
            if len(places) == 1:
                name, place = places[0]
                return cells.read_name(record.cells[place])
            parts = []
            for name, place in places:  # noqa: B007 - read when a part is unfit
                if part := cells.read_name(record.cells[place]):
                    parts.append(part)
            return parts[0] if len(parts) == 1 else cells.read_name(" ".join(parts))
        except UnfitCell as unfit:
            self._fault(record.line, name, unfit.sentence)
            return None

    def _reference(self, record: Record) -> str | None:
        cell = record.cells[self._reference_at]
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
        cell = record.cells[self._day_at]
        try:
            _refuse_blank(cell)
            day = read_day(cell, order=self._map.dates)
        except UnfitCell as unfit:
            if isinstance(unfit, MonthFirst) and self.month_first is None:
                self.month_first = record.line
            self._fault(record.line, Field.ACHIEVED_ON, unfit.sentence)
            return None
        self._two_ways = day.ambiguous
        return day.on

    def _others(self, record: Record) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        for name, at, read in self._optional_places:
            self._read_other(values, record.line, name, record.cells[at], read)
        if self._mended:
            for name, read in self._unplaced:
                self._read_other(values, record.line, name, self._mended.get(name), read)
        if self._preferred_places:
            values[Field.PREFERRED_NAME] = self._joined(record, self._preferred_places) or None
        elif self._mended and (preferred := self._mended.get(Field.PREFERRED_NAME)):
            values[Field.PREFERRED_NAME] = self._whole_name(record.line, preferred)
        if values.get(Field.NAME_DISPLAY) == "preferred" and not values.get(Field.PREFERRED_NAME):
            self._fault(record.line, Field.NAME_DISPLAY, say("It asks for the preferred name, but the row gives none."))
        return values

    def _read_other(
        self, values: dict[str, str | None], line: int, name: Field, cell: Cell, read: Callable[[Cell], str]
    ) -> None:
        if _is_blank(cell):
            return
        try:
            values[name] = read(cell)
        except UnfitCell as unfit:
            self._fault(line, name, unfit.sentence)

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
