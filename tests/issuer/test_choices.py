"""Settings of the desk: their defaults, what is refused and where, secrets sealed, every change in the log."""

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from issuer.audit import SETTINGS
from issuer.instance import Instance
from issuer.staff.choices import (
    Choices,
    MailDefault,
    MailSettings,
    OidcSettings,
    SecretName,
    Security,
    WebhookSettings,
    load_choices,
    save_choices,
    seal_secret,
    unseal_secret,
)
from issuer.store import audit_log
from issuer.store.engine import SQLITE_FILE
from schemas.errors import InputError, IssuingError
from tests.issuer.provider import NOW

MAIL = MailSettings(host="smtp.example.nz", sender="badges@example.nz")


def keep(instance: Instance, choices: Choices) -> Choices:
    with instance.store.writing() as connection:
        return save_choices(instance, connection, choices, actor="user:test", now=NOW)


def kept(instance: Instance) -> Choices:
    with instance.store.reading() as connection:
        return load_choices(connection)


def settings_entries(instance: Instance) -> list[audit_log.Entry]:
    with instance.store.reading() as connection:
        return [entry for entry in audit_log.load_entries(connection) if entry.action == SETTINGS]


def test_a_new_instance_has_every_setting_at_its_default(any_instance: Instance) -> None:
    assert kept(any_instance) == Choices()


def test_what_was_chosen_is_read_again(any_instance: Instance) -> None:
    sealed = seal_secret(any_instance, "secret", SecretName.SMTP_PASSWORD)
    chosen = Choices(
        four_eyes=True,
        mail_default=MailDefault.SEND,
        claim_days=30,
        contact_email="help@example.nz",
        contact_name="Te Wāhi Āwhina",
        privacy_text="We keep:\nnothing.",
        mail=replace(MAIL, security=Security.TLS, port=465, user="badges", password_sealed=sealed, sender_name="Kura"),
        oidc=OidcSettings(issuer="https://login.example.nz/tenant", client_id="desk"),
        webhook=WebhookSettings(secret_sealed=seal_secret(any_instance, "hook", SecretName.WEBHOOK)),
    )
    keep(any_instance, chosen)
    assert kept(any_instance) == chosen
    keep(any_instance, Choices())
    assert kept(any_instance) == Choices()


def test_a_change_is_one_act_of_codes_only_and_no_change_is_none(instance: Instance) -> None:
    keep(instance, Choices(four_eyes=True, contact_email="help@example.nz"))
    keep(instance, Choices(four_eyes=True, contact_email="help@example.nz"))
    (entry,) = settings_entries(instance)
    assert entry.facts == '{"changed":["contact_email","four_eyes"],"four_eyes":true}'


def test_secrets_lie_sealed_and_open_only_as_what_they_are(instance: Instance) -> None:
    sealed = seal_secret(instance, "correct horse", SecretName.SMTP_PASSWORD)
    keep(instance, Choices(mail=replace(MAIL, user="badges", password_sealed=sealed)))
    mail = kept(instance).mail
    assert mail is not None
    assert mail.password_sealed is not None
    assert unseal_secret(instance, mail.password_sealed, SecretName.SMTP_PASSWORD) == "correct horse"
    assert "password" not in repr(mail)
    with pytest.raises(IssuingError):
        unseal_secret(instance, mail.password_sealed, SecretName.OIDC_CLIENT)
    instance.close()
    with sqlite3.connect(instance.folder / SQLITE_FILE) as database:
        assert "correct horse" not in "\n".join(database.iterdump())


def test_a_secret_sealed_elsewhere_is_not_kept(instance: Instance) -> None:
    with pytest.raises(IssuingError):
        keep(instance, Choices(mail=replace(MAIL, user="badges", password_sealed=b"x" * 40)))
    assert kept(instance) == Choices()


def test_a_password_without_a_user_is_dropped(instance: Instance) -> None:
    sealed = seal_secret(instance, "secret", SecretName.SMTP_PASSWORD)
    assert keep(instance, Choices(mail=replace(MAIL, password_sealed=sealed))).mail == MAIL


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        pytest.param("claim_days", {"claim_days": 0}, id="links that never work"),
        pytest.param("reminder_days", {"reminder_days": -1}, id="a reminder before the mail"),
        pytest.param("nsn_purge_days", {"nsn_purge_days": 10_000}, id="numbers kept for decades"),
        pytest.param("upload_days", {"upload_days": 0}, id="class lists kept no day"),
        pytest.param("contact_email", {"contact_email": "nobody"}, id="a contact that is no address"),
        pytest.param(
            "contact_email", {"contact_email": "a@example.nz\r\nBcc: b@example.nz"}, id="a header in the contact"
        ),
        pytest.param(
            "contact_name", {"contact_name": "Kura\r\nBcc: b@example.nz"}, id="a header in the contact's name"
        ),
        pytest.param("privacy_text", {"privacy_text": "\x00"}, id="a privacy text with a zero byte"),
        pytest.param("privacy_text", {"privacy_text": "x" * 4_001}, id="a privacy text of four pages"),
        pytest.param("mail_host", {"mail": replace(MAIL, host="smtp.example.nz; rm")}, id="a host with a command"),
        pytest.param("mail_host", {"mail": replace(MAIL, host="")}, id="no host"),
        pytest.param(
            "mail_host", {"mail": replace(MAIL, host="https://example.nz")}, id="an address of a page as host"
        ),
        pytest.param("mail_port", {"mail": replace(MAIL, port=0)}, id="port zero"),
        pytest.param("mail_sender", {"mail": replace(MAIL, sender=" ")}, id="no sender"),
        pytest.param(
            "mail_sender_name", {"mail": replace(MAIL, sender_name="Kura\nBcc: x")}, id="a header in the sender's name"
        ),
        pytest.param("mail_reply_to", {"mail": replace(MAIL, reply_to="a@b@c.nz")}, id="an address with two ats"),
        pytest.param(
            "mail_security",
            {"mail": replace(MAIL, user="u", security=Security.NONE)},
            id="a password over an open network",
        ),
        pytest.param(
            "oidc_issuer", {"oidc": OidcSettings(issuer="http://login.example.nz", client_id="x")}, id="sign-in by http"
        ),
        pytest.param(
            "oidc_client_id", {"oidc": OidcSettings(issuer="https://login.example.nz", client_id=" ")}, id="no client"
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_nothing_is_kept(
    instance: Instance, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InputError) as refusal:
        keep(instance, Choices(**({"four_eyes": True} | wrong)))
    assert refusal.value.extensions["field"] == field
    assert kept(instance) == Choices()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_mail_server_on_this_machine_needs_no_encryption(instance: Instance, host: str) -> None:
    chosen = Choices(mail=replace(MAIL, host=host, port=8825, user="u", security=Security.NONE))
    assert keep(instance, chosen) == chosen


def test_a_secret_that_cannot_be_one_is_refused(instance: Instance) -> None:
    for wrong in ("", "two\nlines", "x" * 1_001):
        with pytest.raises(InputError):
            seal_secret(instance, wrong, SecretName.SMTP_PASSWORD)
