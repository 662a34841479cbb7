"""A class list on disk: read once as a stream, then gone through chunk by chunk; what stays in memory is a few numbers.

It holds names, addresses and student numbers, so its files have no names and end with the process.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, cast

from issuer.admission import refuse_repeat, refuse_unreadable
from issuer.bulk.delivering import fold_address
from issuer.results import RowResult
from issuer.rowkeys import row_key_of
from issuer.rows.columnmap import ColumnMap
from issuer.rows.compact import Contest, Numbers, StudentNumbers, digest_of, number_of
from issuer.rows.doubts import doubt_numbers, name_known_by
from issuer.rows.model import Row, RowFault
from issuer.rows.reading import RowReader
from issuer.rows.settling import Settling
from issuer.rows.table import Table, find_table_in_file, refuse_larger
from issuer.rowsource import Chunk
from issuer.scratch import Item, Scratch
from issuer.store.dialect import fold_text
from schemas.errors import TableError
from schemas.limits import MAX_STREAM_BYTES, MAX_STREAM_ROWS

_MADE_KEY_CHARS: Final = 40  # of a row key made by us; a file may give the same as one of its own
_ROW_FIELDS: Final = len(Row._fields)


class _Kept(NamedTuple):
    """A sound row with its key, and whether its day could be read two ways."""

    row: Row
    row_key: str
    two_ways: bool


class _Repeat(NamedTuple):
    """A sound row that gives as its own key what the key of another row is without it, and what is told of that."""

    row: Row
    result: RowResult


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What row keys are made with."""

    secret: bytes
    provider: str

    def __repr__(self) -> str:
        return f"KeyTerms(provider={self.provider!r}, …)"


class _Heaps(NamedTuple):
    """What is on disk, in the order of the lines."""

    rows: Scratch
    faults: Scratch
    warnings: Scratch


@contextmanager
def spool_class_list(
    path: Path,
    *,
    keys: KeyTerms,
    column_map: ColumnMap | None = None,
    encoding: str | None = None,
    register_refs: Collection[str] = (),
    scratch_folder: Path | None = None,
) -> Iterator[SpooledRows]:
    """The rows of a CSV or XLSX file, as `read_class_list` reads them, for as long as the context lasts.

    Raises TableError or TooLarge when there is no table to read, IssuingError when the disk is full.
    """
    mapped = column_map or ColumnMap()
    with ExitStack() as open_files:
        file = open_files.enter_context(_open_seekable(path))
        before = _version_of(file)
        refuse_larger(before[0], MAX_STREAM_BYTES, filename=path.name)
        sha256 = _sha256_of(file)
        table = find_table_in_file(
            file, filename=path.name, size=before[0], most=MAX_STREAM_BYTES, column_map=mapped, encoding=encoding
        )
        reader = RowReader(table.header, column_map=mapped, register_refs=register_refs)
        heaps = _Heaps(*(open_files.enter_context(Scratch(scratch_folder)) for _ in range(3)))
        spooled = SpooledRows(table, heaps=heaps, keys=keys, sha256=sha256)
        try:
            spooled.take_all(reader, filename=path.name)
            is_whole = _version_of(file) == before
        except UnicodeDecodeError:
            is_whole = False
        if not is_whole:
            raise TableError(f"{path.name} was changed while it was read; nothing was issued.")
        yield spooled


