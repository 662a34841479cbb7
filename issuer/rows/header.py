"""Which column is which: the header row found, its names matched however student systems and LMSs spell them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from issuer.rows.columnmap import ColumnMap
from issuer.rows.model import Cell, Field, Record
from issuer.words import MAORI
from issuer.words.sayings import Saying, any_of, say
from schemas.errors import Fault, TableError
from schemas.nzqcf import looks_like_nsn

HEADER_WITHIN: Final = 10  # rows; exports put a title, a date and a course above the header
# Spellings seen in exports of New Zealand student systems, Moodle, Canvas and badge services, and te reo Māori ones,
# without case, macrons or punctuation. The second group of a field only counts when nothing matches the first.
# Not guessed, for they would be signed unasked: grades, outcomes and links. Only the contract's own names are taken.
_SPELLINGS: Final[Mapping[Field, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    Field.LEARNER_NAME: (
        (
            *(
                "full name",
                "student name",
                "learner s name",
                "learners name",
                "student s name",
                "student full name",
                "learner full name",
                "participant name",
                "user full name",
            ),
            *("recipient name", "candidate name", "trainee name", "name of learner", "name of student"),
            *("ingoa akonga", "ingoa katoa", "ingoa o te akonga"),
        ),
        ("name", "student", "learner", "participant", "recipient", "candidate", "display name", "ingoa", "akonga"),
    ),
    Field.FIRST_NAME: (
        (
            *(
                "first name",
                "firstname",
                "given name",
                "given names",
                "givenname",
                "forename",
                "forenames",
                "first names",
            ),
            *("student first name", "learner first name", "recipient first name", "legal first name", "ingoa tuatahi"),
        ),
        ("first", "given"),
    ),
    Field.MIDDLE_NAME: (("middle name", "middle names", "middlename", "ingoa waenga"), ("middle",)),
    Field.LAST_NAME: (
        (
            *(
                "last name",
                "lastname",
                "surname",
                "family name",
                "familyname",
                "student last name",
                "learner last name",
            ),
            *("recipient last name", "legal last name", "student surname", "ingoa whanau"),
        ),
        ("last", "family"),
    ),
    Field.NZQA_REF: (
        (
            *("nzqa reference", "nzqa reference number", "nzqa number", "nzqa id", "nzqa code", "nzqa listing"),
            *("micro credential ref", "micro credential reference", "micro credential number", "micro credential id"),
            *("micro credential code", "microcredential", "micro credential", "listing number", "tau nzqa"),
            *("micro credential no", "microcredential no", "microcredential number", "mc no"),
        ),
        (
            *("nzqa no", "ref", "reference", "reference number", "course code", "course id", "paper code"),
            *("paper", "course", "course short name", "module code", "programme code", "qualification code"),
            *("tohu iti", "tohu"),
        ),
    ),
    Field.ACHIEVED_ON: (
        (
            *("date achieved", "achieved", "achievement date", "date of achievement", "completed on", "date completed"),
            *("completion date", "date of completion", "course completion date", "completed", "completed date"),
            *("time completed", "completion time", "day achieved"),
            *("ra whakaoti", "ra i oti ai", "ra oti"),
        ),
        ("award date", "awarded on", "date awarded", "finish date", "date", "ra"),
    ),
    Field.LEARNER_EMAIL: (
        (
            *("email", "e mail", "email address", "e mail address", "student email", "recipient email", "user email"),
            *("student email address", "learner email address", "imera", "wahitau imera"),
        ),
        ("personal email", "mail"),
    ),
    Field.ROW_KEY: (("rowkey", "enrolment id", "enrollment id", "completion id", "record id"), ()),
    Field.NSN: (
        ("national student number", "nsn number", "student nsn", "learner nsn", "nsn nmbr", "tau akonga a motu"),
        (),
    ),
    Field.PREFERRED_NAME: (("known as", "preferred full name", "pref name"), ()),
    Field.NAME_DISPLAY: (("name on badge",), ()),
    Field.LANGUAGE: (("badge language", "reo"), ()),
    Field.RESULT: ((), ()),
    Field.EVIDENCE_URL: ((), ()),
}
_NAME_PARTS: Final = (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)


def fold_header(text: str) -> str:
    """A header without case, macrons, punctuation or doubled spaces, so that `Rā whakaoti` and `RA_WHAKAOTI` agree."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()


