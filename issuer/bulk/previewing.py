"""A class list as a person meets it after the upload: its columns, what they seem to be, and what must be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from issuer.bulk.upload_choices import column_map_of
from issuer.bulk.uploads import UploadChoices, header_sha256, lenient_table, load_choices, load_course_codes, load_file
from issuer.instance import Instance
from issuer.rows import ColumnMap, Field, Record, Table, find_table, shown_cell
from issuer.rows.cells import plain_text
from issuer.rows.days import MonthFirst, read_day
from issuer.rows.header import missing_columns, place_beside_name, unclear_name
from issuer.rows.reading import holds_word
from issuer.rows.unfit import UnfitCell
from issuer.store import uploads_rows
from schemas.errors import BadgeError, TableError, TooLarge
from schemas.nzqcf import fold_title, looks_like_nsn, regain_reference
from verifier.register.edition import Edition

FIELDS: Final[tuple[str, ...]] = (
    Field.LEARNER_NAME,
    Field.FIRST_NAME,
    Field.MIDDLE_NAME,
    Field.LAST_NAME,
    Field.PREFERRED_NAME,
    Field.NZQA_REF,
    Field.ACHIEVED_ON,
    Field.LEARNER_EMAIL,
    Field.NSN,
    Field.NAME_DISPLAY,
    Field.LANGUAGE,
    Field.RESULT,
    Field.EVIDENCE_URL,
    Field.ROW_KEY,
)
_SAMPLES: Final = 5
_LETTERS: Final = 5
_CODES: Final = 50
_LINES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewColumn:
    """One column: a name that no other has, some of its cells, and which field it is taken for."""

    name: str
    samples: tuple[str, ...] = field(default=(), repr=False)
    masked: bool = False  # it holds student numbers: no cell is shown
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCode:
    """A value in the column of references that is none the register has, nor a course code that was explained."""

    code: str
    count: int
    lines: tuple[int, ...]
    maybe: str | None = None  # the reference of a listing with this title


@dataclass(frozen=True, slots=True, kw_only=True)
class LostLetter:
    """What Windows-1252 reads where the file is not UTF-8."""

    line: int
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is known of a class list before it is checked; a `fault` is to be answered first."""

    batch_id: str
    filename: str
    size: int
    kind: str
    fault: str | None = None
    fault_reason: str | None = None
    header_line: int | None = None
    rows: int = 0
    sheets: tuple[str, ...] = ()
    sheet: str | None = None
    columns: tuple[PreviewColumn, ...] = ()
    missing: tuple[str, ...] = ()
    remembered: bool = False
    letters: tuple[LostLetter, ...] = ()
    macrons_warning: bool = False
    dates_unclear: bool = False
    date_examples: tuple[str, ...] = ()
    codes: tuple[UnknownCode, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_answerable(self) -> bool:
        """Whether a person could say anything that changes how the file is read."""
        return bool(self.columns or self.letters or len(self.sheets) > 1)

    @property
    def ready_to_check(self) -> bool:
        return self.fault is None and not self.missing


def preview(instance: Instance, batch_id: str, edition: Edition | None) -> Preview:
    """The class list as it would be read now. Raises IssuingError when it is gone."""
    data = load_file(instance, batch_id)
    choices = load_choices(instance, batch_id)
    codes = load_course_codes(instance)
    column_map = column_map_of(choices, codes)
    kind = "xlsx" if data.startswith(b"PK\x03\x04") else "csv"
    known: dict[str, Any] = {
        "batch_id": batch_id,
        "filename": choices.filename,
        "size": len(data),
        "kind": kind,
        "letters": _lost_letters(data) if kind == "csv" else (),
    }
    try:
        table = lenient_table(data, choices, columns=column_map)
    except (TableError, TooLarge) as error:
        return Preview(**known, fault=error.detail, fault_reason=_reason(error))
    with instance.store.reading() as connection:
        remembered = uploads_rows.load_column_map(connection, header_sha256(table)) is not None
    seen = _Seen(table, column_map=column_map, edition=edition)
    known |= seen.told()
    fault = _strict_fault(data, choices, column_map) or seen.fault
    return Preview(
        **known,
        fault=fault.detail if fault else None,
        fault_reason=_reason(fault) if fault else None,
        header_line=table.header.line,
        sheets=table.sheets,
        sheet=table.sheet,
        missing=tuple(missing_columns(table.header.places)),
        remembered=remembered,
        macrons_warning=table.encoding == "cp1252",
        notes=table.notes,
    )


def _reason(error: BadgeError) -> str:
    return str(error.extensions.get("reason", error.slug))


def _strict_fault(data: bytes, choices: UploadChoices, column_map: ColumnMap) -> BadgeError | None:
    """Why the check could not read the table, apart from columns that are missing, which the preview itself tells."""
    try:
        find_table(
            data, filename=choices.filename, column_map=column_map, encoding=choices.encoding, sheet=choices.sheet
        )
    except (TableError, TooLarge) as error:
        return None if _reason(error) == "columns-missing" else error
    return None


def _lost_letters(data: bytes) -> tuple[LostLetter, ...]:
    """The first places that are not UTF-8, with the word around each as Windows-1252 has it."""
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return tuple(islice(_cp1252_words(data), _LETTERS))
    return ()


def _cp1252_words(data: bytes) -> Iterator[LostLetter]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            text = line.decode("cp1252", "replace")
            before = text[: error.start].rpartition(" ")[2][-20:].rsplit(",", 1)[-1].rsplit(";", 1)[-1]
            after = text[error.start :].partition(" ")[0][:20].split(",", 1)[0].split(";", 1)[0]
            word = f"{before}{after}".strip("\"'")
            yield LostLetter(line=number, shown="…" if "@" in word or looks_like_nsn(word) else word)


class _Seen:
    """One pass over the rows: samples of each column, days that may be read two ways, references nobody knows."""

    def __init__(self, table: Table, *, column_map: ColumnMap, edition: Edition | None) -> None:
        self._header = table.header
        self._map = column_map
        self._refs = edition.register.versions_by_ref if edition else {}
        self._titles = _titles(edition)
        self._rows = 0
        self._samples: list[list[str]] = [[] for _ in range(table.header.width)]
        self._like_nsn = [0] * table.header.width
        self._codes: dict[str, list[int]] = {}
        self._settled: set[str] = set()
        self._ambiguous: dict[str, None] = {}
        self._real_dates: dict[str, None] = {}  # cells that a spreadsheet made days of, perhaps the wrong ones
        self._month_first = False
        self._watched = place_beside_name(table.header, column_map=column_map)
        self.fault: TableError | None = None
        for record in table.records:
            self._see(record)

    def told(self) -> dict[str, Any]:
        codes = sorted(self._codes.items(), key=lambda item: -len(item[1]))
        return {
            "rows": self._rows,
            "columns": tuple(self._columns()),
            "dates_unclear": self._month_first and bool(self._ambiguous or self._real_dates),
            "date_examples": tuple(islice(self._ambiguous or self._real_dates, _SAMPLES)),
            "codes": tuple(
                UnknownCode(
                    code=code,
                    count=len(lines),
                    lines=tuple(lines[:_LINES]),
                    maybe=self._titles.get(fold_title(code).casefold()),
                )
                for code, lines in codes[:_CODES]
            ),
        }

    def _columns(self) -> Iterator[PreviewColumn]:
        taken = {place: str(name) for name, places in self._header.places.items() for place in places}
        for place, name in enumerate(self._header.names):
            samples, meant = self._samples[place], taken.get(place)
            if not samples and meant is None and name.startswith("column "):
                continue  # an empty column without a name
            masked = meant == Field.NSN or self._like_nsn[place] > 0
            yield PreviewColumn(name=name, samples=() if masked else tuple(samples), masked=masked, field=meant)

    def _see(self, record: Record) -> None:
        if record.problem or all(cell is None or cell == "" for cell in record.cells):
            return
        self._rows += 1
        for place, cell in enumerate(record.cells[: self._header.width]):
            if len(self._samples[place]) < _SAMPLES and cell is not None and (text := shown_cell(cell)):
                self._samples[place].append(text)
                self._like_nsn[place] += looks_like_nsn(text)
        watched = self._watched
        if watched is not None and self.fault is None and any(map(holds_word, record.cells[watched : watched + 1])):
            self.fault = unclear_name(self._header, record.line)
        self._see_reference(record)
        self._see_day(record)

    def _see_reference(self, record: Record) -> None:
        for place in self._header.places.get(Field.NZQA_REF, ())[:1]:
            cell = record.cells[place] if place < len(record.cells) else None
            code = shown_cell(cell)
            if not code or code in self._settled:
                continue
            if code not in self._codes and self._is_known(code):
                self._settled.add(code)
            else:
                self._codes.setdefault(code, []).append(record.line)

    def _is_known(self, code: str) -> bool:
        text = plain_text(code)
        if looks_like_nsn(text) or "@" in text:
            return True  # the check says what is wrong with it; here it is not repeated
        return self._map.reference_of(text) is not None or regain_reference(text, among=self._refs) is not None

    def _see_day(self, record: Record) -> None:
        for place in self._header.places.get(Field.ACHIEVED_ON, ())[:1]:
            try:
                cell = record.cells[place] if place < len(record.cells) else None
                day = read_day(cell, order=self._map.dates)
                if day.ambiguous and not isinstance(cell, str):
                    self._real_dates[f"{day.on.day}/{day.on.month:02}/{day.on.year}"] = None
                elif day.ambiguous:
                    self._ambiguous[shown_cell(cell)] = None
            except MonthFirst:
                self._month_first = True
            except UnfitCell:
                pass


def _titles(edition: Edition | None) -> Mapping[str, str]:
    """Folded title -> reference, of every listing."""
    titles: dict[str, str] = {}
    for reference, versions in (edition.register.versions_by_ref if edition else {}).items():
        for version in versions:
            for title in (version.title_en, version.title_mi):
                if title:
                    titles[fold_title(title).casefold()] = reference
    return titles
