"""Class lists: every shape of file and cell, and for each the rows that go on and the sentence a person needs."""

import csv
import hashlib
import hmac
import io
import json
import re
import unicodedata
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issuer.rowkeys import default_row_key, key_after
from issuer.rows import ClassList, Record, Row, RowFault, cells, errors_csv, parse_column_map, read_class_list
from issuer.rows.doubts import doubt_numbers
from issuer.rows.unfit import UnfitCell
from schemas import limits
from schemas.canonical import jcs
from schemas.errors import BadgeError, InputError, TableError, TooLarge

VECTORS = Path(__file__).parents[1] / "vectors" / "class-lists"
REFS = frozenset({"0426", "5056", "TF0849", "128480-1"})
AROHA = (2, "Aroha Ngātai", "5056", date(2026, 5, 3))
WIREMU = (3, "Wiremu Pōtae", "5056", date(2026, 5, 4))


def read(data, **options) -> ClassList:
    if isinstance(data, str):
        data = data.encode()
    return read_class_list(data, **({"filename": "class.csv", "register_refs": REFS} | options))


def vector(name, **options):
    return read((VECTORS / name).read_bytes(), filename=name, **options)


def brief(class_list):
    return [(row.line, row.learner_name, row.nzqa_ref, row.achieved_on) for row in class_list.rows]


def row_of(**cells):
    """A file of one row, from header and cell."""
    written = io.StringIO()
    table = csv.writer(written)
    values = {"learner_name": "Aroha Ngātai", "nzqa_ref": "5056", "achieved_on": "2026-05-03"} | cells
    table.writerow(values)
    table.writerow(values.values())
    return read(written.getvalue())


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("good.csv", [AROHA, WIREMU]),
        ("good-byte-order-mark.csv", [AROHA, WIREMU]),
        ("good-utf-16.csv", [AROHA, WIREMU]),
        ("good-crlf.csv", [AROHA, WIREMU]),
        ("good-old-mac-line-ends.csv", [AROHA, WIREMU]),
        ("good-no-line-end-at-the-end.csv", [AROHA, WIREMU]),
        ("good-semicolons.csv", [AROHA, WIREMU]),
        ("good-tabs.csv", [AROHA, WIREMU]),
        ("good-separator-named-by-excel.csv", [(3, *AROHA[1:]), (4, *WIREMU[1:])]),
        ("good-quoted.csv", [(2, "Ngātai, Aroha", *AROHA[2:])]),
        ("good-decomposed-macrons.csv", [AROHA]),
        ("good-title-rows-above.csv", [(5, *AROHA[1:]), (6, *WIREMU[1:])]),
        ("good-blank-rows-between.csv", [(3, *AROHA[1:]), (6, *WIREMU[1:])]),
        ("good-names-split.csv", [(2, "Aroha Ngatai", *AROHA[2:])]),
        ("good-trailing-empty-cells.csv", [AROHA]),
        ("good-line-break-in-a-cell.csv", [AROHA, (4, "Wiremu P", *WIREMU[2:])]),
        ("good-line-break-in-the-header.csv", [(3, "Aroha", *AROHA[2:])]),
        ("good.xlsx", [(2, "Aroha Ngātai", "0426", date(2026, 5, 3)), (4, *WIREMU[1:])]),
        ("good-title-above-and-second-column-first.xlsx", [(5, *AROHA[1:])]),
        ("good-on-the-second-sheet-the-first-is-hidden.xlsx", [AROHA]),
        ("good-shared-strings.xlsx", [AROHA]),
    ],
)
def test_a_sound_file_is_read_with_its_own_line_numbers(name, rows):
    class_list = vector(name)
    assert brief(class_list) == rows
    assert class_list.faults == class_list.warnings == ()


UNREADABLE = {
    "empty.csv": (TableError, "empty.csv is empty"),
    "nothing-but-blank-lines.csv": (TableError, "is empty"),
    "header-only.csv": (TableError, "no row below it"),
    "header-only.xlsx": (TableError, "no row below it"),
    "no-header.csv": (TableError, "must name the columns: the learner's name"),
    "no-table.xlsx": (TableError, "no header row among its first 10"),
    "header-below-the-tenth-row.csv": (TableError, "no header row among its first 10"),
    "no-reference-column.csv": (
        TableError,
        "line 1, has no column for nzqa_ref. Its columns are “learner_name”, “achieved_on”, “grade”",
    ),
    "name-twice.csv": (TableError, "more than one column says learner_name: column 1, column 2"),
    "cp1252.csv": (TableError, "not UTF-8: see line 2"),
    "cp1252-byte-it-does-not-have.csv": (TableError, "not UTF-8: see line 2"),
    "utf-16-without-its-mark.csv": (TableError, "NUL bytes"),
    "utf-16-cut-short.csv": (TableError, "begins as UTF-16"),
    "damaged.xlsx": (TableError, "damaged"),
    "cut-short.xlsx": (TableError, "damaged"),
    "old-excel-or-password.xlsx": (TableError, "old format or has a password"),
    "zip-but-no-workbook.xlsx": (TableError, "not an Excel workbook"),
    "cells-without-places.xlsx": (TableError, "unusual way"),
    "cell-in-the-last-row-of-excel.xlsx": (TooLarge, "down to row 1,048,576"),
    "cell-in-the-last-column-of-excel.xlsx": (TooLarge, "out to column 16,384"),
    "wide-and-long.xlsx": (TooLarge, "spans 20,000,000 cells"),
    "part-that-inflates-without-end.xlsx": (TooLarge, "unpacks to more than"),
    "one-long-text-in-every-cell.xlsx": (TooLarge, "of text"),
}


@pytest.mark.parametrize(("name", "expected"), UNREADABLE.items(), ids=UNREADABLE)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(name, expected):
    error, sentence = expected
    with pytest.raises(error, match=sentence):
        vector(name)


