"""From the confirmed number to badges: four eyes, cancelling, trying again, mail and claim links, results row by row."""

from __future__ import annotations

import csv
import io
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer.bulk.batch_views import batch_badges, list_batches, load_batch_view, results_csv
from issuer.bulk.checking import request_check
from issuer.bulk.confirming import approve, cancel, confirm, issue_one, reject, retry
from issuer.bulk.jobs import take_and_run
from issuer.bulk.uploads import BatchState, MailChoice, Source, load_batch, save_repairs
from issuer.instance import Instance, open_instance
from issuer.learner.claims import LinkState, claim_token, find_claim
from issuer.results import RowOutcome
from issuer.staff.apikeys import Scope, new_key
from issuer.status import RevocationReason, revoke
from issuer.store import batch_work
from issuer.store.audit_log import load_entries
from issuer.store.claims_rows import load_claims
from issuer.store.service_tables import batch_chunks, batch_plans, outbox
from issuer.trust.editions import load_edition
from issuer.trust.keyuse import compromise_key
from issuer.worker import work_off
from schemas.errors import InputError, IssuingError
from tests.issuer.bulk import (
    APPROVER,
    PREPARER,
    check_every_badge_has_its_way_to_its_learner,
    checked,
    class_csv,
    confirmed,
    issued_by_worker,
    upload,
)
from tests.issuer.provider import NOW, REF


def state_of(instance: Instance, batch_id: str) -> str:
    with instance.store.reading() as connection:
        return load_batch(connection, batch_id).state


def confirm_now(
    instance: Instance, batch_id: str, *, ready: int, actor: str = PREPARER, **options: object
) -> BatchState:
    values = {"mail": MailChoice.HOLD, "four_eyes": False, "now": NOW} | options
    return confirm(instance, batch_id, expected_ready=ready, actor=actor, edition=load_edition(instance), **values)


def test_a_confirmed_list_becomes_badges_with_links_and_held_mails(any_instance: Instance) -> None:
    batch_id = issued_by_worker(any_instance, class_csv(7))
    view = load_batch_view(any_instance, batch_id)
    assert (view.summary.state, view.summary.counts.issued, view.summary.done) == (BatchState.FINISHED, 7, 7)
    assert view.mails == {"held": 7}
    assert [row.line for row in view.rows] == [2, 3, 4, 5, 6, 7, 8]
    assert view.rows[0].learner_name == "Learner 0 Tāmati"
    check_every_badge_has_its_way_to_its_learner(any_instance, expected=7, mails=7)


def test_a_claim_link_is_good_for_as_long_as_the_settings_say_and_its_page_is_private(instance: Instance) -> None:
    batch_id = issued_by_worker(instance, class_csv(1))
    (short_id,) = batch_badges(instance, batch_id)
    token = claim_token(instance, short_id, serial=1)
    found = find_claim(instance, token, now=NOW + timedelta(days=179))
    assert found.state is LinkState.GOOD
    assert found.held is not None
    assert (found.held.claim.visibility, found.held.claim.delivery) == ("private", "mail")
    assert find_claim(instance, token, now=NOW + timedelta(days=180)).state is LinkState.EXPIRED


def test_whose_address_is_not_their_own_gets_no_mail(instance: Instance) -> None:
    rows = ("Mere,whanau@a.example", "Tāne,WHANAU@a.example", "Hine,hine@a.example", "Rangi,", "HINE,hine@a.example")
    data = "Student,Email,Course,Completed\n" + "".join(
        f"{row},{REF},2026-05-0{day}\n" for day, row in enumerate(rows, start=1)
    )
    batch_id = issued_by_worker(instance, data.encode(), mail=MailChoice.SEND)
    view = load_batch_view(instance, batch_id)
    assert (view.mails, view.hand_over) == ({"queued": 2}, 3)
    later = issued_by_worker(
        instance,
        f"Student,Email,Course,Completed\nAna,Hine@a.example,{REF},2026-05-09\n".encode(),
        mail=MailChoice.SEND,
    )
    assert load_batch_view(instance, later).mails == {}


