"""The document of the service is true, and no request that it allows, or forbids, breaks the service."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
import schemathesis.specs.openapi.checks as conformance
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error

from schemas.jsontext import write_json
from tests.simulator import NOW, Simulator
from verifier.web import machine
from verifier.web.app import Service, make_app
from verifier.web.openapi import openapi_document

DOCUMENT = openapi_document("https://verify.example")
METHODS = ("get", "post", "put", "patch", "delete")
_CHECKS = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
]


@pytest.fixture(scope="module")
def world() -> Simulator:
    world = Simulator()
    badge = world.good_badge()
    world.web.put(badge["id"], badge, "application/vc+ld+json")
    return world


@pytest.fixture(scope="module")
def app(world: Simulator) -> Flask:
    return make_app(Service(edition=world.edition(), clock=lambda: NOW, network=world.web))


def _routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _documented() -> set[tuple[str, str]]:
    return {(method, path) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS}


def test_every_documented_route_exists_and_every_route_is_documented(app: Flask) -> None:
    assert _documented() == _routes(app)


def test_the_document_is_served_as_it_is_to_any_page(app: Flask) -> None:
    answer = app.test_client().get("/openapi.json", base_url="https://verify.example")
    assert answer.json == json.loads(json.dumps(DOCUMENT))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_members_and_kinds_that_are_told_are_those_that_are_read() -> None:
    asked = DOCUMENT["components"]["schemas"]["Asked"]["oneOf"]
    assert {one["required"][0] for one in asked} == {*machine._ONE, *machine._MANY}
    told = set(DOCUMENT["paths"]["/verify"]["post"]["requestBody"]["content"])
    assert told - {"application/json", "multipart/form-data"} <= machine.BADGE_TYPES


def test_a_report_is_as_the_document_says_and_holds_nothing_more(app: Flask, world: Simulator) -> None:
    report = app.test_client().post("/verify", json={"credential": world.good_badge()}).json
    schemas = DOCUMENT["components"]["schemas"]
    assert set(report) == set(schemas["Report"]["properties"])
    for check in report["checks"]:
        assert set(check) <= set(schemas["Check"]["properties"])
    for question in ("genuine", "current", "accredited"):
        assert set(report[question]) == set(schemas["Report"]["properties"][question]["properties"])


@pytest.mark.slow
def test_no_request_breaks_the_service(app: Flask, world: Simulator) -> None:
    """Calls made up from the document, good ones and bad ones: each is answered as the document says."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    seen: dict[tuple[str, str], set[int]] = {}
    for method, path in sorted(_documented()):
        for mode in GenerationMode:
            statuses = _ask_often(schema[path][method.upper()], mode, world)
            seen[method, path] = seen.get((method, path), set()) | statuses
    assert {place for place, statuses in seen.items() if 200 not in statuses} == {("get", "/metrics")}, "not for all"


def _ask_often(operation: Any, mode: GenerationMode, world: Simulator) -> set[int]:
    """Returns the statuses that were answered."""
    statuses: set[int] = set()

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), sense=st.booleans())
    def ask(case: Any, *, sense: bool) -> None:
        if sense:
            _make_sense(case, world)
        response = case.call()
        assert response.status_code < 500, response.text
        case.validate_response(response, checks=_CHECKS)
        statuses.add(response.status_code)

    try:
        ask()
    except Unsatisfiable:  # nothing of this operation can be wrong
        pass
    return statuses


def _make_sense(case: Any, world: Simulator) -> None:
    """Put a badge of the demonstration in, so that the call can succeed; the rest stays as it was made up."""
    badge = world.good_badge()
    if case.query and "badge" in case.query:
        case.query["badge"] = badge["id"]
    body = case.body
    if isinstance(body, dict):
        for member, value in (
            ("credential", badge),
            ("jwt", world.sign_text(world.badge())),
            ("url", badge["id"]),
            ("credentials", [badge, 1]),
            ("urls", [badge["id"], "x"]),
            ("verifiableCredential", badge),
            ("file", write_json(badge)),
        ):
            if member in body:
                body[member] = value
    if case.path == "/credentials/verify":
        case.body = {"verifiableCredential": badge}
    if case.path == "/presentations/verify":
        options = {"expectedProofPurpose": "assertionMethod"}
        case.body = {"verifiablePresentation": _presentation(world), "options": options}


def _presentation(world: Simulator) -> dict[str, Any]:
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": world.provider.did,
    }
    return world.sign(document)
