"""A batch withdrawn whole: every badge once, its mails stay here, and a run that is killed is completed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from issuer import audit
from issuer.cli import badge_issuer
from issuer.instance import Instance
from issuer.status import RevocationReason, revoke
from issuer.store import credentials as credential_store
from issuer.store.credentials import State
from issuer.store.service_tables import outbox
from issuer.store.tables import audit_log, batches
from issuer.suspension import set_suspension, suspend
from issuer.withdrawal import WithdrawnBatch, withdraw_batch
from schemas.errors import IssuingError
from schemas.times import write_time
from tests.issuer.provider import NOW, class_of, issue, short_ids
from verifier.exits import run

LATER = NOW + timedelta(hours=1)


def withdraw(instance: Instance, batch_id: str, **more: object) -> WithdrawnBatch:
    return withdraw_batch(
        instance,
        batch_id,
        reason=RevocationReason.ISSUED_IN_ERROR,
        now=LATER,
        actor="test",
        **more,  # type: ignore[arg-type]  # facts are withdraw_batch's own
    )


def states(instance: Instance) -> dict[str, State]:
    with instance.store.reading() as connection:
        return {one.credential.short_id: one.credential.state for one in credential_store.current_badges(connection)}


def put_mail(instance: Instance, mail_id: str, *, state: str, short_id: str | None, batch_id: str | None) -> None:
    values = {
        "mail_id": mail_id,
        "kind": "claim",
        "short_id": short_id,
        "batch_id": batch_id,
        "recipient": "someone@learner.example",
        "language": "en",
        "state": state,
        "attempts": 0,
        "created_at": write_time(NOW),
    }
    with instance.store.writing() as connection:
        connection.execute(sa.insert(outbox), [values])


def mails(instance: Instance) -> dict[str, str]:
    with instance.store.reading() as connection:
        return {row.mail_id: row.state for row in connection.execute(sa.select(outbox))}


def withdrawn_at(instance: Instance, batch_id: str) -> str | None:
    with instance.store.reading() as connection:
        found: str | None = connection.scalar(sa.select(batches.c.withdrawn_at).where(batches.c.batch_id == batch_id))
    return found


def assert_log_whole(instance: Instance) -> None:
    with instance.store.reading() as connection:
        assert audit.verify_chain(connection).faults == ()


def test_every_badge_of_the_batch_is_withdrawn_and_no_other(any_instance: Instance) -> None:
    wrong, right = issue(any_instance, class_of(7)), issue(any_instance, class_of(3, learner_email="x@learner.example"))
    done = withdraw(any_instance, wrong.batch_id, chunk_badges=3)
    assert (done.count, done.already) == (7, 0)
    found = states(any_instance)
    assert {found[one] for one in short_ids(wrong)} == {State.REVOKED}
    assert [found[one] for one in short_ids(right)] == [State.ISSUED] * 3
    assert withdrawn_at(any_instance, wrong.batch_id) == write_time(LATER)
    assert withdrawn_at(any_instance, right.batch_id) is None
    assert_log_whole(any_instance)


def test_twice_is_once(any_instance: Instance) -> None:
    report = issue(any_instance, class_of(4))
    withdraw(any_instance, report.batch_id)
    with any_instance.store.reading() as connection:
        entries = connection.scalar(sa.select(sa.func.count()).select_from(audit_log))
    assert withdraw(any_instance, report.batch_id) == WithdrawnBatch(count=0, already=4, mails_cancelled=0)
    with any_instance.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(audit_log)) == entries
    assert withdrawn_at(any_instance, report.batch_id) == write_time(LATER)


def test_badges_withdrawn_before_and_badges_on_hold_are_taken_as_they_are(instance: Instance) -> None:
    set_suspension(instance, on=True, now=NOW, actor="test")
    report = issue(instance, class_of(3))
    one, two, _ = short_ids(report)
    revoke(instance, one, reason=RevocationReason.WRONG_PERSON, now=NOW, actor="test")
    suspend(instance, two, now=NOW, actor="test")
    done = withdraw(instance, report.batch_id)
    assert (done.count, done.already) == (2, 1)
    assert set(states(instance).values()) == {State.REVOKED}
    with instance.store.reading() as connection:
        first = credential_store.load_credential(connection, one)
    assert first is not None
    assert first.revocation_reason == "wrong-person"
    assert_log_whole(instance)


def test_mails_that_have_not_left_are_cancelled_and_their_addresses_erased(any_instance: Instance) -> None:
    report, other = (
        issue(any_instance, class_of(2)),
        issue(any_instance, class_of(1, learner_email="x@learner.example")),
    )
    one = short_ids(report)[0]
    for state in ("held", "queued", "sending", "sent"):
        put_mail(any_instance, f"{state}@x", state=state, short_id=None, batch_id=report.batch_id)
    put_mail(any_instance, "later@x", state="queued", short_id=one, batch_id=None)
    put_mail(any_instance, "other@x", state="queued", short_id=None, batch_id=other.batch_id)
    assert withdraw(any_instance, report.batch_id).mails_cancelled == 3
    assert mails(any_instance) == {
        "held@x": "cancelled",
        "queued@x": "cancelled",
        "later@x": "cancelled",
        "sending@x": "sending",
        "sent@x": "sent",
        "other@x": "queued",
    }
    with any_instance.store.reading() as connection:
        kept = set(connection.scalars(sa.select(outbox.c.recipient).where(outbox.c.state == "cancelled")))
    assert kept == {None}


@pytest.mark.parametrize("die_after", ["mails", "chunk"])
def test_a_run_that_ends_early_is_completed_by_the_same_call(any_instance: Instance, die_after: str) -> None:
    report = issue(any_instance, class_of(5))

    def pull_the_plug(step: str) -> None:
        if step == die_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        withdraw(any_instance, report.batch_id, chunk_badges=2, on_step=pull_the_plug)
    assert withdrawn_at(any_instance, report.batch_id) is None
    assert_log_whole(any_instance)
    before = sum(state is State.REVOKED for state in states(any_instance).values())
    done = withdraw(any_instance, report.batch_id, chunk_badges=2)
    assert (done.already, done.count) == (before, 5 - before)
    assert set(states(any_instance).values()) == {State.REVOKED}
    assert_log_whole(any_instance)


def test_an_unknown_batch_is_refused(instance: Instance) -> None:
    with pytest.raises(IssuingError, match="has no batch"):
        withdraw(instance, "0" * 32)


def test_a_batch_that_a_worker_is_issuing_is_refused(instance: Instance) -> None:
    report = issue(instance, class_of(2))
    with instance.store.writing() as connection:
        connection.execute(sa.update(batches).values(lease_until=write_time(LATER + timedelta(minutes=1))))
    with pytest.raises(IssuingError, match="at this moment") as refused:
        withdraw(instance, report.batch_id)
    assert refused.value.extensions["reason"] == "batch-running"
    assert set(states(instance).values()) == {State.ISSUED}


def test_the_log_names_ids_and_codes_alone(instance: Instance) -> None:
    report = issue(instance, class_of(2, learner_email="mere@learner.example"))
    withdraw(instance, report.batch_id)
    with instance.store.reading() as connection:
        entries = connection.execute(sa.select(audit_log).order_by(audit_log.c.seq)).all()[-2:]
    assert [entry.action for entry in entries] == [audit.WITHDRAW_BATCH, audit.BATCH_WITHDRAWN]
    assert set(json.loads(entries[0].facts)) == {"batch", "reason", "credentials", "bits"}
    assert "learner" not in entries[0].facts.lower() + entries[1].facts.lower()


def test_the_commands_say_what_they_did(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    set_suspension(instance, on=True, now=NOW, actor="test")
    report = issue(instance, class_of(3))
    one, folder = short_ids(report)[0], instance.folder
    instance.close()

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run(badge_issuer, ["--instance", str(folder), *arguments])
        assert isinstance(ended.value.code, int)
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    assert "was on already" in command("suspension", "on")[1]
    assert "is on hold. Publish" in command("suspend", one, "--reason", "under-review")[1]
    assert "was on hold already" in command("suspend", one)[1]
    code, _, err = command("correct", one, "--name", "Mere Awhina")
    assert (code, "is on hold" in err) == (65, True)
    assert "is in force again" in command("reinstate", one, "--reason", "settled")[1]
    assert json.loads(command("reinstate", one, "--json")[1])["already"] is True
    assert command("withdraw-batch", report.batch_id)[0] == 64
    assert "Withdrew 3 badges" in command("withdraw-batch", report.batch_id, "--reason", "issued-in-error")[1]
    code, _, err = command("reinstate", one)
    assert (code, "for good" in err) == (65, True)
    assert "had been before" in command("withdraw-batch", report.batch_id, "--reason", "issued-in-error")[1]
    assert command("audit", "verify")[0] == 0