def test_a_missing_column_is_told_to_a_machine_too():
    with pytest.raises(TableError) as caught:
        vector("no-reference-column.csv")
    assert caught.value.extensions == {"reason": "columns-missing"}
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(1, "nzqa_ref")]


def test_a_student_number_taken_for_a_header_is_not_repeated():
    with pytest.raises(TableError) as caught:
        vector("student-number-as-a-header.csv")
    assert "123456789" not in str(caught.value)
    assert "@" not in str(caught.value)


def test_the_places_that_are_not_utf_8_are_shown_with_the_letter_they_may_be():
    with pytest.raises(TableError) as caught:
        vector("cp1252.csv")
    assert caught.value.extensions == {"reason": "encoding-unclear"}
    assert [str(fault) for fault in caught.value.faults] == [
        "line 2: byte 0xe9 is not UTF-8; Windows-1252 would read “é”"
    ]


@pytest.mark.parametrize("name", ["cp1252", "windows-1252", "CP1252"])
def test_windows_1252_is_read_when_it_is_said(name):
    class_list = vector("cp1252.csv", encoding=name)
    assert [row.learner_name for row in class_list.rows] == ["Renée Müller"]
    assert class_list.notes == ("Read as cp1252.",)


@pytest.mark.parametrize(
    ("name", "encoding", "sentence"),
    [
        pytest.param("good.csv", "cp1252", "UTF-8 already", id="it would spoil the macrons of a UTF-8 file"),
        pytest.param("cp1252-byte-it-does-not-have.csv", "cp1252", "Line 2 holds a byte", id="a byte it has not"),
        pytest.param("good.csv", "shift-jis", "not an encoding of class lists", id="another encoding"),
    ],
)
def test_windows_1252_is_not_read_where_it_is_wrong(name, encoding, sentence):
    with pytest.raises(TableError, match=sentence):
        vector(name, encoding=encoding)


def test_one_byte_or_row_or_column_over_the_limit_is_refused(monkeypatch):
    with pytest.raises(TooLarge, match="33,554,433 bytes"):
        read(bytes(limits.MAX_TABLE_BYTES + 1))
    with pytest.raises(TooLarge, match="more than 200 columns"):
        read("learner_name,nzqa_ref,achieved_on" + ",x" * 198 + "\n")
    monkeypatch.setattr("issuer.rows.reading.MAX_TABLE_ROWS", 2)
    assert len(read("learner_name,nzqa_ref,achieved_on\n" + "A,5056,2026-05-03\nB,5056,2026-05-03\n").rows) == 2
    with pytest.raises(TooLarge, match="more than 2 rows"):
        read("learner_name,nzqa_ref,achieved_on\n" + "A,5056,2026-05-03\n" * 3)


def test_a_workbook_of_too_many_parts_is_refused():
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as parts:
        for number in range(limits.MAX_XLSX_PARTS + 1):
            parts.writestr(f"xl/{number}.xml", "")
    with pytest.raises(TooLarge, match="parts"):
        read(package.getvalue())


def test_a_workbook_whose_directory_understates_a_part_is_refused():
    data = (VECTORS / "part-that-inflates-without-end.xlsx").read_bytes()
    true_size = (129 * 1024 * 1024).to_bytes(4, "little")
    assert data.count(true_size) == 2
    with pytest.raises(TableError, match="damaged"):
        read(data.replace(true_size, (1_000).to_bytes(4, "little")))


def test_a_workbook_with_a_part_twice_is_refused():
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as parts:
        parts.writestr("xl/workbook.xml", "<workbook/>")
        with pytest.warns(UserWarning, match="Duplicate"):
            parts.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(TableError, match="twice"):
        read(package.getvalue())


def test_a_workbook_from_another_program_gives_the_same_rows():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Learner name", "NZQA ref", "Achieved on", "NSN", "Row key"])
    sheet.append(["Hōne Tāwhai", 426, date(2026, 5, 3), 123456789, 17])
    sheet.append([None, None, None, None, None])
    sheet.append(["Mere Tū", 5056.0, 46145, "0123456789", "A-17"])
    written = io.BytesIO()
    book.save(written)
    class_list = read(written.getvalue(), filename="class.xlsx")
    assert brief(class_list) == [
        (2, "Hōne Tāwhai", "0426", date(2026, 5, 3)),
        (4, "Mere Tū", "5056", date(2026, 5, 3)),
    ]
    assert [(row.nsn, row.row_key) for row in class_list.rows] == [("123456789", "17"), ("0123456789", "A-17")]
    assert class_list.notes == ("Read from the sheet “Sheet”.",)


