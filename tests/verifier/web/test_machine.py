"""Programs: one badge or many, strictly read; limits, rates and other origins; health that verifies; true numbers."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.baking import bake_png
from schemas.jsontext import write_json
from schemas.limits import DOCUMENT, MAX_BATCH_MEMBERS, MAX_IMAGE_BYTES, VERIFIER_BATCH
from tests.issuer.provider import ONE_PIXEL
from tests.simulator import NOW, Simulator, edited
from tests.vectors.selftest.build import selftest_badge
from verifier.origins import AllowedOrigins
from verifier.web import health, machine
from verifier.web.app import Service, make_app
from verifier.web.counting import ROWS, Counters
from verifier.web.rates import Rates, client_of

QUESTIONS = ("genuine", "current", "accredited")
GOOD = ("valid", "current", "valid")


@pytest.fixture
def world() -> Simulator:
    world = Simulator()
    badge = world.good_badge()
    world.web.put(badge["id"], badge, "application/vc+ld+json")
    return world


@pytest.fixture
def service(world: Simulator) -> Service:
    return Service(edition=world.edition(), clock=lambda: NOW, network=world.web)


@pytest.fixture
def app(service: Service) -> Flask:
    return make_app(service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def verdicts(report: dict[str, Any]) -> tuple[str, ...]:
    return tuple(report[question]["verdict"] for question in QUESTIONS)


# --- one ------------------------------------------------------------------------------------------------------------
def test_a_program_that_takes_anything_gets_a_report_for_a_file(client: FlaskClient, world: Simulator) -> None:
    data = {"file": (io.BytesIO(write_json(world.good_badge())), "badge.json")}
    answer = client.post("/verify", data=data, headers={"Accept": "*/*"})
    assert answer.content_type == "application/json"
    assert verdicts(answer.json) == GOOD


@pytest.mark.parametrize(
    ("media_type", "wrap"),
    [
        pytest.param("application/vc+ld+json", lambda world: write_json(world.good_badge()), id="JSON"),
        pytest.param("application/vc+jwt", lambda world: world.sign_text(world.badge()).encode(), id="a JWT"),
        pytest.param("image/png", lambda world: bake_png(ONE_PIXEL, write_json(world.good_badge()).decode()), id="PNG"),
    ],
)
def test_a_badges_own_bytes_may_be_the_body(client: FlaskClient, world: Simulator, media_type: str, wrap: Any) -> None:
    assert verdicts(client.post("/verify", data=wrap(world), content_type=media_type).json) == GOOD


def test_whose_badge_it_should_be_may_be_asked(client: FlaskClient, world: Simulator) -> None:
    badge = world.badge()
    badge["credentialSubject"]["id"] = "mailto:mere@learner.example"
    answer = client.post("/verify", json={"credential": world.sign(badge), "recipient": "mere@learner.example"})
    found = next(check for check in answer.json["checks"] if check["id"] == "recipient")
    assert found["outcome"] == "passed"


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        pytest.param(b"[]", 400, "", id="a list"),
        pytest.param(b"{}", 400, "", id="nothing asked"),
        pytest.param(b'{"credential":1}', 400, "/credential", id="a number for a badge"),
        pytest.param(b'{"jwt":{}}', 400, "/jwt", id="an object for a JWT"),
        pytest.param(b'{"url":"ftp://a.example"}', 400, "/url", id="no web address"),
        pytest.param(b'{"url":7}', 400, "/url", id="a number for an address"),
        pytest.param(b'{"credential":{},"jwt":"x"}', 400, "", id="two at once"),
        pytest.param(b'{"credential":{},"options":{}}', 400, "/options", id="a member that is not known"),
        pytest.param(b'{"__proto__":{},"credential":{}}', 400, "/__proto__", id="a prototype"),
        pytest.param(b'{"credentials":[]}', 400, "/credentials", id="an empty list"),
        pytest.param(b'{"credentials":{}}', 400, "/credentials", id="an object for a list"),
        pytest.param(b'{"urls":"https://a.example"}', 400, "/urls", id="a text for a list"),
        pytest.param(b'{"credential":{},"recipient":1}', 400, "/recipient", id="a number for a person"),
        pytest.param(json.dumps({"urls": ["x"] * (MAX_BATCH_MEMBERS + 1)}).encode(), 413, "/urls", id="one too many"),
        pytest.param(b'{"credential":{},"credential":{}}', 400, None, id="a member twice"),
        pytest.param(b'{"credential":{"a":NaN}}', 400, None, id="NaN"),
        pytest.param(b'{"credential":{"a":1e999}}', 400, None, id="infinity"),
        pytest.param(b'{"credential":"\\ud800"}', 400, None, id="a lone surrogate"),
        pytest.param(b"\xef\xbb\xbf{}", 400, None, id="a byte order mark"),
        pytest.param(b"\xff", 400, None, id="no UTF-8"),
        pytest.param(b'{"credential":' + b"[" * 40 + b"]" * 40 + b"}", 413, None, id="nested too deep"),
        pytest.param(b'{"credential":{"a":"' + b"x" * (DOCUMENT.max_bytes + 2_000) + b'"}}', 413, None, id="too long"),
        pytest.param(b'{"credentials":["' + b"x" * VERIFIER_BATCH.max_bytes + b'"]}', 413, None, id="a list too long"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    client: FlaskClient, body: bytes, status: int, place: str | None
) -> None:
    answer = client.post("/verify", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    if place is not None:
        assert answer.json["faults"][0]["pointer"] == place


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: FlaskClient) -> None:
    answer = client.post("/verify", data=b"x" * (MAX_IMAGE_BYTES + 1), content_type="image/png")
    assert answer.status_code == 413


# --- many -----------------------------------------------------------------------------------------------------------
def test_of_many_each_stands_for_itself(client: FlaskClient, world: Simulator) -> None:
    good = world.good_badge()
    forged = edited(good, "name", value="Brain surgery")
    deep: dict[str, Any] = {}
    for _ in range(31):
        deep = {"a": deep}
    members = [good, forged, 7, world.sign_text(world.badge()), "no JWT", None, write_json(good).decode(), deep, good]
    answer = client.post("/verify", json={"credentials": members})
    assert answer.status_code == 200
    assert [one["index"] for one in answer.json] == list(range(9))
    found = ["problem" if "problem" in one else one["genuine"]["verdict"] for one in answer.json]
    assert found == ["valid", "invalid", "problem", "valid", "invalid", "problem", "valid", "invalid", "valid"]
    assert answer.json[2]["problem"]["faults"][0]["pointer"] == "/credentials/2"


def test_a_slow_or_broken_member_spoils_no_other(
    client: FlaskClient, world: Simulator, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = world.good_badge()["id"]
    go = threading.Event()

    def fetch(url: str) -> Any:
        if "slow" in url:
            go.wait(25)
        if "broken" in url:
            raise RuntimeError("a fault of ours")
        return world.web(url)

    assert client.post("/verify", json={"credential": world.good_badge()}).status_code == 200  # warm
    monkeypatch.setattr(machine, "MAX_BATCH_SECONDS", 3.0)
    client = make_app(replace(service, network=fetch)).test_client()
    began = time.monotonic()
    urls = [good, "https://slow.example/1", "https://broken.example/", good, "https://gone.example/", "x", good]
    answer = client.post("/verify", json={"urls": urls})
    took = time.monotonic() - began
    go.set()
    assert took < 15
    assert [verdicts(answer.json[place]) for place in (0, 3, 6)] == [GOOD] * 3
    assert [answer.json[place]["problem"]["status"] for place in (1, 2, 5)] == [504, 500, 400]
    assert answer.json[4]["genuine"]["verdict"] == "unconfirmed"


# --- how often ------------------------------------------------------------------------------------------------------
def test_who_asks_too_often_is_told_when_to_ask_again(service: Service, world: Simulator) -> None:
    client = make_app(replace(service, rate=9)).test_client()
    body = {"credential": world.good_badge()}
    statuses = [client.post("/verify", json=body).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = client.post("/verify", json=body)
    assert 3 <= int(refused.headers["Retry-After"]) <= 7
    assert refused.content_type == "application/problem+json"
    assert client.post("/verify", json=body, environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.options("/verify").status_code == 200
    assert client.head("/verify?badge=https://a.example/").status_code == 429
    assert client.post("/credentials/verify", json={}).status_code == 429


def test_each_member_of_a_list_counts(service: Service, world: Simulator) -> None:
    client = make_app(replace(service, rate=30)).test_client()
    assert client.post("/verify", json={"urls": ["x"] * 9}).status_code == 200
    assert client.post("/verify", json={"urls": ["x"] * 9}).status_code == 429


def test_buckets_fill_and_are_forgotten_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    rates = Rates(15, monotonic=lambda: now[0])
    assert [rates.take("a") for _ in range(6)] == [0, 0, 0, 0, 0, 4]
    now[0] += 4
    assert [rates.take("a"), rates.take("a")] == [0, 4]
    monkeypatch.setattr("verifier.web.rates.MAX_CLIENTS", 3)
    for name in "bcdef":
        rates.take(name)
    assert len(rates) == 3


def test_a_household_is_one_client() -> None:
    assert client_of("2001:db8:1:2::1") == client_of("2001:db8:1:2:ffff::9") != client_of("2001:db8:1:3::1")
    assert client_of("::ffff:192.0.2.1") == client_of("192.0.2.1")
    assert client_of("nonsense") == client_of("")


# --- other origins' pages ---------------------------------------------------------------------------------------------
def test_a_page_from_elsewhere_may_ask_and_borrows_nothing(client: FlaskClient, world: Simulator) -> None:
    before = client.options("/verify", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    assert before.headers["Access-Control-Allow-Origin"] == "*"
    assert before.headers["Access-Control-Allow-Headers"] == "Accept, Content-Type"
    answer = client.post("/verify", json={"credential": world.good_badge()})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Vary"] == "Accept"
    assert "Access-Control-Allow-Origin" not in client.get("/metrics").headers


def test_a_page_from_elsewhere_reads_nothing_through_a_development_machine(service: Service) -> None:
    origins = AllowedOrigins.parse(("http://127.0.0.1:8801",))
    client = make_app(replace(service, origins=origins)).test_client()
    assert "Access-Control-Allow-Origin" not in client.options("/verify").headers


# --- health ---------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def fresh_self_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health._SELF_TEST, "_found", None)


def test_health_verifies_a_badge_and_refuses_its_forgery(client: FlaskClient, world: Simulator) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["checks"] == {"verifies": "ok", "refuses": "ok", "register": "ok", "high_water": "none"}
    assert answer.json["register"] == 1
    assert answer.json["register_sha256"] == world.edition().sha256


@pytest.mark.parametrize("broken", ["verifies", "refuses"])
def test_health_fails_when_right_and_wrong_are_no_longer_told_apart(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    changed = health._SELFTEST.replace(b"Self-test", b"Self-tests", 1)
    if broken == "verifies":
        monkeypatch.setattr(health, "_SELFTEST", changed)
    else:
        monkeypatch.setattr(health, "_TITLE", b"not in it")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json["checks"][broken] == "failing"


def test_an_old_register_is_told(service: Service) -> None:
    later = make_app(replace(service, clock=lambda: NOW + timedelta(days=40))).test_client()
    answer = later.get("/healthz")
    assert (answer.status_code, answer.json["status"], answer.json["checks"]["register"]) == (
        200,
        "degraded",
        "degraded",
    )


def test_the_self_test_is_the_one_that_is_built() -> None:
    assert write_json(selftest_badge(), indent=1) == health._SELFTEST


# --- numbers --------------------------------------------------------------------------------------------------------
_LINE = re.compile(
    r'# (HELP|TYPE) [a-z_]+ .+|badges_verifier_[a-z_]+(\{[a-z]+="[\w.+-]+"(,[a-z]+="[\w.+-]+")*\})? [0-9.]+'
)


def test_numbers_count_verdicts_and_reasons_and_say_nothing_of_anybody(client: FlaskClient, world: Simulator) -> None:
    badge = world.good_badge()
    client.post("/verify", json={"credential": badge})
    client.post("/verify", json={"credential": edited(badge, "name", value="Brain surgery")})
    client.post("/verify", json={"url": "https://gone.example/badges/1?learner=mere@learner.example"})
    numbers = client.get("/metrics").text
    assert 'badges_verifier_verdicts_total{question="genuine",verdict="valid"} 1' in numbers
    assert 'badges_verifier_verdicts_total{question="genuine",verdict="invalid"} 1' in numbers
    assert 'badges_verifier_reasons_total{check="proof",outcome="failed",reason="signature-wrong"} 1' in numbers
    assert "badges_verifier_verification_seconds_count 3" in numbers
    for line in numbers.splitlines():
        assert _LINE.fullmatch(line), line
    for private in ("Mere", "mere", "example", "Brain", "mfzwizltoqxgk3lqmvzgc5dfme", "127.0.0.1"):
        assert private not in numbers


def test_numbers_are_for_this_machine_and_its_network(client: FlaskClient) -> None:
    for address, status in (("127.0.0.1", 200), ("10.1.2.3", 200), ("fd00::1", 200), ("8.8.8.8", 404), ("", 404)):
        assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == status
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_processes_count_in_rows_of_their_own_and_are_told_as_one() -> None:
    counters = Counters()
    for row in (0, 1, ROWS + 1):
        counters.row = row
        counters.count("genuine", "valid")
    counters.count("genuine", "a label of a stranger's")
    assert counters.of("genuine") == {"valid": 3, "invalid": 0, "unconfirmed": 0}


# --- what a running service keeps up with -----------------------------------------------------------------------------
def test_a_request_to_a_route_that_is_not_there_tells_how_to_ask(client: FlaskClient) -> None:
    assert client.post("/healthz").status_code == 405
    assert "GET" in client.post("/healthz").headers["Allow"]


def test_nothing_of_a_badge_is_logged(
    client: FlaskClient, world: Simulator, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level("DEBUG"):
        client.post("/verify", json={"credential": world.good_badge()})
        client.post("/verify", data=base64.b64encode(b"Mere"), content_type="application/json")
    assert "Mere" not in caplog.text
