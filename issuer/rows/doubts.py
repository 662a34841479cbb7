"""What a person should look at before a sound row is issued: a grade that says no, a part of a name that is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from issuer.rows.cells import plain_text
from issuer.rows.header import Header, fold_header, header_shown
from issuer.rows.model import Cell, Field, Record, Row, RowFault
from issuer.rows.unfit import UnfitCell
from issuer.words.sayings import say

# Words of headings over what became of a learner, and words that make it something else.
_ABOUT_SUCCESS: Final = frozenset(
    (
        *("grade", "grades", "result", "results", "outcome", "outcomes", "status", "achieved", "achievement"),
        *("mark", "marks", "score", "passed", "pass", "completed", "completion", "otinga", "hua", "tutuki"),
    )
)
_ABOUT_OTHERS: Final = frozenset(
    ("email", "mail", "nsn", "visa", "residency", "citizenship", "fee", "fees", "payment", "marital", "date", "on")
)
_OTHER_FIELDS: Final = frozenset(set(Field) - {Field.RESULT})
# Values that usually say that a learner has not achieved it, without case, macrons, punctuation or doubled spaces.
_NOT_ACHIEVED: Final = frozenset(
    (
        *("not achieved", "not yet achieved", "na", "n a", "n", "no", "nya", "did not achieve", "dna", "not met"),
        *("fail", "failed", "f", "did not pass", "not passed", "unsuccessful", "unsatisfactory", "not satisfactory"),
        *("did not complete", "not complete", "not completed", "not yet complete", "incomplete", "inc", "i", "dnc"),
        *("did not finish", "dnf", "did not sit", "dns", "did not attend", "did not submit", "absent"),
        *("withdrawn", "withdrew", "wd", "w", "cancelled", "deferred", "in progress", "pending", "not started"),
        *("not competent", "not yet competent", "nyc", "false", "0", "0 0", "00", "0 00"),
        *("kaore i tutuki", "kaore i oti", "kaore ano kia oti", "i taka", "i hinga", "kahore", "kao"),
    )
)
_SHOWN_LINES: Final = 5


def places_of_success(header: Header) -> tuple[tuple[int, str], ...]:
    """(place, heading) of every column that seems to tell what became of the learner, kept or not."""
    used = {place for name, at in header.places.items() if name in _OTHER_FIELDS for place in at}
    found = []
    for place, name in enumerate(header.names):
        words = set(fold_header(name).split())
        if place not in used and words & _ABOUT_SUCCESS and not words & _ABOUT_OTHERS:
            found.append((place, header_shown(name) or name))
    return tuple(found)


def doubt_success(record: Record, places: Sequence[tuple[int, str]]) -> Iterator[RowFault]:
    """A warning for each such column whose value is one of those that say no. The value itself is not repeated."""
    for place, heading in places:
        cell = record.cells[place] if place < len(record.cells) else None
        if _says_no(cell):
            yield RowFault(
                line=record.line,
                column=heading,
                message=say("What stands in this column usually means that the award was not achieved."),
                reason="not-achieved",
            )


def _says_no(cell: Cell) -> bool:
    if cell is None or cell == "":
        return False
    try:
        return fold_header(plain_text(cell)) in _NOT_ACHIEVED
    except UnfitCell:
        return False


def doubt_name_part(record: Record, places: Sequence[tuple[Field, int]], header: Header) -> RowFault | None:
    """A warning when a name comes in parts, and one of two, or the first or last, is empty."""
    needed = [(name, at) for name, at in places if len(places) == 2 or name in (Field.FIRST_NAME, Field.LAST_NAME)]
    if len(needed) < 2:
        return None
    for name, at in needed:
        cell = record.cells[at] if at < len(record.cells) else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return RowFault(
                line=record.line,
                column=header.names[at],
                message=say("This part of the name is empty. The badge would carry the rest alone."),
                reason="name-in-part",
                field=str(name),
            )
    return None


def doubt_numbers(rows: Iterable[Row], *, spelled: Mapping[Field, str]) -> Iterator[RowFault]:
    """A warning for each row whose student number another name has too. Lines are named, never the number."""
    by_number: dict[str, list[Row]] = {}
    for row in rows:
        if row.nsn:
            by_number.setdefault(row.nsn, []).append(row)
    for several in by_number.values():
        if len(several) == 1:
            continue
        names = {row.line: name_known_by(row) for row in several}
        if len(set(names.values())) < 2:
            continue
        first = _first_lines(names)
        for row in several:
            others = [str(line) for line in first if names[line] != names[row.line]][: _SHOWN_LINES + 1]
            shown = ", ".join(others[:_SHOWN_LINES]) + (" …" if len(others) > _SHOWN_LINES else "")
            yield RowFault(
                line=row.line,
                column=spelled.get(Field.NSN),
                message=say(
                    "The same student number stands in row %(rows)s, under another name. One of them is wrong, unless "
                    "it is one person under two names.",
                    rows=shown,
                ),
                reason="number-shared",
                field=str(Field.NSN),
            )


def name_known_by(row: Row) -> str:
    """The learner's name without case, macrons or punctuation."""
    return fold_header(row.learner_name) or row.learner_name


def _first_lines(names: Mapping[int, str]) -> list[int]:
    """The first lines, among which there are, whichever name is left out, as many as are shown and one more."""
    enough = _SHOWN_LINES + 1
    counts: dict[str, int] = {}
    kept: list[int] = []
    for line, name in names.items():
        counts[name] = counts.get(name, 0) + 1
        if counts[name] <= enough:
            kept.append(line)
        if len(kept) == 2 * enough:
            break
    return kept