# --- rows that are not fit, among rows that are -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "good", "faults"),
    [
        ("row-too-short.csv", [3], [(2, None, "The row has 2 cells; the header, in line 1, has 3")]),
        ("row-too-long.csv", [3], [(2, None, "must stand in quotation marks")]),
        ("quotation-mark-not-closed.csv", [3], [(2, None, "opened and not closed")]),
        ("quotation-mark-not-closed-before-quoted-rows.csv", [3, 4], [(2, None, "opened and not closed")]),
        ("quotation-mark-inside-a-quoted-cell.csv", [3], [(2, None, "without being doubled")]),
        ("nul-in-a-cell.csv", [3], [(2, "learner_name", "U+0000")]),
        ("cell-too-long.csv", [3], [(2, "learner_name", "2,001 characters; the limit is 2,000")]),
        ("cell-over-the-csv-modules-own-limit.csv", [3], [(2, "learner_name", "131,073 characters")]),
        ("formula-in-a-name.csv", [3], [(2, "learner_name", "begins with “=”")]),
        ("student-number-in-a-name.csv", [3], [(2, "learner_name", "looks like a National Student Number")]),
        ("macrons-lost-to-replacement-characters.csv", [3], [(2, "learner_name", "A letter was lost")]),
        ("utf-8-read-as-cp1252-and-saved-again.csv", [], [(2, "learner_name", "looks garbled")]),
        (
            "columns-swapped.csv",
            [],
            [
                (2, "learner_name", "no letter in it"),
                (2, "nzqa_ref", "not an NZQA reference"),
                (2, "achieved_on", "This value is not a date"),
            ],
        ),
        (
            "the-same-row-twice.csv",
            [2, 3],
            [(4, None, "The row is the same as line 2"), (5, None, "The row is the same as line 2")],
        ),
        ("row-key-twice.csv", [2], [(3, "row_key", "the same row key as line 2")]),
        ("zeros-eaten-by-a-spreadsheet.csv", [2, 4], [(3, "nzqa_ref", "the register has no 0427")]),
        (
            "months-first.csv",
            [2, 5, 6],
            [
                (3, "achieved_on", "“05/25/2026” has no month 25"),
                (4, "achieved_on", "Line 3 has its month before its day"),
            ],
        ),
        (
            "dates-swapped-by-excel.xlsx",
            [4],
            [
                (2, "achieved_on", "“05/25/2026” has no month 25"),
                (3, "achieved_on", "Line 2 has its month before its day"),
            ],
        ),
    ],
)
def test_a_row_that_is_not_fit_is_named_and_the_others_go_on(name, good, faults):
    class_list = vector(name)
    assert [row.line for row in class_list.rows] == good
    assert [(fault.line, fault.column) for fault in class_list.faults] == [fault[:2] for fault in faults]
    for fault, (_, _, sentence) in zip(class_list.faults, faults, strict=True):
        assert sentence in fault.message


def test_every_vector_stands_in_a_table():
    here = Path(__file__).read_text(encoding="utf-8")
    assert [
        path.name for path in VECTORS.iterdir() if path.is_file() and path.name not in here and path.suffix != ".py"
    ] == []


def test_a_lost_macron_is_warned_about():
    class_list = vector("macrons-lost-to-question-marks.csv")
    assert len(class_list.rows) == 1
    (warning,) = class_list.warnings
    assert (warning.line, warning.column, warning.reason) == (2, "learner_name", "name-doubtful")


def test_unknown_columns_are_named_and_not_kept():
    class_list = vector("every-column.csv")
    assert class_list.unknown_columns == ("Date of birth", "Gender")
    assert "1999-01-01" not in repr(class_list)


def test_every_column_of_the_contract_is_read():
    (row,) = vector("every-column.csv").rows
    assert (row.learner_email, row.row_key, row.nsn) == ("aroha@example.nz", "2026-17", "123456789")
    assert (row.preferred_name, row.name_display, row.language) == ("Aro Ngātai", "preferred", "mi")
    assert (row.result, row.evidence_url) == ("Merit", "https://folio.example.nz/aroha?film=1")


def test_the_student_number_and_the_address_do_not_show_in_a_rows_repr():
    (row,) = vector("every-column.csv").rows
    assert "123456789" not in repr(row)
    assert "aroha@" not in repr(row)


def test_a_surer_spelling_wins_over_vaguer_ones_which_are_left_unread():
    class_list = vector("column-twice.csv")
    assert class_list.columns["achieved_on"] == "achieved_on"
    assert class_list.unknown_columns == ("Date achieved", "Completion date")


def test_the_files_digest_is_told():
    assert len(vector("good.csv").sha256) == 64
    assert vector("good.csv").sha256 != vector("good-crlf.csv").sha256


# --- columns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("LEARNER_NAME,NZQA_REF,ACHIEVED_ON", id="capitals"),
        pytest.param("Learner name,NZQA ref,Achieved on", id="spaces"),
        pytest.param("Student Full Name,NZQA Reference Number,Date of Completion", id="a student system"),
        pytest.param("Full name,Course code,Completion date", id="a course code"),
        pytest.param("Recipient Name,Micro-credential ref,Date achieved", id="a badge service"),
        pytest.param("Ingoa ākonga,Tau NZQA,Rā whakaoti", id="te reo Māori"),
        pytest.param("INGOA AKONGA,tau nzqa,ra_whakaoti", id="te reo Māori without macrons"),
        pytest.param("Name,Ref,Date", id="one word each"),
        pytest.param(" learner_name ,\u00a0nzqa_ref, achieved_on", id="spaces around"),
        pytest.param("Learner-Name:,(NZQA ref),Achieved on *", id="punctuation"),
        pytest.param("Learner's name,Micro-credential,Day achieved", id="our own empty list"),
        pytest.param("Student,Micro-credential no.,Completed", id="a number for short"),
    ],
)
def test_columns_are_known_by_their_usual_spellings(header):
    assert brief(read(f"{header}\nAroha Ngātai,5056,2026-05-03\n")) == [AROHA]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        pytest.param("First name,Last name", "Aroha,Ngātai", id="first and last"),
        pytest.param("Surname,Given names", "Ngātai,Aroha", id="the surname first"),
        pytest.param("Ingoa tuatahi,Ingoa whānau", "Aroha,Ngātai", id="te reo Māori"),
        pytest.param("First name,Last name,Name", "Aroha,Ngātai,Beekeeping", id="a bare Name beside both is not it"),
        pytest.param("First name,Last name,Full name", "A,N,Aroha Ngātai", id="a full name makes the parts unneeded"),
        pytest.param("First name,Middle name,Last name", "Aroha,,Ngātai", id="no middle name"),
        pytest.param("First name,Last name", "Aroha Ngātai,", id="one name only"),
    ],
)
def test_split_names_are_joined(header, cells):
    class_list = read(f"{header},nzqa_ref,achieved_on\n{cells},5056,2026-05-03\n")
    assert brief(class_list) == [AROHA]


