"""The audit trail at the desk: told in words, filtered, exported, verified."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from issuer import audit
from issuer.instance import Instance
from issuer.staff import accounts, apikeys
from issuer.staff.accounts import Role
from issuer.store.tables import audit_log
from issuer.web.desk.audit_facts import tell_facts
from issuer.web.desk.audit_words import action_words
from schemas.canonical import jcs
from tests.issuer.provider import AWARDED, NOW, REF
from tests.issuer.web.conftest import Staff, csrf_of, site_of


@pytest.fixture
def desk(app: Flask) -> Instance:
    """A desk at which a badge was issued through the API and an account was made."""
    instance = site_of(app).instance
    accounts.add_account(
        instance, email="hana@provider.example", name="Hana Parata", roles=[Role.READ], actor="cli:root", now=NOW
    )
    _, text = apikeys.new_key(instance, name="Moodle", scopes=["issue"], actor="cli:root", now=NOW)
    item = {"learner_name": "Mere Āwhina", "nzqa_ref": REF, "achieved_on": AWARDED.isoformat()}
    headers = {"Authorization": f"Bearer {text}"}
    assert app.test_client().post("/api/v1/credentials", json=item, headers=headers).status_code == 201
    return instance


def test_every_act_has_words(app: Flask) -> None:
    acts = {
        value for name, value in vars(audit).items() if name.isupper() and isinstance(value, str) and name != "GENESIS"
    }
    with app.test_request_context():
        assert acts <= set(action_words())


def test_the_trail_says_who_did_what_and_leads_to_the_badge(staff: Staff, desk: Instance) -> None:
    page = staff(Role.READ).get("/desk/audit")
    assert page.status_code == 200
    assert "API key Moodle" in page.text
    assert "Badges issued" in page.text
    assert "Command line (root)" in page.text
    with desk.store.reading() as connection:
        short_id = connection.scalar(sa.text("SELECT short_id FROM credentials"))
    assert f"/desk/badges/{short_id}" in page.text
    assert "Mere" not in page.text
    assert "hana@provider.example" not in page.text


@pytest.mark.parametrize(
    ("action", "facts", "told", "rest"),
    [
        pytest.param(
            "account-locked",
            {"failures": 5, "until": "2026-11-25T10:00:00Z"},
            ("5 wrong passwords in a row", "Until 25 November 2026, 23:00"),
            {},
            id="a time is one of New Zealand",
        ),
        pytest.param(
            "settings",
            {"changed": ["claim_days", "contact_name"], "four_eyes": False},
            ("Changed: Days that a link works, Whom learners ask",),
            {},
            id="settings are named as their page names them",
        ),
        pytest.param(
            "revoke",
            {"list": 2, "index": 27658, "reason": "duplicate"},
            ("Issued twice",),
            {"list": 2, "index": 27658},
            id="a place in a list is left as the log has it",
        ),
        pytest.param("mail-resend", {"mail": "m1"}, (), {"mail": "m1"}, id="an unforeseen code is left too"),
        pytest.param(
            "batch-confirm",
            {"ready": 3, "four_eyes": True, "mail": "hold"},
            ("3 badges", "Sent for approval by somebody else.", "Mail is held back"),
            {},
            id="what was confirmed is counted",
        ),
    ],
)
def test_facts_are_told_in_words(
    app: Flask, action: str, facts: dict[str, object], told: tuple[str, ...], rest: dict[str, object]
) -> None:
    with app.test_request_context():
        assert tell_facts(action, facts) == (told, rest)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=account-new", True),
        ("action=close", False),
        (f"from={NOW:%Y-%m-%d}", True),
        (f"from={NOW + timedelta(days=2):%Y-%m-%d}", False),
        (f"to={NOW - timedelta(days=2):%Y-%m-%d}", False),
        (f"from={NOW - timedelta(days=1):%Y-%m-%d}&to={NOW + timedelta(days=1):%Y-%m-%d}&action=account-new", True),
    ],
)
def test_the_trail_is_filtered_by_act_and_day(staff: Staff, desk: Instance, query: str, found: bool) -> None:
    page = staff(Role.READ).get(f"/desk/audit?{query}")
    assert page.status_code == 200
    assert ('<th scope="row">Account made</th>' in page.text) == found
    assert ("There is no such entry" in page.text) != found


@pytest.mark.parametrize(
    "query", ["from=yesterday", "to=9999-12-31", "page=-3", "page=x", "page=99999999", "action=%27--"]
)
def test_a_filter_that_makes_no_sense_breaks_nothing(staff: Staff, desk: Instance, query: str) -> None:
    assert staff(Role.READ).get(f"/desk/audit?{query}").status_code == 200


def test_the_export_can_be_verified_by_anybody(staff: Staff, desk: Instance) -> None:
    answer = staff(Role.READ).get("/desk/audit/export.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    previous = audit.GENESIS
    for row in rows:
        value = {name: row[name] for name in ("at", "actor", "action", "facts")}
        value |= {"seq": int(row["seq"]), "previous": previous}
        assert hashlib.sha256(jcs(value)).hexdigest() == row["entry_sha256"]
        assert json.loads(row["facts"]) is not None
        previous = row["entry_sha256"]
    assert len(rows) >= 4


def test_the_button_finds_a_change(staff: Staff, desk: Instance) -> None:
    client = staff(Role.READ)
    form = {"csrf_token": csrf_of(client.get("/desk/audit"))}
    whole = client.post("/desk/audit/verify", data=form, follow_redirects=True)
    assert "The trail is whole" in whole.text
    with desk.store.writing() as connection:
        connection.execute(sa.update(audit_log).where(audit_log.c.seq == 2).values(actor="user:nobody"))
    changed = client.post("/desk/audit/verify", data=form, follow_redirects=True)
    assert "NOT whole" in changed.text
    assert "Entry 2 was changed" in changed.text
