"""XLSX bytes -> records: the zip measured and rebuilt within bounds before any spreadsheet library sees it."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from issuer.rows.model import Cell, Record
from issuer.rows.sharedtext import shared_text, string_lengths
from issuer.words.sayings import say
from schemas.errors import TableError, TooLarge
from schemas.limits import MAX_TABLE_CELLS, MAX_TABLE_COLUMNS, MAX_TABLE_ROWS, MAX_XLSX_INFLATED, MAX_XLSX_PARTS

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_CELL: Final = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
_CELL_PLACE: Final = re.compile(rb"<(?:[\w.-]+:)?c\s[^<>]*?\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_ROWS_BEFORE_DATA: Final = 10  # titles and the header itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One visible sheet: its name, and its rows with their own numbers."""

    name: str
    records: tuple[Record, ...]


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip or an old Excel file, rather than text."""
    return data.startswith((_ZIP, _OLD_EXCEL))


def load_sheets(data: bytes) -> Iterator[Sheet]:
    """The visible sheets of an XLSX, in order. Raises TableError or TooLarge."""
    if data.startswith(_OLD_EXCEL):
        raise TableError(say("The workbook is in Excel's old format or has a password. Save it as .xlsx without one."))
    bounded = _rebuild(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(bounded))
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
                rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                yield Sheet(name=sheet.name, records=tuple(_records(rows)))
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise TableError(
                say("The workbook is damaged. Open it, save it as .xlsx or “CSV UTF-8”, and try again.")
            ) from None
        raise


def _records(rows: Iterable[Sequence[Cell]]) -> Iterator[Record]:
    for number, cells in enumerate(rows, start=1):
        yield Record(number, tuple(cells))


def _rebuild(data: bytes) -> bytes:
    """The same parts, stored uncompressed; each was inflated no further than the zip's own directory says."""
    rebuilt = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(rebuilt, "w") as stored:
            entries = parts.infolist()
            _check_directory(entries)
            contents = {entry.filename: parts.read(entry) for entry in entries if not entry.is_dir()}
            _check_cells(contents)
            for name, content in contents.items():
                stored.writestr(zipfile.ZipInfo(name), content)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise TableError(say("The workbook is damaged or has a password. Save it as .xlsx without one.")) from None
    except zlib.error:
        raise TableError(say("The workbook is damaged. Open it, save it as .xlsx, and try again.")) from None
    return rebuilt.getvalue()


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_XLSX_PARTS:
        raise TooLarge(say("The workbook has more than %(limit)s parts.", limit=f"{MAX_XLSX_PARTS:,}"))
    if sum(entry.file_size for entry in entries) > MAX_XLSX_INFLATED:
        raise TooLarge(
            say("The workbook unpacks to more than %(limit)s bytes. Split it.", limit=f"{MAX_XLSX_INFLATED:,}")
        )
    names = {entry.filename for entry in entries}
    if len(names) != len(entries):
        raise TableError(say("The workbook holds a part twice. Open it, save it as .xlsx, and try again."))
    if "xl/workbook.xml" not in names:
        raise TableError(
            say("The file is a zip, but not an Excel workbook. Save the class list as .xlsx or “CSV UTF-8”.")
        )


def _check_cells(contents: dict[str, bytes]) -> None:
    """Refuses what a reader would make too much of: empty cells it makes room for, shared text it copies."""
    sheets = [content for name, content in contents.items() if "worksheets/" in name.lower()]
    area = sum(_area(sheet) for sheet in sheets)
    if area > MAX_TABLE_CELLS:
        raise TooLarge(
            say(
                "The workbook spans %(number)s cells; the limit is %(limit)s. Split it.",
                number=f"{area:,}",
                limit=f"{MAX_TABLE_CELLS:,}",
            )
        )
    shared = next((content for name, content in contents.items() if name.lower().endswith("sharedstrings.xml")), b"")
    if len(shared) * sum(len(_CELL.findall(sheet)) for sheet in sheets) <= MAX_XLSX_INFLATED:
        return
    lengths = string_lengths(shared)
    if sum(shared_text(sheet, lengths=lengths) for sheet in sheets) > MAX_XLSX_INFLATED:
        raise TooLarge(
            say(
                "The workbook's cells hold more than %(limit)s bytes of text. Split it.", limit=f"{MAX_XLSX_INFLATED:,}"
            )
        )


def _area(sheet: bytes) -> int:
    """Rows times columns, from the first cell to the last."""
    last_row = last_column = placed = 0
    for column, row in _CELL_PLACE.findall(sheet):
        placed += 1
        last_row = max(last_row, int(row))
        last_column = max(last_column, _column_number(column))
    if placed != len(_CELL.findall(sheet)):
        raise TableError(say("The workbook was written in an unusual way. Open it, save it as .xlsx, and try again."))
    if last_row > MAX_TABLE_ROWS + _ROWS_BEFORE_DATA:
        raise TooLarge(
            say(
                "The sheet has cells down to row %(row)s; the limit is %(limit)s rows.",
                row=f"{last_row:,}",
                limit=f"{MAX_TABLE_ROWS:,}",
            )
        )
    if last_column > MAX_TABLE_COLUMNS:
        raise TooLarge(
            say(
                "The sheet has cells out to column %(column)s; the limit is %(limit)s.",
                column=f"{last_column:,}",
                limit=f"{MAX_TABLE_COLUMNS:,}",
            )
        )
    return last_row * last_column


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