def _rank_spellings() -> Mapping[str, tuple[tuple[Field, int], ...]]:
    """Folded spelling -> the fields it may mean, the surest with the lowest rank; of vague ones the earlier wins."""
    ranks: dict[str, list[tuple[Field, int]]] = {}
    for name, (sure, vague) in _SPELLINGS.items():
        ranked = [(fold_header(name), 0), *((spelling, 1) for spelling in sure)]
        ranked += [(spelling, _VAGUE + order) for order, spelling in enumerate(vague)]
        for spelling, rank in ranked:
            ranks.setdefault(spelling, []).append((name, rank))
    return {spelling: tuple(meanings) for spelling, meanings in ranks.items()}


_VAGUE: Final = 2
_RANKS: Final = _rank_spellings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the header stands, and for each field the places and spellings of its columns."""

    line: int
    width: int
    places: Mapping[Field, tuple[int, ...]]
    spelled: Mapping[Field, str]
    unknown: tuple[str, ...]
    position: int  # among the records it was looked for in
    names: tuple[str, ...] = ()  # of all its columns, each by a name of its own; `column 3` where it has none
    unnamed: frozenset[int] = frozenset()  # places of columns whose header is blank
    stacked: bool = False  # its names stand in two rows, this and the one above


def find_header(records: Sequence[Record], *, column_map: ColumnMap) -> Header | None:
    """The first row that names every required column, else the one that names most, else None.

    Names may stand in two rows, as they do under merged cells. Raises TableError when a field is there twice.
    """
    best = _best_header(records[:HEADER_WITHIN], column_map=column_map)
    if best is not None:
        _refuse_doubles(best, column_map=column_map)
    return best


def guess_header(records: Sequence[Record], *, column_map: ColumnMap) -> Header | None:
    """As `find_header`, but for a person who will say which column is which: else the first row full of words."""
    best = _best_header(records[:HEADER_WITHIN], column_map=column_map)
    if best is not None and not missing_columns(best.places):
        return best
    fullest: tuple[int, int, Record] | None = None
    for position, record in enumerate(records[:HEADER_WITHIN]):
        words = sum(header_shown(cell) is not None for cell in record.cells)
        others = sum(cell is not None and cell != "" for cell in record.cells) - words
        if words > 1 and not others and (fullest is None or words > fullest[0]):
            fullest = words, position, record
    if fullest is None or (best is not None and 2 * sum(map(bool, records[best.position].cells)) >= fullest[0]):
        return best
    _, position, record = fullest
    texts = _texts(record)
    places = _match(texts, column_map=column_map)
    return _header(texts, record=record, position=position, places=places)


def _best_header(records: Sequence[Record], *, column_map: ColumnMap) -> Header | None:
    best: Header | None = None
    for position, record in enumerate(records):
        texts = _texts(record)
        places = _match(texts, column_map=column_map)
        found = len(places)
        wins = best is None or found > len(best.places)
        if found and (wins or (best is not None and found == len(best.places) and not missing_columns(places))):
            best = _header(texts, record=record, position=position, places=places)
        if best and not missing_columns(best.places):
            return _with_next(best, records, column_map=column_map)
    for position in range(1, len(records)):
        texts = _stacked(_texts(records[position - 1]), _texts(records[position]), column_map=column_map)
        places = _match(texts, column_map=column_map)
        if len(places) > (len(best.places) if best else 1):
            best = _header(texts, record=records[position], position=position, places=places, stacked=True)
    return best


def _with_next(header: Header, records: Sequence[Record], *, column_map: ColumnMap) -> Header:
    """The header with the row below it, when that holds nothing but names of columns, as it does under merged cells."""
    position = header.position + 1
    below = records[position].cells if position < len(records) else ()
    words = [cell for cell in below if cell is not None and cell != ""]
    if not words or not all(isinstance(word, str) and fold_header(word) in _RANKS for word in words):
        return header
    texts = _stacked(_texts(records[header.position]), _texts(records[position]), column_map=column_map)
    places = _match(texts, column_map=column_map)
    if missing_columns(places):
        return header
    return _header(texts, record=records[position], position=position, places=places, stacked=True)


def _texts(record: Record) -> list[str]:
    return [cell.strip() if isinstance(cell, str) else "" for cell in record.cells]


def _stacked(upper: Sequence[str], lower: Sequence[str], *, column_map: ColumnMap) -> list[str]:
    """One name for each column of two header rows: both together, or the one of them that is a column's name."""
    width = max(len(upper), len(lower))
    known = {fold_header(spelling) for spellings in column_map.columns.values() for spelling in spellings}
    texts = []
    for above, below in zip(
        [*upper, *[""] * (width - len(upper))], [*lower, *[""] * (width - len(lower))], strict=True
    ):
        both = f"{above} {below}".strip()
        choices = [text for text in (both, below, above) if fold_header(text) in _RANKS or fold_header(text) in known]
        texts.append(choices[0] if choices else both)
    return texts


