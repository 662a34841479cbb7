"""The shape of any W3C credential and presentation: each fault with the place where it is to be mended."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.datamodel import credential_faults, envelope_faults, is_envelope, presentation_faults
from schemas.jsontext import JsonObject
from schemas.relatedresource import related_resources

GOOD: JsonObject = {
    "@context": [v.CREDENTIALS_V2],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "did:example:subject"},
}
SHOWN: JsonObject = {"@context": [v.CREDENTIALS_V2], "type": ["VerifiablePresentation"]}


def places(faults: Any) -> list[str]:
    return [fault.pointer for fault in faults]


def test_what_must_be_there_is_enough() -> None:
    assert not credential_faults(GOOD, secured=False)
    assert not presentation_faults(SHOWN, secured=False)
    assert places(credential_faults(GOOD, secured=True)) == ["/proof"]
    assert places(presentation_faults(SHOWN, secured=True)) == ["/proof"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"@context": "https://www.w3.org/ns/credentials/v2"}, "/@context"),
        ({"@context": ["https://www.w3.org/ns/credentials/examples/v2"]}, "/@context/0"),
        ({"@context": [v.CREDENTIALS_V2, "https://unheld.example/v1"]}, "/@context/1"),
        ({"@context": [v.CREDENTIALS_V2, 4]}, "/@context/1"),
        ({"type": [4]}, "/type"),
        ({"type": ["Other"]}, "/type"),
        ({"id": 4}, "/id"),
        ({"id": "relative"}, "/id"),
        ({"issuer": "relative"}, "/issuer"),
        ({"issuer": ["did:example:a"]}, "/issuer"),
        ({"issuer": {"name": "Somebody"}}, "/issuer/id"),
        ({"credentialSubject": []}, "/credentialSubject"),
        ({"credentialSubject": [{"id": "did:example:a"}, {}]}, "/credentialSubject/1"),
        ({"credentialSubject": {"id": "relative"}}, "/credentialSubject/id"),
        ({"validFrom": "yesterday"}, "/validFrom"),
        ({"issuanceDate": "2020-01-01"}, "/issuanceDate"),
        ({"validFrom": "2026-01-02T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}, "/validUntil"),
        ({"issuanceDate": "2026-01-02T00:00:00Z", "expirationDate": "2026-01-01T00:00:00Z"}, "/expirationDate"),
        ({"evidence": []}, "/evidence"),
        ({"evidence": ["x"]}, "/evidence/0"),
        ({"termsOfUse": {"type": ""}}, "/termsOfUse/type"),
        ({"credentialSchema": {"type": "A"}}, "/credentialSchema/id"),
        ({"credentialStatus": {"type": "A", "id": "relative"}}, "/credentialStatus/id"),
        ({"proof": [{"type": 4}]}, "/proof/0/type"),
        ({"name": 4}, "/name"),
        ({"issuer": {"id": "did:example:a", "description": {"@value": "x", "y": 1}}}, "/issuer/description"),
    ],
)
def test_a_fault_of_a_credential_is_named_with_its_place(changes: JsonObject, place: str) -> None:
    assert places(credential_faults(GOOD | changes, secured=False)) == [place]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"@context": []}, "/@context"),
        ({"type": ["VerifiableCredential"]}, "/type"),
        ({"id": ["a", "b"]}, "/id"),
        ({"holder": "relative"}, "/holder"),
        ({"holder": {}}, "/holder/id"),
        ({"verifiableCredential": []}, "/verifiableCredential"),
        ({"verifiableCredential": None}, "/verifiableCredential"),
        ({"verifiableCredential": ["eyJ"]}, "/verifiableCredential/0"),
        ({"termsOfUse": {}}, "/termsOfUse/type"),
    ],
)
def test_a_fault_of_a_presentation_is_named_with_its_place(changes: JsonObject, place: str) -> None:
    assert places(presentation_faults(SHOWN | changes, secured=False)) == [place]


def test_an_envelope_is_known_by_its_type_or_its_address() -> None:
    good = {
        "@context": v.CREDENTIALS_V2,
        "type": "EnvelopedVerifiableCredential",
        "id": "data:application/vc+jwt,a.b.c",
    }
    assert is_envelope(good)
    assert not envelope_faults(good)
    assert is_envelope({"id": good["id"]})
    assert places(envelope_faults({"id": good["id"]})) == ["/@context", "/type"]
    assert places(envelope_faults(good | {"id": "a.b.c"})) == ["/id"]


@pytest.mark.parametrize(
    ("digest", "good"),
    [
        pytest.param({"digestSRI": "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}, True, id="SRI"),
        pytest.param(
            {"digestSRI": "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0= sha256-x"}, False, id="two in one"
        ),
        pytest.param({"digestSRI": "md5-kAFQmDzST7DWlj99KOF/cg=="}, False, id="another hash"),
        pytest.param({"digestMultibase": "uungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"}, True, id="a bare digest"),
        pytest.param({"digestMultibase": "uEiC6eBa_jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ"}, True, id="a multihash"),
        pytest.param({"digestMultibase": "zungWv48Bz"}, False, id="another alphabet"),
        pytest.param({"digestMultibase": "uAAAA"}, False, id="too short"),
    ],
)
def test_a_digest_is_read_in_the_forms_that_are_used(digest: JsonObject, *, good: bool) -> None:
    found, faults = related_resources({"relatedResource": {"id": "https://docs.example/1", **digest}})
    assert bool(found) is good
    assert bool(faults) is not good
    assert not found or found[0].matches(b"abc")