def test_a_fault_names_the_column_as_the_users_own_header_spells_it():
    class_list = read("Ingoa Ākonga,NZQA No.,NZQA reference,Rā whakaoti\nA,x,nonsense,2026-05-03\n")
    assert [(fault.line, fault.column) for fault in class_list.faults] == [(2, "NZQA reference")]
    assert str(class_list.faults[0]).startswith("line 2, column NZQA reference: “nonsense”")


@pytest.mark.parametrize(
    "header", ["grade", "final result", "outcome", "portfolio", "student id", "gender", "evidence"]
)
def test_nothing_is_signed_that_nobody_asked_for(header):
    class_list = row_of(**{header: "anything"})
    assert class_list.unknown_columns == (header,)
    assert class_list.rows[0].result is None
    assert class_list.rows[0].evidence_url is None


# --- the column map ---------------------------------------------------------------------------------------------


def mapped(**members):
    return parse_column_map(json.dumps(members).encode())


def test_a_map_names_columns_and_course_codes():
    column_map = mapped(
        columns={"learner_name": ["Given", "Kin"], "nzqa_ref": "Paper", "achieved_on": "Passed", "result": None},
        references={"BEE 101": "5056"},
    )
    class_list = read(
        "Kin,Given,Paper,Passed,Result,Name\nNgātai,Aroha,bee101,2026-05-03,Merit,x\n", column_map=column_map
    )
    assert brief(class_list) == [AROHA]
    assert class_list.rows[0].result is None
    assert class_list.unknown_columns == ("Result", "Name")


def test_a_map_may_say_that_months_come_first():
    column_map = mapped(dates="mm/dd/yyyy")
    days = [row.achieved_on for row in vector("months-first.csv", column_map=column_map).rows]
    assert days == [date(2026, 5, 3), date(2026, 5, 25), date(2026, 3, 4), date(2026, 5, 5)]


def test_a_map_may_say_that_days_come_first_and_then_nothing_is_in_doubt():
    class_list = vector("months-first.csv", column_map=mapped(dates="dd/mm/yyyy"))
    assert [row.line for row in class_list.rows] == [2, 4, 5, 6]


