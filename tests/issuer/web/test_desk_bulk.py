"""A class list at the desk, from an ugly spreadsheet to badges, as an administrator clicks through it."""

from __future__ import annotations

import io
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from issuer.accounts import Role
from tests.issuer.provider import REF
from tests.issuer.web.conftest import Staff, csrf_of

NSN = "123456789"
GOOD = f"learner_name,nzqa_ref,achieved_on,learner_email\nMere Āwhina,{REF},2026-10-05,mere@learner.example\n"


def upload(client: FlaskClient, data: bytes | str, name: str = "class.csv") -> TestResponse:
    content = data.encode() if isinstance(data, str) else data
    form = {"csrf_token": csrf_of(client.get("/desk/issue")), "list": (io.BytesIO(content), name)}
    return client.post("/desk/issue", data=form, content_type="multipart/form-data")


def press(client: FlaskClient, page: TestResponse, url: str, **fields: Any) -> TestResponse:
    return client.post(url, data={"csrf_token": csrf_of(page), **fields})


def follow(client: FlaskClient, answer: TestResponse) -> TestResponse:
    while answer.status_code == 303:
        answer = client.get(answer.headers["Location"])
    return answer


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def test_a_good_list_goes_from_upload_to_badges_in_two_clicks(staff: Staff) -> None:
    desk = staff(Role.ISSUE, Role.READ)
    answer = upload(desk, GOOD)
    assert answer.status_code == 303 and answer.headers["Location"].endswith("/check"), text(answer)
    check = follow(desk, answer)
    assert "1 badge is ready" in text(check)
    confirm_url = answer.headers["Location"].replace("/check", "/confirm")
    confirm = desk.get(confirm_url)
    assert "Issue 1 badge" in text(confirm)
    done = follow(desk, press(desk, confirm, confirm_url, ready="1", mail="hold"))
    assert "1 badge was issued" in text(done), text(done)
