"""Issuing a class list: what is issued, what is held, what is refused, and never twice."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from issuer import audit
from issuer.batches import Options
from issuer.instance import Instance
from issuer.rehearsing import rehearse_batch
from issuer.results import COLUMNS, RowOutcome, RowResult, results_csv
from issuer.store import credentials as credential_store
from issuer.store.credentials import State
from issuer.trust.editions import load_edition, use_edition
from issuer.trust.keyuse import use_key
from keys.multikey import KeyType
from keys.signing import SoftwareSigner
from keys.suites.jwt import credential_of, parse_jws
from schemas.baking import unbake_png
from schemas.errors import IssuingError
from tests.issuer.provider import (
    ANCHOR,
    AWARDED,
    BASE_URL,
    NOW,
    REF,
    Completion,
    Completions,
    Unreadable,
    class_of,
    edition_for,
    issue,
    only_id,
    short_ids,
    stored_documents,
)
from tests.simulator import Party, demonstration_register
from verifier.register.records import AwardingRight, Basis


def test_every_learner_of_a_class_gets_one_badge(any_instance: Instance) -> None:
    report = issue(any_instance, class_of(5))
    assert report.counts.issued == 5
    assert len(set(short_ids(report))) == 5
    assert [result.line for result in report.results] == [2, 3, 4, 5, 6]
    assert {result.reason for result in report.results} == {"accredited"}
    with any_instance.store.reading() as connection:
        assert credential_store.count_badges(connection) == {State.ISSUED: 5, State.SUSPENDED: 0, State.REVOKED: 0}
        assert audit.verify_chain(connection)


def test_the_same_file_again_issues_nothing(any_instance: Instance) -> None:
    first = issue(any_instance, class_of(3))
    again = issue(any_instance, class_of(3), now=NOW + timedelta(days=2))
    assert again.counts.issued == 0
    assert again.counts.already == 3
    assert short_ids(again) == short_ids(first)
    assert {result.reason for result in again.results} == {"already-issued"}


def test_a_file_that_grew_issues_only_what_is_new(instance: Instance) -> None:
    issue(instance, class_of(3))
    report = issue(instance, class_of(5))
    assert (report.counts.issued, report.counts.already) == (2, 3)


def test_the_case_and_spacing_of_a_name_make_no_second_badge(instance: Instance) -> None:
    issue(instance, Completions(rows=(Completion(line=2, learner_name="Mere Āwhina"),)))
    report = issue(instance, Completions(rows=(Completion(line=2, learner_name="  mere   A\u0304whina "),)))
    assert report.counts.already == 1


def test_the_files_are_the_stored_bytes_and_the_picture_carries_them(instance: Instance, tmp_path: Path) -> None:
    report = issue(instance, class_of(3), out=tmp_path / "out")
    for short_id in short_ids(report):
        text = (tmp_path / "out" / "badges" / f"{short_id}.json").read_bytes()
        with instance.store.reading() as connection:
            stored = credential_store.load_document(connection, short_id)
        assert stored is not None
        assert text == stored.document
        assert hashlib.sha256(text).hexdigest() == stored.document_sha256
        assert unbake_png((tmp_path / "out" / "badges" / f"{short_id}.png").read_bytes()).encode() == text


def test_results_csv_has_one_row_for_every_row(instance: Instance, tmp_path: Path) -> None:
    rows = (
        Completion(line=2, learner_name="Aroha Ngā Tai"),
        Completion(line=4, learner_name="Wiremu Kōtare", nzqa_ref="1111"),
        Completion(line=9, learner_name="Hine Tūī", achieved_on=date(2027, 5, 1)),
    )
    faults = (
        Unreadable(line=3, column="achieved_on", message="“31/02/2026” is no day."),
        Unreadable(line=3, column="nzqa_ref", message="is empty."),
    )
    issue(instance, Completions(rows=rows, faults=faults), out=tmp_path)
    path = tmp_path / "results.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    table = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    assert tuple(table[0]) == COLUMNS
    assert [(row["row"], row["outcome"], row["reason"]) for row in table] == [
        ("2", "issued", "accredited"),
        ("3", "failed", "row-unreadable"),
        ("4", "failed", "listing-unknown"),
        ("9", "failed", "achieved-in-future"),
    ]
    assert "Line 3, column achieved_on" in table[1]["sentence"]
    assert "Line 3, column nzqa_ref" in table[1]["sentence"]
    assert "column achieved_on" in table[3]["sentence"]
    issued = table[0]
    assert issued["credential_id"].startswith(f"{BASE_URL}/badges/")
    assert json.loads((tmp_path / issued["json"]).read_text(encoding="utf-8"))["id"] == issued["credential_id"]
    assert (tmp_path / issued["png"]).is_file()
    assert table[2]["credential_id"] == table[2]["json"] == ""


def test_a_cell_that_a_spreadsheet_would_run_is_neutralised() -> None:
    result = RowResult(line=2, outcome=RowOutcome.FAILED, reason="x", sentence="=1+1", row_key="@SUM(A1)")
    text = results_csv([result], files={}, badges_url=BASE_URL).decode()
    assert "'=1+1" in text
    assert "'@SUM(A1)" in text


def test_not_accredited_fails_and_nothing_overrides_it(instance: Instance) -> None:
    rows = (Completion(line=2, nzqa_ref="4321"),)
    edition = load_edition(instance)
    assert edition is not None
    report = issue(instance, Completions(rows=rows), accept_unconfirmed="the dean said so")
    (result,) = report.results
    assert result.outcome is RowOutcome.FAILED
    assert result.reason == "listing-unknown"
    assert not stored_documents(instance)


def test_unknown_is_held_and_says_what_would_settle_it(instance: Instance) -> None:
    _use_right(instance, last_delivered_on=date(2024, 6, 1))
    report = issue(instance, class_of(1))
    (result,) = report.results
    assert result.outcome is RowOutcome.HELD
    assert result.reason == "delivery-not-recorded"
    assert "last day of delivery" in result.sentence
    assert not stored_documents(instance)


def test_unknown_is_issued_when_a_person_takes_it_upon_them_and_that_is_kept(instance: Instance) -> None:
    _use_right(instance, last_delivered_on=date(2024, 6, 1))
    report = issue(instance, class_of(1), accept_unconfirmed="Delivery record sighted, 3 May")
    assert report.counts.issued == 1
    with instance.store.reading() as connection:
        held = credential_store.load_credential(connection, only_id(report))
    assert held is not None
    assert held.unconfirmed_reason == "Delivery record sighted, 3 May"


def test_without_a_register_every_row_is_held(instance_folder: Path, instance: Instance) -> None:
    (instance_folder / "register" / "current.json").unlink()
    report = issue(instance, class_of(2))
    assert report.counts.held == 2
    assert {result.reason for result in report.results} == {"no-register"}
    assert "register use" in report.results[0].sentence


def test_a_listing_without_level_is_not_issued_against(instance: Instance) -> None:
    register = demonstration_register(Party())
    listing = replace(register.listings[0], level=None)
    _use(instance, listings=(listing,))
    (result,) = issue(instance, class_of(1)).results
    assert result.reason == "listing-incomplete"
    assert "level" in result.sentence


def test_the_day_that_has_not_come_is_judged_in_new_zealand(instance: Instance) -> None:
    # 22 November 2026, 3 am UTC is 4 pm in New Zealand: that day has come, the next has not.
    rows = (
        Completion(line=2, learner_name="Today", achieved_on=date(2026, 11, 22)),
        Completion(line=3, learner_name="Tomorrow", achieved_on=date(2026, 11, 23)),
    )
    results = issue(instance, Completions(rows=rows)).results
    assert [result.outcome for result in results] == [RowOutcome.ISSUED, RowOutcome.FAILED]


def test_the_same_completion_twice_in_a_file_is_refused_not_guessed_at(instance: Instance) -> None:
    rows = (Completion(line=2), Completion(line=7))
    results = issue(instance, Completions(rows=rows)).results
    assert [result.outcome for result in results] == [RowOutcome.ISSUED, RowOutcome.FAILED]
    assert results[1].reason == "duplicate-row"
    assert "line 2" in results[1].sentence


def test_two_people_of_one_name_are_told_apart_by_row_keys(instance: Instance) -> None:
    rows = (Completion(line=2, row_key="a-1"), Completion(line=3, row_key="a-2"))
    assert issue(instance, Completions(rows=rows)).counts.issued == 2


def test_preferred_without_a_preferred_name_shows_no_other_name(instance: Instance) -> None:
    rows = (Completion(line=2, name_display="preferred"),)
    (result,) = issue(instance, Completions(rows=rows)).results
    assert result.reason == "preferred-name-missing"


def test_a_row_that_cannot_be_a_badge_fails_alone(any_instance: Instance) -> None:
    rows = (
        Completion(line=2, learner_name="Before"),
        Completion(line=3, learner_name="Broken", evidence_url="https://example.nz/{not an iri}"),
        Completion(line=4, learner_name="After"),
    )
    results = issue(any_instance, Completions(rows=rows)).results
    assert [result.outcome for result in results] == [RowOutcome.ISSUED, RowOutcome.FAILED, RowOutcome.ISSUED]
    assert "Line 3" in results[1].sentence
    mended = issue(any_instance, Completions(rows=(replace(rows[1], evidence_url="https://example.nz/portfolio"),)))
    assert mended.counts.issued == 1
    with any_instance.store.reading() as connection:
        assert audit.verify_chain(connection)


def test_rows_are_issued_in_chunks_and_all_come_back(instance: Instance) -> None:
    report = issue(instance, class_of(7), chunk_rows=3)
    assert report.counts.issued == 7
    assert len(stored_documents(instance)) == 7


def test_worker_processes_make_the_same_badges(instance: Instance) -> None:
    report = issue(instance, class_of(6), workers=2)
    assert report.counts.issued == 6
    names = {document["credentialSubject"]["identifier"][0]["identityHash"] for document in stored_documents(instance)}
    assert names == {f"Learner {index} Tāmati" for index in range(6)}


def test_a_jwt_is_a_second_signature_over_the_same_badge(instance: Instance, tmp_path: Path) -> None:
    report = issue(instance, class_of(2), with_jwt=True, out=tmp_path)
    for short_id in short_ids(report):
        jws = parse_jws((tmp_path / "badges" / f"{short_id}.jwt").read_text(encoding="ascii"))
        document = json.loads((tmp_path / "badges" / f"{short_id}.json").read_bytes())
        credential, faults = credential_of(jws)
        assert not faults
        assert jws.header["alg"] == "ES256"
        assert jws.header["kid"].endswith("#credential-2")
        assert {key: value for key, value in document.items() if key != "proof"}.items() <= credential.items()


def test_a_jwt_key_the_register_does_not_have_signs_nothing(instance: Instance) -> None:
    use_key(
        instance, instance.keyring.new("credential", KeyType.P256, created=NOW).id, for_jwt=True, now=NOW, actor="t"
    )
    with pytest.raises(IssuingError, match="Nothing was issued"):
        issue(instance, class_of(1), with_jwt=True)
    assert not stored_documents(instance)


def test_a_credential_key_the_register_does_not_have_holds_every_row(instance: Instance) -> None:
    use_key(instance, instance.keyring.new("credential", KeyType.ED25519, created=NOW).id, now=NOW, actor="t")
    results = issue(instance, class_of(2)).results
    assert {(result.outcome, result.reason) for result in results} == {(RowOutcome.HELD, "key-not-bound")}
    assert "enrol-request" in results[0].sentence


def test_badges_can_be_signed_with_p256(instance: Instance) -> None:
    use_key(instance, "credential-2", now=NOW, actor="test")
    assert issue(instance, class_of(2)).counts.issued == 2
    assert {document["proof"][0]["cryptosuite"] for document in stored_documents(instance)} == {"ecdsa-rdfc-2019"}


def test_the_self_check_stops_a_batch_signed_with_another_key(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = SoftwareSigner.generate(KeyType.ED25519)
    monkeypatch.setattr(Instance, "credential_signer", lambda _self: stranger)
    with pytest.raises(IssuingError, match="The self-check stopped the batch"):
        issue(instance, class_of(3))
    assert not stored_documents(instance)
    with instance.store.reading() as connection:
        assert audit.verify_chain(connection)


def _use_right(instance: Instance, *, last_delivered_on: date) -> None:
    right = AwardingRight(
        moe_number="9901",
        nzqa_ref=REF,
        basis=Basis.ACCREDITATION,
        granted_on=date(2024, 3, 1),
        last_delivered_on=last_delivered_on,
    )
    _use(instance, awarding_rights=(right,))


def _use(instance: Instance, **tables: object) -> None:
    current = load_edition(instance)
    assert current is not None
    data = edition_for(instance, number=2, previous_sha256=current.sha256, **tables)
    use_edition(instance, data, anchor_data=ANCHOR, now=NOW, actor="test")
    assert NOW.date() > AWARDED


def test_each_learner_has_the_badge_in_their_language_and_the_page_keeps_the_first(instance: Instance) -> None:
    rows = (
        Completion(line=2, learner_name="Hine", language="mi"),
        Completion(line=3, learner_name="Tom", language="en"),
    )
    assert issue(instance, Completions(rows=rows)).counts.issued == 2
    names = {document["name"] for document in stored_documents(instance)}
    assert names == {"Te Kohi Kākano Māori", "Native Seed Collection (Micro-credential)"}
    with instance.store.reading() as connection:
        ((_, _, page),) = credential_store.load_achievements(connection)
    assert json.loads(page)["name"] == "Native Seed Collection (Micro-credential)"


def test_what_the_register_does_not_hold_yet_is_held_even_when_a_person_would_take_it(instance: Instance) -> None:
    rows = (Completion(line=2, nzqa_ref="4321", achieved_on=date(2026, 11, 20)),)
    (result,) = issue(instance, Completions(rows=rows), accept_unconfirmed="seen the letter").results
    assert (result.outcome, result.reason) == (RowOutcome.HELD, "listing-unknown")


def test_a_rehearsal_tells_of_each_row_what_issuing_then_does(instance: Instance) -> None:
    """A dry run checks each shape of badge once; a row that alone is wrong is found all the same."""
    rows = (
        Completion(line=2, learner_name="Ana One"),
        Completion(line=3, learner_name="Ana Two"),
        Completion(line=4, learner_name="Ana Three", name_display="none"),
        Completion(line=5, learner_name="Ana Four", result="Merit", evidence_url="https://folio.example.nz/4"),
        Completion(line=6, learner_name="Ana Five", result="Merit", evidence_url="no address <at all>"),
        Completion(line=7, learner_name="Ana 123456789"),
        Completion(line=8, learner_name="Ana Eight", nzqa_ref="9999"),
        Completion(line=9, learner_name="Ana Nine"),
    )
    rehearsal = rehearse_batch(
        instance, Completions(rows=rows), edition=load_edition(instance), options=Options(), now=NOW, actor="test"
    )
    report = issue(instance, Completions(rows=rows))
    not_issued = [(row.line, row.outcome) for row in report.results if row.outcome != RowOutcome.ISSUED]
    assert [(row.line, row.outcome) for row in rehearsal.results] == not_issued
    assert [line for line, _ in not_issued] == [6, 7, 8]
    assert rehearsal.ready == report.counts.issued == 5