def test_a_column_of_the_map_that_the_file_lacks_is_named():
    with pytest.raises(TableError, match="does not have “Paper”, which the column map names"):
        read("learner_name,nzqa_ref,achieved_on\nA,5056,2026-05-03\n", column_map=mapped(columns={"nzqa_ref": "Paper"}))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("[]", "no object", id="no object"),
        pytest.param("a,b", "column map cannot be used: Not JSON", id="another kind of file"),
        pytest.param('{"column": {}}', "“column” is not a member", id="a member misspelt"),
        pytest.param('{"columns": []}', "“columns” must be an object", id="columns as a list"),
        pytest.param('{"columns": {"name": "x"}}', "“name” is not a column", id="a field there is not"),
        pytest.param('{"columns": {"nsn": 7}}', "columns.nsn must be", id="a header that is a number"),
        pytest.param('{"columns": {"nsn": ["a", "b"]}}', "only names are joined", id="numbers joined"),
        pytest.param('{"columns": {"nzqa_ref": null}}', "cannot be left out", id="a needed column left out"),
        pytest.param('{"columns": {"learner_name": []}}', "cannot be left out", id="no headers to join"),
        pytest.param('{"columns": {"nsn": " "}}', "columns.nsn must be", id="a blank header"),
        pytest.param('{"references": {"BEE": "BEE"}}', "“BEE” must stand for", id="no reference"),
        pytest.param('{"references": {"BEE": 5056}}', "“BEE” must stand for", id="a reference as a number"),
        pytest.param('{"references": {"a 1": "5056", "A1": "0426"}}', "given twice", id="a code twice"),
        pytest.param('{"dates": "yyyy"}', "“dates” must be one of", id="an order of days there is not"),
        pytest.param('{"dates": "dd/mm/yyyy", "dates": "mm/dd/yyyy"}', "appears twice", id="a member twice"),
    ],
)
def test_a_map_that_is_not_strict_is_refused(text, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_column_map(text.encode())


# --- cells ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        pytest.param("Wharehuia Tāmaki", "Wharehuia Tāmaki", id="a macron"),
        pytest.param("Wharehuia Ta\u0304maki", "Wharehuia Tāmaki", id="a macron in two characters"),
        pytest.param("  Hine-ahu-one \u00a0 O’Brien ", "Hine-ahu-one O’Brien", id="hyphens, an apostrophe, spaces"),
        pytest.param("Faʻafetai ʻAlofa", "Faʻafetai ʻAlofa", id="a glottal stop first"),
        pytest.param("Tama", "Tama", id="one name"),
        pytest.param("Nguyễn Thị Ánh", "Nguyễn Thị Ánh", id="Vietnamese"),
        pytest.param("李小龙", "李小龙", id="Chinese"),
        pytest.param("محمد", "محمد", id="Arabic"),
        pytest.param("می\u200cرود", "می\u200cرود", id="a joiner within a Persian word"),
        pytest.param("JOÃO ÂNGELO ÅSA", "JOÃO ÂNGELO ÅSA", id="capitals that only look garbled"),
        pytest.param("Te Wharehuia-o-te-rangi " * 6, ("Te Wharehuia-o-te-rangi " * 6).strip(), id="a long name"),
        pytest.param("Wiremu 3rd", "Wiremu 3rd", id="a digit"),
    ],
)
def test_names_are_kept_as_people_write_them(cell, name):
    class_list = row_of(learner_name=cell)
    assert [row.learner_name for row in class_list.rows] == [name]


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        pytest.param("learner_name", "", "name is missing", id="no name"),
        pytest.param("learner_name", " \u00a0 ", "name is missing", id="a name of spaces"),
        pytest.param("learner_name", "12", "no letter", id="a name of digits"),
        pytest.param("learner_name", "---", "begins with “-”", id="a name of dashes"),
        pytest.param("learner_name", "+64 Aroha", "begins with “\\+”", id="a plus first"),
        pytest.param("learner_name", "@SUM(A1)", "begins with “@”", id="an at sign first"),
        pytest.param("learner_name", "Aroha\u202etxt", "U\\+202E", id="a bidirectional override"),
        pytest.param("learner_name", "Aroha\u200bN", "U\\+200B", id="an invisible space"),
        pytest.param("learner_name", "Aroha\x07", "U\\+0007", id="a bell"),
        pytest.param("learner_name", "Aroha\x1cN", "U\\+001C", id="a separator that split() takes for a space"),
        pytest.param("learner_name", "A\ue000", "U\\+E000", id="a private letter"),
        pytest.param("learner_name", "TÄ\u0081maki", "garbled|U\\+0081", id="ā read as Windows-1252"),
        pytest.param("learner_name", "PÅ«kenga", "garbled", id="ū read as Windows-1252"),
        pytest.param("learner_name", "A" * 201, "201 characters", id="one letter over the limit"),
        pytest.param(
            "learner_name", "A １２３４５６７８９", "National Student Number", id="an NSN in full-width digits"
        ),
        pytest.param("nzqa_ref", "", "missing", id="no reference"),
        pytest.param("nzqa_ref", "BEE-101", "course code of your own", id="a course code"),
        pytest.param("nzqa_ref", "５０５６", "not an NZQA reference", id="full-width digits"),
        pytest.param("achieved_on", "", "missing", id="no day"),
        pytest.param("nsn", "12345678", "not a National Student Number", id="an NSN too short"),
        pytest.param("nsn", "12345678901", "not a National Student Number", id="an NSN too long"),
        pytest.param("nsn", "ABC123456", "not a National Student Number", id="an NSN with letters"),
        pytest.param("learner_email", "aroha", "not one e-mail address", id="no at sign"),
        pytest.param("learner_email", "aroha@localhost", "not one e-mail address", id="no dot"),
        pytest.param("learner_email", "a@b.nz; c@d.nz", "not one e-mail address", id="two addresses"),
        pytest.param("learner_email", "a b@c.nz", "not one e-mail address", id="a space"),
        pytest.param("learner_email", "a@b..nz", "not one e-mail address", id="two dots"),
        pytest.param("learner_email", "<a@b.nz>", "not one e-mail address", id="angle brackets"),
        pytest.param("row_key", "-1", "cannot be a row key", id="a key that begins with a hyphen"),
        pytest.param("row_key", "kī", "cannot be a row key", id="a key with a macron"),
        pytest.param("row_key", "k" * 101, "101 characters", id="a key over the limit"),
        pytest.param("row_key", "123456789", "National Student Number", id="an NSN for a key"),
        pytest.param("name_display", "initials", "not one of full, preferred, none", id="another display"),
        pytest.param("name_display", "preferred", "the row gives none", id="a preferred name not given"),
        pytest.param("preferred_name", "=1", "begins with “=”", id="a formula for a preferred name"),
        pytest.param("learner_name", "aroha@x.nz", "e-mail address stands", id="an address for a name"),
        pytest.param("preferred_name", "Aroha (a@x.nz)", "e-mail address stands", id="an address in a name"),
        pytest.param("result", "sent to a@x.nz", "e-mail address stands", id="an address in a result"),
        pytest.param("evidence_url", "https://x.nz/?u=a%40y.nz", "e-mail address stands", id="an address in a link"),
        pytest.param("language", "fr", "en or mi", id="another language"),
        pytest.param("result", "=cmd()", "begins with “=”", id="a formula for a result"),
        pytest.param("evidence_url", "http://folio.example.nz", "does not begin with https", id="plain http"),
        pytest.param("evidence_url", "javascript:alert(1)", "https", id="a script"),
        pytest.param("evidence_url", "https://folio.example.nz/1 2", "character", id="a space in an address"),
        pytest.param("evidence_url", "https://u:p@folio.example.nz", "anyone can open|This value", id="a password"),
        pytest.param("evidence_url", "https://localhost/x", "anyone can open", id="no host"),
        pytest.param("evidence_url", "https://[::1", "not a web address|character", id="a broken address"),
        pytest.param("evidence_url", "https://x.nz:port/", "not a web address", id="a port that is a word"),
        pytest.param("evidence_url", "https://x.nz/" + "a" * 2_000, "characters", id="an address over the limit"),
        pytest.param("evidence_url", "https://x.nz/123456789", "National Student Number", id="an NSN in an address"),
    ],
)
def test_a_cell_that_is_not_fit_says_why_and_how_to_mend_it(column, cell, sentence):
    class_list = row_of(**{column: cell})
    assert class_list.rows == ()
    (fault,) = class_list.faults
    assert fault.column == column
    assert re.search(sentence, fault.message)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("learner_name", "123456789"),
        ("nzqa_ref", "123456789"),
        ("achieved_on", "123456789"),
        ("achieved_on", "123 456 789"),
        ("row_key", "id 123456789"),
        ("nsn", "12345678901234"),
        ("language", "123456789"),
        ("result", "NSN 123456789"),
        ("evidence_url", "http://x.nz/?nsn=123456789"),
        ("learner_email", "aroha@hidden"),
        ("learner_name", "aroha@hidden.example"),
        ("evidence_url", "https://x.nz/aroha@hidden.example"),
        ("achieved_on", "aroha@hidden.example"),
    ],
)
def test_no_fault_repeats_a_student_number_or_an_address(column, cell):
    (fault,) = row_of(**{column: cell}).faults
    assert "456" not in str(fault)
    assert "hidden" not in str(fault)
    assert "456" not in errors_csv([fault]).decode()


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        pytest.param("2026-05-03", date(2026, 5, 3), id="ISO"),
        pytest.param("2026/5/3", date(2026, 5, 3), id="year first, with slashes"),
        pytest.param("20260503", date(2026, 5, 3), id="ISO without hyphens"),
        pytest.param("3/05/2026", date(2026, 5, 3), id="day first, as New Zealand writes it"),
        pytest.param("03/05/2026", date(2026, 5, 3), id="day first with zeros"),
        pytest.param("3.5.2026", date(2026, 5, 3), id="dots"),
        pytest.param("3-05-2026", date(2026, 5, 3), id="hyphens"),
        pytest.param("3 May 2026", date(2026, 5, 3), id="the month by name"),
        pytest.param("Sunday, 3 May 2026, 2:30 PM", date(2026, 5, 3), id="as Moodle writes it"),
        pytest.param("3-Sept-2026", date(2026, 9, 3), id="a month shortened"),
        pytest.param("29/02/2024", date(2024, 2, 29), id="a leap day"),
        pytest.param("46145", date(2026, 5, 3), id="a serial"),
        pytest.param("46145.75", date(2026, 5, 3), id="a serial with a time"),
        pytest.param("36526", date(2000, 1, 1), id="the first day"),
        pytest.param("31/12/2100", date(2100, 12, 31), id="the last day"),
        pytest.param("2026-05-03 23:59", date(2026, 5, 3), id="a time of day without a zone"),
        pytest.param("2026-05-03T11:59:59Z", date(2026, 5, 3), id="an instant before midnight in New Zealand"),
        pytest.param("2026-05-03T12:00:00Z", date(2026, 5, 4), id="an instant after it"),
        pytest.param("2026-05-03T12:00:00+12:00", date(2026, 5, 3), id="an instant with its zone"),
    ],
)
def test_days_are_read(cell, day):
    assert [row.achieved_on for row in row_of(achieved_on=cell).rows] == [day]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        pytest.param("30/02/2026", "no day of the calendar", id="30 February"),
        pytest.param("2025-02-29", "no day of the calendar", id="29 February in another year"),
        pytest.param("13/25/2026", "no day of the calendar", id="neither day nor month first"),
        pytest.param("05/25/2026", "has no month 25", id="month first"),
        pytest.param("3/5/26", "two digits", id="a short year"),
        pytest.param("3-May-26", "two digits", id="a short year with a name"),
        pytest.param("3 Mai 2026", "names no month", id="a month in another language"),
        pytest.param("3 Mayhem 2026", "names no month", id="a word that begins like a month"),
        pytest.param("31/12/1999", "years 2000 to 2100", id="a day too early"),
        pytest.param("2101-01-01", "years 2000 to 2100", id="a day too late"),
        pytest.param("73416", "years 2000 to 2100", id="a serial too late"),
        pytest.param("1", "not a date", id="a small number"),
        pytest.param("Yes", "not a date", id="a word"),
        pytest.param("2026-05", "not a date", id="a month only"),
        pytest.param("٢٠٢٦-٠٥-٠٣", "not a date", id="another script's digits"),
        pytest.param("2026-05-03T25:00:00Z", "no day of the calendar", id="an hour there is not"),
        pytest.param("0001-01-01T00:00:00+23:59", "calendar|years", id="an instant before time"),
    ],
)
def test_what_is_no_day_is_not_guessed(cell, sentence):
    (fault,) = row_of(achieved_on=cell).faults
    assert re.search(sentence, fault.message)


