"""What a class list is once read: rows that can be issued, faults that cannot, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | None

LEAVE_OUT: Final = "leave_out"  # in place of a field's name among repairs: the whole row
ISSUE_ANEW: Final = "issue_anew"  # likewise: the withdrawn badge in whose place the row is issued anew


class Field(StrEnum):
    """The columns of a class list, by the names of the contract; and the parts a learner's name may come in."""

    LEARNER_NAME = "learner_name"
    NZQA_REF = "nzqa_ref"
    ACHIEVED_ON = "achieved_on"
    LEARNER_EMAIL = "learner_email"
    ROW_KEY = "row_key"
    NSN = "nsn"
    PREFERRED_NAME = "preferred_name"
    NAME_DISPLAY = "name_display"
    LANGUAGE = "language"
    RESULT = "result"
    EVIDENCE_URL = "evidence_url"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"


class Row(NamedTuple):
    """One completion, every value checked. `line` is where it begins in the user's own file, counted from 1.

    A tuple, for there may be millions of them. `repr` tells neither address nor student number.
    """

    line: int
    learner_name: str
    nzqa_ref: str
    achieved_on: date
    learner_email: str | None = None
    row_key: str | None = None
    nsn: str | None = None  # for the NZRoA store and nowhere else
    preferred_name: str | None = None
    name_display: str | None = None
    language: str | None = None
    result: str | None = None
    evidence_url: str | None = None
    replaces: str | None = None  # the withdrawn badge in whose place a person has it issued anew; no column

    def __repr__(self) -> str:
        return f"Row(line={self.line}, learner_name={self.learner_name!r}, nzqa_ref={self.nzqa_ref!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong with a row and how to mend it; `column` as the user's own header spells it.

    Tells nothing private: no student number, no e-mail address, no name.
    """

    line: int
    column: str | None
    message: str
    reason: str = "row-unreadable"
    field: str | None = None  # which field of the contract the column is

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.message}"


class Record(NamedTuple):
    """One row of the table as it was written, or what kept it from being read. `repr` tells none of its cells."""

    line: int
    cells: tuple[Cell, ...] = ()
    problem: str | None = None

    def __repr__(self) -> str:
        return f"Record(line={self.line}, problem={self.problem!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassList:
    """A class list: `rows` may be issued, each fault's row may not; a warned row may, after a look."""

    rows: tuple[Row, ...]
    faults: tuple[RowFault, ...]
    warnings: tuple[RowFault, ...]
    columns: Mapping[str, str]  # field -> header, as matched
    unknown_columns: tuple[str, ...]  # named, never kept
    notes: tuple[str, ...]
    sha256: str
    left_out: tuple[int, ...] = ()  # lines a person took out