def _open_seekable(path: Path) -> BinaryIO:
    """The file; what comes through a pipe is taken into one first."""
    file = path.open("rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    with file:
        left = MAX_STREAM_BYTES + 1
        while left and (block := file.read(min(left, io.DEFAULT_BUFFER_SIZE))):
            copy.write(block)
            left -= len(block)
    copy.seek(0)
    return copy


def _sha256_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _version_of(file: BinaryIO) -> tuple[int, int]:
    facts = os.fstat(file.fileno())
    return facts.st_size, facts.st_mtime_ns


class SpooledRows:
    """A `RowSource`. Comes from `spool_class_list`."""

    def __init__(self, table: Table, *, heaps: _Heaps, keys: KeyTerms, sha256: str) -> None:
        self.columns = {str(name): spelling for name, spelling in table.header.spelled.items()}
        self.unknown_columns = table.header.unknown
        self.notes = table.notes
        self.sha256 = sha256
        self.total = 0
        self._table, self._heaps, self._keys = table, heaps, keys
        self._month_first: int | None = None
        self._of_both_kinds = False  # some rows give a key that could be one of ours, and some give none
        self._nsns, self._row_keys, self._addresses = Numbers(), Numbers(), Numbers()
        # What comes more than once, and so has to be looked at.
        self._nsns_again = self._keys_again = self._addresses_again = Numbers()

    def take_all(self, reader: RowReader, *, filename: str) -> None:
        """Read the whole list. Raises TableError, TooLarge or IssuingError."""
        faulty, gives_keys, lacks_keys = 0, False, False
        for sound in reader.read_all(self._table, most=MAX_STREAM_ROWS, filename=filename):
            if sound is not None:
                row = sound.row
                key = row_key_of(row, secret=self._keys.secret, provider=self._keys.provider)
                self._heaps.rows.append(_packed_row(row, key, two_ways=sound.two_ways))
                self._note(row, key)
                gives_keys = gives_keys or (row.row_key is not None and len(row.row_key) == _MADE_KEY_CHARS)
                lacks_keys = lacks_keys or row.row_key is None
            if reader.faults:
                faulty += 1
                _drain(reader.faults, self._heaps.faults)
            if reader.warnings:
                _drain(reader.warnings, self._heaps.warnings)
        self.total = self._heaps.rows.count + faulty
        self._month_first = reader.month_first
        self._of_both_kinds = gives_keys and lacks_keys
        self._nsns_again, self._keys_again = self._nsns.sort(), self._row_keys.sort()
        self._addresses_again = self._addresses.sort()
        self._row_keys = self._addresses = Numbers()  # of no use any more

    def _note(self, row: Row, key: str) -> None:
        self._row_keys.add(digest_of(key))
        if row.nsn:
            self._nsns.add(number_of(row.nsn))
        if row.learner_email:
            self._addresses.add(digest_of(fold_address(row.learner_email)))

    # --- as a source of chunks --------------------------------------------------------------------------------
    @property
    def known_nsns(self) -> StudentNumbers:
        return StudentNumbers(self._nsns)

    @cached_property
    def shared(self) -> frozenset[str]:
        """As `shared_addresses` finds them."""
        if not self._addresses_again:
            return frozenset()
        contest = Contest(self._addresses_again)
        for row, address in self._people():
            contest.add(digest_of(address), fold_text(row.learner_name) or "")
        if not contest.contested:
            return frozenset()
        names: dict[str, str | None] = {}
        found = set()
        for row, address in self._people():
            if digest_of(address) in contest.contested:
                name = fold_text(row.learner_name)
                if names.setdefault(address, name) != name:
                    found.add(address)
        return frozenset(found)

    def settled(self) -> Iterator[RowResult]:
        unreadable = map(_unpacked_fault, self._heaps.faults)
        for _, faults in groupby(unreadable, key=attrgetter("line")):
            yield refuse_unreadable(list(faults))
        if self._is_plain:
            return
        for one in self._judged():
            if isinstance(one, RowFault):
                yield refuse_unreadable([one])
            elif isinstance(one, _Repeat):
                yield one.result

    def chunks(self, size: int) -> Iterator[Chunk]:
        kept = (one for one in self._judged() if isinstance(one, _Kept))
        while part := list(islice(kept, size)):
            yield Chunk(rows=[one.row for one in part], keys={one.row.line: one.row_key for one in part})

    # --- as the class list a person reads about ------------------------------------------------------------------
    def faults(self) -> Iterator[RowFault]:
        """Everything that is wrong, first the rows that are unreadable by themselves."""
        yield from map(_unpacked_fault, self._heaps.faults)
        yield from (one for one in self._judged() if isinstance(one, RowFault))

    def rows(self) -> Iterator[Row]:
        """Every row that may be issued, as far as the list itself tells."""
        for one in self._judged():
            if not isinstance(one, RowFault):
                yield one.row

    def warnings(self) -> Iterator[RowFault]:
        """What a person should look at, of rows that may be issued."""
        if self._heaps.warnings.count:
            lines = iter(self.rows())
            row = next(lines, None)
            for warning in map(_unpacked_fault, self._heaps.warnings):
                while row is not None and row.line < warning.line:
                    row = next(lines, None)
                if row is not None and row.line == warning.line:
                    yield warning
        yield from self._shared_numbers()

    def _shared_numbers(self) -> Iterator[RowFault]:
        if not self._nsns_again:
            return
        contest = Contest(self._nsns_again)
        for row in self.rows():
            if row.nsn and (number := number_of(row.nsn)) in self._nsns_again:
                contest.add(number, name_known_by(row))
        contested = contest.contested
        if contested:
            some = (row for row in self.rows() if row.nsn and number_of(row.nsn) in contested)
            yield from doubt_numbers(some, spelled=self._table.header.spelled)

    # --- what only the whole list tells ----------------------------------------------------------------------------
    @property
    def _is_plain(self) -> bool:
        return not self._keys_again and self._month_first is None

    def _judged(self) -> Iterator[_Kept | _Repeat | RowFault]:
        """Every sound row, or what became of it, in the order of the file."""
        kept = map(_unpacked_row, self._heaps.rows)
        if self._is_plain:
            yield from kept
            return
        settling = Settling(self._table.header, month_first=self._month_first)
        first: dict[str, int] = {}
        for one in kept:
            again = digest_of(one.row_key) in self._keys_again
            fault = settling.repeats(one.row, identity=_identity_of(one)) if again else None
            if fault is None and one.two_ways:
                fault = settling.doubted(one.row.line)
            if fault is not None:
                yield fault
                continue
            if again and self._of_both_kinds:
                earlier = first.setdefault(one.row_key, one.row.line)
                if earlier != one.row.line:
                    yield _Repeat(one.row, refuse_repeat(one.row, row_key=one.row_key, earlier=earlier))
                    continue
            yield one

    def _people(self) -> Iterator[tuple[Row, str]]:
        for row in self.rows():
            if row.learner_email:
                yield row, fold_address(row.learner_email)


def _identity_of(kept: _Kept) -> str | bytes:
    """As `identity_of`, in few bytes: the key the row gives, or the one made of it."""
    return kept.row.row_key or bytes.fromhex(kept.row_key)


# --- rows and faults as plain tuples ------------------------------------------------------------------------------
def _packed_row(row: Row, key: str, *, two_ways: bool) -> Item:
    return (*row[:3], row.achieved_on.toordinal(), *row[4:], key, two_ways)


def _unpacked_row(item: Item) -> _Kept:
    values = cast("tuple[Any, ...]", item)
    row = Row._make((*values[:3], date.fromordinal(values[3]), *values[4:_ROW_FIELDS]))
    return _Kept(row, values[_ROW_FIELDS], values[_ROW_FIELDS + 1])


def _drain(faults: list[RowFault], heap: Scratch) -> None:
    for fault in faults:
        heap.append((fault.line, _plain(fault.column), str(fault.message), str(fault.reason), _plain(fault.field)))
    faults.clear()


def _plain(text: str | None) -> str | None:
    return None if text is None else str(text)


def _unpacked_fault(item: Item) -> RowFault:
    line, column, message, reason, field = cast("tuple[int, str | None, str, str, str | None]", item)
    return RowFault(line=line, column=column, message=message, reason=reason, field=field)
