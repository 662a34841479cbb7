"""The outbox as staff use it: release, hold, cancel, reminders once, bounces, links again, a mailbox that was lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from issuer import audit
from issuer.instance import Instance
from issuer.learner.claims import LinkState, claim_token, find_claim
from issuer.mail.links import change_address, resend
from issuer.mail.outbox import (
    MailKind,
    MailState,
    cancel_mails,
    erase_addresses,
    hold_mails,
    parse_addresses,
    queue_reminders,
    record_bounces,
    release_mails,
)
from issuer.status import revoke
from issuer.store import audit_log, claims_rows, outbox_rows
from issuer.store import credentials as credential_store
from schemas.errors import InputError, IssuingError
from tests.issuer.mail.town import CLAIM_DAYS, address, choose, learners, mail_of, queue, states
from tests.issuer.provider import NOW, Completion, Completions, issue

LATER = NOW + timedelta(days=15)


def mark_sent(instance: Instance, mail_ids: list[str], *, at: object = NOW) -> None:
    with instance.store.writing() as connection:
        for mail_id in mail_ids:
            outbox_rows.mark_sent(connection, mail_id, at=at)  # type: ignore[arg-type]  # a test's own


def acts(instance: Instance, action: str) -> list[dict[str, object]]:
    with instance.store.reading() as connection:
        return [json.loads(entry.facts) for entry in audit_log.load_entries(connection) if entry.action == action]


def mails(instance: Instance, short_id: str) -> list[outbox_rows.StoredMail]:
    with instance.store.reading() as connection:
        found = outbox_rows.list_mails(connection, short_id=short_id)
    return [mail for mail in found if mail.state is not MailState.CANCELLED]


def test_held_mail_is_released_held_again_and_cancelled(any_instance: Instance) -> None:
    badges = learners(any_instance, 3)
    ids = queue(any_instance, badges, state=MailState.HELD)
    assert release_mails(any_instance, now=NOW, actor="test", mail_ids=ids[:2]) == 2
    assert release_mails(any_instance, now=NOW, actor="test", mail_ids=ids[:2]) == 0
    assert states(any_instance) == {"queued": 2, "held": 1}
    assert hold_mails(any_instance, now=NOW, actor="test", mail_ids=ids[:1]) == 1
    assert cancel_mails(any_instance, now=NOW, actor="test", mail_ids=ids) == 3
    assert states(any_instance) == {}
    assert acts(any_instance, audit.MAIL_RELEASE) == [{"ids": sorted(ids[:2]), "mails": 2}]


def test_mail_of_a_batch_is_released_together(instance: Instance) -> None:
    badges = learners(instance, 2)
    with instance.store.reading() as connection:
        batch_id = credential_store.load_credential(connection, badges[0]).batch_id  # type: ignore[union-attr]  # just issued
    assert batch_id is not None
    queue(instance, badges, state=MailState.HELD, batch_id=batch_id)
    with instance.store.reading() as connection:
        assert outbox_rows.count_held_by_batch(connection) == {batch_id: 2}
    assert release_mails(instance, now=NOW, actor="test", batch_id="another") == 0
    assert release_mails(instance, now=NOW, actor="test", batch_id=batch_id) == 2


def test_cancelling_everything_must_be_said_mail_by_mail(instance: Instance) -> None:
    with pytest.raises(InputError):
        cancel_mails(instance, now=NOW, actor="test")


def test_a_mail_with_the_id_of_another_is_not_put_in_twice(instance: Instance) -> None:
    (badge,) = learners(instance, 1)
    queue(instance, [badge], mail_id="a" * 32)
    queue(instance, [badge], mail_id="a" * 32)
    assert states(instance) == {"queued": 1}


def test_who_did_not_take_the_badge_is_reminded_once(any_instance: Instance) -> None:
    badges = learners(any_instance, 4)
    ids = queue(any_instance, badges)
    mark_sent(any_instance, ids[:3])
    with any_instance.store.writing() as connection:
        claims_rows.mark_claimed(connection, badges[1], at=NOW)
        outbox_rows.mark_refused(connection, ids[2], reason="550")
    assert queue_reminders(any_instance, now=NOW + timedelta(days=13)) == 0
    assert queue_reminders(any_instance, now=LATER) == 1, "not the one claimed, refused, or still waiting"
    assert queue_reminders(any_instance, now=LATER) == 0
    (reminder,) = [mail for mail in mails(any_instance, badges[0]) if mail.kind is MailKind.REMINDER]
    mark_sent(any_instance, [reminder.mail_id], at=LATER)
    assert queue_reminders(any_instance, now=LATER + timedelta(days=60)) == 0


def test_reminders_follow_the_setting(instance: Instance) -> None:
    mark_sent(instance, queue(instance, learners(instance, 1)))
    choose(instance, reminder_days=0)
    assert queue_reminders(instance, now=LATER) == 0
    choose(instance, reminder_days=30)
    assert queue_reminders(instance, now=LATER) == 0
    assert queue_reminders(instance, now=NOW + timedelta(days=30)) == 1


def test_nobody_is_reminded_of_a_badge_that_is_withdrawn_or_whose_link_ran_out(instance: Instance) -> None:
    badges = learners(instance, 2)
    mark_sent(instance, queue(instance, badges))
    revoke(instance, badges[0], now=NOW, actor="test")
    assert queue_reminders(instance, now=NOW + CLAIM_DAYS) == 0
    assert queue_reminders(instance, now=LATER) == 1


def test_pasted_bounces_mark_the_last_mail_and_stop_reminders(any_instance: Instance) -> None:
    badges = learners(any_instance, 3)
    ids = queue(any_instance, badges)
    mark_sent(any_instance, ids)
    pasted = f"""Undelivered Mail Returned to Sender
