"""Where the table in a file is: its delimiter or sheet, its header, and the records below; knows no rule of a cell."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, Final

from issuer.rows import cells, delimited, workbook
from issuer.rows.columnmap import ColumnMap
from issuer.rows.header import HEADER_WITHIN, Header, find_header, guess_header, missing_columns, refuse_missing
from issuer.rows.model import Cell, Record
from issuer.words.sayings import say
from schemas.errors import TableError, TooLarge
from schemas.limits import MAX_RECORD_LINES, MAX_TABLE_BYTES, MAX_TABLE_COLUMNS

_SHOWN_CHARS = 200
_BLANK: Final = b" \t\r\n\xef\xbb\xbf\0"
_HEAD_LINES: Final = (HEADER_WITHIN + 2) * MAX_RECORD_LINES  # all that the header and the row after it may need


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table found: `records` are those below its header, and can be gone through once."""

    header: Header
    records: Iterator[Record]
    notes: tuple[str, ...]
    encoding: str | None = None  # of text
    sheet: str | None = None
    sheets: tuple[str, ...] = ()


def find_table(
    data: bytes,
    *,
    filename: str,
    column_map: ColumnMap,
    encoding: str | None = None,
    sheet: str | None = None,
    strict: bool = True,
) -> Table:
    """The table of a CSV or XLSX file; unless `strict`, also one whose columns a person has yet to name.

    Raises TableError or TooLarge when there is none to read.
    """
    refuse_larger(len(data), MAX_TABLE_BYTES, filename=filename)
    if not data.strip(_BLANK):
        raise _empty(filename)
    if workbook.is_workbook(data):
        return _find_in_workbook(data, filename=filename, column_map=column_map, wanted=sheet, strict=strict)
    return _find_in_text(io.BytesIO(data), filename=filename, column_map=column_map, encoding=encoding, strict=strict)


def find_table_in_file(
    file: BinaryIO, *, filename: str, size: int, most: int, column_map: ColumnMap, encoding: str | None = None
) -> Table:
    """As `find_table`, for text of up to `most` bytes that is never whole in memory; a workbook is read whole.

    The records are read from `file` as they are asked for, from its beginning to its end.
    """
    start = file.read(8)
    file.seek(0)
    if workbook.is_workbook(start):
        refuse_larger(size, MAX_TABLE_BYTES, filename=filename)
        return find_table(file.read(), filename=filename, column_map=column_map)
    refuse_larger(size, most, filename=filename)
    if not any(block.strip(_BLANK) for block in iter(lambda: file.read(1 << 20), b"")):
        raise _empty(filename)
    return _find_in_text(file, filename=filename, column_map=column_map, encoding=encoding, strict=True)


def refuse_larger(size: int, most: int, *, filename: str) -> None:
    """Raises TooLarge for a file of more bytes."""
    if size > most:
        raise TooLarge(
            say(
                "%(file)s is %(number)s bytes; the limit is %(limit)s. Split it.",
                file=filename,
                number=f"{size:,}",
                limit=f"{most:,}",
            )
        )


def shown_cell(cell: Cell) -> str:
    """A cell as it may be shown beside a message, to whoever gave the file: one line, cut short, nothing hidden."""
    text = " ".join((cell[: 4 * _SHOWN_CHARS] if isinstance(cell, str) else cells.plain_text(cell)).split())
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _find_in_text(file: BinaryIO, *, filename: str, column_map: ColumnMap, encoding: str | None, strict: bool) -> Table:
    codec = delimited.find_codec(file, encoding=encoding)
    found_encoding = delimited.shown_encoding(codec)
    notes: list[str] = [] if found_encoding == "utf-8" else [say("Read as %(encoding)s.", encoding=found_encoding)]
    lines = delimited.read_lines(file, codec=codec)
    head = list(islice(lines, _HEAD_LINES))
    named = delimited.separator_named(head)
    start = 1 if named else 0
    best: tuple[tuple[int, int], str, Header, list[Record]] | None = None
    for delimiter in (named,) if named else delimited.DELIMITERS:
        found = delimited.records(head[start:], delimiter=delimiter, first=start + 1)
        top = list(islice(found, HEADER_WITHIN))
        if max((len(record.cells) for record in top), default=0) > MAX_TABLE_COLUMNS:
            raise TooLarge(say("%(file)s has more than %(limit)s columns.", file=filename, limit=MAX_TABLE_COLUMNS))
        header = _header_among(top, column_map=column_map, strict=strict)
        if header and (best is None or (len(header.places), header.width) > best[0]):
            best = (len(header.places), header.width), delimiter, header, top
    if best is None:
        raise _no_header(filename)
    _, delimiter, header, top = best
    if strict:
        refuse_missing(header, top, column_map=column_map)
    after = (
        top[header.position + 1].line - 1 if header.position + 1 < len(top) else _line_after(header, head, delimiter)
    )
    return Table(
        header=header,
        records=delimited.records(chain(head[after:], lines), delimiter=delimiter, first=after + 1, width=header.width),
        notes=(*notes, *_header_notes(header)),
        encoding=found_encoding,
    )


def _line_after(header: Header, lines: list[str], delimiter: str) -> int:
    """The index of the line after the header's record, which may itself run over several."""
    following = delimited.records(lines[header.line - 1 :], delimiter=delimiter, first=header.line)
    return next((record.line - 1 for record in islice(following, 1, 2)), len(lines))


def _find_in_workbook(data: bytes, *, filename: str, column_map: ColumnMap, wanted: str | None, strict: bool) -> Table:
    nearest: tuple[Header, workbook.Sheet] | None = None
    names: list[str] = []
    for sheet in workbook.load_sheets(data):
        names.append(sheet.name)
        if wanted is not None and sheet.name != wanted:
            continue
        if nearest is not None and not missing_columns(nearest[0].places):
            continue
        header = _header_among(sheet.records, column_map=column_map, strict=strict)
        if header is not None and (nearest is None or len(header.places) > len(nearest[0].places)):
            nearest = header, sheet
    if nearest is None:
        raise _no_header(filename)
    header, sheet = nearest
    if strict:
        refuse_missing(header, sheet.records, column_map=column_map)
    return Table(
        header=header,
        records=iter(sheet.records[header.position + 1 :]),
        notes=(say("Read from the sheet “%(sheet)s”.", sheet=sheet.name), *_header_notes(header)),
        sheet=sheet.name,
        sheets=tuple(names),
    )


def _header_among(records: Sequence[Record], *, column_map: ColumnMap, strict: bool) -> Header | None:
    if strict:
        return find_header(records, column_map=column_map)
    return guess_header(records, column_map=column_map)


def _header_notes(header: Header) -> tuple[str, ...]:
    if header.stacked:
        return (say("The header stands in lines %(first)s and %(second)s.", first=header.line - 1, second=header.line),)
    return (say("The header stands in line %(line)s.", line=header.line),) if header.line > 1 else ()


def _empty(filename: str) -> TableError:
    return TableError(say("%(file)s is empty.", file=filename))


def _no_header(filename: str) -> TableError:
    return TableError(
        say(
            "%(file)s has no header row among its first %(number)s. A row must name the columns: the learner's name "
            "(learner_name), the micro-credential (nzqa_ref) and the day achieved (achieved_on).",
            file=filename,
            number=HEADER_WITHIN,
        ),
        reason="columns-missing",
    )
