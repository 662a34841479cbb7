"""CSV bytes -> records: which encoding, which delimiter, and a broken row that does not take its neighbours with it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from issuer.rows.model import Record
from issuer.words.sayings import say
from schemas.errors import Fault, TableError
from schemas.limits import MAX_RECORD_LINES, MAX_TABLE_BYTES

DELIMITERS: Final = (",", ";", "\t")
_CP1252_NAMES: Final = frozenset({"cp1252", "windows-1252", "windows1252"})
_UTF8_NAMES: Final = frozenset({"utf-8", "utf8", "utf-8-sig"})
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_EXAMPLES: Final = 5

# The module's own limit of 131,072 would end the whole file at one long cell; ours is said of that cell alone.
csv.field_size_limit(MAX_TABLE_BYTES)


def decode_text(data: bytes, *, encoding: str | None) -> tuple[str, str]:
    """(text, the encoding it was in). Raises TableError, asking, when the bytes may be Windows-1252."""
    wanted = encoding.lower() if encoding else None
    if wanted and wanted not in _CP1252_NAMES | _UTF8_NAMES:
        raise TableError(f"“{encoding}” is not an encoding of class lists; those are utf-8 and cp1252.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_utf16(data), "utf-16"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return (_decode_cp1252(data), "cp1252") if wanted in _CP1252_NAMES else _ask_about(data)
    if wanted in _CP1252_NAMES and not text.isascii():
        raise TableError(
            say("The file is UTF-8 already: read as cp1252, its macrons would be spoilt. Leave the encoding out.")
        )
    if text.count("\0") > len(text) // 10:
        raise TableError(say("The file holds NUL bytes, as UTF-16 without its mark does. Save it as “CSV UTF-8”."))
    return text, "utf-8"


def _decode_utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise TableError(
            say("The file begins as UTF-16, but byte %(place)s cannot be read. Save it anew.", place=f"{error.start:,}")
        ) from None


def _decode_cp1252(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            say("Line %(line)s holds a byte that Windows-1252 does not have. Save it as “CSV UTF-8”.", line=line)
        ) from None


def _ask_about(data: bytes) -> tuple[str, str]:
    """Raises TableError with the places where the file is not UTF-8 and the letters that Windows-1252 would read."""
    faults = []
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = line[error.start : error.start + 1]
            letter = byte.decode("cp1252", "replace")
            guess = "nothing" if letter == "\ufffd" else f"“{letter}”"
            faults.append(
                Fault(message=f"byte 0x{byte.hex()} is not UTF-8; Windows-1252 would read {guess}", line=number)
            )
            if len(faults) == _EXAMPLES:
                break
    raise TableError(
        say(
            "The file is not UTF-8: see line %(line)s. If it was saved by Excel as plain CSV it is in Windows-1252, "
            "which has no macrons: save it as “CSV UTF-8” (or as .xlsx) and check the names; or, if no name has a "
            "macron, say that it is cp1252.",
            line=faults[0].line,
        ),
        faults=tuple(faults),
        reason="encoding-unclear",
    )


def split_lines(text: str) -> list[str]:
    """Physical lines as an editor counts them, each with its ending: LF, CR LF or CR."""
    return list(io.StringIO(text, newline=""))


def separator_named(lines: Sequence[str]) -> str | None:
    """The delimiter Excel's own first line names: `sep=;`."""
    named = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    return named[1] if named else None


def records(lines: Sequence[str], *, delimiter: str, start: int = 0, width: int | None = None) -> Iterator[Record]:
    """Every row from the line of index `start` on.

    A row may run over several lines inside quotation marks. One that is broken is a record with a `problem`, and
    reading goes on at the very next line; so it does when a row of several lines has not `width` cells, for then
    its quotation mark was opened by mistake.
    """
    index = start
    while index < len(lines):
        line = lines[index]
        if '"' not in line:
            yield Record(line=index + 1, cells=tuple(line.rstrip("\r\n").split(delimiter)))
            index += 1
            continue
        reader = csv.reader(lines[index : index + MAX_RECORD_LINES], delimiter=delimiter, strict=True)
        try:
            cells = tuple(next(reader))
            taken = reader.line_num
        except csv.Error:
            cells, taken = (), 0
        if taken == 0 or (taken > 1 and width is not None and len(cells) != width):
            problem = say(
                "A quotation mark is opened and not closed, or stands inside quoted text without being doubled."
            )
            yield Record(line=index + 1, problem=problem)
            index += 1
            continue
        yield Record(line=index + 1, cells=cells)
        index += taken
