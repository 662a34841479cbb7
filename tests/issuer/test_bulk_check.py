"""The dry run of an uploaded class list: every row told, in the file's own lines and columns, and nothing private shown."""

from __future__ import annotations

import csv
import io
import resource
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from issuer.bulk.checking import check, problem_rows_csv, request_check
from issuer.bulk.findings import MASK, load_findings
from issuer.bulk.uploads import UploadChoices, load_choices, save_choices, save_course_codes
from issuer.instance import Instance
from issuer.store.setups import Setup, save_setup
from issuer.store.tables import credentials
from issuer.trust.editions import load_edition
from issuer.worker import work_off
from schemas.errors import IssuingError
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

NSNS = ("123456789", "987654321", "987 654 321")


def ugly(instance: Instance, name: str) -> str:
    """An ugly list uploaded, and everything answered that is asked about it."""
    use_two_listings(instance)
    batch_id = upload(instance, (UGLY / name).read_bytes(), filename=name)
    if name.endswith(".csv"):
        choices = UploadChoices(filename=load_choices(instance, batch_id).filename, encoding="cp1252")
        save_choices(instance, batch_id, choices, now=NOW, actor=PREPARER)
    edition = load_edition(instance)
    save_course_codes(instance, {"BEE-101": OTHER_REF}, edition=edition, now=NOW, actor=PREPARER)
    return batch_id


def test_an_ugly_csv_is_told_row_by_row(instance: Instance) -> None:
    findings = checked(instance, ugly(instance, "class-cp1252.csv"))
    assert (findings.ready, findings.to_fix, findings.held, findings.already) == (5, 2, 0, 0)
    assert [(row.line, [fault.column for fault in row.faults]) for row in findings.problems] == [
        (11, ["Student First name"]),
        (12, ["Completed"]),
    ]
    assert findings.problems[0].cells[:2] == ("=Mere", "Kea")
    assert {(warning.line, warning.reason) for warning in findings.warnings} == {
        (8, "name-doubtful"),
        (9, "name-doubtful"),
        (8, "address-shared"),
        (9, "address-shared"),
        (10, "address-missing"),
    }
    assert (findings.mail_count, findings.hand_over_count) == (2, 3)
    assert [(one.nzqa_ref, one.ready) for one in findings.listings] == [(OTHER_REF, 4), (REF, 1)]
    first = findings.sample[0]
    assert (first.line, first.learner_name, first.achieved_on) == (6, "Renée Müller", "2026-05-03")


def test_an_ugly_workbook_is_told_row_by_row(instance: Instance) -> None:
    batch_id = ugly(instance, "class.xlsx")
    findings = checked(instance, batch_id)
    assert (findings.ready, findings.to_fix) == (5, 1)
    (row,) = findings.problems
    assert (row.line, row.faults[0].column, row.faults[0].field) == (11, "Completed", "achieved_on")
    assert [(one.learner_name, one.achieved_on) for one in findings.sample] == [
        ("Mere Āwhina", "2026-05-03"),
        ("Aroha Ngātai", "2026-05-03"),
        ("Wiremu Pōtae", "2026-05-03"),
    ]


@pytest.mark.parametrize("name", ["class-cp1252.csv", "class.xlsx"])
def test_no_student_number_is_in_any_finding_nor_in_the_rows_to_download(instance: Instance, name: str) -> None:
    batch_id = ugly(instance, name)
    findings = checked(instance, batch_id)
    everything = str([[row.cells, row.faults, row.line] for row in findings.problems]) + str(findings)
    everything += problem_rows_csv(instance, batch_id).decode()
    for nsn in NSNS:
        assert nsn not in everything


def test_a_student_number_beside_a_message_is_masked(instance: Instance) -> None:
    data = f"Student,Course,Completed,NSN\nMere 123456789,{REF},2026-05-04,123456789\n,{REF},2026-05-04,123456789\n"
    batch_id = upload(instance, data.encode())
    rows = checked(instance, batch_id).problems
    assert [row.cells for row in rows] == [(MASK, REF, "2026-05-04", MASK), ("", REF, "2026-05-04", MASK)]
    table = list(csv.reader(io.StringIO(problem_rows_csv(instance, batch_id).decode("utf-8-sig"))))
    assert table[0] == ["Row", "Student", "Course", "Completed", "Reason"]