@pytest.mark.parametrize(
    ("cell", "reference"),
    [
        ("5056", "5056"),
        ("426", "0426"),
        ("0426", "0426"),
        ("tf0849", "TF0849"),
        ("128480-1", "128480-1"),
        ("9999", "9999"),
    ],
)
def test_references_are_read_as_written_or_regain_their_zero(cell, reference):
    assert [row.nzqa_ref for row in row_of(nzqa_ref=cell).rows] == [reference]


def test_without_a_register_no_zero_is_regained():
    assert read("learner_name,nzqa_ref,achieved_on\nA,426,2026-05-03\n", register_refs=()).rows == ()


@pytest.mark.parametrize(
    ("cell", "code"), [("mi", "mi"), ("Te Reo Māori", "mi"), ("EN", "en"), ("English", "en"), ("", None)]
)
def test_languages_are_read(cell, code):
    assert [row.language for row in row_of(language=cell).rows] == [code]


def test_several_faults_of_one_row_are_all_told():
    (first, second, third) = row_of(learner_name="", nzqa_ref="x", achieved_on="y").faults
    assert [first.column, second.column, third.column] == ["learner_name", "nzqa_ref", "achieved_on"]


def test_two_people_of_one_name_are_kept_apart_by_their_address_or_key():
    header = "learner_name,nzqa_ref,achieved_on,learner_email,row_key\n"
    same = "Aroha Ngātai,5056,2026-05-03"
    assert len(read(f"{header}{same},a@x.nz,\n{same},b@x.nz,\n").rows) == 2
    assert len(read(f"{header}{same},,1\n{same},,2\n").rows) == 2
    assert len(read(f"{header}{same},a@x.nz,\n{same},A@X.nz,\n").rows) == 1


# --- what goes back to the person -------------------------------------------------------------------------------


def test_faults_are_written_as_a_csv_that_runs_nothing():
    fault = RowFault(line=7, column="=cmd()", message="@SUM(1) is not a name.")
    text = errors_csv([fault]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["line", "column", "reason", "sentence"],
        ["7", "'=cmd()", "row-unreadable", "'@SUM(1) is not a name."],
    ]


# --- whatever comes ---------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(path.name for path in VECTORS.glob("good*"))))
def test_a_damaged_file_gives_rows_or_a_badge_error_and_nothing_else(data, name):
    content = (VECTORS / name).read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content = content[:at] + data.draw(st.binary(max_size=6)) + content[at + data.draw(st.integers(0, 6)) :]
    try:
        class_list = read(content)
    except BadgeError:
        return
    assert class_list.rows or class_list.faults


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), min_size=1, max_size=6))
def test_whatever_the_cells_hold_a_row_is_good_or_has_a_fault(table):
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["learner_name", "nzqa_ref", "achieved_on"])
    writer.writerow(["Aroha Ngātai", "5056", "2026-05-03"])
    writer.writerows(table)
    class_list = read(written.getvalue().encode("utf-8", "replace"))
    assert brief(class_list)[0] == AROHA


