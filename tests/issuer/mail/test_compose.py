"""What a mail says: both languages, macrons, the right link, nothing of anybody else, and hostile text stays text."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from issuer.instance import Instance
from issuer.learner.claims import claim_token
from issuer.mail.compose import Envelope, Facts, compose, write_sections, write_text
from issuer.mail.facts import Moot, Sender, load_facts
from issuer.staff.choices import MailSettings, load_choices
from issuer.status import revoke
from issuer.store import outbox_rows
from issuer.store.claims_rows import Visibility, mark_claimed
from issuer.store.outbox_rows import MailKind
from schemas.errors import InputError
from tests.issuer.mail.town import learners, queue
from tests.issuer.provider import BASE_URL, NOW, PROVIDER

FACTS = Facts(
    kind=MailKind.CLAIM,
    provider="Te Wānanga o Tīwai",
    title="Māra kai: he tīmatanga",
    awarded_on=date(2026, 5, 3),
    name="Mere Āwhina",
    link="https://badges.example/claim/abcdefghijklmnopqrstuvwxyz",
    link_until=date(2026, 11, 3),
    contact_name="Tari Ākonga",
    contact_email="akonga@tiwai.example",
)
ENVELOPE = Envelope(
    settings=MailSettings(host="smtp.example", sender="badges@tiwai.example"),
    recipient="mere@ako.example",
    mail_id="ab" * 16,
    base_url="https://badges.example/tiwai",
    provider="Te Wānanga o Tīwai",
    reply_to="akonga@tiwai.example",
    at=datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC),
)


def arrived(facts: Facts = FACTS, envelope: Envelope = ENVELOPE) -> EmailMessage:
    """The mail as a mail program reads its bytes."""
    return email.message_from_bytes(compose(facts, envelope).as_bytes(), policy=email.policy.default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def test_the_headers_say_who_writes_that_a_machine_wrote_and_which_mail_it_is() -> None:
    message = arrived()
    assert str(message["From"]) == "Te Wānanga o Tīwai <badges@tiwai.example>"
    assert str(message["To"]) == "mere@ako.example"
    assert str(message["Reply-To"]) == "akonga@tiwai.example"
    assert str(message["Subject"]) == "Your digital badge: Māra kai: he tīmatanga"
    assert message["Message-ID"] == f"<{'ab' * 16}@badges.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == ENVELOPE.at
    assert compose(FACTS, ENVELOPE).as_bytes().isascii()


@pytest.mark.parametrize("kind", list(MailKind), ids=[kind.value for kind in MailKind])
@pytest.mark.parametrize("language", ["en", "mi"])
def test_every_mail_is_in_both_languages_the_learners_first(kind: MailKind, language: str) -> None:
    first, second = write_sections(replace(FACTS, kind=kind, language=language))
    assert (first.tag, second.tag) == (("mi", "en-NZ") if language == "mi" else ("en-NZ", "mi"))
    assert len(first.paragraphs) == len(second.paragraphs)
    ours = [text for text in first.paragraphs if text != FACTS.link]
    theirs = [text for text in second.paragraphs if text != FACTS.link]
    assert not set(ours) & set(theirs), "a sentence that was not translated"
    assert first.subject != second.subject


def test_the_claim_mail_answers_what_a_learner_asks() -> None:
    text = part(arrived(), "plain")
    for wanted in (
        "Kia ora Mere Āwhina,",
        "Te Wānanga o Tīwai awarded you the micro-credential “Māra kai: he tīmatanga” on 3 May 2026",
        "You get this message because",
        "https://badges.example/claim/abcdefghijklmnopqrstuvwxyz\n",
        "until 3 November 2026",
        "Nothing is public until you choose so.",
        "Tari Ākonga: akonga@tiwai.example",
        "Tēnā koe Mere Āwhina,",
        "3 Haratua 2026",
    ):
        assert wanted in text


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"visibility": Visibility.LINK}, "only somebody who was given the address"),
        ({"visibility": Visibility.PUBLIC}, "can be seen by anybody"),
        ({"claimed": True, "visibility": Visibility.PUBLIC}, "stays as you chose it"),
    ],
    ids=["seen with the link", "public", "chosen already"],
)
def test_a_mail_never_promises_more_privacy_than_there_is(facts: dict[str, Any], sentence: str) -> None:
    text = part(arrived(replace(FACTS, **facts)), "plain")
    assert sentence in text
    assert "Nothing is public" not in text


def test_a_mail_about_a_withdrawn_badge_has_no_link_and_no_reason() -> None:
    text = part(arrived(replace(FACTS, kind=MailKind.WITHDRAWN, link=None)), "plain")
    assert "withdrew your digital badge" in text
    assert "claim/" not in text


def test_a_demonstration_says_so_first() -> None:
    assert part(arrived(replace(FACTS, demonstration=True)), "plain").startswith("Demonstration: provider, learners")


HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="a script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="an attribute that is broken out of"),
    pytest.param("{{ 7 * 7 }}{% raw %}", id="a template"),
    pytest.param("%(link)s %s %d", id="a format"),
    pytest.param("</div></body>", id="an end of the page"),
    pytest.param("Mere & Hana &lt;b&gt;", id="entities"),
    pytest.param("=HYPERLINK(1)", id="a formula"),
    pytest.param("مریم\u200cالسادات", id="a Persian name with a joiner"),
    pytest.param("Ngārangi-" + "Ā" * 180, id="a very long name"),
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["name", "title", "provider", "contact_name"])
def test_hostile_text_stays_text_in_both_parts(where: str, text: str) -> None:
    message = arrived(replace(FACTS, **{where: text}))
    html = part(message, "html")
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</div>") == 2
    assert html.count("</body>") == 1
    assert "49" not in html
    assert message.keys().count("Subject") == 1
    if where != "name":  # a name that looks like a link or markup greets nobody
        assert text in part(message, "plain")


@pytest.mark.parametrize(
    "name",
    ["https://evil.example/", "evil.example", "www.evil", "Win at evil.example now", "a@b.example", "<b>Mere</b>"],
)
def test_a_name_of_which_a_mail_program_would_make_a_link_greets_nobody(name: str) -> None:
    message = arrived(replace(FACTS, name=name))
    assert name not in part(message, "plain")
    assert part(message, "plain").startswith("Kia ora,\n")


@pytest.mark.parametrize(
    "name",
    ["Mere\r\nBcc: all@ako.example", "Mere\nĀwhina", "Mere\x00", "Mere\u2028Āwhina", "\u202eerehM", "Mere\x1b[31m"],
    ids=["a header", "a line", "a zero byte", "a line separator", "text turned round", "a terminal's escape"],
)
@pytest.mark.parametrize("where", ["name", "title", "provider"])
def test_text_with_control_characters_is_refused(where: str, name: str) -> None:
    with pytest.raises(InputError):
        compose(replace(FACTS, **{where: name}), ENVELOPE)


@pytest.mark.parametrize(
    "address",
    ["mere@ako.example\r\nBcc: all@ako.example", "mere@ako.example\nx", "mere", "@ako.example", "mere@", ""],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InputError) as refusal:
        compose(FACTS, replace(ENVELOPE, recipient=address))
    assert "ako.example" not in refusal.value.detail


def test_a_senders_name_cannot_bring_a_header() -> None:
    settings = replace(ENVELOPE.settings, sender_name="Kura\r\nBcc: all@ako.example")
    with pytest.raises(InputError):
        compose(FACTS, replace(ENVELOPE, settings=settings))


def test_a_very_long_title_is_cut_in_the_subject_alone() -> None:
    title = "Ngā pūkenga " * 30
    message = arrived(replace(FACTS, title=title.strip()))
    assert len(str(message["Subject"])) < 150
    assert title.strip() in part(message, "plain")


def test_a_domain_with_macrons_is_written_as_mail_servers_know_it() -> None:
    assert str(arrived(envelope=replace(ENVELOPE, recipient="mere@kōhanga.example"))["To"]) == (
        "mere@xn--khanga-bgb.example"
    )


# --- what is looked up when a mail is sent -----------------------------------------------------------------------
def facts_of(instance: Instance, kind: MailKind, short_id: str, *, now: datetime = NOW) -> Facts | Moot:
    (mail_id,) = queue(instance, [short_id], kind=kind)
    with instance.store.reading() as connection:
        mail = outbox_rows.load_mail(connection, mail_id)
        assert mail is not None
        sender = Sender(instance=instance, choices=load_choices(connection), link_base=BASE_URL)
        return load_facts(connection, mail, sender, now=now)


def test_a_mail_says_what_the_badge_says_when_it_is_sent(instance: Instance) -> None:
    (badge,) = learners(instance, 1, preferred_name="Mere", nsn="123456789", language="mi")
    facts = facts_of(instance, MailKind.CLAIM, badge)
    assert isinstance(facts, Facts)
    assert (facts.name, facts.language, facts.visibility) == ("Mere", "mi", Visibility.PRIVATE)
    assert facts.link == f"{BASE_URL}/claim/{claim_token(instance, badge, serial=1)}"
    whole = write_text(write_sections(facts))
    assert "123456789" not in whole
    assert "@" not in whole.replace(str(facts.contact_email), "")
    assert PROVIDER not in whole.replace(facts.link, "")


def test_a_mail_that_came_too_late_is_not_sent(instance: Instance) -> None:
    taken, old, gone = learners(instance, 3)
    with instance.store.writing() as connection:
        mark_claimed(connection, taken, at=NOW)
    assert facts_of(instance, MailKind.REMINDER, taken) == Moot(reason="claimed")
    again = facts_of(instance, MailKind.CLAIM, taken)
    assert isinstance(again, Facts)
    assert again.kind is MailKind.LINK, "no second award"
    assert facts_of(instance, MailKind.CLAIM, old, now=datetime(2030, 1, 1, tzinfo=UTC)) == Moot(reason="link-expired")
    assert facts_of(instance, MailKind.WITHDRAWN, gone) == Moot(reason="not-withdrawn")
    revoke(instance, gone, now=NOW, actor="test")
    assert facts_of(instance, MailKind.CLAIM, gone) == Moot(reason="badge-withdrawn")
    assert isinstance(facts_of(instance, MailKind.WITHDRAWN, gone), Facts)