def test_hostile_cells_are_told_and_run_nothing(instance: Instance) -> None:
    hostile = (
        '=HYPERLINK("http://x.example")',
        "+cmd|' /C calc'!A0",
        "@SUM(1)",
        "<script>alert(1)</script>",
        "a\u202eb",
    )
    rows = "".join(f'"{name.replace(chr(34), chr(34) * 2)}",{REF},2026-05-04,{name[:1]}x\n' for name in hostile)
    batch_id = upload(instance, f"Student,Course,Completed,Notes\n{rows}".encode())
    findings = checked(instance, batch_id)
    assert [row.line for row in findings.problems] == [2, 3, 4, 6]
    for cells in csv.reader(io.StringIO(problem_rows_csv(instance, batch_id).decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_what_the_register_cannot_confirm_is_held(instance: Instance) -> None:
    data = f"Student,Course,Completed\nMere,{REF},2026-05-04\nTāne,128480-1,2026-05-04\n".encode()
    findings = checked(instance, upload(instance, data))
    assert (findings.ready, findings.held + findings.to_fix) == (1, 1)
    (row,) = findings.problems
    assert row.line == 3
    assert row.cells == ("Tāne", "128480-1", "2026-05-04")
    assert row.faults[0].message


def test_a_list_that_was_issued_is_all_issued_already(instance: Instance) -> None:
    issued_by_worker(instance, class_csv(3))
    findings = checked(instance, upload(instance, class_csv(4)))
    assert (findings.ready, findings.already) == (1, 3)
    assert [row.line for row in findings.already_rows] == [2, 3, 4]
    assert all(row.short_id for row in findings.already_rows)


def test_an_address_that_a_badge_of_another_name_has_is_told(instance: Instance) -> None:
    issued_by_worker(instance, f"Student,Course,Completed,Email\nMere,{REF},2026-05-04,WHANAU@a.example\n".encode())
    data = f"Student,Course,Completed,Email\nTāne,{REF},2026-05-05,whanau@a.example\nMERE,{REF},2026-05-06,whanau@a.example\n"
    findings = checked(instance, upload(instance, data.encode()))
    assert {(warning.line, warning.reason) for warning in findings.warnings} >= {(2, "address-shared")}
    alone = checked(instance, upload(instance, (data.rsplit("MERE", 1)[0]).encode()))
    assert [(warning.line, warning.reason) for warning in alone.warnings] == [(2, "address-of-another")]


def test_a_badge_that_ends_soon_is_told(instance: Instance) -> None:
    with instance.store.writing() as connection:
        save_setup(connection, Setup(nzqa_ref=REF, valid_months=8), at=NOW, by="test")
    findings = checked(
        instance, upload(instance, f"Student,Course,Completed,Email\nM,{REF},2026-05-04,m@a.example\n".encode())
    )
    assert [(warning.line, warning.reason) for warning in findings.warnings] == [(2, "expires")]


def test_a_check_writes_nothing_but_its_findings(instance: Instance) -> None:
    checked(instance, upload(instance, class_csv(5)))
    with instance.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(credentials)) == 0


def test_a_list_that_cannot_be_read_goes_back_to_be_answered(instance: Instance) -> None:
    batch_id = upload(instance, (UGLY / "class-cp1252.csv").read_bytes())
    request_check(instance, batch_id, now=NOW, actor=PREPARER)
    work_off(instance, clock=lambda: NOW)
    assert load_findings(instance, batch_id) is None
    with pytest.raises(IssuingError, match="checked first"):
        problem_rows_csv(instance, batch_id)


def test_fifty_thousand_rows_are_checked_in_sane_time_and_memory(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(50_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    seen: list[tuple[int, int]] = []
    findings = check(
        instance,
        batch_id,
        edition=load_edition(instance),
        now=NOW + timedelta(minutes=1),
        actor=PREPARER,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert findings.ready == 50_000
    assert seen[-1] == (50_000, 50_000)
    assert time.process_time() - started < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024  # kilobytes