# --- headers under merged cells ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        pytest.param(
            "Student,,Course,Completed\nFirst name,Last name,,\nMere,Kea,5056,2026-05-03\n",
            "Mere Kea",
            3,
            id="merged over two names",
        ),
        pytest.param(
            "Learner,,,\nFirst name,Last name,Course,Completed\nMere,Kea,5056,2026-05-03\n",
            "Mere Kea",
            3,
            id="a group above the names",
        ),
        pytest.param(
            "Learner,Micro-credential,Date\nname,reference,achieved\nMere Kea,5056,2026-05-03\n",
            "Mere Kea",
            3,
            id="each name over two lines",
        ),
        pytest.param(
            "Class list,,\nStudent,Course,Completed\nMere Kea,5056,2026-05-03\n",
            "Mere Kea",
            3,
            id="a title above the header",
        ),
    ],
)
def test_a_header_in_two_rows_is_read_as_one(text, name, line):
    class_list = read(text)
    assert [(row.line, row.learner_name) for row in class_list.rows] == [(line, name)]
    assert class_list.faults == ()


def test_a_row_of_data_is_never_taken_for_a_second_header():
    class_list = read("Student,Course,Completed\nMere Kea,5056,2026-05-03\nFirst name,Last name,Date\n")
    assert [row.line for row in class_list.rows] == [2]
    assert [fault.line for fault in class_list.faults] == [3, 3]


def test_a_nameless_column_beside_the_name_is_asked_about():
    with pytest.raises(TableError, match="beside “Student” has no name") as asked:
        read("Student,,Course,Completed\nMere,Kea,5056,2026-05-03\n")
    assert asked.value.extensions["reason"] == "columns-unclear"
    both = parse_column_map(b'{"columns": {"learner_name": ["Student", "column 2"]}}')
    assert brief(read("Student,,Course,Completed\nMere,Kea,5056,2026-05-03\n", column_map=both))[0][1] == "Mere Kea"
    one = parse_column_map(b'{"columns": {"learner_name": "Student"}}')
    assert brief(read("Student,,Course,Completed\nMere,Kea,5056,2026-05-03\n", column_map=one))[0][1] == "Mere"
    assert len(read("Student,,Course,Completed\nMere,,5056,2026-05-03\n").rows) == 1


# --- rows to look at --------------------------------------------------------------------------------------------


def doubts(text, **options):
    return [(one.line, one.reason, one.column) for one in read(text, **options).warnings]


@pytest.mark.parametrize("heading", ["Grade", "Final result", "Outcome", "Enrolment status", "Result", "result"])
@pytest.mark.parametrize(
    "value", ["Not achieved", "NA", "n", "Fail", "Did not complete", "WITHDRAWN", "Incomplete", "dnc", "0%", "I taka"]
)
def test_a_value_that_says_not_achieved_is_pointed_out_and_not_repeated(heading, value):
    text = f"Name,Course,Completed,{heading}\nMere,5056,2026-05-03,{value}\nAna,5056,2026-05-03,Achieved\n"
    assert doubts(text) == [(2, "not-achieved", heading)]
    (warning,) = read(text).warnings
    assert len(value) == 1 or value not in warning.message
    if heading.lower() != "result" and len(value) > 2:
        assert value not in repr(read(text))


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        pytest.param("Grade", "Merit", id="a grade that says yes"),
        pytest.param("Grade", "", id="no grade"),
        pytest.param("Email status", "N", id="the state of something else"),
        pytest.param("Notes", "Fail", id="a column about something else"),
        pytest.param("Grade", "100%", id="all of it"),
    ],
)
def test_nothing_else_is_taken_for_not_achieved(heading, value):
    assert doubts(f"Name,Course,Completed,{heading}\nMere,5056,2026-05-03,{value}\n") == []


def test_a_column_that_a_person_left_out_is_looked_at_all_the_same():
    mapped = parse_column_map(b'{"columns": {"achieved_on": "Completed", "result": null}}')
    text = "Name,Course,Completed,Achieved?\nMere,5056,2026-05-03,No\n"
    assert doubts(text, column_map=mapped) == [(2, "not-achieved", "Achieved?")]


def test_one_student_number_under_two_names_names_the_rows_and_not_the_number():
    rows = "Mere Āwhina,5056,2026-05-03,123456789\nAna,5056,2026-05-03,123 456 789\nMERE AWHINA,5056,2026-05-04,123456789\n"
    class_list = read("Name,Course,Completed,NSN\n" + rows)
    assert [(one.line, one.reason) for one in class_list.warnings] == [
        (2, "number-shared"),
        (3, "number-shared"),
        (4, "number-shared"),
    ]
    assert "row 2, 4, under" in class_list.warnings[1].message
    assert not any("123" in one.message for one in class_list.warnings)
    one_person = "Mere Āwhina,5056,2026-05-03,123456789\nMere Awhina,5056,2026-05-04,123456789\n"
    assert doubts("Name,Course,Completed,NSN\n" + one_person) == []


def test_a_name_with_an_empty_part_is_pointed_out():
    text = "First name,Last name,Course,Completed\n,Pūriri,5056,2026-05-03\nMere,Kea,5056,2026-05-03\n"
    assert doubts(text) == [(2, "name-in-part", "First name")]
    assert doubts(text, repairs={2: {"learner_name": "Ana Pūriri"}}) == []


def test_a_preferred_name_is_known_when_it_is_cut_short():
    assert read("Name,Pref. name,Course,Completed\nMere,Mel,5056,2026-05-03\n").rows[0].preferred_name == "Mel"