<{address(0).upper()}>: host mx.ako.example[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)
Final-Recipient: rfc822; {address(1)}
nobody@else.example"""
    bounces = record_bounces(any_instance, pasted, now=NOW, actor="test")
    assert (bounces.mails, bounces.addresses, bounces.unknown) == (2, 2, ("nobody@else.example",))
    assert [mail_of(any_instance, each).reason for each in ids] == ["bounced", "bounced", None]
    assert queue_reminders(any_instance, now=LATER) == 1
    assert record_bounces(any_instance, pasted, now=NOW, actor="test").mails == 0, "twice is once"
    assert acts(any_instance, audit.MAIL_BOUNCES) == [{"addresses": 2, "mails": 2}]
    assert "@" not in repr(bounces)


def test_a_paste_without_an_address_is_refused() -> None:
    for text in ("", "Undelivered mail", "@", "x" * 1_000_001):
        with pytest.raises(InputError):
            parse_addresses(text)


def test_addresses_of_mail_that_was_sent_are_forgotten_after_thirty_days(any_instance: Instance) -> None:
    ids = queue(any_instance, learners(any_instance, 2))
    mark_sent(any_instance, ids[:1])
    assert erase_addresses(any_instance, now=NOW + timedelta(days=29)) == 0
    assert erase_addresses(any_instance, now=NOW + timedelta(days=31)) >= 1
    assert mail_of(any_instance, ids[0]).recipient is None
    assert mail_of(any_instance, ids[1]).recipient == address(1), "it waits still"


# --- links once more ----------------------------------------------------------------------------------------------
def resend_now(instance: Instance, short_id: str, *, at: object = NOW) -> str:
    return resend(instance, short_id, valid_for=CLAIM_DAYS, now=at, actor="test")  # type: ignore[arg-type]  # a test's own


def test_a_link_is_sent_again_but_not_within_ten_minutes(instance: Instance) -> None:
    (badge,) = learners(instance, 1)
    first = resend_now(instance, badge)
    with pytest.raises(IssuingError) as waiting:
        resend_now(instance, badge)
    assert waiting.value.extensions["reason"] == "waiting"
    mark_sent(instance, [first])
    with pytest.raises(IssuingError) as soon:
        resend_now(instance, badge, at=NOW + timedelta(minutes=9))
    assert soon.value.extensions["reason"] == "too-soon"
    second = resend_now(instance, badge, at=NOW + timedelta(minutes=10))
    assert second != first
    assert mail_of(instance, second).kind is MailKind.CLAIM
    assert find_claim(instance, claim_token(instance, badge, serial=1), now=NOW).state is LinkState.GOOD


def test_a_link_that_ran_out_is_replaced_when_it_is_sent_again(instance: Instance) -> None:
    (badge,) = learners(instance, 1)
    late = NOW + CLAIM_DAYS
    resend_now(instance, badge, at=late)
    assert find_claim(instance, claim_token(instance, badge, serial=1), now=late).state is LinkState.UNKNOWN
    assert find_claim(instance, claim_token(instance, badge, serial=2), now=late).state is LinkState.GOOD


def test_who_took_the_badge_already_is_sent_the_link_and_no_award_once_more(instance: Instance) -> None:
    (badge,) = learners(instance, 1)
    with instance.store.writing() as connection:
        claims_rows.mark_claimed(connection, badge, at=NOW)
    assert mail_of(instance, resend_now(instance, badge)).kind is MailKind.LINK


def test_a_link_is_not_sent_for_a_withdrawn_badge_or_to_a_shared_address(instance: Instance) -> None:
    gone, shared = learners(instance, 2)
    revoke(instance, gone, now=NOW, actor="test")
    with instance.store.writing() as connection:
        claims_rows.change_delivery(connection, shared, claims_rows.Delivery.HAND_OVER, at=NOW)
    for badge, reason in ((gone, "withdrawn"), (shared, "hand-over")):
        with pytest.raises(IssuingError) as refusal:
            resend_now(instance, badge)
        assert refusal.value.extensions["reason"] == reason
    with pytest.raises(IssuingError):
        resend_now(instance, "unknown")


def move(instance: Instance, short_id: str, email: str) -> int:
    return change_address(instance, short_id, email, valid_for=CLAIM_DAYS, now=NOW, actor="user:test")


def test_a_lost_mailbox_ends_its_links_and_the_new_one_gets_one(any_instance: Instance) -> None:
    row = Completion(line=2, learner_name="Mere Āwhina", learner_email="old@ako.example")
    another = replace(row, line=3, row_key="another")
    badges = learners(any_instance, 1, learner_name="Mere Āwhina", learner_email="old@ako.example")
    more = issue(any_instance, Completions(rows=(another,))).results[0].short_id
    assert more is not None
    assert move(any_instance, badges[0], "new@ako.example") == 2
    assert find_claim(any_instance, claim_token(any_instance, badges[0], serial=1), now=NOW).state is LinkState.UNKNOWN
    assert find_claim(any_instance, claim_token(any_instance, badges[0], serial=2), now=NOW).state is LinkState.GOOD
    (mail,) = [each for each in mails(any_instance, badges[0]) if each.state is MailState.QUEUED]
    assert mail.recipient == "new@ako.example"
    with any_instance.store.reading() as connection:
        assert {credential_store.load_learner(connection, each).email for each in (*badges, more)} == {  # type: ignore[union-attr]  # both are there
            "new@ako.example"
        }
    (facts,) = acts(any_instance, audit.LEARNER_ADDRESS)
    assert facts == {"credential": badges[0], "credentials": sorted((*badges, more))}
    # The class list has the new address now, or still the old one: neither issues the badge again.
    for email in ("new@ako.example", "old@ako.example"):
        report = issue(any_instance, Completions(rows=(replace(row, learner_email=email),)))
        assert report.results[0].short_id == badges[0]


def test_mail_that_waited_goes_to_the_new_address_and_once(instance: Instance) -> None:
    (badge,) = learners(instance, 1)
    queue(instance, [badge], state=MailState.HELD)
    queue(instance, [badge], kind=MailKind.CORRECTED)
    move(instance, badge, "new@ako.example")
    found = mails(instance, badge)
    assert sorted(mail.kind for mail in found) == [MailKind.CLAIM, MailKind.CORRECTED]
    assert {mail.recipient for mail in found} == {"new@ako.example"}


def test_another_learners_address_is_refused(instance: Instance) -> None:
    one, _other = learners(instance, 2)
    for wrong in (address(1), address(0).upper(), "nobody", "a@b.example\nc@d.example"):
        with pytest.raises(InputError):
            move(instance, one, wrong)
    assert find_claim(instance, claim_token(instance, one, serial=1), now=NOW).state is LinkState.GOOD
