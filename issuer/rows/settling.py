"""What only the whole list can tell of a row that is sound by itself: it is there twice, or its day is in doubt."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from issuer.rowkeys import identity_of
from issuer.rows.header import Header
from issuer.rows.model import Field, Row, RowFault
from issuer.words.sayings import say


class SoundRow(NamedTuple):
    """A row as it was read; `two_ways` says that its day could also be read with the month first."""

    row: Row
    two_ways: bool


class Settling:
    """Goes through the sound rows of one list, in their order, once the last of them is read."""

    def __init__(self, header: Header, *, month_first: int | None) -> None:
        self._spelled = header.spelled
        self._month_first = month_first  # the first line whose day can only be read with the month first
        self._seen: dict[Hashable, int] = {}

    def settle(self, sound: SoundRow) -> RowFault | None:
        """The fault that the rest of the list makes of this row."""
        return self.repeats(sound.row, identity=identity_of(sound.row)) or (
            self.doubted(sound.row.line) if sound.two_ways else None
        )

    def repeats(self, row: Row, *, identity: Hashable) -> RowFault | None:
        """A fault when an earlier row is the same completion, or has its key: when its `identity` was the same."""
        earlier = self._seen.setdefault(identity, row.line)
        if earlier == row.line:
            return None
        message = (
            say("The row has the same row key as line %(line)s. Give each completion a key of its own.", line=earlier)
            if row.row_key
            else say(
                "The row is the same as line %(line)s. Take one out, or, if they are two people, give each row a "
                "number of your own (row_key).",
                line=earlier,
            )
        )
        column = self._spelled.get(Field.ROW_KEY) if row.row_key else None
        return RowFault(line=row.line, column=column, message=message, reason="duplicate-row")

    def doubted(self, line: int) -> RowFault | None:
        """When one day was written month first, others may have been: each that reads both ways is asked about."""
        if self._month_first is None:
            return None
        name = Field.ACHIEVED_ON
        return RowFault(
            line=line,
            column=self._spelled.get(name, str(name)),
            message=say(
                "Line %(line)s has its month before its day, so this day could be read two ways. Write it as "
                "2026-05-03, or say, where the columns are named, which comes first.",
                line=self._month_first,
            ),
            field=str(name),
        )


def settle_all(sound: Iterable[SoundRow], settling: Settling) -> Iterator[Row | RowFault]:
    """Each row, or the fault in its place."""
    for one in sound:
        yield settling.settle(one) or one.row