def missing_columns(places: Mapping[Field, tuple[int, ...]]) -> list[Field]:
    """The required columns that are not there; a first and a last name stand for the whole one."""
    missing = [name for name in (Field.NZQA_REF, Field.ACHIEVED_ON) if name not in places]
    if Field.LEARNER_NAME not in places and not (Field.FIRST_NAME in places and Field.LAST_NAME in places):
        missing.insert(0, Field.LEARNER_NAME)
    return missing


def refuse_missing(header: Header, records: Sequence[Record], *, column_map: ColumnMap) -> None:
    """Raises TableError naming the columns that are missing and those that are there."""
    missing = missing_columns(header.places)
    absent = [
        spelling
        for name, spellings in column_map.columns.items()
        for spelling in spellings
        if len(header.places.get(name, ())) != len(spellings)
    ]
    if not missing and not absent:
        return
    cells = records[header.position].cells
    there = ", ".join(f"“{shown}”" for cell in cells if (shown := header_shown(cell)))
    lacking = [f"“{spelling}”" for spelling in absent] or list(missing)
    facts = {"line": header.line, "columns": there, "lacking": any_of(lacking)}
    raise TableError(
        say(
            "The header, in line %(line)s, does not have %(lacking)s, which the column map names. Its columns are "
            "%(columns)s. Rename one, or say which is which in a column map.",
            **facts,
        )
        if absent
        else say(
            "The header, in line %(line)s, has no column for %(lacking)s. Its columns are %(columns)s. Rename one, or "
            "say which is which in a column map.",
            **facts,
        ),
        faults=tuple(Fault(message="column is missing", line=header.line, column=name) for name in lacking),
        reason="columns-missing",
    )


def place_beside_name(header: Header, *, column_map: ColumnMap) -> int | None:
    """The column without a name beside the guessed one of names: under a merged header it holds the surname."""
    places = header.places.get(Field.LEARNER_NAME, ())
    if len(places) != 1 or Field.LEARNER_NAME in column_map.columns:
        return None
    beside = places[0] + 1
    return beside if beside in header.unnamed else None


def unclear_name(header: Header, line: int) -> TableError:
    """For a list where that column holds words."""
    spelled = header.spelled[Field.LEARNER_NAME]
    return TableError(
        say(
            "The column beside “%(column)s” has no name of its own, but holds words (in line %(line)s, for one). If it "
            "is part of the learners' names, choose both columns for the name; if not, choose the one that is.",
            column=spelled,
            line=line,
        ),
        reason="columns-unclear",
    )


