"""The API of programs: what is taken, what is refused, and that nothing is done twice."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer import audit
from issuer.instance import Instance
from issuer.staff import apikeys, choices, idempotency
from issuer.staff.machines import parse_items
from issuer.store import audit_log
from issuer.store.service_tables import idempotency as idempotency_table
from issuer.store.tables import batches, credentials
from issuer.suspension import set_suspension
from schemas.errors import TooLarge
from schemas.limits import MACHINE_BATCH, MAX_MACHINE_ROWS
from tests.issuer.provider import AWARDED, NOW, REF
from tests.issuer.web.conftest import make_site, site_of

ITEM = {
    "learner_name": "Mere Āwhina",
    "nzqa_ref": REF,
    "achieved_on": AWARDED.isoformat(),
    "learner_email": "mere@learner.example",
    "row_key": "enrolment-1",
}


@pytest.fixture
def desk(app: Flask) -> Instance:
    return site_of(app).instance


def bearer(instance: Instance, scopes: str = "issue,read,revoke", *, now: datetime = NOW) -> dict[str, str]:
    _, text = apikeys.new_key(instance, name="LMS", scopes=scopes.split(","), actor="test", now=now)
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def key(desk: Instance) -> dict[str, str]:
    return bearer(desk)


def items(count: int, **facts: str) -> list[dict[str, str]]:
    return [
        ITEM
        | {"learner_name": f"Learner {n} Tāmati", "row_key": f"row-{n}", "learner_email": f"l{n}@learner.example"}
        | facts
        for n in range(count)
    ]


def count(instance: Instance, table: Any = credentials) -> int:
    with instance.store.reading() as connection:
        return len(connection.execute(table.select()).all())


# --- batches ----------------------------------------------------------------------------------------------------
def test_a_batch_is_taken_and_can_be_followed(client: FlaskClient, key: dict[str, str], desk: Instance) -> None:
    answer = client.post("/api/v1/batches?mail=none", json=items(3), headers=key)
    assert answer.status_code == 202, answer.text
    assert answer.json["counts"] == {"ready": 3, "already": 0, "held": 0, "to_fix": 0}
    assert answer.headers["Location"] == f"/api/v1/batches/{answer.json['id']}"
    followed = client.get(answer.headers["Location"], headers=key)
    assert followed.status_code == 200
    assert followed.json["state"] == "finished"
    assert followed.json["counts"] == {"issued": 3, "already": 0, "held": 0, "failed": 0}
    assert {row["index"] for row in followed.json["results"]} == {0, 1, 2}
    assert all(row["credential_id"].startswith(desk.config.base_url) for row in followed.json["results"])
    paged = client.get(answer.headers["Location"] + "?page=2&page_size=2&only=issued", headers=key)
    assert [len(paged.json["results"]), paged.json["pages"]] == [1, 2]
    assert "Tāmati" not in json.dumps(followed.json, ensure_ascii=False).replace("sentence", "")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps([ITEM]).encode()),
        ("application/x-ndjson", json.dumps(ITEM).encode() + b"\n\n"),
        ("application/jsonl", json.dumps(ITEM).encode()),
        ("text/csv", f"learner_name,nzqa_ref,achieved_on\nMere Āwhina,{REF},{AWARDED}\n".encode()),
    ],
)
def test_completions_come_in_several_forms(client: FlaskClient, key: dict[str, str], kind: str, body: bytes) -> None:
    answer = client.post("/api/v1/batches", data=body, content_type=kind, headers=key)
    assert answer.status_code == 202, answer.text
    assert client.get(answer.headers["Location"], headers=key).json["counts"]["issued"] == 1


def test_a_file_comes_in_a_form(client: FlaskClient, key: dict[str, str]) -> None:
    table = f"Name,Ref,Date\nMere Āwhina,{REF},{AWARDED:%d/%m/%Y}\n".encode()
    data = {"file": (io.BytesIO(table), "class.csv"), "mail": "none", "dates": "dd/mm/yyyy"}
    answer = client.post("/api/v1/batches", data=data, headers=key)
    assert answer.status_code in {202, 400}, answer.text
    named = f"learner_name,nzqa_ref,achieved_on\nMere Āwhina,{REF},{AWARDED:%d/%m/%Y}\n".encode()
    data = {"file": (io.BytesIO(named), "class.csv"), "mail": "none", "dates": "dd/mm/yyyy"}
    answer = client.post("/api/v1/batches", data=data, headers=key)
    assert answer.status_code in {200, 202}, answer.text


def test_a_dry_run_says_what_would_be_and_keeps_nothing(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    rows = [*items(2), ITEM | {"nzqa_ref": "9999999", "row_key": "bad"}]
    answer = client.post("/api/v1/batches?dry_run=true", json=rows, headers=key)
    assert answer.status_code == 200, answer.text
    assert answer.json["counts"]["ready"] == 2
    assert answer.json["id"] is None
    assert answer.json["faults"]
    assert all(fault["pointer"].startswith("/2") for fault in answer.json["faults"])
    assert count(desk) == 0


def test_what_can_be_issued_is_and_the_rest_is_pointed_at(client: FlaskClient, key: dict[str, str]) -> None:
    rows = [ITEM | {"achieved_on": "31/31/2026", "row_key": "bad"}, *items(1)]
    answer = client.post("/api/v1/batches", json=rows, headers=key)
    assert answer.status_code == 202, answer.text
    assert [fault["pointer"] for fault in answer.json["faults"]] == ["/0/achieved_on"]
    counts = client.get(answer.headers["Location"], headers=key).json["counts"]
    assert (counts["issued"], counts["failed"]) == (1, 1)


def test_nothing_ready_is_a_refusal_and_leaves_no_draft(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    answer = client.post("/api/v1/batches", json=[ITEM | {"achieved_on": "soon"}], headers=key)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["slug"] == "items-refused"
    assert answer.json["faults"][0]["pointer"] == "/0/achieved_on"
    with desk.store.reading() as connection:
        states = {row.state for row in connection.execute(batches.select())}
    assert states <= {"discarded"}


def test_the_same_batch_again_issues_nothing(client: FlaskClient, key: dict[str, str], desk: Instance) -> None:
    client.post("/api/v1/batches", json=items(2), headers=key)
    again = client.post("/api/v1/batches", json=items(2), headers=key)
    assert again.status_code == 200
    assert again.json["counts"]["already"] == 2
    assert [row["index"] for row in again.json["already"]] == [0, 1]
    assert count(desk) == 2


def test_four_eyes_hold_for_programs_too(client: FlaskClient, key: dict[str, str], desk: Instance) -> None:
    with desk.store.writing() as connection:
        choices.save_choices(desk, connection, choices.Choices(four_eyes=True), actor="test", now=NOW)
    batch = client.post("/api/v1/batches", json=items(1), headers=key)
    assert (batch.status_code, batch.json["state"]) == (202, "awaiting-approval")
    one = client.post("/api/v1/credentials", json=ITEM, headers=key)
    assert (one.status_code, one.json["state"]) == (202, "awaiting-approval")
    assert count(desk) == 0


# --- one badge --------------------------------------------------------------------------------------------------
def test_one_badge_is_issued_and_the_second_time_found(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    answer = client.post("/api/v1/credentials", json=ITEM | {"mail": "hold"}, headers=key)
    assert answer.status_code == 201, answer.text
    assert answer.json["credential"]["id"] == answer.json["id"]
    found = client.get(answer.headers["Location"], headers=key)
    assert found.json == answer.json
    again = client.post("/api/v1/credentials", json=ITEM, headers=key)
    assert (again.status_code, again.json["short_id"]) == (200, answer.json["short_id"])
    assert count(desk) == 1


def test_a_badge_is_corrected_put_on_hold_reinstated_and_withdrawn(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    set_suspension(desk, on=True, now=NOW, actor="test")
    made = client.post("/api/v1/credentials", json=ITEM, headers=key)
    url = made.headers["Location"]
    corrected = client.post(f"{url}/correct", json={"learner_name": "Mere Awhina"}, headers=key)
    assert corrected.status_code == 200, corrected.text
    assert corrected.json["version"] == 2
    held = client.post(f"{url}/suspend", json={"reason": "under-review"}, headers=key)
    assert (held.status_code, held.json["state"]) == (200, "suspended"), held.text
    freed = client.post(f"{url}/reinstate", headers=key)
    assert freed.status_code == 200, freed.text
    gone = client.post(f"{url}/revoke", json={"reason": "issued-in-error"}, headers=key)
    assert (gone.status_code, gone.json["state"], gone.json["already"]) == (200, "revoked", False)
    assert client.post(f"{url}/revoke", json={}, headers=key).json["already"] is True
    assert client.post(f"{url}/correct", json={"learner_name": "Else"}, headers=key).status_code == 409
    with desk.store.reading() as connection:
        assert audit.verify_chain(connection)
        actors = {entry.actor for entry in audit_log.load_entries(connection) if entry.action == audit.REVOKE}
    assert all(actor.startswith("key:") for actor in actors)


# --- refusals ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "where"),
    [
        pytest.param([ITEM | {"nickname": "M"}], "/0/nickname", id="an unknown member"),
        pytest.param([ITEM | {"nsn": 123456789}], "/0/nsn", id="a number for text"),
        pytest.param([ITEM | {"learner_name": ""}], "/0", id="an empty name"),
        pytest.param([{k: v for k, v in ITEM.items() if k != "nzqa_ref"}], "/0", id="a reference missing"),
        pytest.param([ITEM, "Mere"], "/1", id="text for an object"),
        pytest.param([ITEM | {"result": "x" * 2_001}], "/0/result", id="a text that is too long"),
        pytest.param([ITEM | {"a/b~c": "x"}], "/0/a~1b~0c", id="a name that needs escaping in a pointer"),
        pytest.param([], "", id="an empty list"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    client: FlaskClient, key: dict[str, str], desk: Instance, body: Any, where: str
) -> None:
    answer = client.post("/api/v1/batches", json=body, headers=key)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json["faults"]] == [where]
    assert count(desk, batches) == 0


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        pytest.param("application/json", b"{", 400, id="half a text"),
        pytest.param("application/json", b'[{"a":"1","a":"2"}]', 400, id="a member twice"),
        pytest.param("application/json", b'[{"learner_name":"\\ud800"}]', 400, id="a lone surrogate"),
        pytest.param("application/json", b"[" * 40 + b"]" * 40, 413, id="too deep"),
        pytest.param("application/json", b'"text"', 400, id="no list"),
        pytest.param("application/json", "\ufeff[]".encode(), 400, id="a byte order mark"),
        pytest.param("application/x-ndjson", b"[1]", 400, id="a line that is no object"),
        pytest.param("text/plain", b"[]", 415, id="another type"),
        pytest.param("text/csv", b"%PDF-1.7", 400, id="a PDF for a table"),
        pytest.param("text/csv", b"", 400, id="an empty file"),
        pytest.param("multipart/form-data; boundary=x", b"--x--", 400, id="a form without a file"),
    ],
)
def test_what_cannot_be_read_is_refused(
    client: FlaskClient, key: dict[str, str], desk: Instance, kind: str, body: bytes, status: int
) -> None:
    answer = client.post("/api/v1/batches", data=body, content_type=kind, headers=key)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert count(desk, batches) == 0


def test_more_than_the_limit_is_refused() -> None:
    line = json.dumps({"learner_name": "A"}).encode() + b"\n"
    with pytest.raises(TooLarge):
        parse_items(line * (MAX_MACHINE_ROWS + 1), lines=True)
    with pytest.raises(TooLarge):
        parse_items(b"[" + b" " * MACHINE_BATCH.max_bytes + b"]")


@pytest.mark.parametrize("query", ["mail=now", "dry_run=yes", "dates=yyyy", "force=true"])
def test_an_unknown_option_is_refused(client: FlaskClient, key: dict[str, str], query: str) -> None:
    answer = client.post(f"/api/v1/batches?{query}", json=[ITEM], headers=key)
    assert answer.status_code == 422
    assert answer.json["faults"][0]["pointer"] == f"/{query.partition('=')[0]}"


# --- keys -------------------------------------------------------------------------------------------------------
ROUTES = [
    ("POST", "/api/v1/batches", "issue"),
    ("GET", "/api/v1/batches/0", "issue,read"),
    ("POST", "/api/v1/credentials", "issue"),
    ("GET", "/api/v1/credentials/0", "read"),
    ("POST", "/api/v1/credentials/0/correct", "revoke"),
    ("POST", "/api/v1/credentials/0/revoke", "revoke"),
    ("POST", "/api/v1/credentials/0/suspend", "revoke"),
    ("POST", "/api/v1/credentials/0/reinstate", "revoke"),
]


def test_the_table_has_every_route(app: Flask) -> None:
    rules = {
        (method, rule.rule.replace("<batch_id>", "0").replace("<short_id>", "0"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == {(method, path) for method, path, _ in ROUTES}


@pytest.mark.parametrize(("method", "path", "scopes"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_a_route_asks_for_a_key_with_its_scope(
    client: FlaskClient, desk: Instance, method: str, path: str, scopes: str
) -> None:
    for headers in ({}, {"Authorization": "Basic bmFtZTpwdw=="}, {"Authorization": "Bearer nzob_0_0"}):
        refused = client.open(path, method=method, json={}, headers=headers)
        assert (refused.status_code, refused.json["slug"]) == (401, "key-missing")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    for scope in apikeys.Scope:
        answer = client.open(path, method=method, json={}, headers=bearer(desk, scope))
        assert (answer.status_code == 403) == (scope not in scopes.split(",")), scope


def test_a_revoked_and_an_expired_key_open_nothing(instance_folder: Path) -> None:
    now = NOW
    app = make_site(instance_folder, clock=lambda: now)
    instance = site_of(app).instance
    made, text = apikeys.new_key(instance, name="x", scopes=["read"], days=1, actor="test", now=NOW)
    headers = {"Authorization": f"Bearer {text}"}
    with app.test_client() as client:
        assert client.get("/api/v1/credentials/0", headers=headers).status_code == 404
        now = NOW + timedelta(days=1)
        assert client.get("/api/v1/credentials/0", headers=headers).status_code == 401
        now = NOW
        apikeys.revoke_key(instance, made.key_id, actor="test", now=now)
        assert client.get("/api/v1/credentials/0", headers=headers).status_code == 401
    site_of(app).close()


def test_a_key_that_only_issues_sees_its_own_batches_alone(client: FlaskClient, desk: Instance) -> None:
    mine, other = bearer(desk, "issue"), bearer(desk, "issue")
    made = client.post("/api/v1/batches", json=items(1), headers=mine)
    assert client.get(made.headers["Location"], headers=mine).status_code == 200
    assert client.get(made.headers["Location"], headers=other).status_code == 404
    assert client.get(made.headers["Location"], headers=bearer(desk, "read")).status_code == 200


def test_a_signed_in_browser_is_no_key(staff: Any) -> None:
    from issuer.staff.accounts import Role

    assert staff(*Role).get("/api/v1/credentials/0").status_code == 401


def test_a_key_is_slowed_down_and_another_is_not(client: FlaskClient, desk: Instance) -> None:
    fast, calm = bearer(desk, "read"), bearer(desk, "read")
    codes = [client.get("/api/v1/credentials/0", headers=fast).status_code for _ in range(602)]
    assert codes[-1] == 429
    assert codes.count(404) == 600
    assert client.get("/api/v1/credentials/0", headers=calm).status_code == 404


# --- the same request twice -------------------------------------------------------------------------------------
def test_the_same_request_gets_the_same_answer_and_does_nothing_twice(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    headers = key | {"Idempotency-Key": '"3a9c-1"'}
    first = client.post("/api/v1/credentials", json=ITEM, headers=headers)
    again = client.post("/api/v1/credentials", json=ITEM, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    unquoted = client.post("/api/v1/credentials", json=ITEM, headers=key | {"Idempotency-Key": "3a9c-1"})
    assert unquoted.data == first.data
    assert count(desk) == 1


def test_a_form_sent_again_is_the_same_request_whatever_its_boundary(client: FlaskClient, key: dict[str, str]) -> None:
    table = f"learner_name,nzqa_ref,achieved_on\nMere Āwhina,{REF},{AWARDED}\n".encode()
    answers = [
        client.post(
            "/api/v1/batches",
            data={"file": (io.BytesIO(table), "class.csv"), "mail": "none"},
            headers=key | {"Idempotency-Key": "one"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].data == answers[1].data


def test_another_request_under_the_same_key_is_refused(client: FlaskClient, key: dict[str, str]) -> None:
    headers = key | {"Idempotency-Key": "one"}
    client.post("/api/v1/credentials", json=ITEM, headers=headers)
    for path, body in (("credentials", ITEM | {"row_key": "other"}), ("batches", ITEM)):
        answer = client.post(f"/api/v1/{path}", json=body, headers=headers)
        assert (answer.status_code, answer.json["slug"]) == (422, "idempotency-key-reused")


def test_a_request_under_way_is_not_begun_again(client: FlaskClient, desk: Instance, key: dict[str, str]) -> None:
    body = json.dumps(ITEM).encode()
    made: list[int] = []
    real = idempotency.finish

    def finish(*args: Any) -> None:
        answer = client.application.test_client().post(
            "/api/v1/credentials", data=body, content_type="application/json", headers=headers
        )
        made.append(answer.status_code)
        real(*args)

    headers = key | {"Idempotency-Key": "one"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idempotency, "finish", finish)
        client.post("/api/v1/credentials", data=body, content_type="application/json", headers=headers)
    assert made == [409]


def test_a_refused_request_may_be_made_again_under_its_key(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    headers = key | {"Idempotency-Key": "one"}
    assert client.post("/api/v1/credentials", json=ITEM | {"achieved_on": "x"}, headers=headers).status_code == 422
    assert count(desk, idempotency_table) == 0
    assert client.post("/api/v1/credentials", json=ITEM, headers=headers).status_code == 201


def test_two_programs_may_choose_the_same_idempotency_key(client: FlaskClient, desk: Instance) -> None:
    for name in ("a", "b"):
        headers = bearer(desk, "issue") | {"Idempotency-Key": "one"}
        answer = client.post(
            "/api/v1/credentials",
            json=ITEM | {"row_key": name, "learner_name": f"Hana {name.upper()}"},
            headers=headers,
        )
        assert answer.status_code == 201, answer.text


def test_answers_are_forgotten_after_two_days_and_hold_no_name_meanwhile(
    client: FlaskClient, key: dict[str, str], desk: Instance
) -> None:
    client.post("/api/v1/credentials", json=ITEM, headers=key | {"Idempotency-Key": "one"})
    with desk.store.reading() as connection:
        kept = connection.execute(idempotency_table.select()).one()
    assert "Āwhina".encode() not in kept.body
    assert b"credential" not in kept.body
    assert idempotency.purge_answers(desk, now=NOW + timedelta(hours=47)) == 0
    assert idempotency.purge_answers(desk, now=NOW + timedelta(hours=48, seconds=1)) == 1


def test_batches_badges_and_answers_on_both_databases(any_instance_folder: Path) -> None:
    app = make_site(any_instance_folder)
    instance = site_of(app).instance
    headers = bearer(instance)
    with app.test_client() as client:
        batch = client.post("/api/v1/batches?mail=hold", json=items(3), headers=headers | {"Idempotency-Key": "1"})
        assert batch.status_code == 202, batch.text
        again = client.post("/api/v1/batches?mail=hold", json=items(3), headers=headers | {"Idempotency-Key": "1"})
        assert again.data == batch.data
        assert client.get(batch.headers["Location"], headers=headers).json["counts"]["issued"] == 3
        one = client.post("/api/v1/credentials", json=ITEM, headers=headers)
        assert one.status_code == 201, one.text
        gone = client.post(f"{one.headers['Location']}/revoke", headers=headers)
        assert gone.json["state"] == "revoked"
        assert client.get("/metrics").status_code == 200
        assert client.get("/healthz").status_code == 200
        assert count(instance) == 4
    with instance.store.reading() as connection:
        assert audit.verify_chain(connection)
    site_of(app).close()


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 201, "ā".encode().decode("latin-1")])
def test_an_idempotency_key_of_another_shape_is_refused(client: FlaskClient, key: dict[str, str], given: str) -> None:
    answer = client.post("/api/v1/credentials", json=ITEM, headers=key | {"Idempotency-Key": given})
    assert answer.status_code == 400
