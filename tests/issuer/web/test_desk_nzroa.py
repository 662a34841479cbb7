"""Reporting to NZQA at the desk: student numbers go into one file and nowhere else."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer import audit
from issuer.instance import Instance
from issuer.staff.accounts import Role
from issuer.store import audit_log
from tests.issuer.provider import Completion, Completions, issue
from tests.issuer.web.conftest import Staff, csrf_of, site_of

NSN = "123456789"


@pytest.fixture
def instance(app: Flask) -> Instance:
    opened = site_of(app).instance
    rows = (Completion(line=2, nsn=NSN), Completion(line=3, learner_name="Tāne Other"))
    issue(opened, Completions(rows=rows))
    return opened


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    data = {"csrf_token": csrf_of(client.get("/desk/nzroa"))} | fields
    return client.post(path, data=data, content_type="multipart/form-data")


def test_numbers_go_into_the_file_and_the_reading_of_them_into_the_audit_trail(
    instance: Instance, staff: Staff
) -> None:
    client = staff(*Role)
    page = text_of(client.get("/desk/nzroa"))
    assert "<strong>1</strong> to report" in page
    assert "<strong>1</strong> without a student number" in page
    answer = post(client, "/desk/nzroa/export")
    assert NSN in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert NSN not in answer.headers["Content-Disposition"]
    with instance.store.reading() as connection:
        last = list(audit_log.load_entries(connection))[-1]
    assert last.action == audit.NZROA_EXPORT
    assert last.actor.startswith("user:")
    assert NSN not in last.facts


def test_the_file_that_came_back_marks_them_once_and_then_numbers_may_be_erased(
    instance: Instance, staff: Staff
) -> None:
    client = staff(*Role)
    made = post(client, "/desk/nzroa/export").data
    first = client.get(post(client, "/desk/nzroa/reported", file=(io.BytesIO(made), "n.csv")).headers["Location"])
    assert "1 completion is marked as reported." in text_of(first)
    again = client.get(post(client, "/desk/nzroa/reported", file=(io.BytesIO(made), "n.csv")).headers["Location"])
    assert "1 had been marked before." in text_of(again)
    assert NSN not in text_of(again)
    nothing = client.get(post(client, "/desk/nzroa/export").headers["Location"])
    assert "There is nothing to report" in text_of(nothing)


def test_a_purge_is_asked_about_and_erases_what_was_reported(app: Flask, instance: Instance, staff: Staff) -> None:
    client = staff(*Role)
    assert client.get("/desk/nzroa/purge").status_code == 303
    made = post(client, "/desk/nzroa/export").data
    post(client, "/desk/nzroa/reported", file=(io.BytesIO(made), "n.csv"))
    from datetime import timedelta

    from issuer.web.site import ServeOptions
    from tests.issuer.provider import NOW

    site = site_of(app)
    site.options = ServeOptions(origin=site.options.origin, clock=lambda: NOW + timedelta(minutes=1), testing=True)
    assert "Erase student numbers?" in text_of(client.get("/desk/nzroa/purge"))
    answer = post(client, "/desk/nzroa/purge")
    assert "1 student number was erased." in text_of(client.get(answer.headers["Location"]))
    assert "0 numbers are kept" in text_of(client.get("/desk/nzroa"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "Choose the file", id="no file"),
        pytest.param(b"name,colour\na,b\n", "has no columns", id="another file"),
    ],
)
def test_a_file_that_is_not_the_export_is_told_of(staff: Staff, instance: Instance, data: bytes, said: str) -> None:
    page = text_of(post(staff(*Role), "/desk/nzroa/reported", file=(io.BytesIO(data), "n.csv")))
    assert said in page


def test_only_administrators_come_near(staff: Staff, instance: Instance) -> None:
    client = staff(Role.READ, Role.ISSUE, Role.APPROVE)
    assert client.get("/desk/nzroa").status_code == 403
    assert client.post("/desk/nzroa/export", data={"csrf_token": csrf_of(client.get("/desk"))}).status_code == 403


def test_no_page_of_the_desk_shows_the_number(staff: Staff, instance: Instance) -> None:
    client = staff(*Role)
    with instance.store.reading() as connection:
        facts = json.dumps([entry.facts for entry in audit_log.load_entries(connection)])
    assert NSN not in facts
    for path in ("/desk", "/desk/badges", "/desk/nzroa", "/desk/micro-credentials", "/desk/requests"):
        assert NSN not in text_of(client.get(path))
