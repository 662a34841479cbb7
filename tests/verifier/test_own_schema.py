"""Schemas that a badge brings along: applied as Open Badges 3.0 asks, in a process that a stranger's schema may wreck."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from schemas import inlineschema
from schemas import vocabulary as v
from schemas.errors import InputError
from schemas.inlineschema import validate_against
from schemas.jsontext import JsonObject
from schemas.limits import MAX_CREDENTIAL_SCHEMAS, MAX_SCHEMA_READERS, SCHEMA_SECONDS
from tests.patience import work_seconds
from tests.simulator import Party, Simulator, edited, foreign_badge
from verifier.report import GenuineVerdict, Report

ACADEMY = Party(
    base_url="https://badges.example.org", name="Example Academy", prefix="academy-", key_names=("ed25519",)
)
URL = "https://badges.example.org/schema/1.json"
DRAFT = "https://json-schema.org/draft/2019-09/schema"


@pytest.fixture
def simulator() -> Simulator:
    made = Simulator()
    ACADEMY.publish(made.web)
    return made


def check(simulator: Simulator, *urls: str, kind: str = v.JSON_SCHEMA_1EDTECH, **changes: Any) -> Report:
    contexts = [v.CREDENTIALS_V2, v.OB3_CONTEXT, v.OB3_EXTENSIONS]
    schemas = [{"id": url, "type": kind} for url in urls or (URL,)]
    unsigned = foreign_badge(ACADEMY) | {"@context": contexts, "credentialSchema": schemas} | changes
    return simulator.check(simulator.sign(unsigned, party=ACADEMY))


def found(report: Report) -> tuple[str, str]:
    conforms = report.check("conforms")
    return conforms.outcome.value, conforms.reason


def schema(**members: Any) -> JsonObject:
    return {"$schema": DRAFT, "type": "object", **members}


NAMED = schema(required=["name"], properties={"type": {"type": "array"}})
SCHEMAS = [
    pytest.param(NAMED, "passed", "conforms", id="keeps to it"),
    pytest.param(schema(required=["evidence"]), "failed", "own-schema", id="does not keep to it"),
    pytest.param(schema(properties={"name": {"const": "Another"}}), "failed", "own-schema", id="says something else"),
    pytest.param({"type": "object"}, "passed", "conforms", id="names no draft"),
    pytest.param(schema(type="nonsense"), "unknown", "schema-unreadable", id="is no schema"),
    pytest.param(schema(**{"$ref": "https://elsewhere.example/schema"}), "unknown", "schema-unreadable", id="leads elsewhere"),
    pytest.param(schema(**{"$ref": "#"}), "unknown", "schema-unreadable", id="leads to itself"),
    pytest.param(schema(properties={"name": {"pattern": "^(([A-Za-z ()-])+)+$!"}}), "unknown", "schema-unreadable", id="has a pattern that never ends"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "outcome", "reason"), SCHEMAS)
def test_a_schema_that_a_badge_names_is_applied(
    simulator: Simulator, document: JsonObject, outcome: str, reason: str
) -> None:
    simulator.web.put(URL, document)
    report = check(simulator)
    assert found(report) == (outcome, reason), report.check("conforms").sentence
    verdicts = {"passed": "valid", "failed": "invalid", "unknown": "unconfirmed"}
    assert report.genuine.verdict == verdicts[outcome]


def test_references_that_double_at_every_step_cost_no_more_than_their_process() -> None:
    steps = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)} | {"a40": {"type": "object"}}
    before = work_seconds()
    with pytest.raises(InputError):
        validate_against(schema(**{"$defs": steps, "$ref": "#/$defs/a0"}), {"@context": []})
    assert work_seconds() - before < SCHEMA_SECONDS


def test_one_schema_more_than_can_be_applied_at_once_waits_and_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inlineschema, "SCHEMA_SECONDS", 0.05)
    monkeypatch.setattr(inlineschema, "_readers", threading.BoundedSemaphore(MAX_SCHEMA_READERS))
    for _ in range(MAX_SCHEMA_READERS):
        assert inlineschema._readers.acquire(timeout=1)
    with pytest.raises(InputError, match="too many at once"):
        validate_against(NAMED, {"@context": []})


def test_a_schema_that_cannot_be_reached_is_unknown_and_named(simulator: Simulator) -> None:
    report = check(simulator)
    assert found(report) == ("unknown", "schema-unreachable")
    assert URL in report.check("conforms").sentence
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_what_is_no_json_is_no_schema(simulator: Simulator, body: bytes) -> None:
    simulator.web.put(URL, body)
    assert found(check(simulator)) == ("unknown", "schema-unreadable")


def test_1edtechs_own_schemas_are_on_board_and_not_asked_for(simulator: Simulator) -> None:
    assert found(check(simulator, v.OB3_SCHEMA)) == ("passed", "conforms")
    assert v.OB3_SCHEMA not in simulator.web.asked


def test_one_schema_over_the_limit_is_not_applied(simulator: Simulator) -> None:
    urls = [f"https://badges.example.org/schema/{n}" for n in range(MAX_CREDENTIAL_SCHEMAS + 1)]
    for url in urls:
        simulator.web.put(url, NAMED)
    assert found(check(simulator, *urls)) == ("unknown", "too-many-schemas")
    assert urls[-1] not in simulator.web.asked
    assert found(check(simulator, *urls[:-1])) == ("passed", "conforms")


def test_criteria_that_say_nothing_are_refused(simulator: Simulator) -> None:
    badge = edited(foreign_badge(ACADEMY), "credentialSubject", "achievement", "criteria", value={"narrative": ""})
    report = simulator.check(simulator.sign(badge, party=ACADEMY))
    assert found(report) == ("failed", "schema")
    assert "narrative" in report.check("conforms").sentence


def test_an_endorsement_that_has_not_begun_is_unknown(simulator: Simulator) -> None:
    endorsement: JsonObject = {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": "https://badges.example.org/endorsements/1",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "An endorsement",
        "issuer": {"id": ACADEMY.did, "type": ["Profile"], "name": ACADEMY.name},
        "validFrom": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": simulator.provider.did, "type": ["EndorsementSubject"]},
    }
    signed = simulator.sign(endorsement, party=ACADEMY)
    report = simulator.check(simulator.sign(simulator.badge(endorsement=[signed])))
    assert report.check("endorsements").evidence["endorsements"][0]["reason"] == "not-yet-valid"


@pytest.mark.network
def test_a_strangers_schema_retrieves_nothing() -> None:
    """A reference to another document is refused, and nobody is asked for it."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(InputError):
            validate_against(schema(**{"$ref": f"http://127.0.0.1:{server.server_port}/schema"}), {"@context": []})
        server.shutdown()
    assert not asked
