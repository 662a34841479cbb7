"""Requests answered at the desk, and whom the desk writes to: the learner of what came of it, those who may approve."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask

from issuer.instance import Instance
from issuer.learner.asking import ask
from issuer.mail.compose import Facts, write_sections
from issuer.mail.facts import Moot, Sender, load_facts
from issuer.staff.accounts import Role
from issuer.staff.choices import MailSettings, load_choices, save_choices
from issuer.store import claims_rows, outbox_rows
from issuer.store.claims_rows import RequestKind, StoredRequest
from issuer.store.outbox_rows import MailKind, StoredMail
from tests.issuer.bulk import class_csv, confirmed
from tests.issuer.mail.town import learners
from tests.issuer.provider import NOW
from tests.issuer.web.conftest import Staff, add_staff, csrf_of, site_of

STAFF_ROLES = (Role.ISSUE, Role.READ)
SERVER = MailSettings(host="smtp.example", sender="badges@provider.example")


@pytest.fixture
def instance(app: Flask) -> Instance:
    return site_of(app).instance


@pytest.fixture
def badge(instance: Instance) -> str:
    return learners(instance, 1)[0]


def set_up_mail(instance: Instance) -> None:
    with instance.store.writing() as connection:
        choices = replace(load_choices(connection), mail=SERVER)
        save_choices(instance, connection, choices, actor="user:test", now=NOW)


def asked(instance: Instance, badge: str, kind: RequestKind, words: str) -> StoredRequest:
    ask(instance, badge, kind=kind, words=words, now=NOW)
    with instance.store.reading() as connection:
        (found,) = claims_rows.load_requests(connection)
    return found


def mails(instance: Instance, kind: MailKind) -> list[StoredMail]:
    with instance.store.reading() as connection:
        return [mail for mail in outbox_rows.list_mails(connection) if mail.kind is kind]


def told(instance: Instance, mail: StoredMail) -> Facts | Moot:
    with instance.store.reading() as connection:
        sender = Sender(instance=instance, choices=load_choices(connection), link_base="https://b.example")
        return load_facts(connection, mail, sender, now=NOW)


def test_the_correction_begins_with_the_spelling_that_the_learner_asked_for(
    badge: str, instance: Instance, staff: Staff
) -> None:
    request = asked(instance, badge, RequestKind.NAME, "Mere Āwhina-Tūī")
    client = staff(*STAFF_ROLES)
    page = client.get(f"/desk/badges/{badge}/correct?request={request.request_id}").get_data(as_text=True)
    assert 'name="name" type="text" value="Mere Āwhina-Tūī"' in page
    assert "“Mere Āwhina-Tūī”" in page
    assert "the badge says “Mere Āwhina 0” now" in page
    other = client.get(f"/desk/badges/{badge}/correct").get_data(as_text=True)
    assert 'value="Mere Āwhina 0"' in other


def test_other_words_of_the_learner_stand_beside_the_form_and_in_no_field(
    badge: str, instance: Instance, staff: Staff
) -> None:
    request = asked(instance, badge, RequestKind.CORRECTION, "The day is wrong.")
    page = staff(*STAFF_ROLES).get(f"/desk/badges/{badge}/correct?request={request.request_id}")
    text = page.get_data(as_text=True)
    assert "“The day is wrong.”" in text
    assert 'value="Mere Āwhina 0"' in text


@pytest.mark.parametrize(
    ("outcome", "said"), [("declined", "left the badge as it is"), ("settled", "They say that it is settled")]
)
def test_a_learner_is_told_what_came_of_a_request_where_staff_tick_it(
    badge: str, instance: Instance, staff: Staff, outcome: str, said: str
) -> None:
    set_up_mail(instance)
    request = asked(instance, badge, RequestKind.CORRECTION, "A secret of mine.")
    client = staff(*STAFF_ROLES)
    path = f"/desk/requests/{request.request_id}"
    page = client.get(path)
    assert 'name="tell"' in page.get_data(as_text=True)
    client.post(path, data={"csrf_token": csrf_of(page), "outcome": outcome, "tell": "yes"})
    (mail,) = mails(instance, MailKind.SETTLED)
    facts = told(instance, mail)
    assert isinstance(facts, Facts)
    english, maori = sorted(write_sections(facts), key=lambda section: section.tag)
    assert said in english.text
    assert "A secret of mine." not in english.text + maori.text
    assert "/claim/" not in english.text
    assert "Te Mana Mātāpono Matatapu" in maori.text


def test_no_mail_is_written_where_nobody_ticked_the_box(badge: str, instance: Instance, staff: Staff) -> None:
    set_up_mail(instance)
    request = asked(instance, badge, RequestKind.CORRECTION, "Something.")
    client = staff(*STAFF_ROLES)
    path = f"/desk/requests/{request.request_id}"
    client.post(path, data={"csrf_token": csrf_of(client.get(path)), "outcome": "declined"})
    assert mails(instance, MailKind.SETTLED) == []


def test_the_box_is_not_offered_where_no_mail_can_be_sent(badge: str, instance: Instance, staff: Staff) -> None:
    request = asked(instance, badge, RequestKind.CORRECTION, "Something.")
    page = staff(*STAFF_ROLES).get(f"/desk/requests/{request.request_id}").get_data(as_text=True)
    assert 'name="tell"' not in page
    assert "No mail can be sent" in page


def test_whoever_may_approve_is_told_of_a_list_that_waits_and_reads_no_learners_name(instance: Instance) -> None:
    set_up_mail(instance)
    approver = add_staff(instance, Role.APPROVE, Role.READ, name="Sam Example")
    add_staff(instance, Role.ISSUE, Role.READ, name="Aroha Example")
    batch_id = confirmed(instance, class_csv(2), four_eyes=True)
    (mail,) = mails(instance, MailKind.APPROVAL)
    assert mail.recipient == approver.email
    with instance.store.reading() as connection:
        assert sum(outbox_rows.count_mails(connection, batch_id=batch_id).values()) == 0  # none of its learners'
    facts = told(instance, mail)
    assert isinstance(facts, Facts)
    assert facts.link == f"https://b.example/desk/issue/{batch_id}/approve"
    assert (facts.name, facts.title) == (None, "")


def test_a_list_that_waits_no_more_is_no_news(instance: Instance) -> None:
    from issuer.bulk.confirming import approve

    set_up_mail(instance)
    approver = add_staff(instance, Role.APPROVE, name="Sam Example")
    batch_id = confirmed(instance, class_csv(2), four_eyes=True)
    approve(instance, batch_id, actor=f"user:{approver.account_id}", now=NOW)
    (mail,) = mails(instance, MailKind.APPROVAL)
    assert told(instance, mail) == Moot(reason="approved-meanwhile")


def test_without_a_mail_server_nobody_is_written_to(instance: Instance) -> None:
    add_staff(instance, Role.APPROVE, name="Sam Example")
    confirmed(instance, class_csv(2), four_eyes=True)
    assert mails(instance, MailKind.APPROVAL) == []


def test_a_form_offers_first_what_may_be_awarded(badge: str, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    single = client.get("/desk/badges/new").get_data(as_text=True)
    correction = client.get(f"/desk/badges/{badge}/correct").get_data(as_text=True)
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', correction, re.DOTALL)
    assert groups[0][0] == "You may award"
    assert "selected" in groups[0][1]
    assert re.findall(r'<optgroup label="([^"]+)">', single) == ["You may award"]
