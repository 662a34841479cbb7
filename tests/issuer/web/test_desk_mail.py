"""Mail and settings at the desk: what waits, what came back, the server and its password, every setting by its name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer.instance import Instance
from issuer.mail.outbox import MailKind, MailState
from issuer.staff.accounts import Role
from issuer.staff.choices import Choices, MailDefault, SecretName, Security, load_choices, unseal_secret
from issuer.store import outbox_rows, settings_rows
from issuer.store.credentials import load_credential
from tests.issuer.mail.sink import Sink, free_port, served
from tests.issuer.mail.town import address, learners, queue, settings_for, states, use_server
from tests.issuer.provider import NOW
from tests.issuer.web.conftest import Staff, csrf_of, site_of

PAGES = ("/desk/mail", "/desk/mail/bounces", "/desk/mail/preview", "/desk/mail/server", "/desk/settings",
         "/desk/settings/sign-in", "/desk/settings/webhook")  # fmt: skip
SERVER = {"host": "smtp.kura.example", "port": "587", "security": "starttls", "user": "badges", "password": "s3cret word",
          "sender": "badges@kura.example", "sender_name": "", "reply_to": ""}  # fmt: skip
FORM = {"claim_days": "90", "reminder_days": "7", "nsn_purge_days": "60", "upload_days": "14", "mail_default": "send",
        "four_eyes": "yes", "contact_name": "Tari Ākonga", "contact_email": "tari@kura.example",
        "privacy_text": "Ka tiakina.", "verifier_url": "https://verify.example.nz"}  # fmt: skip


@pytest.fixture
def desk(app: Flask) -> Instance:
    return site_of(app).instance


@pytest.fixture
def boss(staff: Staff) -> FlaskClient:
    return staff(Role.ISSUE, Role.READ, Role.ADMINISTER)


def post(client: FlaskClient, path: str, *, page: str | None = None, **form: Any) -> Any:
    token = csrf_of(client.get(page or path))
    return client.post(path, data={"csrf_token": token} | form)


def chosen(instance: Instance) -> Choices:
    with instance.store.reading() as connection:
        return load_choices(connection)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "mi"])
def test_every_page_opens_in_both_languages_with_one_heading(boss: FlaskClient, path: str, language: str) -> None:
    answer = boss.get(f"{path}?lang={language}")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert text.count("<h1") == 1
    assert ' style="' not in text
    assert "<script>" not in text


@pytest.mark.parametrize("path", PAGES[3:])
def test_settings_are_for_administrators(staff: Staff, path: str) -> None:
    assert staff(Role.ISSUE, Role.READ).get(path).status_code == 403


@pytest.mark.parametrize("path", PAGES[:2])
def test_mail_is_for_those_who_issue(staff: Staff, path: str) -> None:
    assert staff(Role.READ, Role.APPROVE).get(path).status_code == 403


def test_nobody_does_anything_without_the_forms_token(boss: FlaskClient) -> None:
    for path in (*PAGES[1:2], *PAGES[3:], "/desk/mail/change", "/desk/mail/try-now", "/desk/mail/test"):
        assert boss.post(path, data={}).status_code == 400


# --- the queue ----------------------------------------------------------------------------------------------------
def test_held_mail_is_seen_ticked_and_released(boss: FlaskClient, desk: Instance) -> None:
    ids = queue(desk, learners(desk, 3), state=MailState.HELD)
    page = boss.get("/desk/mail").get_data(as_text=True)
    assert [address(number) in page for number in range(3)] == [True] * 3
    answer = post(boss, "/desk/mail/change", page="/desk/mail", do="release", state="held", mail=ids[:2])
    assert (answer.status_code, answer.location) == (303, "/desk/mail?state=held")
    assert "2 mails were released." in boss.get(answer.location).get_data(as_text=True)
    assert states(desk) == {"held": 1, "queued": 2}
    post(boss, "/desk/mail/change", page="/desk/mail?state=queued", do="hold", state="queued", mail=ids[:1])
    post(boss, "/desk/mail/change", page="/desk/mail?state=queued", do="cancel", state="queued", mail=ids[1:2])
    assert states(desk) == {"held": 2}
    answer = post(boss, "/desk/mail/change", page="/desk/mail", do="cancel", state="queued", mail=ids[1:2])
    assert "Nothing had to change" in boss.get(answer.location).get_data(as_text=True)


def test_nothing_ticked_changes_nothing(boss: FlaskClient, desk: Instance) -> None:
    queue(desk, learners(desk, 1), state=MailState.HELD)
    answer = post(boss, "/desk/mail/change", page="/desk/mail", do="cancel", state="held")
    assert "Tick at least one mail first." in boss.get(answer.location).get_data(as_text=True)
    assert states(desk) == {"held": 1}


def test_refused_mail_comes_first_and_says_why(boss: FlaskClient, desk: Instance) -> None:
    ids = queue(desk, learners(desk, 2))
    with desk.store.writing() as connection:
        outbox_rows.mark_refused(connection, ids[0], reason="550")
    page = boss.get("/desk/mail").get_data(as_text=True)
    assert "The mail server refused it (550)." in page
    assert address(0) in page
    assert address(1) not in page


def test_a_long_queue_has_pages(boss: FlaskClient, desk: Instance) -> None:
    queue(desk, learners(desk, 1) * 60, recipients=[address(number) for number in range(60)])
    first, second, beyond = (
        boss.get(f"/desk/mail?state=queued&page={page}").get_data(as_text=True) for page in (1, 2, 99)
    )
    assert first.count("@ako.example</th>") == 50
    assert second.count("@ako.example</th>") == beyond.count("@ako.example</th>") == 10


def test_bounces_are_pasted_and_what_was_passed_over_is_told(boss: FlaskClient, desk: Instance) -> None:
    ids = queue(desk, learners(desk, 2))
    with desk.store.writing() as connection:
        for mail_id in ids:
            outbox_rows.mark_sent(connection, mail_id, at=NOW)
    page = post(boss, "/desk/mail/bounces", pasted=f"<{address(0)}> unknown; x@else.example").get_data(as_text=True)
    assert "1 mail was marked as come back." in page
    assert "x@else.example" in page
    answer = post(boss, "/desk/mail/bounces", pasted=address(1))
    assert (answer.status_code, answer.location) == (303, "/desk/mail?state=refused")
    assert states(desk) == {"refused": 2}
    nothing = post(boss, "/desk/mail/bounces", pasted="<script>alert(1)</script>")
    assert nothing.status_code == 422
    assert "<script>alert" not in nothing.get_data(as_text=True)


@pytest.mark.parametrize("kind", [kind.value for kind in MailKind])
def test_every_mail_can_be_read_before_it_is_sent(boss: FlaskClient, kind: str) -> None:
    text = boss.get(f"/desk/mail/preview?kind={kind}").get_data(as_text=True)
    assert text.count('<section class="panel" lang="') == 2
    assert "&lt;!doctype html&gt;" in text
    assert "<iframe" not in text


# --- the mail server ----------------------------------------------------------------------------------------------
def test_the_mail_server_is_set_up_and_its_password_never_shown_again(boss: FlaskClient, desk: Instance) -> None:
    answer = post(boss, "/desk/mail/server", **SERVER)
    assert answer.status_code == 303
    mail = chosen(desk).mail
    assert mail is not None
    assert mail.password_sealed is not None
    assert unseal_secret(desk, mail.password_sealed, SecretName.SMTP_PASSWORD) == "s3cret word"
    page = boss.get("/desk/mail/server").get_data(as_text=True)
    assert "smtp.kura.example" in page
    assert "s3cret word" not in page
    post(boss, "/desk/mail/server", **(SERVER | {"password": "", "port": "2525"}))
    kept = chosen(desk).mail
    assert kept is not None
    assert (kept.port, kept.password_sealed) == (2525, mail.password_sealed)


def test_a_kept_password_is_not_sent_to_another_server(boss: FlaskClient, desk: Instance) -> None:
    post(boss, "/desk/mail/server", **SERVER)
    post(boss, "/desk/mail/server", **(SERVER | {"password": "", "host": "smtp.evil.example"}))
    mail = chosen(desk).mail
    assert mail is not None
    assert (mail.host, mail.password_sealed) == ("smtp.evil.example", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("host", "no host!"), ("port", "x"), ("port", "99999"), ("security", "maybe"), ("security", "none"),
     ("sender", "nobody"), ("sender", ""), ("reply_to", "a@b"), ("sender_name", "x" * 300)],
)  # fmt: skip
def test_a_wrong_value_is_told_beside_its_field_and_nothing_is_kept(
    boss: FlaskClient, desk: Instance, field: str, value: str
) -> None:
    answer = post(boss, "/desk/mail/server", **(SERVER | {field: value}))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{field}"' in text
    assert f'id="{field}-error"' in text
    assert "s3cret word" not in text
    assert chosen(desk).mail is None


@pytest.mark.network
def test_a_test_mail_goes_to_whoever_asks_for_it_and_a_failure_is_explained(boss: FlaskClient, desk: Instance) -> None:
    with served(Sink()) as sink:
        use_server(desk, sink.port)
        answer = post(boss, "/desk/mail/test", page="/desk/mail/server", to="other@else.example")
        assert "The mail server took the test mail." in boss.get(answer.location).get_data(as_text=True)
    assert sink.recipients == ["hine.tauira.administer.issue.read@staff.example"]
    use_server(desk, free_port())
    answer = post(boss, "/desk/mail/test", page="/desk/mail/server")
    assert "could not be reached" in boss.get(answer.location).get_data(as_text=True)
    assert states(desk) == {}


def test_a_pause_is_told_and_ended(boss: FlaskClient, desk: Instance) -> None:
    use_server(desk, 25)
    with desk.store.writing() as connection:
        value = '{"until":"2030-01-01T00:00:00Z","failures":3,"code":"sign-in-535"}'
        settings_rows.save_values(connection, {"mail_pause": value}, at=NOW, by="worker")
    assert "does not accept the user name and password (535)" in boss.get("/desk/mail").get_data(as_text=True)
    answer = post(boss, "/desk/mail/try-now", page="/desk/mail")
    assert "rests" not in boss.get(answer.location).get_data(as_text=True)


# --- the other settings -------------------------------------------------------------------------------------------
def test_the_settings_are_saved_and_shown_again(boss: FlaskClient, desk: Instance) -> None:
    use_server(desk, 25)
    assert post(boss, "/desk/settings", **FORM, suspension="yes").status_code == 303
    assert chosen(desk) == Choices(
        four_eyes=True,
        mail_default=MailDefault.SEND,
        claim_days=90,
        reminder_days=7,
        nsn_purge_days=60,
        upload_days=14,
        contact_name="Tari Ākonga",
        contact_email="tari@kura.example",
        privacy_text="Ka tiakina.",
        mail=settings_for(25, security=Security.NONE),
    )
    assert desk.config.suspension
    assert desk.config.verifier_url == "https://verify.example.nz"
    page = boss.get("/desk/settings").get_data(as_text=True)
    assert 'value="Tari Ākonga"' in page
    assert re.search(r'id="four_eyes"[^>]* checked', page)
    post(boss, "/desk/settings", **(FORM | {"four_eyes": "", "verifier_url": ""}))
    assert not chosen(desk).four_eyes
    assert not desk.config.suspension
    assert desk.config.verifier_url is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("claim_days", "0"), ("claim_days", "x"), ("reminder_days", "-1"), ("nsn_purge_days", ""), ("upload_days", "9999"),
     ("contact_email", "nobody"), ("contact_name", "x" * 201), ("privacy_text", "x" * 4001),
     ("verifier_url", "http://verify.example.nz"), ("verifier_url", "javascript:alert(1)")],
)  # fmt: skip
def test_a_wrong_setting_is_told_beside_its_field(boss: FlaskClient, desk: Instance, field: str, value: str) -> None:
    answer = post(boss, "/desk/settings", **(FORM | {field: value}))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.get_data(as_text=True)
    assert chosen(desk) == Choices()
    assert desk.config.verifier_url is None


def test_a_sign_in_service_keeps_its_secret_for_itself(boss: FlaskClient, desk: Instance) -> None:
    form = {"oidc_issuer": "https://login.example.nz/kura", "oidc_client_id": "desk", "oidc_secret": "hush hush",
            "oidc_label": "Kura"}  # fmt: skip
    assert post(boss, "/desk/settings/sign-in", **form).status_code == 303
    first = chosen(desk).oidc
    assert first is not None
    assert first.client_secret_sealed is not None
    assert "hush hush" not in boss.get("/desk/settings/sign-in").get_data(as_text=True)
    post(boss, "/desk/settings/sign-in", **(form | {"oidc_secret": ""}))
    assert chosen(desk).oidc == first
    post(boss, "/desk/settings/sign-in", **(form | {"oidc_secret": "", "oidc_issuer": "https://evil.example"}))
    moved = chosen(desk).oidc
    assert moved is not None
    assert moved.client_secret_sealed is None
    assert post(boss, "/desk/settings/sign-in", **(form | {"oidc_issuer": "http://login.example"})).status_code == 422
    post(boss, "/desk/settings/sign-in", oidc_issuer="")
    assert chosen(desk).oidc is None


def test_a_webhook_secret_is_shown_once_and_taken_away(boss: FlaskClient, desk: Instance) -> None:
    mark = re.search(r'name="mark" value="([^"]*)"', boss.get("/desk/settings/webhook").get_data(as_text=True))
    assert mark is not None
    answer = post(boss, "/desk/settings/webhook", do="make", mark=mark[1])
    shown = boss.get(answer.location).get_data(as_text=True)
    hook = chosen(desk).webhook
    assert hook is not None
    secret = unseal_secret(desk, hook.secret_sealed, SecretName.WEBHOOK)
    assert secret in shown
    assert secret not in boss.get("/desk/settings/webhook").get_data(as_text=True)
    post(boss, "/desk/settings/webhook", do="end")
    assert chosen(desk).webhook is None


def test_mail_of_a_class_list_is_released_from_the_overview(boss: FlaskClient, desk: Instance) -> None:
    badges = learners(desk, 2)
    with desk.store.reading() as connection:
        credential = load_credential(connection, badges[0])
    assert credential is not None
    queue(desk, badges, state=MailState.HELD, batch_id=credential.batch_id)
    page = boss.get("/desk/mail").get_data(as_text=True)
    assert "22 November 2026" in page
    assert f"/desk/batches/{credential.batch_id}" in page
    post(boss, "/desk/mail/change", page="/desk/mail", do="release", batch_id=credential.batch_id)
    assert states(desk) == {"queued": 2}
