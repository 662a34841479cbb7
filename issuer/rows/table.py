"""Where the table in a file is: its delimiter or sheet, its header, and the records below; knows no rule of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from issuer.rows import cells, delimited, workbook
from issuer.rows.columnmap import ColumnMap
from issuer.rows.header import HEADER_WITHIN, Header, find_header, guess_header, missing_columns, refuse_missing
from issuer.rows.model import Cell, Record
from issuer.words.sayings import say
from schemas.errors import TableError, TooLarge
from schemas.limits import MAX_TABLE_BYTES, MAX_TABLE_COLUMNS

_SHOWN_CHARS = 200


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
    if len(data) > MAX_TABLE_BYTES:
        raise TooLarge(
            say(
                "%(file)s is %(number)s bytes; the limit is %(limit)s. Split it.",
                file=filename,
                number=f"{len(data):,}",
                limit=f"{MAX_TABLE_BYTES:,}",
            )
        )
    if not data.strip(b" \t\r\n\xef\xbb\xbf\0"):
        raise TableError(say("%(file)s is empty.", file=filename))
    if workbook.is_workbook(data):
        return _find_in_workbook(data, filename=filename, column_map=column_map, wanted=sheet, strict=strict)
    return _find_in_text(data, filename=filename, column_map=column_map, encoding=encoding, strict=strict)


def shown_cell(cell: Cell) -> str:
    """A cell as it may be shown beside a message, to whoever gave the file: one line, cut short, nothing hidden."""
    text = " ".join((cell[: 4 * _SHOWN_CHARS] if isinstance(cell, str) else cells.plain_text(cell)).split())
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _find_in_text(data: bytes, *, filename: str, column_map: ColumnMap, encoding: str | None, strict: bool) -> Table:
    text, found_encoding = delimited.decode_text(data, encoding=encoding)
    notes: list[str] = [] if found_encoding == "utf-8" else [say("Read as %(encoding)s.", encoding=found_encoding)]
    lines = delimited.split_lines(text)
    named = delimited.separator_named(lines)
    start = 1 if named else 0
    best: tuple[tuple[int, int], str, Header, list[Record]] | None = None
    for delimiter in (named,) if named else delimited.DELIMITERS:
        top = list(islice(delimited.records(lines, delimiter=delimiter, start=start), HEADER_WITHIN))
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
        top[header.position + 1].line - 1 if header.position + 1 < len(top) else _line_after(header, lines, delimiter)
    )
    return Table(
        header=header,
        records=delimited.records(lines, delimiter=delimiter, start=after, width=header.width),
        notes=(*notes, *_header_notes(header)),
        encoding=found_encoding,
    )


def _line_after(header: Header, lines: list[str], delimiter: str) -> int:
    """The index of the line after the header's record, which may itself run over several."""
    following = delimited.records(lines, delimiter=delimiter, start=header.line - 1)
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
