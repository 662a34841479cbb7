"""Dated rules of NZQA as data: what is unusual is pointed out when an edition is built, and never refused."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from benchmarks.national import write_national_records
from issuer.authority.office import build_edition, init_office
from issuer.authority.site import write_site
from schemas.nzqcf import CREDIT_BANDS, REVIEW_RULES, TITLE_WORDS, review_due, review_rule, review_warning
from verifier.register.decision import decide

AS_AT = date(2026, 11, 1)
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("approved_on", "years", "due"),
    [
        pytest.param(
            date(2022, 12, 31), None, date(2023, 12, 31), id="before 2023 a year, where no period is recorded"
        ),
        pytest.param(date(2022, 12, 31), 3, date(2025, 12, 31), id="before 2023, where one is"),
        pytest.param(date(2023, 1, 1), None, None, id="from 2023 the period is the listing's own"),
        pytest.param(date(2024, 2, 29), 1, date(2025, 2, 28), id="from 29 February"),
    ],
)
def test_a_review_is_due_on_the_anniversary_of_the_approval(approved_on: date, years: int | None, due: date) -> None:
    assert review_due(approved_on=approved_on, years=years) == due


def test_every_rule_is_dated_and_says_where_it_was_read() -> None:
    for rules in (CREDIT_BANDS, REVIEW_RULES):
        days = [rule.effective_from for rule in rules]
        assert days == sorted(set(days))
        assert all(rule.source for rule in rules)
    assert all(word.effective_from for word in TITLE_WORDS)
    assert review_rule(date(2010, 1, 1)) is REVIEW_RULES[0]


@pytest.mark.parametrize(
    ("seen_on", "warned"),
    [
        pytest.param(None, True, id="nobody looked at NZQA's page"),
        pytest.param(date(2026, 5, 31), True, id="somebody looked before it was due"),
        pytest.param(date(2026, 6, 1), False, id="somebody looked since"),
    ],
)
def test_an_overdue_review_is_pointed_out_until_somebody_looked(seen_on: date | None, warned: bool) -> None:
    warning = review_warning(approved_on=date(2023, 6, 1), years=3, as_at=AS_AT, seen_on=seen_on)
    assert (warning is not None) is warned
    if warning:
        assert "due by 1 June 2026" in warning


def test_a_review_that_falls_due_on_the_registers_own_day_is_not_overdue() -> None:
    assert review_warning(approved_on=date(2025, 11, 1), years=1, as_at=AS_AT, seen_on=None) is None


def _edited(records: Path, ref: str, **cells: str) -> None:
    path = records / "listings.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["nzqa_ref"] == ref:
            row.update(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules") / "office"
    init_office(folder, name="Authority (invented)", created=AT)
    return folder


@pytest.fixture
def records(tmp_path: Path) -> Path:
    write_national_records(tmp_path / "records", providers=20, listings=40, rights=200)
    return tmp_path / "records"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        pytest.param({"credits": "4", "listed_from": "2019-05-01"}, "4 credits is unusual", id="four credits in 2019"),
        pytest.param({"credits": "60"}, "1 to 40 credits", id="sixty credits"),
        pytest.param({"title_en": "Diploma of Kelp"}, "holds “diploma”", id="a word of qualifications"),
        pytest.param(
            {"listed_from": "2022-02-01", "review_years": "", "checked_on": ""},
            "due by 1 February 2023",
            id="overdue review",
        ),
        pytest.param({"level": ""}, "level or credits are blank", id="no level"),
    ],
)
def test_what_is_unusual_is_a_note_of_the_build_and_never_a_fault(
    office: Path, records: Path, cells: dict[str, str], words: str
) -> None:
    usual = {"credits": "10", "listed_from": "2024-02-01", "discontinued_on": ""}
    _edited(records, "2007", **(usual | cells))
    built = build_edition(office, records=records, as_at=AS_AT, demonstration=True, created=AT)
    notes = [note for note in built.notes if note.startswith("listings.csv, 2007 version 1: ")]
    assert len(notes) == 1
    assert words in notes[0]


def test_the_invented_national_register_is_a_good_one_and_the_same_every_time(
    office: Path, records: Path, tmp_path: Path
) -> None:
    write_national_records(tmp_path / "again", providers=20, listings=40, rights=200)
    for path in records.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    edition = build_edition(office, records=records, as_at=AS_AT, demonstration=True, created=AT).edition
    assert len(edition.register.awarding_rights) == 200
    right = edition.register.awarding_rights[0]
    assert decide(edition, provider=right.moe_number, ref=right.nzqa_ref, on=right.granted_on)
    assert write_site(edition, data=b"{}", folder=tmp_path / "site").listings == 40
