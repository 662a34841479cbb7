"""A folder of CSV records -> a register, or every fault at once with file, line and column; decides nothing."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import Fault, InputError, RegisterError
from schemas.limits import MAX_RECORD_BYTES, MAX_RECORD_CHARS, MAX_RECORD_FAULTS, MAX_RECORD_ROWS, MIB
from verifier.register.cells import check_length
from verifier.register.integrity import Line, find_contradictions
from verifier.register.records import Register
from verifier.register.tables import TABLES, Column, Table

_EDGES = " \t\u00a0\ufeff"


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What one run over the folder has found so far."""

    rows: dict[str, list[Any]] = field(default_factory=lambda: {table.name: [] for table in TABLES})
    lines: dict[str, list[int]] = field(default_factory=lambda: {table.name: [] for table in TABLES})
    faults: list[Fault] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)  # tables with rows that could not be read


def load_records(folder: Path) -> Register:
    """The register in `folder`. Raises RegisterError carrying every fault, so that all can be mended in one go."""
    if not folder.is_dir():
        raise RegisterError(f"{folder} is not a folder of register records.")
    reading = _Reading()
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    for table in TABLES:
        _read_file(folder / table.file, table, reading)
    reading.faults += _misnamed(names)
    register = Register(**{name: tuple(rows) for name, rows in reading.rows.items()})
    # A row that could not be read is missing here, so what refers to it would be called a second fault.
    reading.faults += find_contradictions(
        register,
        where=lambda table, index: Line(file=f"{table}.csv", line=reading.lines[table][index]),
        incomplete=frozenset(reading.damaged),
    )
    if reading.faults:
        raise _refusal(folder, reading.faults)
    return register


def _refusal(folder: Path, faults: list[Fault]) -> RegisterError:
    order = {table.file: position for position, table in enumerate(TABLES)}
    faults.sort(key=lambda fault: (order.get(fault.file or "", len(order)), fault.line or 0))
    total, shown = len(faults), faults[:MAX_RECORD_FAULTS]
    noun = "fault" if total == 1 else "faults"
    more = f" (the first {len(shown):,} are listed)" if len(shown) < total else ""
    return RegisterError(
        f"The records in {folder} have {total:,} {noun}{more}; nothing was changed.", faults=tuple(shown)
    )


def _misnamed(names: list[str]) -> Iterator[Fault]:
    """An optional file under a slightly wrong name would be passed over without a word."""
    known = [table.file for table in TABLES]
    for name in names:
        if name in known or not name.lower().endswith(".csv"):
            continue
        if near := difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.85):
            yield Fault(file=name, message=f"no register file has this name; is it meant to be {near[0]}?")


def _read_file(path: Path, table: Table, reading: _Reading) -> None:
    if not path.exists():
        if not table.optional:
            reading.damaged.add(table.name)
            reading.faults.append(Fault(file=table.file, message="the file is missing"))
        return
    text, faults = _decoded(path, table)
    if text is None:
        reading.damaged.add(table.name)
        reading.faults += faults
        return
    found = len(reading.faults)
    _read_rows(text, table, reading)
    if len(reading.faults) > found:
        reading.damaged.add(table.name)


