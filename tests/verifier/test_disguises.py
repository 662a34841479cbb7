"""Same RDF, different JSON: a withdrawn or expired badge dressed up so that a reader of its JSON sees nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.canonical import canonicalize
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject
from tests.simulator import Simulator
from verifier.report import GenuineVerdict

INDEX = 94_567
STATUS = "https://www.w3.org/2018/credentials#credentialStatus"
VALID_UNTIL = "https://www.w3.org/2018/credentials#validUntil"
XSD_DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"


@pytest.fixture
def simulator() -> Simulator:
    simulator = Simulator()
    simulator.publish_list(set_={INDEX})
    return simulator


@pytest.fixture
def withdrawn(simulator: Simulator) -> JsonObject:
    """A badge that was withdrawn and has expired, honestly signed."""
    badge = simulator.good_badge(validUntil="2026-06-01T00:00:00Z")
    report = simulator.check(badge)
    assert (report.genuine.verdict, report.current.verdict) == ("valid", "withdrawn")
    return badge


def renamed(badge: JsonObject, old: str, new: str, value: Any = None) -> JsonObject:
    return {(new if key == old else key): (value if key == old and value else member) for key, member in badge.items()}


def with_context(badge: JsonObject, *extra: Any) -> JsonObject:
    return badge | {"@context": [*badge["@context"], *extra]}


def without(badge: JsonObject, *members: str) -> JsonObject:
    return {key: member for key, member in badge.items() if key not in members}


def spelled_out(status: JsonObject) -> JsonObject:
    base = "https://www.w3.org/ns/credentials/status#"
    return {
        "@id": status["id"],
        "@type": base + "BitstringStatusListEntry",
        base + "statusPurpose": status["statusPurpose"],
        base + "statusListIndex": status["statusListIndex"],
        base + "statusListCredential": {"@id": status["statusListCredential"]},
    }


DISGUISES = [
    pytest.param(lambda b: renamed(b, "credentialStatus", STATUS), id="status under its full IRI"),
    pytest.param(lambda b: renamed(b, "credentialStatus", STATUS, spelled_out(b["credentialStatus"])), id="status and its members under full IRIs"),
    pytest.param(lambda b: renamed(b, "validUntil", VALID_UNTIL, {"@type": XSD_DATE_TIME, "@value": b["validUntil"]}), id="expiry under its full IRI"),
    pytest.param(lambda b: renamed(b, "credentialStatus", "cred:credentialStatus"), id="status under a compact IRI"),
    pytest.param(lambda b: with_context(renamed(b, "credentialStatus", "note"), {"note": STATUS}), id="status under an alias of an inline context"),
    pytest.param(lambda b: with_context(renamed(b, "credentialStatus", "cs"), {"cs": {"@id": STATUS, "@type": "@id"}}), id="status under an alias with a type"),
    pytest.param(lambda b: b | {"@context": {"credentialStatus": None}}, id="contexts replaced by an inline one"),
    pytest.param(lambda b: with_context(b, {"name": "https://schema.org/description", "description": "https://schema.org/name"}), id="a context that swaps name and description"),
    pytest.param(lambda b: without(b, "credentialStatus") | {"@included": [{"id": b["id"], "credentialStatus": b["credentialStatus"]}]}, id="status moved to @included"),
    pytest.param(lambda b: without(b, "credentialStatus") | {"@reverse": {STATUS: b["credentialStatus"]}}, id="status turned with @reverse"),
    pytest.param(lambda b: without(b, "credentialStatus") | {"@graph": [{"id": b["id"], "credentialStatus": b["credentialStatus"]}]}, id="status moved to @graph"),
    pytest.param(lambda b: {"@context": b["@context"], "@graph": [b]}, id="the badge inside a @graph"),
    pytest.param(lambda b: {"@context": b["@context"], "@included": [without(b, "@context")]}, id="the badge inside @included"),
    pytest.param(lambda b: without(b, "credentialStatus") | {"@nest": {"credentialStatus": b["credentialStatus"]}}, id="status inside @nest"),
    pytest.param(lambda b: renamed(b, "id", "@id"), id="the id under its keyword"),
    pytest.param(lambda b: renamed(b, "type", "@type"), id="the type under its keyword"),
    pytest.param(lambda b: b | {"type": ["VerifiableCredential", "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"]}, id="a type under its full IRI"),
    pytest.param(lambda b: b | {"credentialStatus": b["credentialStatus"] | {"id": "_:status"}}, id="a blank node identifier"),
    pytest.param(lambda b: b | {"credentialStatus": b["credentialStatus"] | {"@context": {"statusPurpose": None}}}, id="a context inside the status"),
    pytest.param(lambda b: b | {"credentialSubject": b["credentialSubject"] | {"@context": v.CREDENTIALS_V2}}, id="a held context inside the subject"),
    pytest.param(lambda b: b | {"proof": [b["proof"][0] | {"@context": v.CREDENTIALS_V2}]}, id="a context inside the proof"),
    pytest.param(lambda b: b | {"@context": v.CREDENTIALS_V2}, id="one context instead of a list"),
    pytest.param(lambda b: b | {"@context": list(reversed(b["@context"]))}, id="contexts the other way round"),
    pytest.param(lambda b: b | {"@context": [b["@context"][0], *b["@context"]]}, id="a context twice"),
    pytest.param(lambda b: with_context(b, "https://www.w3.org/ns/credentials/examples/v2"), id="the examples context, which gives any word a meaning"),
    pytest.param(lambda b: with_context(b, "https://www.w3.org/ns/credentials/undefined-terms/v2"), id="the undefined-terms context"),
    pytest.param(lambda b: with_context(b, None), id="a context of null, which forgets the others"),
    pytest.param(lambda b: with_context(b, {"@import": v.CREDENTIALS_V2}), id="a context that imports"),
    pytest.param(lambda b: without(b, "@context"), id="no context at all"),
    pytest.param(lambda b: without(b, "credentialStatus"), id="status left out"),
    pytest.param(lambda b: without(b, "validUntil", "credentialStatus"), id="status and expiry left out"),
    pytest.param(lambda b: b | {"credentialStatus": {"id": b["credentialStatus"]["id"], "type": "BitstringStatusListEntry"}}, id="status emptied"),
    pytest.param(lambda b: b | {"credentialStatus": []}, id="an empty list of statuses"),
    pytest.param(lambda b: b | {"credentialStatus": None}, id="a status of null"),
]  # fmt: skip


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguise_is_never_genuine(
    simulator: Simulator, withdrawn: JsonObject, disguise: Callable[[JsonObject], JsonObject]
) -> None:
    report = simulator.check(disguise(copy.deepcopy(withdrawn)))
    assert report.genuine.verdict is not GenuineVerdict.VALID
    assert not report
    assert report.to_json()["badge"] is None or report.genuine.verdict == "unconfirmed"


def test_some_of_these_disguises_do_leave_the_signature_intact(withdrawn: JsonObject) -> None:
    """Which is why the JSON itself is checked: the bytes that were signed are the same."""
    unsigned = without(withdrawn, "proof")
    honest = canonicalize(unsigned)
    intact = 0
    for parameters in DISGUISES:
        disguise = parameters.values[0]
        assert callable(disguise)
        try:
            intact += canonicalize(without(disguise(copy.deepcopy(withdrawn)), "proof")) == honest
        except BadgeError:
            continue
    assert intact >= 8


@pytest.mark.parametrize("suite", [v.EDDSA_JCS_2022, v.ECDSA_JCS_2019])
def test_a_jcs_proof_may_repeat_its_contexts_and_nothing_else(simulator: Simulator, suite: str) -> None:
    badge = simulator.sign(simulator.badge(), suite=suite)
    assert "@context" in badge["proof"][0]
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.VALID
    widened = with_context(badge, {"credentialStatus": None})
    assert simulator.check(widened).genuine.verdict is GenuineVerdict.INVALID
