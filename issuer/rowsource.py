"""The rows of one class list as issuing takes them: chunk by chunk, with what only the whole file can tell."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from issuer.admission import CompletionRow
from issuer.results import RowResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows, in the order of the file, and their row keys by line. No key stands twice in one file."""

    rows: Sequence[CompletionRow]
    keys: Mapping[int, str]


class RowSource(Protocol):
    """A class list that was read once, from its first line to its last, and can be gone through again."""

    @property
    def total(self) -> int:
        """How many rows there are, those in `settled` too."""

    @property
    def known_nsns(self) -> Container[str]:
        """Every student number of the list: what must not stand in any public byte. It can be pickled."""

    @property
    def shared(self) -> Container[str]:
        """The e-mail addresses, folded, that differently named people of the list have."""

    def settled(self) -> Iterator[RowResult]:
        """What became of the rows that can't be issued whatever the register says: unreadable, or there twice."""

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All other rows."""


class ResultSink(Protocol):
    """Takes what became of each row, as soon as it is certain; lines come in no particular order."""

    def add(self, results: Sequence[RowResult]) -> None: ...
