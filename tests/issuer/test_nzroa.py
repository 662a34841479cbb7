"""Reporting to NZQA: who is still to be reported, who was, and that a student number is seen in one file alone."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer import audit
from issuer.cli import badge_issuer
from issuer.corrections import Correction, correct
from issuer.instance import Instance, open_instance
from issuer.nzroareport import Export, ExportRow, Marked, export_csv, export_rows, mark_reported, purge
from issuer.status import revoke
from issuer.store.nzroa_rows import load_entry, load_reporting_state
from issuer.store.tables import audit_log, nzroa_entries
from issuer.suspension import set_suspension, suspend
from issuer.trust.editions import load_edition
from schemas.errors import IssuingError, TableError
from schemas.limits import MAX_TABLE_BYTES
from tests.issuer.provider import AWARDED, NOW, PROVIDER, REF, Completion, Completions, issue, short_ids
from tests.simulator import TITLE
from verifier.exits import run

LATER = NOW + timedelta(days=1)
NUMBERS = ("123456789", "0987654321", "555000111")
CLASS = Completions(
    rows=(
        Completion(line=2, learner_name="Mere Āwhina", nsn=NUMBERS[0]),
        Completion(line=3, learner_name="Wiremu Kōtare", nsn=NUMBERS[1]),
        Completion(line=4, learner_name="Hine Tūī"),
        Completion(line=5, learner_name="Tāne Rata", nsn=NUMBERS[2], achieved_on=AWARDED + timedelta(days=3)),
    )
)


def export(instance: Instance, *, since: date | None = None, again: bool = False) -> Export:
    return export_rows(instance, since=since, again=again, now=LATER, actor="test")


def report(instance: Instance, data: bytes) -> Marked:
    return mark_reported(instance, data, now=LATER, actor="test")


def last_entry(instance: Instance) -> tuple[str, dict[str, object]]:
    with instance.store.reading() as connection:
        row = connection.execute(sa.select(audit_log).order_by(audit_log.c.seq.desc()).limit(1)).one()
    return row.action, json.loads(row.facts)


def whole_log(instance: Instance) -> str:
    with instance.store.reading() as connection:
        assert audit.verify_chain(connection).faults == ()
        return "\n".join(str(tuple(row)) for row in connection.execute(sa.select(audit_log)))


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def edit(data: bytes, old: str, new: str) -> bytes:
    text = data.decode("utf-8-sig")
    assert old in text
    return text.replace(old, new).encode()


def test_the_export_has_what_the_portal_asks_for(any_instance: Instance) -> None:
    ids = short_ids(issue(any_instance, CLASS))
    found = export(any_instance)
    header, *rows = cells(export_csv(found.rows))
    assert header == ["nsn", "achieved_on", "micro_credential", "nzqa_ref", "provider"]
    assert sorted(rows[:2]) == sorted([number, "2026-05-04", TITLE, REF, PROVIDER] for number in NUMBERS[:2])
    assert rows[2:] == [[NUMBERS[2], "2026-05-07", TITLE, REF, PROVIDER]]
    assert found.missing == (ids[2],)
    assert found.on_hold == ()


def test_opening_the_numbers_is_logged_by_ids_alone(instance: Instance) -> None:
    ids = short_ids(issue(instance, CLASS))
    export(instance)
    action, facts = last_entry(instance)
    assert action == audit.NZROA_EXPORT
    assert facts == {"again": False, "credentials": [*sorted((ids[0], ids[1])), ids[3]]}


def test_an_export_of_nothing_opens_nothing_and_logs_nothing(instance: Instance) -> None:
    issue(instance, Completions(rows=(CLASS.rows[2],)))
    before = last_entry(instance)
    assert export(instance).rows == ()
    assert last_entry(instance) == before


def test_since_takes_the_day_of_achievement(instance: Instance) -> None:
    issue(instance, CLASS)
    assert {row.nsn for row in export(instance, since=AWARDED + timedelta(days=1)).rows} == {NUMBERS[2]}
    assert {row.nsn for row in export(instance, since=AWARDED).rows} == set(NUMBERS)


def test_what_was_reported_is_left_out_unless_asked_for(any_instance: Instance) -> None:
    issue(any_instance, CLASS)
    data = export_csv(export(any_instance).rows)
    assert report(any_instance, data) == Marked(count=3, already=0, unmatched=())
    assert export(any_instance).rows == ()
    assert {row.nsn for row in export(any_instance, again=True).rows} == set(NUMBERS)


def test_twice_is_once(any_instance: Instance) -> None:
    ids = short_ids(issue(any_instance, CLASS))
    data = export_csv(export(any_instance).rows)
    report(any_instance, data)
    assert mark_reported(any_instance, data, now=LATER + timedelta(days=5), actor="test") == Marked(
        count=0, already=3, unmatched=()
    )
    with any_instance.store.reading() as connection:
        states = [load_reporting_state(connection, one) for one in ids]
    assert [one.reported_at if one else "no entry" for one in states] == [LATER, LATER, None, LATER]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(NUMBERS[1], NUMBERS[1].lstrip("0"), id="a spreadsheet took the zero in front"),
        pytest.param("2026-05-04", "4/05/2026", id="a spreadsheet wrote the days its own way"),
        pytest.param("nsn,achieved_on", "NSN,Achieved on", id="the header was written anew"),
        pytest.param("\r\n", "\n", id="other line ends"),
    ],
)
def test_a_file_that_went_through_a_spreadsheet_still_matches(instance: Instance, old: str, new: str) -> None:
    issue(instance, CLASS)
    data = export_csv(export(instance).rows)
    assert report(instance, edit(data, old, new)) == Marked(count=3, already=0, unmatched=())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(NUMBERS[2], "999888777", id="another number"),
        pytest.param("2026-05-07", "2026-05-08", id="another day"),
        pytest.param("2026-05-07", "soon", id="no day"),
        pytest.param(NUMBERS[2], "", id="no number"),
    ],
)
def test_a_line_that_matches_nothing_is_named_by_its_line_and_the_others_are_marked(
    instance: Instance, old: str, new: str
) -> None:
    issue(instance, CLASS)
    data = export_csv(export(instance).rows)
    assert report(instance, edit(data, old, new)) == Marked(count=2, already=0, unmatched=(4,))


def test_two_badges_for_one_completion_are_marked_by_one_line(instance: Instance) -> None:
    twins = Completions(rows=tuple(Completion(line=line, row_key=f"key-{line}", nsn=NUMBERS[0]) for line in (2, 3)))
    issue(instance, twins)
    whole = export_csv(export(instance).rows)
    assert report(instance, export_csv(export(instance).rows[:1])) == Marked(count=2, already=0, unmatched=())
    assert report(instance, whole) == Marked(count=0, already=2, unmatched=())
    assert report(instance, export_csv(())) == Marked(count=0, already=0, unmatched=())


def test_a_credential_id_is_enough_and_opens_no_number(instance: Instance) -> None:
    ids = short_ids(issue(instance, CLASS))
    table = f"credential_id\n{instance.badge_url(ids[2])}\n{ids[0]}\nhttps://elsewhere.example/x\nnosuchbadge\n"
    assert report(instance, table.encode()) == Marked(count=2, already=0, unmatched=(4, 5))
    assert last_entry(instance) == (audit.NZROA_REPORTED, {"credentials": sorted((ids[0], ids[2])), "opened": []})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"name,colour\na,b\n", id="another table"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"nsn,achieved_on,nzqa_ref\n" + b" " * MAX_TABLE_BYTES, id="over the limit"),
    ],
)
def test_what_is_no_export_is_refused(instance: Instance, data: bytes) -> None:
    issue(instance, CLASS)
    with pytest.raises(TableError):
        report(instance, data)


def test_withdrawn_badges_are_left_out_and_those_on_hold_are_named(instance: Instance) -> None:
    set_suspension(instance, on=True, now=NOW, actor="test")
    ids = short_ids(issue(instance, CLASS))
    revoke(instance, ids[0], now=NOW, actor="test")
    suspend(instance, ids[1], now=NOW, actor="test")
    found = export(instance)
    assert [row.short_id for row in found.rows] == [ids[3]]
    assert (found.missing, found.on_hold) == ((ids[2],), (ids[1],))


def test_a_completion_corrected_after_it_was_reported_is_to_be_reported_again(instance: Instance) -> None:
    ids = short_ids(issue(instance, CLASS))
    report(instance, export_csv(export(instance).rows))
    edition = load_edition(instance)
    correct(instance, ids[0], Correction(name="Mere Awhina"), edition=edition, now=LATER, actor="test")
    assert export(instance).rows == ()
    earlier = Correction(achieved_on=AWARDED - timedelta(days=1))
    correct(instance, ids[0], earlier, edition=edition, now=LATER + timedelta(days=1), actor="test")
    assert [(row.short_id, row.achieved_on) for row in export(instance).rows] == [(ids[0], earlier.achieved_on)]


def test_numbers_are_erased_once_they_are_done_with(any_instance: Instance) -> None:
    ids = short_ids(issue(any_instance, CLASS))
    found = export(any_instance)
    report(any_instance, export_csv([row for row in found.rows if row.short_id == ids[0]]))
    revoke(any_instance, ids[1], now=LATER, actor="test")
    assert purge(any_instance, before=LATER, now=LATER, actor="test") == 0
    after = LATER + timedelta(seconds=1)
    assert purge(any_instance, before=after, now=after, actor="test") == 2
    assert last_entry(any_instance) == (audit.NSN_PURGE, {"credentials": sorted(ids[:2])})
    assert purge(any_instance, before=after, now=after, actor="test") == 0
    with any_instance.store.reading() as connection:
        kept = {one: load_entry(connection, one) for one in ids}
        purged = connection.execute(sa.select(nzroa_entries).where(nzroa_entries.c.short_id == ids[0])).one()
    assert [entry is not None and entry.nsn_sealed is not None for entry in kept.values()] == [
        False,
        False,
        False,
        True,
    ]
    assert purged.reported_at is not None
    assert purged.purged_at is not None
    assert ids[0] in export(any_instance, again=True).missing


def test_without_its_key_nothing_is_exported(instance: Instance) -> None:
    issue(instance, CLASS)
    (instance.folder / "secrets" / "nsn-key").write_text("00" * 32 + "\n")
    with pytest.raises(IssuingError, match="cannot be opened"):
        export(instance)


def test_no_cell_of_an_export_runs_as_a_formula() -> None:
    row = ExportRow(
        short_id="a",
        nsn=NUMBERS[0],
        achieved_on=AWARDED,
        micro_credential='=HYPERLINK("https://evil.example")',
        nzqa_ref=REF,
        provider=PROVIDER,
    )
    assert cells(export_csv([row]))[1][2] == "'" + row.micro_credential
    assert NUMBERS[0] not in repr(row)


def test_a_student_number_is_in_the_export_file_and_nowhere_else(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issue(instance, CLASS)
    folder, out = instance.folder, tmp_path / "to-report.csv"
    instance.close()

    def command(*arguments: str | Path) -> int:
        with pytest.raises(SystemExit) as ended:
            run(badge_issuer, ["--instance", str(folder), *map(str, arguments)])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    assert command("nzroa", "export", "--out", out) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert NUMBERS[0].encode() in out.read_bytes()
    assert command("nzroa", "export", "--out", out, "--again", "--json") == 0
    assert command("nzroa", "reported", out) == 0
    out.write_bytes(edit(out.read_bytes(), NUMBERS[2], "999888777"))
    assert command("nzroa", "reported", out) == 1
    assert command("nsn", "purge", "--before", "2099-01-01") == 0
    assert command("nsn", "purge") == 0
    said = capsys.readouterr()
    with open_instance(folder) as again:
        told = said.out + said.err + whole_log(again)
    assert "has no student number" in said.err
    assert "Line 4 matches no completion" in said.err
    assert "Erased 3 student numbers" in said.out
    for number in (*NUMBERS, "999888777"):
        assert number not in told
        assert number.lstrip("0") not in told
        assert not [path for path in tmp_path.rglob("*") if number in path.name]
        for path in (path for path in folder.rglob("*") if path.is_file()):
            assert number.encode() not in path.read_bytes(), path
