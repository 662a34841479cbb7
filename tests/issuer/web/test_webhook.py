"""A learning platform's webhook: what it signs is taken once, and nothing else is taken."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer.bulk import uploads
from issuer.instance import Instance
from issuer.staff import idempotency, webhook
from issuer.staff.accounts import Role
from issuer.store.service_tables import settings, webhook_deliveries
from issuer.store.tables import batches, credentials
from schemas.errors import IssuingError
from tests.issuer.provider import AWARDED, NOW, REF
from tests.issuer.web.conftest import Staff, csrf_of, site_of

COMPLETION = {
    "course": "BEE-101",
    "completion_id": "moodle-77",
    "learner_name": "Mere Āwhina",
    "achieved_on": AWARDED.isoformat(),
}


@pytest.fixture
def desk(app: Flask) -> Instance:
    instance = site_of(app).instance
    uploads.save_course_codes(instance, {"BEE-101": REF}, edition=site_of(app).edition, now=NOW, actor="test")
    return instance


@pytest.fixture
def secret(desk: Instance) -> str:
    return webhook.rotate_secret(desk, expected="none", actor="test", now=NOW)


def send(
    client: FlaskClient,
    secret: str,
    *completions: Any,
    delivery: str = "d-1",
    at: datetime = NOW,
    body: bytes | None = None,
    **headers: str,
) -> Any:
    if body is None:
        body = json.dumps({"delivery": delivery, "completions": list(completions or (COMPLETION,))}).encode()
    timestamp = int(at.timestamp())
    signed = {
        "Badges-Timestamp": str(timestamp),
        "Badges-Signature": webhook.sign(secret, timestamp=timestamp, body=body),
    }
    return client.post(
        "/hooks/completions",
        data=body,
        content_type="application/json",
        headers=signed | {name.replace("_", "-"): value for name, value in headers.items()},
    )


def count(instance: Instance, table: Any = credentials) -> int:
    with instance.store.reading() as connection:
        return len(connection.execute(table.select()).all())


def test_a_completion_becomes_a_badge_and_the_same_delivery_does_nothing_more(
    client: FlaskClient, desk: Instance, secret: str
) -> None:
    first = send(client, secret)
    assert first.status_code == 202, first.text
    assert count(desk) == 1
    again = send(client, secret, at=NOW + timedelta(minutes=1))
    assert (again.status_code, again.data) == (202, first.data)
    assert (count(desk), count(desk, batches), count(desk, webhook_deliveries)) == (1, 1, 1)
    other = send(client, secret, delivery="d-2")
    assert other.status_code == 200, other.text
    assert other.json["counts"]["already"] == 1
    assert count(desk) == 1


def test_a_delivery_is_known_after_its_answer_was_forgotten(client: FlaskClient, desk: Instance, secret: str) -> None:
    first = send(client, secret)
    idempotency.purge_answers(desk, now=NOW + timedelta(days=3))
    again = send(client, secret)
    assert again.status_code == 200
    assert again.json["batch"] == first.json["batch"]
    idempotency.purge_answers(desk, now=NOW + timedelta(days=3))
    assert send(client, secret, COMPLETION | {"learner_name": "Else"}).status_code == 422
    assert count(desk) == 1


def test_another_delivery_under_the_same_id_is_refused(client: FlaskClient, desk: Instance, secret: str) -> None:
    send(client, secret)
    other = send(client, secret, COMPLETION | {"learner_name": "Hana Parata", "completion_id": "moodle-78"})
    assert (other.status_code, other.json["slug"]) == (422, "idempotency-key-reused")
    assert count(desk) == 1


def test_an_unknown_course_is_named_and_nothing_is_kept(client: FlaskClient, desk: Instance, secret: str) -> None:
    answer = send(client, secret, COMPLETION, COMPLETION | {"course": "BEE-999", "completion_id": "x"})
    assert answer.status_code == 422
    assert answer.json["faults"][0]["pointer"] == "/completions/1/course"
    assert "BEE-999" in answer.json["faults"][0]["message"]
    assert (count(desk), count(desk, batches), count(desk, webhook_deliveries)) == (0, 0, 0)
    uploads.save_course_codes(desk, {"bee-999": REF}, edition=None, now=NOW, actor="test")
    assert send(client, secret, COMPLETION | {"course": " bee-999 "}).status_code == 202, (
        "and then it can be sent again"
    )


def _forgeries(secret: str) -> dict[str, dict[str, str]]:
    body = json.dumps({"delivery": "d-1", "completions": [COMPLETION]}).encode()
    stamp = int(NOW.timestamp())
    good = webhook.sign(secret, timestamp=stamp, body=body)
    return {
        "no signature": {"Badges_Signature": ""},
        "another secret": {"Badges_Signature": webhook.sign("nzobwh_x", timestamp=stamp, body=body)},
        "another body": {"Badges_Signature": webhook.sign(secret, timestamp=stamp, body=body + b" ")},
        "a signature without its scheme": {"Badges_Signature": good.removeprefix("v1=")},
        "another scheme": {"Badges_Signature": good.replace("v1=", "v0=")},
        "its hash in capitals": {"Badges_Signature": "v1=" + good[3:].upper()},
        "letters beyond ASCII": {"Badges_Signature": "v1=é"},
        "very many signatures": {"Badges_Signature": ",".join([good] * 50)},
        "the time of another signature": {"Badges_Timestamp": str(stamp + 1)},
        "no time": {"Badges_Timestamp": ""},
        "a negative time": {"Badges_Timestamp": f"-{stamp}"},
        "a time in other digits": {"Badges_Timestamp": "１２３"},
        "a time of many digits": {"Badges_Timestamp": "9" * 400},
    }


@pytest.mark.parametrize("forgery", list(_forgeries("x")))
def test_a_forgery_is_refused_in_the_same_words(client: FlaskClient, desk: Instance, secret: str, forgery: str) -> None:
    headers = {name: value.encode().decode("latin-1") for name, value in _forgeries(secret)[forgery].items()}
    answer = send(client, secret, **headers)
    assert (answer.status_code, answer.json["slug"]) == (401, "signature-refused")
    assert count(desk, batches) == 0


@pytest.mark.parametrize(("minutes", "status"), [(5, 202), (-5, 202), (5.1, 401), (-5.1, 401)])
def test_a_delivery_is_taken_within_five_minutes(
    client: FlaskClient, desk: Instance, secret: str, minutes: float, status: int
) -> None:
    assert send(client, secret, at=NOW + timedelta(minutes=minutes)).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="half a text"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b"{}", 422, id="nothing"),
        pytest.param(b'{"delivery":"d","completions":[]}', 422, id="no completion"),
        pytest.param(b'{"delivery":"a b","completions":[{}]}', 422, id="a space in the id"),
        pytest.param(b'{"delivery":"d","completions":[{}],"extra":1}', 422, id="an unknown member"),
        pytest.param(b'{"delivery":"d","completions":[1]}', 422, id="a number for a completion"),
    ],
)
def test_what_is_signed_but_makes_no_sense_is_refused(
    client: FlaskClient, desk: Instance, secret: str, body: bytes, status: int
) -> None:
    assert send(client, secret, body=body).status_code == status
    assert count(desk, batches) == 0


def test_while_the_secret_is_exchanged_both_are_good(client: FlaskClient, desk: Instance, secret: str) -> None:
    mark = webhook.mark_of(_settings(client.application))
    new = webhook.rotate_secret(desk, expected=mark, actor="test", now=NOW)
    with pytest.raises(IssuingError):
        webhook.rotate_secret(desk, expected=mark, actor="test", now=NOW)
    assert send(client, secret).status_code == 202
    assert send(client, new, delivery="d-2").status_code == 200
    webhook.end_previous_secret(desk, actor="test", now=NOW)
    assert send(client, secret, delivery="d-3").status_code == 401
    assert send(client, new, delivery="d-3").status_code == 200
    with desk.store.reading() as connection:
        stored = str(connection.execute(settings.select()).all())
    assert new not in stored


def _settings(app: Flask) -> Any:
    return site_of(app).choices.webhook


def test_the_secret_is_made_and_ended_at_the_desk(
    app: Flask, client: FlaskClient, desk: Instance, staff: Staff
) -> None:
    assert client.post("/hooks/completions").status_code == 404
    browser = staff(Role.ADMINISTER)
    page = browser.get("/desk/settings/webhook")
    form = {"csrf_token": csrf_of(page), "mark": "none", "do": "make"}
    browser.post("/desk/settings/webhook", data=form)
    shown = re.search(r"nzobwh_[a-z2-7]{52}", browser.get("/desk/settings/webhook").text)
    assert shown is not None
    browser.post("/desk/settings/webhook", data=form)
    assert _settings(app).previous_sealed is None, "the same form sent twice makes one secret"
    assert shown[0] not in browser.get("/desk/settings/webhook").text
    assert send(client, shown[0]).status_code == 202
    browser.post("/desk/settings/webhook", data=form | {"mark": webhook.mark_of(_settings(app))})
    assert _settings(app).previous_sealed is not None
    browser.post("/desk/settings/webhook", data=form | {"do": "end-old"})
    assert send(client, shown[0], delivery="d-2").status_code == 401
    browser.post("/desk/settings/webhook", data=form | {"do": "end"})
    assert send(client, shown[0], delivery="d-2").status_code == 404
