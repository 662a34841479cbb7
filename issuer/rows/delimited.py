"""CSV file -> records: which encoding, which delimiter, and a broken row that does not take its neighbours with it."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Final, NoReturn

from issuer.rows.model import Record
from issuer.words.sayings import say
from schemas.errors import Fault, TableError, TooLarge
from schemas.limits import MAX_RECORD_LINES, MAX_TABLE_BYTES

DELIMITERS: Final = (",", ";", "\t")
_CP1252_NAMES: Final = frozenset({"cp1252", "windows-1252", "windows1252"})
_UTF8: Final = "utf-8-sig"
_UTF8_NAMES: Final = frozenset({"utf-8", "utf8", "utf-8-sig"})
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_EXAMPLES: Final = 5
_BLOCK_BYTES: Final = 1 << 20  # read at once when a file is looked through

# The module's own limit of 131,072 would end the whole file at one long cell; ours is said of that cell alone.
csv.field_size_limit(MAX_TABLE_BYTES)


def decode_text(data: bytes, *, encoding: str | None) -> tuple[str, str]:
    """(text, the encoding it was in). Raises TableError, asking, when the bytes may be Windows-1252."""
    codec = find_codec(io.BytesIO(data), encoding=encoding)
    return data.decode(codec), shown_encoding(codec)


def shown_encoding(codec: str) -> str:
    return "utf-8" if codec == _UTF8 else codec


def find_codec(file: BinaryIO, *, encoding: str | None) -> str:
    """The codec that reads all of a file, which is gone through a block at a time and left at its beginning.

    Raises TableError, asking, when the bytes may be Windows-1252.
    """
    wanted = encoding.lower() if encoding else None
    if wanted and wanted not in _CP1252_NAMES | _UTF8_NAMES:
        raise TableError(f"“{encoding}” is not an encoding of class lists; those are utf-8 and cp1252.")
    file.seek(0)
    if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        codec = _check_codec(file, "utf-16")
    else:
        codec = _utf8_or_cp1252(file, wanted=wanted)
    file.seek(0)
    return codec


def _utf8_or_cp1252(file: BinaryIO, *, wanted: str | None) -> str:
    decoder = codecs.getincrementaldecoder(_UTF8)()
    is_ascii, chars, zeros = True, 0, 0
    try:
        for block, is_last in _blocks(file):
            text = decoder.decode(block, is_last)
            chars, zeros = chars + len(text), zeros + text.count("\0")
            is_ascii = is_ascii and text.isascii()
    except UnicodeDecodeError:
        if wanted not in _CP1252_NAMES:
            _ask_about(file)
        return _check_codec(file, "cp1252")
    if wanted in _CP1252_NAMES and not is_ascii:
        raise TableError(
            say("The file is UTF-8 already: read as cp1252, its macrons would be spoilt. Leave the encoding out.")
        )
    if zeros > chars // 10:
        raise TableError(say("The file holds NUL bytes, as UTF-16 without its mark does. Save it as “CSV UTF-8”."))
    return _UTF8


def _blocks(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The file from its beginning, and of each block whether it is the last."""
    file.seek(0)
    while True:
        block = file.read(_BLOCK_BYTES)
        yield block, not block
        if not block:
            return


def _check_codec(file: BinaryIO, codec: str) -> str:
    """The codec, if it reads every byte. Raises TableError with the place of the first that it cannot read."""
    decoder = codecs.getincrementaldecoder(codec)()
    before = lines = 0  # bytes and line ends in the blocks before
    for block, is_last in _blocks(file):
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block, is_last)
        except UnicodeDecodeError as error:
            if codec == "cp1252":
                line = lines + block.count(b"\n", 0, error.start) + 1
                raise TableError(
                    say(
                        "Line %(line)s holds a byte that Windows-1252 does not have. Save it as “CSV UTF-8”.",
                        line=line,
                    )
                ) from None
            place = before - len(pending) + error.start
            raise TableError(
                say("The file begins as UTF-16, but byte %(place)s cannot be read. Save it anew.", place=f"{place:,}")
            ) from None
        before, lines = before + len(block), lines + block.count(b"\n")
    return codec


def _ask_about(file: BinaryIO) -> NoReturn:
    """Raises TableError with the places where the file is not UTF-8 and the letters that Windows-1252 would read."""
    faults = []
    for number, line in enumerate(_byte_lines(file), start=1):
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


def _byte_lines(file: BinaryIO) -> Iterator[bytes]:
    """Physical lines, without their endings, of bytes in an encoding that is not known."""
    rest = b""
    for block, is_last in _blocks(file):
        text = rest + block
        # What ends in CR may end in CR LF; what has no ending may go on.
        whole = len(text) if is_last else max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        yield from text[:whole].splitlines()
        rest = text[whole:]
        if len(rest) > MAX_TABLE_BYTES:
            raise _line_too_long()


def read_lines(file: BinaryIO, *, codec: str) -> Iterator[str]:
    """Physical lines as an editor counts them, each with its ending: LF, CR LF or CR. Raises TooLarge."""
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        while line := text.readline(MAX_TABLE_BYTES + 1):
            if len(line) > MAX_TABLE_BYTES:
                raise _line_too_long()
            yield line
    finally:
        with contextlib.suppress(ValueError):  # it was closed before
            text.detach()


def _line_too_long() -> TooLarge:
    return TooLarge(f"The file has a line of more than {MAX_TABLE_BYTES:,} characters.")


def separator_named(lines: Sequence[str]) -> str | None:
    """The delimiter Excel's own first line names: `sep=;`."""
    named = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    return named[1] if named else None


def records(lines: Iterable[str], *, delimiter: str, first: int = 1, width: int | None = None) -> Iterator[Record]:
    """Every row of the lines, of which the first has the number `first` in the file.

    A row may run over several lines inside quotation marks. One that is broken is a record with a `problem`, and
    reading goes on at the very next line; so it does when a row of several lines has not `width` cells, for then
    its quotation mark was opened by mistake.
    """
    source = iter(lines)
    ahead: deque[str] = deque()  # lines looked at already
    number = first
    while True:
        line = ahead.popleft() if ahead else next(source, None)
        if line is None:
            return
        if '"' not in line:
            yield Record(number, tuple(line.rstrip("\r\n").split(delimiter)))
            number += 1
            continue
        ahead.extend(islice(source, MAX_RECORD_LINES - 1 - len(ahead)))
        reader = csv.reader((line, *ahead), delimiter=delimiter, strict=True)
        try:
            cells = tuple(next(reader))
            taken = reader.line_num
        except csv.Error:
            cells, taken = (), 0
        if taken == 0 or (taken > 1 and width is not None and len(cells) != width):
            problem = say(
                "A quotation mark is opened and not closed, or stands inside quoted text without being doubled."
            )
            yield Record(number, problem=problem)
            number += 1
            continue
        yield Record(number, cells)
        number += taken
        for _ in range(taken - 1):
            ahead.popleft()