def test_chunks_know_the_shared_addresses_and_the_student_numbers_of_the_whole_list(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.bulk.chunks.chunk_rows", lambda _store: 1)
    data = (
        "learner_name,learner_email,nsn,nzqa_ref,achieved_on,evidence_url\n"
        f"Mere,whanau@a.example,,{REF},2026-05-01,https://lms.example/999123456789\n"
        f"Hine,whanau@a.example,,{REF},2026-05-02,\n"
        f"Rangi,rangi@a.example,123456789,{REF},2026-05-03,\n"
    )
    batch_id = issued_by_worker(instance, data.encode(), mail=MailChoice.SEND)
    view = load_batch_view(instance, batch_id)
    assert [(row.line, row.outcome) for row in view.rows] == [(2, "failed"), (3, "issued"), (4, "issued")]
    assert "National Student Number" in view.rows[0].sentence
    assert (view.mails, view.hand_over) == ({"queued": 1}, 1)


def test_a_batch_without_mail_is_handed_over(instance: Instance) -> None:
    batch_id = issued_by_worker(instance, class_csv(2), mail=MailChoice.NONE)
    view = load_batch_view(instance, batch_id)
    assert (view.mails, view.hand_over) == ({}, 2)


def test_another_number_than_the_person_saw_issues_nothing(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(3))
    checked(instance, batch_id)
    with pytest.raises(IssuingError) as refused:
        confirm_now(instance, batch_id, ready=4)
    assert refused.value.extensions["reason"] == "count-changed"
    assert state_of(instance, batch_id) == "checked"


def test_what_was_issued_since_the_check_is_noticed(instance: Instance) -> None:
    first, second = upload(instance, class_csv(3)), upload(instance, class_csv(4))
    checked(instance, first)
    checked(instance, second)
    confirm_now(instance, first, ready=3)
    work_off(instance, clock=lambda: NOW)
    with pytest.raises(IssuingError) as refused:
        confirm_now(instance, second, ready=4)
    assert refused.value.extensions["reason"] == "count-changed"
    assert checked(instance, second, now=NOW + timedelta(minutes=1)).ready == 1
    assert confirm_now(instance, second, ready=1) is BatchState.QUEUED


def test_what_a_list_under_way_issues_after_the_check_is_noticed_although_it_is_dated_before(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.bulk.chunks.chunk_rows", lambda _store: 2)
    confirmed(instance, class_csv(4))
    second, later = upload(instance, class_csv(5)), NOW + timedelta(minutes=2)
    seen: list[str] = []

    def on_step(name: str) -> None:
        seen.append(name)
        if name == "committed" and seen.count(name) == 1:
            request_check(instance, second, now=later, actor=PREPARER)
            take_and_run(instance, worker="another", clock=lambda: later, only=second)

    work_off(instance, clock=lambda: NOW, on_step=on_step)
    with pytest.raises(IssuingError) as refused:
        confirm_now(instance, second, ready=3, now=later)
    assert refused.value.extensions["reason"] == "count-changed"


def test_nothing_ready_is_not_confirmed(instance: Instance) -> None:
    batch_id = upload(instance, b"Student,Course,Completed\n=A,9876,never\n")
    checked(instance, batch_id)
    with pytest.raises(IssuingError) as refused:
        confirm_now(instance, batch_id, ready=0)
    assert refused.value.extensions["reason"] == "nothing-ready"


def test_a_second_click_does_nothing_twice(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(3))
    checked(instance, batch_id)
    assert confirm_now(instance, batch_id, ready=3) is BatchState.QUEUED
    assert confirm_now(instance, batch_id, ready=3) is BatchState.QUEUED
    assert work_off(instance, clock=lambda: NOW) == 1
    assert confirm_now(instance, batch_id, ready=3) is BatchState.FINISHED
    assert work_off(instance, clock=lambda: NOW) == 0
    check_every_badge_has_its_way_to_its_learner(instance, expected=3, mails=3)


def test_a_draft_cannot_be_confirmed(instance: Instance) -> None:
    with pytest.raises(IssuingError) as refused:
        confirm_now(instance, upload(instance, class_csv(3)), ready=3)
    assert refused.value.extensions["reason"] == "wrong-state"


def test_with_four_eyes_nobody_approves_what_they_prepared(any_instance: Instance) -> None:
    batch_id = confirmed(any_instance, class_csv(2), four_eyes=True)
    assert state_of(any_instance, batch_id) == "awaiting-approval"
    assert work_off(any_instance, clock=lambda: NOW) == 0
    with pytest.raises(IssuingError) as refused:
        approve(any_instance, batch_id, actor=PREPARER, now=NOW)
    assert refused.value.extensions["reason"] == "own-batch"
    approve(any_instance, batch_id, actor=APPROVER, now=NOW)
    approve(any_instance, batch_id, actor=APPROVER, now=NOW)
    work_off(any_instance, clock=lambda: NOW)
    summary = load_batch_view(any_instance, batch_id).summary
    assert (summary.approved_by, summary.counts.issued) == (APPROVER, 2)


def test_who_mended_a_row_prepared_the_batch_too(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(2))
    save_repairs(instance, batch_id, 2, {"learner_name": "Mere"}, now=NOW, actor=APPROVER)
    checked(instance, batch_id)
    confirm_now(instance, batch_id, ready=2, four_eyes=True)
    with pytest.raises(IssuingError, match="somebody else"):
        approve(instance, batch_id, actor=APPROVER, now=NOW)


def test_who_made_a_programs_key_does_not_approve_what_the_program_prepared(instance: Instance) -> None:
    key, _ = new_key(instance, name="Student system", scopes=[Scope.ISSUE], actor=APPROVER, now=NOW)
    batch_id = upload(instance, class_csv(2), actor=f"key:{key.key_id}")
    checked(instance, batch_id)
    confirm_now(instance, batch_id, ready=2, actor=f"key:{key.key_id}", four_eyes=True)
    for actor in (APPROVER, f"key:{key.key_id}"):
        with pytest.raises(IssuingError, match="somebody else"):
            approve(instance, batch_id, actor=actor, now=NOW)
    approve(instance, batch_id, actor=PREPARER, now=NOW)


def test_a_rejected_batch_goes_back(instance: Instance) -> None:
    batch_id = confirmed(instance, class_csv(2), four_eyes=True)
    reject(instance, batch_id, actor=APPROVER, now=NOW)
    assert state_of(instance, batch_id) == "checked"
    with pytest.raises(IssuingError):
        approve(instance, batch_id, actor=APPROVER, now=NOW)
    assert work_off(instance, clock=lambda: NOW) == 0


def test_a_queued_batch_is_cancelled_at_once(instance: Instance) -> None:
    batch_id = confirmed(instance, class_csv(2))
    assert cancel(instance, batch_id, actor=PREPARER, now=NOW) is BatchState.CHECKED
    assert work_off(instance, clock=lambda: NOW) == 0


def test_a_running_batch_is_cancelled_after_the_chunk_under_way_and_can_be_continued(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.bulk.chunks.chunk_rows", lambda _store: 2)
    batch_id = confirmed(instance, class_csv(7))
    chunks: list[str] = []

    def on_step(name: str) -> None:
        chunks.append(name)
        if chunks.count("committed") == 2 and name == "committed":
            assert cancel(instance, batch_id, actor=PREPARER, now=NOW) is BatchState.RUNNING
            assert load_batch_view(instance, batch_id).cancelling

    work_off(instance, clock=lambda: NOW, on_step=on_step)
    view = load_batch_view(instance, batch_id)
    assert (view.summary.state, view.summary.reason, view.summary.counts.issued) == ("stopped", "cancelled", 4)
    with instance.store.reading() as connection:  # nothing sealed outlives the run
        for table in (batch_chunks, batch_plans):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert view.total_rows == 4
    assert view.can_retry
    assert retry(instance, batch_id, actor=PREPARER, four_eyes=False, now=NOW) is BatchState.QUEUED
    work_off(instance, clock=lambda: NOW + timedelta(hours=1))
    view = load_batch_view(instance, batch_id)
    assert (view.summary.state, view.summary.counts.issued, view.summary.counts.already) == ("finished", 7, 0)
    check_every_badge_has_its_way_to_its_learner(instance, expected=7, mails=7)


def test_a_key_declared_stolen_in_the_middle_of_a_list_signs_no_further_chunk(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.bulk.chunks.chunk_rows", lambda _store: 2)
    batch_id = confirmed(instance, class_csv(7))
    chunks: list[str] = []

    def on_step(name: str) -> None:
        chunks.append(name)
        if name == "committed" and chunks.count(name) == 2:
            with open_instance(instance.folder) as other:
                compromise_key(other, instance.config.credential_key, since=NOW, now=NOW, actor="test")

    work_off(instance, clock=lambda: NOW, on_step=on_step)
    view = load_batch_view(instance, batch_id)
    assert (view.summary.state, view.summary.counts.issued) == ("stopped", 4)


def test_what_failed_is_mended_and_tried_again_and_the_rest_stands(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(3) + f"=Mere,{REF},2026-05-04,m@a.example\n".encode())
    findings = checked(instance, batch_id)
    confirm_now(instance, batch_id, ready=findings.ready)
    work_off(instance, clock=lambda: NOW)
    view = load_batch_view(instance, batch_id, only="failed")
    assert [(row.line, row.outcome) for row in view.rows] == [(5, "failed")]
    assert "formula" in view.rows[0].sentence
    before = set(batch_badges(instance, batch_id))
    save_repairs(instance, batch_id, 5, {"learner_name": "Mere"}, now=NOW, actor=PREPARER)
    retry(instance, batch_id, actor=PREPARER, four_eyes=False, now=NOW)
    work_off(instance, clock=lambda: NOW)
    view = load_batch_view(instance, batch_id)
    assert (view.summary.counts.issued, view.summary.counts.failed, view.can_retry) == (4, 0, False)
    assert before < set(batch_badges(instance, batch_id))
    with pytest.raises(IssuingError, match="issued already"):
        retry(instance, batch_id, actor=PREPARER, four_eyes=False, now=NOW)
    check_every_badge_has_its_way_to_its_learner(instance, expected=4, mails=4)


def test_a_list_uploaded_again_issues_none(any_instance: Instance) -> None:
    issued_by_worker(any_instance, class_csv(5))
    batch_id = upload(any_instance, class_csv(5))
    assert checked(any_instance, batch_id).ready == 0
    check_every_badge_has_its_way_to_its_learner(any_instance, expected=5, mails=5)


def test_two_batches_of_one_list_confirmed_before_either_ran_issue_each_badge_once(any_instance: Instance) -> None:
    first, second = upload(any_instance, class_csv(5)), upload(any_instance, class_csv(5))
    for batch_id in (first, second):
        checked(any_instance, batch_id)
    for batch_id in (first, second):
        confirm_now(any_instance, batch_id, ready=5)
    work_off(any_instance, clock=lambda: NOW)
    counts = [load_batch_view(any_instance, batch_id).summary.counts for batch_id in (first, second)]
    assert sorted((one.issued, one.already) for one in counts) == [(0, 5), (5, 0)]
    check_every_badge_has_its_way_to_its_learner(any_instance, expected=5, mails=5)


def test_what_keeps_a_whole_batch_from_going_on_stops_it_with_a_code(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = confirmed(instance, class_csv(2))

    def fail(*_arguments: object, **_options: object) -> None:
        raise IssuingError("The self-check failed.", reason="self-check")

    with monkeypatch.context() as patched:
        patched.setattr("issuer.bench.check_made", fail)
        work_off(instance, clock=lambda: NOW)
    view = load_batch_view(instance, batch_id)
    assert (view.summary.state, view.summary.reason, view.summary.counts.issued) == ("stopped", "self-check", 0)
    retry(instance, batch_id, actor=PREPARER, four_eyes=False, now=NOW)
    work_off(instance, clock=lambda: NOW)
    assert load_batch_view(instance, batch_id).summary.counts.issued == 2


def test_results_are_told_row_by_row_and_page_by_page(instance: Instance) -> None:
    batch_id = upload(instance, class_csv(5) + f"=Mere,{REF},2026-05-04,m@a.example\n".encode())
    checked(instance, batch_id)
    confirm_now(instance, batch_id, ready=5)
    work_off(instance, clock=lambda: NOW)
    second = load_batch_view(instance, batch_id, page=2, page_size=4)
    assert ([row.line for row in second.rows], second.pages, second.total_rows) == ([6, 7], 2, 6)
    assert load_batch_view(instance, batch_id, page=99, page_size=4).page == 2
    table = list(csv.DictReader(io.StringIO(results_csv(instance, batch_id).decode())))
    assert [(row["row"], row["outcome"]) for row in table][-2:] == [("6", "issued"), ("7", "failed")]
    assert table[0]["credential_id"].startswith(instance.config.base_url)
    found, total = list_batches(instance)
    assert (total, found[0].batch_id, found[0].filename) == (1, batch_id, "class.csv")


def test_one_badge_is_issued_by_the_rules_of_a_list(any_instance: Instance) -> None:
    values = {
        "learner_name": "Mere Āwhina",
        "nzqa_ref": REF,
        "achieved_on": "4/05/2026",
        "learner_email": "m@a.example",
    }
    options = {
        "source": Source.API,
        "mail": MailChoice.SEND,
        "actor": "key:1",
        "four_eyes": False,
        "edition": load_edition(any_instance),
        "now": NOW,
    }
    first = issue_one(any_instance, values, **options)
    assert first.result is not None
    assert (first.state, first.result.outcome) == (BatchState.FINISHED, RowOutcome.ISSUED)
    again = issue_one(any_instance, values, **options)
    assert again.result is not None
    assert (again.state, again.result.outcome, again.result.short_id) == (
        BatchState.DISCARDED,
        RowOutcome.ALREADY,
        first.result.short_id,
    )
    refused = issue_one(any_instance, values | {"achieved_on": "next week", "learner_name": "=A"}, **options)
    assert {fault.field for fault in refused.faults} == {"achieved_on", "learner_name"}
    with pytest.raises(InputError):
        issue_one(any_instance, values | {"shoe_size": "43"}, **options)
    waiting = issue_one(any_instance, values | {"learner_name": "Tāne"}, **(options | {"four_eyes": True}))
    assert (waiting.state, waiting.result) == (BatchState.AWAITING_APPROVAL, None)
    check_every_badge_has_its_way_to_its_learner(any_instance, expected=1, mails=1)


def test_a_row_may_hold_line_breaks_and_quotation_marks(instance: Instance) -> None:
    values = {"learner_name": 'Mere "Mel"\nĀwhina', "nzqa_ref": REF, "achieved_on": "2026-05-04"}
    one = issue_one(
        instance,
        values,
        source=Source.DESK,
        mail=MailChoice.NONE,
        actor=PREPARER,
        four_eyes=False,
        edition=load_edition(instance),
        now=NOW,
    )
    assert one.result is not None
    assert one.result.outcome is RowOutcome.ISSUED
    assert load_batch_view(instance, one.batch_id).rows[0].learner_name == 'Mere "Mel" Āwhina'


def test_a_run_on_the_command_line_is_nobody_elses_to_take(instance: Instance) -> None:
    with instance.store.writing() as connection:
        batch_work.insert_batch(
            connection,
            batch_id="c" * 32,
            file_sha256="0" * 64,
            state="running",
            source="cli",
            made_by="cli:someone",
            mail="none",
            at=NOW,
        )
    assert not take_and_run(instance, worker="w", clock=lambda: NOW + timedelta(days=1))
    with pytest.raises(IssuingError, match="command line"):
        cancel(instance, "c" * 32, actor=PREPARER, now=NOW)


def test_a_badge_issued_on_the_command_line_is_shown_as_the_instance_says(instance: Instance) -> None:
    from tests.issuer.provider import class_of, issue, short_ids

    ids = short_ids(issue(instance, class_of(2, learner_email="same@a.example")))
    with instance.store.reading() as connection:
        found = load_claims(connection, ids)
        mails = connection.execute(sa.select(outbox)).all()
    assert {(one.visibility, one.delivery) for one in found.values()} == {(None, "hand-over")}
    assert mails == []


def test_the_command_writes_claim_links_to_a_file_for_its_owner_alone(instance: Instance, tmp_path: Path) -> None:
    from tests.issuer.provider import class_of, issue, short_ids

    out = tmp_path / "out"
    ids = short_ids(issue(instance, class_of(2), out=out))
    path = out / "claim-links.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [row["row"] for row in rows] == ["2", "3"]
    links = {row["credential_id"]: row["claim_link"] for row in rows}
    for short_id in ids:
        link = links[instance.badge_url(short_id)]
        assert link == f"{instance.config.base_url}/claim/{claim_token(instance, short_id, serial=1)}"


# --- issued anew ------------------------------------------------------------------------------------------------
def choose_anew(instance: Instance, data: bytes) -> str:
    """The list uploaded once more, its one withdrawn row to be issued anew."""
    batch_id = upload(instance, data)
    (row,) = checked(instance, batch_id).withdrawn_rows
    save_repairs(instance, batch_id, row.line, {"issue_anew": row.short_id or ""}, now=NOW, actor=PREPARER)
    assert checked(instance, batch_id).ready == 1
    return batch_id


def withdraw_the_one(instance: Instance, batch_id: str) -> str:
    (short_id,) = batch_badges(instance, batch_id)
    revoke(instance, short_id, reason=RevocationReason.UNSPECIFIED, now=NOW, actor=PREPARER)
    return short_id


def test_a_withdrawn_badge_is_issued_anew_by_choice_once_for_every_withdrawal(any_instance: Instance) -> None:
    data = class_csv(1)
    first = withdraw_the_one(any_instance, issued_by_worker(any_instance, data))
    for _ in range(2):
        batch_id, rival = choose_anew(any_instance, data), choose_anew(any_instance, data)
        confirm_now(any_instance, batch_id, ready=1)
        confirm_now(any_instance, rival, ready=1)  # before either ran
        work_off(any_instance, clock=lambda: NOW)
        assert len(batch_badges(any_instance, batch_id)) + len(batch_badges(any_instance, rival)) == 1
        again = checked(any_instance, upload(any_instance, data))
        assert (again.ready, again.already, again.withdrawn_rows, again.is_done) == (0, 1, (), True)
        made = batch_id if batch_badges(any_instance, batch_id) else rival
        assert withdraw_the_one(any_instance, made) != first
    with any_instance.store.reading() as connection:
        replaced = [entry for entry in load_entries(connection) if "in_place_of" in entry.facts]
    assert len(replaced) == 2
    assert first in replaced[0].facts


def test_naming_a_badge_that_stands_or_another_learners_issues_nothing_anew(instance: Instance) -> None:
    (standing,) = batch_badges(instance, issued_by_worker(instance, class_csv(1)))
    gone = withdraw_the_one(instance, issued_by_worker(instance, class_csv(1, first=1)))
    batch_id = upload(instance, class_csv(2))
    for line, named in ((2, standing), (3, standing), (2, gone)):
        save_repairs(instance, batch_id, line, {"issue_anew": named}, now=NOW, actor=PREPARER)
        assert checked(instance, batch_id).ready == 0