def _decoded(path: Path, table: Table) -> tuple[str | None, list[Fault]]:
    try:
        size = path.stat().st_size
        if size > MAX_RECORD_BYTES:
            message = f"the file is {size // MIB:,} MiB; the limit is {MAX_RECORD_BYTES // MIB}"
            return None, [Fault(file=table.file, message=message)]
        data = path.read_bytes()
    except OSError as error:
        return None, [Fault(file=table.file, message=f"cannot be read: {error.strerror}")]
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, [Fault(file=table.file, message="the file is UTF-16; save it as UTF-8")]
    if data.startswith(b"PK\x03\x04"):
        return None, [Fault(file=table.file, message="the file is a spreadsheet under another name; save it as CSV")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None, list(_undecodable(data, table))
    if "\0" in text:
        return None, [
            Fault(file=table.file, line=number, message="holds a NUL byte; the file is damaged or is no text")
            for number, line in enumerate(text.split("\n"), start=1)
            if "\0" in line
        ]
    return text, []


def _undecodable(data: bytes, table: Table) -> Iterator[Fault]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            seen = line[max(0, error.start - 10) : error.start + 10].decode("cp1252", "replace").strip()
            message = (
                f"is not UTF-8 at byte {error.start + 1} of the line (in Windows' own encoding it would read "
                f"“{seen}”); save the file as “CSV UTF-8”"
            )
            yield Fault(file=table.file, line=number, message=message)


def _records(text: str, table: Table, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """(line on which the row begins, its cells); stops with a fault where the CSV itself is broken."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            faults.append(Fault(file=table.file, line=begins, message=_csv_message(str(error))))
            return
        if cells is None:
            return
        if any(cell.strip(_EDGES) for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _csv_message(text: str) -> str:
    if "field larger" in text:
        return f"a cell holds more than {MAX_RECORD_CHARS:,} characters; is a closing quote missing?"
    if "unexpected end" in text:
        return "a quote is opened here and never closed; the rest of the file cannot be read"
    return f"is not CSV as it should be ({text}); a quote inside a quoted cell is written twice"


def _read_rows(text: str, table: Table, reading: _Reading) -> None:
    rows = _records(text, table, reading.faults)
    header_line, header = next(rows, (1, []))
    columns = _header(header_line, header, table, reading.faults)
    if columns is None:
        return
    blanks = {column.field: None for column in table.columns if not column.must_stand}
    for count, (line, texts) in enumerate(rows, start=1):
        if count > MAX_RECORD_ROWS:
            reading.faults.append(
                Fault(file=table.file, line=line, message=f"more than {MAX_RECORD_ROWS:,} rows; the limit")
            )
            return
        if len(texts) != len(columns):
            message = f"has {len(texts)} cells, but the header has {len(columns)}; is a comma inside a cell unquoted?"
            reading.faults.append(Fault(file=table.file, line=line, message=message))
            continue
        values = dict(_values(line, texts, columns, table, reading.faults))
        if len(values) == len(columns):
            reading.rows[table.name].append(table.row(**(blanks | values)))
            reading.lines[table.name].append(line)


def _header(line: int, header: list[str], table: Table, faults: list[Fault]) -> list[Column] | None:
    """The column under each heading, or None when the header is not this table's."""
    known = {column.name: column for column in table.columns}
    names = [name.strip(_EDGES) for name in header]
    found = len(faults)
    if not any(names):
        faults.append(Fault(file=table.file, line=1, message=f"has no header; it should be: {','.join(known)}"))
        return None
    if len(names) == 1 and ";" in names[0]:
        faults.append(Fault(file=table.file, line=line, message="is separated by semicolons; save it with commas"))
        return None
    for position, name in enumerate(names):
        if name in names[:position]:
            faults.append(Fault(file=table.file, line=line, column=name, message="stands in the header twice"))
        elif name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
            hint = f"; is it meant to be {near[0]}?" if near else f"; the columns are {', '.join(known)}"
            faults.append(
                Fault(
                    file=table.file,
                    line=line,
                    column=name or f"number {position + 1}",
                    message=f"is not a column{hint}",
                )
            )
    for name, column in known.items():
        if name not in names and column.must_stand:
            faults.append(Fault(file=table.file, line=line, column=name, message="the column is missing"))
    return None if len(faults) > found else [known[name] for name in names]


def _values(
    line: int, texts: list[str], columns: list[Column], table: Table, faults: list[Fault]
) -> Iterator[tuple[str, object]]:
    for column, raw in zip(columns, texts, strict=True):
        try:
            yield column.field, _value(raw.strip(_EDGES), column)
        except InputError as error:
            faults.append(Fault(file=table.file, line=line, column=column.name, message=error.detail))


def _value(text: str, column: Column) -> object:
    if not text:
        if not column.blank:
            raise InputError("is blank, and must not be")
        return None
    check_length(text)
    return column.parse(text)