# --- mended cells -----------------------------------------------------------------------------------------------


def test_a_mended_cell_is_read_in_place_of_the_files():
    text = "learner_name,nzqa_ref,achieved_on,learner_email\n=A,5056,never,x\nTāne,5056,2026-05-03,t@a.example\n"
    mended = {2: {"learner_name": "Ana", "achieved_on": "3/05/2026", "learner_email": ""}}
    class_list = read(text, repairs=mended)
    assert [(row.line, row.learner_name, row.learner_email) for row in class_list.rows] == [
        (2, "Ana", None),
        (3, "Tāne", "t@a.example"),
    ]


def test_a_mended_cell_is_held_to_the_same_rules():
    text = "learner_name,nzqa_ref,achieved_on\nAna,5056,2026-05-03\n"
    (fault,) = read(text, repairs={2: {"learner_name": "=B"}}).faults
    assert (fault.line, fault.column, fault.field) == (2, "learner_name", "learner_name")
    (fault,) = read(text, repairs={2: {"learner_email": "nowhere"}}).faults
    assert fault.field == "learner_email"


def test_a_row_is_left_out_even_when_it_cannot_be_read():
    text = 'learner_name,nzqa_ref,achieved_on\nAna,5056,2026-05-03\n"broken,5056\nTāne,5056,2026-05-03\n'
    class_list = read(text, repairs={3: {"leave_out": "true"}})
    assert (len(class_list.rows), class_list.faults, class_list.left_out) == (2, (), (3,))


def test_leaving_out_the_first_of_two_equal_rows_mends_the_second():
    text = "learner_name,nzqa_ref,achieved_on\nAna,5056,2026-05-03\nAna,5056,2026-05-03\n"
    assert [row.line for row in read(text, repairs={2: {"leave_out": "true"}}).rows] == [3]


# --- fast ways ------------------------------------------------------------------------------------------------------
NAMELIKE = st.text("aZāŌ é'’-. ?@=19\t\u00a0\u0304\u200b\xc3\xaa", max_size=12) | st.text(max_size=20)


def careful(read_any, cell):
    """What the careful rules make of a cell."""
    try:
        return read_any(cell)
    except UnfitCell as unfit:
        return unfit.sentence


@given(st.one_of(NAMELIKE, st.integers(), st.none(), st.sampled_from(["Mere Āwhina", "a" * 200, "a" * 201, "A-b C'd"])))
def test_a_plain_name_is_read_fast_as_it_is_read_with_care(cell):
    assert careful(cells.read_name, cell) == careful(cells._read_any_name, cell)


@given(
    st.one_of(
        st.text("aZ0.@-_+ \"ā'", max_size=16),
        st.from_regex(r"[a-z.+-]{1,66}@[a-z.-]{1,20}", fullmatch=True),
        st.emails(),
        st.integers(),
    )
)
def test_a_plain_address_is_read_fast_as_it_is_read_with_care(cell):
    assert careful(cells.read_email, cell) == careful(cells._read_any_email, cell)


@given(st.one_of(st.from_regex(r" ?[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3,4} ?", fullmatch=True), st.text(max_size=12)))
def test_a_plain_student_number_is_read_as_it_would_be_with_spaces_around_it(cell):
    assert careful(cells.read_nsn, cell) == careful(cells.read_nsn, f"{cell} ")


@given(st.lists(st.text() | NAMELIKE, min_size=2, max_size=2), st.dates(), st.sampled_from(["5056", "TF0849"]))
def test_a_row_key_is_the_one_of_its_definition(texts, day, ref):
    name, email = texts
    folded = [" ".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in texts]
    message = jcs(["1234", *folded, ref, day.isoformat()])
    made = default_row_key(b"secret", provider="1234", name=name, email=email, ref=ref, achieved_on=day)
    assert made == hmac.new(b"secret", message, hashlib.sha256).hexdigest()[:40]
    after = hmac.new(b"secret", jcs(["issued anew after", made]), hashlib.sha256).hexdigest()[:40]
    assert key_after(b"secret", made) == after


@given(st.lists(st.tuples(st.sampled_from(["A", "a", "B", "C D"]), st.sampled_from(["100000001", "100000002"]))))
def test_a_shared_student_number_names_the_first_five_other_rows(people):
    rows = [
        Row(line=line, learner_name=name, nzqa_ref="5056", achieved_on=date(2026, 5, 3), nsn=nsn)
        for line, (name, nsn) in enumerate(people, start=2)
    ]
    told = {fault.line: fault.message for fault in doubt_numbers(rows, spelled={})}
    for row in rows:
        others = [
            str(other.line)
            for other in rows
            if other.nsn == row.nsn and other.learner_name.lower() != row.learner_name.lower()
        ]
        shown = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
        assert (row.line in told) == bool(others)
        assert not others or f"stands in row {shown}, under" in told[row.line]


def test_a_student_number_of_a_hundred_thousand_rows_takes_no_time_to_speak_of():
    rows = [
        Row(
            line=line,
            learner_name=f"Learner {line % 3}",
            nzqa_ref="5056",
            achieved_on=date(2026, 5, 3),
            nsn="100000001",
        )
        for line in range(100_000)
    ]
    assert sum(1 for _ in doubt_numbers(rows, spelled={})) == 100_000


def test_what_is_shown_of_a_row_in_a_log_is_no_address_and_no_student_number():
    row = Row(
        line=2,
        learner_name="Mere",
        nzqa_ref="5056",
        achieved_on=date(2026, 5, 3),
        learner_email="mere@learner.example",
        nsn="123456789",
    )
    assert "learner.example" not in f"{row!r} {row}"
    assert "123456789" not in f"{row!r} {row}"
    record = Record(2, ("Mere", "123456789"))
    assert "123456789" not in f"{record!r} {record}"
