"""The document of the machine routes is true, and no request that it allows, or forbids, breaks the service."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import schemathesis.specs.openapi.checks as conformance
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error

from issuer import heartbeat
from issuer.instance import Instance
from issuer.staff import apikeys, webhook
from issuer.staff.apikeys import Scope
from issuer.status import signed_lists
from issuer.suspension import set_suspension
from issuer.web.openapi import openapi_document
from tests.issuer.provider import AWARDED, NOW, REF
from tests.issuer.web.conftest import make_site, site_of

ITEM = {"learner_name": "Mere Āwhina", "nzqa_ref": REF, "achieved_on": AWARDED.isoformat()}
KNOWN_FIELDS = {
    "nsn",
    "language",
    "name_display",
    "evidence_url",
    "learner_email",
    "row_key",
    "course",
    "completion_id",
}
DOCUMENT = openapi_document("https://badges.example")
MACHINES = ("api", "hooks", "health")
_CHECKS = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
]
METHODS = ("get", "post", "put", "patch", "delete")


def _rules(app: Flask) -> dict[tuple[str, str], str]:
    """(method, path as OpenAPI writes it) -> blueprint."""
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)): rule.endpoint.partition(".")[0]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _documented() -> set[tuple[str, str]]:
    return {(method, path) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS}


def test_every_documented_route_exists_and_every_machine_route_is_documented(app: Flask) -> None:
    rules = _rules(app)
    elsewhere = {("get", "/.well-known/did.json"), ("get", "/.well-known/jwks.json")}  # one rule for all of the folder
    assert _documented() - elsewhere <= set(rules)
    assert {place for place, blueprint in rules.items() if blueprint in MACHINES} <= _documented()
    for method, path in elsewhere:
        assert app.test_client().open(path, method=method).status_code == 200


def test_the_scopes_are_the_ones_that_are_asked_for(app: Flask) -> None:
    for (method, path), blueprint in _rules(app).items():
        if blueprint != "api":
            continue
        operation = DOCUMENT["paths"][path][method]
        endpoint = next(
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) == path and method.upper() in (rule.methods or ())
        )
        scopes = " or ".join(app.view_functions[endpoint].needs_scope)
        assert f"Scope of the key: {scopes}." in operation["description"]


def test_the_document_is_served_as_it_is(client: FlaskClient, app: Flask) -> None:
    answer = client.get("/openapi.json")
    assert answer.content_type == "application/json"
    assert answer.json == json.loads(json.dumps(openapi_document(site_of(app).link_base)))


def test_an_example_by_the_document_is_issued(client: FlaskClient, app: Flask) -> None:
    instance = site_of(app).instance
    _, text = apikeys.new_key(instance, name="x", scopes=["issue"], actor="test", now=NOW)
    required = DOCUMENT["components"]["schemas"]["Completion"]["required"]
    item = {"learner_name": "Mere Āwhina", "nzqa_ref": REF, "achieved_on": AWARDED.isoformat()}
    assert sorted(item) == sorted(required)
    answer = client.post("/api/v1/batches", json=[item], headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 202


@pytest.mark.slow
@pytest.mark.parametrize("authorised", [True, False], ids=["with a key and a signature", "without either"])
def test_no_request_breaks_the_service(instance_folder: Path, *, authorised: bool) -> None:
    """Calls made up from the document, good ones and bad ones: each is answered as the document says."""
    app = make_site(instance_folder)
    instance = site_of(app).instance
    headers = _headers(instance) if authorised else {}
    secret = webhook.rotate_secret(instance, expected="none", actor="test", now=NOW)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    seen: dict[str, set[int]] = {}
    try:
        known = _known(app) if authorised else {}
        for method, path in sorted(_documented(), key=lambda place: ("revoke" in place[1], place)):
            for mode in GenerationMode:
                seen.setdefault(path, set())
                seen[path] |= _ask_often(schema[path][method.upper()], mode, headers, known, secret)
    finally:
        site_of(app).close()
    if authorised:
        assert {path for path, statuses in seen.items() if not statuses & {200, 201, 202}} == set()
    else:
        assert all(statuses <= {401} for path, statuses in seen.items() if path.startswith(("/api", "/hooks")))


def _known(app: Flask) -> dict[str, Any]:
    """A badge and a batch that are there, so that not every call misses."""
    instance = site_of(app).instance
    set_suspension(instance, on=True, now=NOW, actor="test")
    made = app.test_client().post("/api/v1/credentials", json=ITEM, headers=_headers(instance)).json
    signed_lists(instance, now=NOW)
    return {"short_id": made["short_id"], "batch_id": made["batch"], "number": 1}


def _ask_often(
    operation: Any, mode: GenerationMode, headers: dict[str, str], known: dict[str, Any], secret: str
) -> set[int]:
    """Returns the statuses that were answered."""
    statuses: set[int] = set()

    @settings(
        max_examples=6,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), sense=st.booleans())
    def ask(case: Any, *, sense: bool) -> None:
        if sense and known:
            _make_sense(case, known)
        if known and case.path == "/hooks/completions":
            _sign(case, secret)
        response = case.call(headers=headers)
        assert response.status_code < 500, response.text
        case.validate_response(response, checks=_CHECKS)
        statuses.add(response.status_code)

    try:
        ask()
    except Unsatisfiable:  # nothing of this operation can be wrong
        pass
    return statuses


def _make_sense(case: Any, known: dict[str, Any]) -> None:
    """Put facts of the demonstration in, so that the call can succeed; the rest stays as it was made up."""
    case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
    body = case.body
    if case.path == "/api/v1/batches":
        case.body, case.media_type, case.query = [ITEM], "application/json", {}
    elif isinstance(body, dict) and isinstance(body.get("completions"), list):
        case.body = {"delivery": f"d-{len(str(body))}", "completions": [ITEM]}
    elif isinstance(body, dict) and "achieved_on" in body and "learner_name" in body:
        case.body = {name: value for name, value in body.items() if name not in KNOWN_FIELDS} | ITEM
    if case.path.endswith("/correct") and isinstance(case.body, dict):
        case.body = {"learner_name": f"Hana {'abcdefgh'[len(str(case.body)) % 8].upper()}"}


def _sign(case: Any, secret: str) -> None:
    body = json.dumps(case.body).encode() if not isinstance(case.body, bytes) else case.body
    timestamp = int(NOW.timestamp())
    case.body = body
    case.headers["Badges-Timestamp"] = str(timestamp)
    case.headers["Badges-Signature"] = webhook.sign(secret, timestamp=timestamp, body=body)


def _headers(instance: Instance) -> dict[str, str]:
    _, text = apikeys.new_key(instance, name="x", scopes=list(Scope), actor="test", now=NOW)
    return {"Authorization": f"Bearer {text}"}


# --- health and numbers -----------------------------------------------------------------------------------------
def test_health_tells_what_is_degraded_and_what_fails(instance_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = NOW
    app = make_site(instance_folder, clock=lambda: now)
    instance = site_of(app).instance
    with app.test_client() as client:
        first = client.get("/healthz")
        assert (first.status_code, first.json["status"]) == (200, "degraded")
        assert first.json["checks"]["worker"] == "degraded", "no worker was ever seen"
        heartbeat.beat(instance, now=NOW)
        whole = client.get("/healthz")
        assert whole.json == {"status": "ok", "checks": dict.fromkeys(first.json["checks"], "ok")}
        now = NOW + timedelta(minutes=4)
        assert client.get("/healthz").json["checks"]["worker"] == "degraded"
        now = NOW + timedelta(days=36)
        assert client.get("/healthz").json["checks"]["register"] == "degraded"
        for file in (instance_folder / "keys").iterdir():
            file.rename(file.with_suffix(".away"))
        instance.__dict__.pop("keyring", None)
        broken = client.get("/healthz")
        assert (broken.status_code, broken.json["checks"]["keys"]) == (503, "failing")
    site_of(app).close()


def test_a_database_that_is_away_is_told(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from schemas.errors import IssuingError

    def away() -> None:
        raise IssuingError("The database is away.", reason="database")

    monkeypatch.setattr(site_of(app).instance.store, "reading", away)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "failing")
    assert "away" not in answer.text


def test_numbers_say_nothing_of_anybody(client: FlaskClient, app: Flask) -> None:
    instance = site_of(app).instance
    _, text = apikeys.new_key(instance, name="Moodle", scopes=["issue", "read"], actor="test", now=NOW)
    item = {
        "learner_name": "Mere Āwhina",
        "nzqa_ref": REF,
        "achieved_on": AWARDED.isoformat(),
        "learner_email": "mere@learner.example",
    }
    client.post("/api/v1/credentials", json=item | {"mail": "hold"}, headers={"Authorization": f"Bearer {text}"})
    numbers = client.get("/metrics").text
    assert 'badges_issuer_badges{state="issued"} 1' in numbers or 'badges_issuer_badges{state="active"} 1' in numbers
    assert 'badges_issuer_mails{state="held"} 1' in numbers
    for line in numbers.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .*|badges_issuer_[a-z_]+(\{state="[a-z-]+"\})? [0-9.]+', line), line
    for private in ("Mere", "mere@", "Moodle", text):
        assert private not in numbers


def test_numbers_are_for_this_machine_or_a_key_that_reads(client: FlaskClient, app: Flask) -> None:
    instance = site_of(app).instance
    away = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", **away).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    for scope, status in (("issue", 404), ("read", 200)):
        _, text = apikeys.new_key(instance, name="x", scopes=[scope], actor="test", now=NOW)
        assert client.get("/metrics", headers={"Authorization": f"Bearer {text}"}, **away).status_code == status
