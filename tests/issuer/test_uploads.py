"""A class list between upload and purge: what is asked about it, what is remembered, what is mended; all of it sealed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from issuer import audit
from issuer.bulk.previewing import Preview, preview
from issuer.bulk.uploads import (
    UploadChoices,
    clear_repairs,
    discard,
    earlier_uploads,
    load_choices,
    load_course_codes,
    load_file,
    purge_uploads,
    save_choices,
    save_course_codes,
    save_repairs,
)
from issuer.instance import Instance
from issuer.store.service_tables import course_codes, uploads
from issuer.store.tables import audit_log, batches
from issuer.trust.editions import load_edition
from schemas.errors import BadgeError, InputError, IssuingError, TableError, TooLarge
from tests.issuer.bulk import (
    OTHER_REF,
    PREPARER,
    UGLY,
    checked,
    class_csv,
    issued_by_worker,
    upload,
    use_two_listings,
)
from tests.issuer.provider import NOW, REF


def looked_at(instance: Instance, batch_id: str) -> Preview:
    return preview(instance, batch_id, load_edition(instance))


def choose(instance: Instance, batch_id: str, **values: object) -> None:
    kept = load_choices(instance, batch_id)
    members = {name: getattr(kept, name) for name in UploadChoices.__slots__} | values
    save_choices(instance, batch_id, UploadChoices(**members), now=NOW, actor=PREPARER)


def fields_of(seen: Preview) -> dict[str, str | None]:
    return {column.name: column.field for column in seen.columns}


def test_the_file_lies_in_the_database_sealed_and_comes_back_as_it_was(any_instance: Instance) -> None:
    data = class_csv(3)
    batch_id = upload(any_instance, data, filename="C:\\Users\\office\\Semester 1.csv")
    assert load_file(any_instance, batch_id) == data
    assert load_choices(any_instance, batch_id).filename == "Semester 1.csv"
    with any_instance.store.reading() as connection:
        stored = b"".join(
            str(tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)).encode()
            for table in (uploads, batches, audit_log)
            for row in connection.execute(sa.select(table))
        )
    for secret in (b"Learner 0", b"learner0@", b"Semester 1"):
        assert secret not in stored


def test_one_file_twice_is_two_drafts_that_know_each_other(instance: Instance) -> None:
    first, second = upload(instance, class_csv(2)), upload(instance, class_csv(2))
    assert first != second
    (earlier,) = earlier_uploads(instance, second)
    assert (earlier.batch_id, earlier.state, earlier.issued) == (first, "draft", 0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "is empty", id="an empty file"),
        pytest.param(b"\n \n\n", "is empty", id="nothing but blank lines"),
        pytest.param(b"%PDF-1.7 ...", "is a PDF", id="a PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n....", "is a picture", id="a picture"),
        pytest.param(b"MZ\x90\x00", "is a program", id="a program"),
    ],
)
def test_what_can_be_no_class_list_is_refused_at_once(instance: Instance, data: bytes, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        upload(instance, data, filename="class")


def test_a_file_over_the_limit_is_refused_at_once(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.bulk.uploads.MAX_TABLE_BYTES", 100)
    with pytest.raises(TooLarge, match="Split it"):
        upload(instance, class_csv(5))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"PK\x03\x04 but no zip", id="a damaged workbook"),
        pytest.param(b"just one line of words", id="words without a table"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), id="a workbook of old Excel"),
        pytest.param(b"<html><body>Sign in</body></html>", id="a page somebody saved"),
    ],
)
def test_what_cannot_be_read_stays_and_says_why(instance: Instance, data: bytes) -> None:
    batch_id = upload(instance, data)
    seen = looked_at(instance, batch_id)
    assert not seen.ready_to_check
    assert seen.fault or seen.missing


def test_an_ugly_csv_is_asked_about_its_encoding_first(instance: Instance) -> None:
    use_two_listings(instance)
    batch_id = upload(instance, (UGLY / "class-cp1252.csv").read_bytes())
    seen = looked_at(instance, batch_id)
    assert seen.fault_reason == "encoding-unclear"
    assert [letter.shown for letter in seen.letters] == ["Renée", "Zoë"]
    assert [letter.line for letter in seen.letters] == [6, 7]
    choose(instance, batch_id, encoding="cp1252")
    seen = looked_at(instance, batch_id)
    assert seen.ready_to_check, (seen.fault, seen.missing)
    assert seen.macrons_warning
    assert seen.header_line == 5
    assert seen.rows == 7
    assert fields_of(seen) == {
        "Student First name": "first_name",
        "Last name": "last_name",
        "NSN": "nsn",
        "Course": "nzqa_ref",
        "Completed": "achieved_on",
        "E-mail": "learner_email",
        "Notes": None,
    }
    assert [(code.code, code.count, code.lines) for code in seen.codes] == [("BEE-101", 1, (9,))]


def test_an_ugly_workbook_needs_no_answer_but_its_course_code(instance: Instance) -> None:
    use_two_listings(instance)
    batch_id = upload(instance, (UGLY / "class.xlsx").read_bytes(), filename="class.xlsx")
    seen = looked_at(instance, batch_id)
    assert seen.ready_to_check, (seen.fault, seen.missing)
    assert (seen.kind, seen.sheet, seen.sheets, seen.header_line) == ("xlsx", "Class", ("Cover", "Class"), 4)
    assert [code.code for code in seen.codes] == ["BEE-101"]
    (nsn,) = [column for column in seen.columns if column.field == "nsn"]
    assert nsn.masked
    assert nsn.samples == ()
    assert "123456789" not in repr(seen)
    assert "987 654 321" not in repr(seen)


def test_a_course_code_is_asked_about_once_and_for_all(instance: Instance) -> None:
    use_two_listings(instance)
    edition = load_edition(instance)
    data = f"Student,Course,Completed\nMere Āwhina,bee 101,2026-05-04\nTāne,{REF},2026-05-04\n".encode()
    first = upload(instance, data)
    (code,) = looked_at(instance, first).codes
    assert code.code == "bee 101"
    save_course_codes(instance, {"BEE101": OTHER_REF}, edition=edition, now=NOW, actor=PREPARER)
    assert load_course_codes(instance) == {"BEE101": OTHER_REF}
    assert looked_at(instance, upload(instance, data)).codes == ()
    assert checked(instance, first).ready == 2


def test_a_title_in_place_of_a_reference_is_recognised(instance: Instance) -> None:
    use_two_listings(instance)
    batch_id = upload(instance, b"Student,Course,Completed\nMere,manage a hive,2026-05-04\n")
    (code,) = looked_at(instance, batch_id).codes
    assert code.maybe == OTHER_REF


def test_a_course_code_of_nothing_in_the_register_is_refused(instance: Instance) -> None:
    with pytest.raises(InputError) as refused:
        save_course_codes(instance, {"BEE": "0001"}, edition=load_edition(instance), now=NOW, actor=PREPARER)
    assert refused.value.extensions["field"] == "BEE"
    with instance.store.reading() as connection:
        assert connection.execute(sa.select(course_codes)).all() == []


def test_columns_are_chosen_by_hand_and_remembered_by_the_header(instance: Instance) -> None:
    data = f"Kid,Paper thing,When,Who else\nMere Āwhina,{REF},2026-05-04,x\n".encode()
    batch_id = upload(instance, data)
    seen = looked_at(instance, batch_id)
    assert set(seen.missing) == {"learner_name", "nzqa_ref", "achieved_on"}
    assert [column.samples for column in seen.columns] == [("Mere Āwhina",), (REF,), ("2026-05-04",), ("x",)]
    columns = {"learner_name": ("Kid",), "nzqa_ref": ("Paper thing",), "achieved_on": ("When",)}
    choose(instance, batch_id, columns=columns)
    assert checked(instance, batch_id).ready == 1
    again = upload(instance, f"When,Kid,who ELSE,Paper thing\n2026-05-05,Tāne,y,{REF}\n".encode())
    seen = looked_at(instance, again)
    assert seen.remembered
    assert seen.ready_to_check
    assert checked(instance, again).ready == 1


def test_a_field_is_left_out_when_its_column_is(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(1))
    columns = {
        "learner_name": ("Student",),
        "nzqa_ref": ("Course",),
        "achieved_on": ("Completed",),
        "learner_email": (),
    }
    choose(instance, batch_id, columns=columns)
    assert checked(instance, batch_id).mail_count == 0


def test_a_surname_under_a_merged_header_is_not_lost(instance: Instance) -> None:
    data = f"Student,,Course,Completed\nMere,Āwhina,{REF},2026-05-04\n".encode()
    batch_id = upload(instance, data)
    seen = looked_at(instance, batch_id)
    assert seen.fault_reason == "columns-unclear"
    choose(instance, batch_id, columns={"learner_name": ("Student", "column 2")})
    assert looked_at(instance, batch_id).ready_to_check
    assert checked(instance, batch_id).sample[0].learner_name == "Mere Āwhina"


def test_two_columns_of_one_name_can_be_told_apart(instance: Instance) -> None:
    data = f"Student,Email,Course,Completed,Email\nMere,old@a.example,{REF},2026-05-04,new@a.example\n".encode()
    batch_id = upload(instance, data)
    seen = looked_at(instance, batch_id)
    assert seen.fault_reason == "columns-doubled"
    assert [column.name for column in seen.columns][1] == "Email (column 2)"
    choose(instance, batch_id, columns={"learner_email": ("Email (column 5)",)})
    assert looked_at(instance, batch_id).ready_to_check


def test_days_that_read_two_ways_are_asked_about(instance: Instance) -> None:
    data = f"Student,Course,Completed\nMere,{REF},03/05/2026\nTāne,{REF},05/25/2026\n".encode()
    batch_id = upload(instance, data)
    seen = looked_at(instance, batch_id)
    assert seen.dates_unclear
    assert seen.date_examples == ("03/05/2026",)
    choose(instance, batch_id, dates="mm/dd/yyyy")
    findings = checked(instance, batch_id)
    assert (findings.ready, findings.sample[0].achieved_on) == (2, "2026-03-05")


def test_a_single_cell_is_mended_by_the_same_rules(instance: Instance) -> None:
    data = f"Student,Course,Completed,E-mail\n=Mere,{REF},2026-02-31,not an address\nTāne,{REF},2026-05-04,\n".encode()
    batch_id = upload(instance, data)
    assert checked(instance, batch_id).to_fix == 1
    save_repairs(instance, batch_id, 2, {"learner_name": "Mere", "achieved_on": "3/05/2026"}, now=NOW, actor=PREPARER)
    (row,) = checked(instance, batch_id).problems
    assert [(fault.field, fault.column) for fault in row.faults] == [("learner_email", "E-mail")]
    save_repairs(instance, batch_id, 2, {"learner_email": ""}, now=NOW, actor=PREPARER)
    findings = checked(instance, batch_id)
    assert (findings.ready, findings.to_fix) == (2, 0)
    clear_repairs(instance, batch_id, 2, now=NOW, actor=PREPARER)
    assert checked(instance, batch_id).to_fix == 1


def test_a_mended_cell_may_be_of_a_field_without_a_column_and_of_a_name_in_parts(instance: Instance) -> None:
    data = f"First name,Last name,Course,Completed\n=M,K,{REF},2026-05-04\n=A,B,{REF},2026-05-04\n".encode()
    batch_id = upload(instance, data)
    save_repairs(
        instance, batch_id, 2, {"learner_name": "Mere Kea", "learner_email": "m@a.example"}, now=NOW, actor=PREPARER
    )
    save_repairs(instance, batch_id, 3, {"first_name": "Ana"}, now=NOW, actor=PREPARER)
    findings = checked(instance, batch_id)
    assert [(row.learner_name, row.has_email) for row in findings.sample] == [("Mere Kea", True), ("Ana B", False)]


def test_a_row_is_left_out_and_put_back(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(3))
    save_repairs(instance, batch_id, 3, {"leave_out": "true"}, now=NOW, actor=PREPARER)
    findings = checked(instance, batch_id)
    assert (findings.ready, findings.left_out, [row.line for row in findings.left_out_rows]) == (2, 1, [3])
    save_repairs(instance, batch_id, 3, {"leave_out": ""}, now=NOW, actor=PREPARER)
    assert checked(instance, batch_id).ready == 3


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"columns": {"shoe_size": ("Student",)}}, id="a field that is none"),
        pytest.param({"columns": {"nzqa_ref": ("Course", "Student")}}, id="two columns for a reference"),
        pytest.param({"dates": "whenever"}, id="an order of dates that is none"),
        pytest.param({"encoding": "klingon"}, id="an encoding that is none"),
        pytest.param({"accept_unconfirmed": "  "}, id="no reason"),
        pytest.param({"repairs": {2: {"shoe_size": "43"}}}, id="a mended cell of no field"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(instance: Instance, values: dict[str, object]) -> None:
    batch_id = upload(instance, class_csv(1))
    with pytest.raises(InputError):
        choose(instance, batch_id, **values)


def test_a_discarded_list_is_gone_at_once(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(2))
    checked(instance, batch_id)
    discard(instance, batch_id, now=NOW, actor=PREPARER)
    discard(instance, batch_id, now=NOW, actor=PREPARER)
    with pytest.raises(IssuingError, match="deleted"):
        load_file(instance, batch_id)
    with pytest.raises(BadgeError):
        save_repairs(instance, batch_id, 2, {"learner_name": "x"}, now=NOW, actor=PREPARER)


def test_a_batch_that_has_issued_cannot_be_discarded(instance: Instance) -> None:
    batch_id = issued_by_worker(instance, class_csv(1))
    with pytest.raises(IssuingError, match="issued already"):
        discard(instance, batch_id, now=NOW, actor=PREPARER)


def test_lists_are_purged_when_their_time_is_over(any_instance: Instance) -> None:
    done, draft = issued_by_worker(any_instance, class_csv(1)), upload(any_instance, class_csv(2))
    assert purge_uploads(any_instance, now=NOW + timedelta(days=29), days=30) == 0
    assert purge_uploads(any_instance, now=NOW + timedelta(days=31), days=30) == 2
    assert purge_uploads(any_instance, now=NOW + timedelta(days=31), days=30) == 0
    for batch_id in (done, draft):
        with pytest.raises(IssuingError):
            load_file(any_instance, batch_id)
    with any_instance.store.reading() as connection:
        states = dict(connection.execute(sa.select(batches.c.batch_id, batches.c.state)).all())
        assert audit.verify_chain(connection)
    assert (states[done], states[draft]) == ("finished", "discarded")