def header_shown(cell: Cell) -> str | None:
    """A header as it may be repeated to a person; a row of data taken for a header must not give anything away."""
    if not isinstance(cell, str) or not cell.strip():
        return None
    text = " ".join(cell.split())[:40]
    return None if looks_like_nsn(text) or "@" in text else text


def _match(texts: Sequence[str], *, column_map: ColumnMap) -> dict[Field, tuple[int, ...]]:
    """Field -> its columns. The map first; then the contract's names, then spellings, the surer before the vaguer."""
    folded = [fold_header(text) for text in texts]
    names = column_names(texts)
    places: dict[Field, tuple[int, ...]] = {}
    taken: set[int] = set()
    for name, spellings in column_map.columns.items():
        found = tuple(
            place for spelling in spellings if (place := _place_of(spelling, names=names, folded=folded)) is not None
        )
        if found and len(found) == len(spellings):
            places[name] = found
            taken.update(found)
    ranked: dict[Field, list[tuple[int, int]]] = {}
    for place, text in enumerate(folded):
        for name, rank in _RANKS.get(text, ()):
            if place not in taken and name not in column_map.columns:
                ranked.setdefault(name, []).append((rank, place))
    parts_there = Field.FIRST_NAME in ranked and Field.LAST_NAME in ranked
    for name, candidates in ranked.items():
        surest = min(rank for rank, _ in candidates)
        if name is Field.LEARNER_NAME and surest >= _VAGUE and parts_there:
            continue  # a bare `Name` beside both parts is a course's name, or a student's number
        places[name] = tuple(place for rank, place in candidates if rank == surest)
    if Field.LEARNER_NAME in places or Field.LEARNER_NAME in column_map.columns:
        return {name: at for name, at in places.items() if name not in _NAME_PARTS}
    return places


def _place_of(spelling: str, *, names: Sequence[str], folded: Sequence[str]) -> int | None:
    if spelling in names:
        return names.index(spelling)
    bare = fold_header(spelling)
    return folded.index(bare) if bare and bare in folded else None


def column_names(texts: Sequence[str]) -> tuple[str, ...]:
    """A name for each column that no other has: as the header spells it, with its number where that is not enough."""
    plain = [header_shown(text) or "" for text in texts]
    names = []
    for number, text in enumerate(plain, start=1):
        if not text:
            names.append(f"column {number}")
        else:
            names.append(text if plain.count(text) == 1 else f"{text} (column {number})")
    return tuple(names)


def _header(
    texts: Sequence[str],
    *,
    record: Record,
    position: int,
    places: Mapping[Field, tuple[int, ...]],
    stacked: bool = False,
) -> Header:
    used = {place for at in places.values() for place in at}
    unknown = dict.fromkeys(
        header_shown(text) or f"column {place + 1}" for place, text in enumerate(texts) if text and place not in used
    )
    return Header(
        line=record.line,
        width=len(texts),
        places=places,
        spelled={name: " + ".join(texts[place] for place in at) for name, at in places.items()},
        unknown=tuple(unknown),
        position=position,
        names=column_names(texts),
        unnamed=frozenset(place for place, text in enumerate(texts) if not text),
        stacked=stacked,
    )


def _refuse_doubles(header: Header, *, column_map: ColumnMap) -> None:
    for name, at in header.places.items():
        if len(at) > 1 and name not in column_map.columns:
            columns = Saying(
                ", ".join(f"column {place + 1}" for place in at),
                spoken={MAORI: ", ".join(f"tīwae {place + 1}" for place in at)},
            )
            raise TableError(
                say(
                    "In the header, in line %(line)s, more than one column says %(field)s: %(columns)s "
                    "(%(spelled)s). Rename one, or say which it is in a column map.",
                    line=header.line,
                    field=name,
                    columns=columns,
                    spelled=header.spelled[name],
                ),
                faults=(Fault(message="column is there twice", line=header.line, column=name),),
                reason="columns-doubled",
            )
