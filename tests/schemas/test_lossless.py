"""Same RDF, different JSON: whatever hides a member from code that reads JSON is found, although the proof would hold."""

import copy
from pathlib import Path
from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.canonical import canonicalize
from schemas.errors import DroppedTerm
from schemas.jsontext import parse_object
from schemas.lossless import find_disguises, find_losses

GOOD = parse_object((Path(__file__).parent.parent / "vectors" / "badges" / "unsigned-good.json").read_bytes())
STATUS = "https://www.w3.org/2018/credentials#credentialStatus"


def good(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(GOOD) | changes


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in copy.deepcopy(GOOD).items() if key not in keys}


def test_a_good_badge_loses_nothing_and_hides_nothing() -> None:
    assert find_losses(GOOD) == ()
    assert find_disguises(GOOD) == ()


DISGUISES = [
    pytest.param(without("credentialStatus") | {STATUS: GOOD["credentialStatus"]}, id="the status renamed to its full IRI"),
    pytest.param(without("validFrom") | {"https://www.w3.org/2018/credentials#validFrom": GOOD["validFrom"]}, id="a date renamed to its full IRI"),
    pytest.param(without("credentialStatus") | {"cred:credentialStatus": GOOD["credentialStatus"]}, id="the status under a compact IRI"),
    pytest.param(without("credentialStatus") | {"@included": [GOOD["credentialStatus"]]}, id="the status moved to @included"),
    pytest.param(good(**{"@reverse": {"credentialStatus": {"id": GOOD["id"]}}}), id="@reverse"),
    pytest.param(without("type") | {"@type": GOOD["type"]}, id="a keyword for the type"),
    pytest.param(without("id") | {"@id": GOOD["id"]}, id="a keyword for the id"),
    pytest.param(good(**{"@graph": []}), id="@graph"),
    pytest.param(good(**{"@context": [*GOOD["@context"], {"state": STATUS}]}), id="an inline context with an alias"),
    pytest.param(good(**{"@context": {"@vocab": "https://x.example/"}}), id="an inline context alone"),
    pytest.param(good(**{"@context": GOOD["@context"][::-1]}), id="the contexts in another order"),
    pytest.param(good(**{"@context": GOOD["@context"][:1]}), id="no Open Badges context"),
    pytest.param(good(**{"@context": v.CREDENTIALS_V2}), id="a single context"),
    pytest.param(good(**{"@context": [*GOOD["@context"], GOOD["@context"][1]]}), id="a context twice"),
    pytest.param(good(**{"@context": [*GOOD["@context"], "https://www.w3.org/ns/credentials/examples/v2"]}), id="the examples context, which gives any word a meaning"),
    pytest.param(good(**{"@context": [*GOOD["@context"], "https://evil.example/context"]}), id="a context from elsewhere"),
    pytest.param(good(**{"@context": []}), id="no contexts"),
    pytest.param(without("@context"), id="no @context"),
    pytest.param(good(credentialSubject=GOOD["credentialSubject"] | {"@context": GOOD["@context"]}), id="a context further in"),
    pytest.param(good(credentialStatus=GOOD["credentialStatus"] | {"type": "https://www.w3.org/ns/credentials/status#BitstringStatusListEntry"}), id="the status type written as an IRI"),
    pytest.param(good(type=["VerifiableCredential", "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"]), id="the badge type written as an IRI"),
    pytest.param(good(id="_:b0"), id="a blank node for an id"),
    pytest.param(good(evidence=[{"type": ["Evidence"], "id": "_:b1"}]), id="a blank node further in"),
]  # fmt: skip


@pytest.mark.parametrize("document", DISGUISES)
def test_a_disguise_is_found(document: dict[str, Any]) -> None:
    faults = find_disguises(document)
    assert faults
    assert all(fault.pointer is not None for fault in faults)


def test_the_disguises_are_real_the_canonical_form_does_not_change() -> None:
    """Why reading JSON after checking the proof is not enough."""
    renamed = without("credentialStatus") | {STATUS: GOOD["credentialStatus"]}
    assert canonicalize(renamed) == canonicalize(GOOD)


@pytest.mark.parametrize(
    "contexts",
    [
        pytest.param([v.CREDENTIALS_V2, v.OB3_CONTEXT], id="ours"),
        pytest.param([v.CREDENTIALS_V2, v.OB3_CONTEXT, v.OB3_EXTENSIONS], id="with 1EdTech extensions"),
        pytest.param([v.CREDENTIALS_V2, v.OB3 + "context-3.0.1.json"], id="an older Open Badges context"),
        pytest.param([v.CREDENTIALS_V1, v.OB3_CONTEXT, v.ED25519_2020_V1], id="VCDM 1.1 with its suite"),
    ],
)
def test_known_orders_of_contexts_are_no_disguise(contexts: list[str]) -> None:
    assert find_disguises(good(**{"@context": contexts})) == ()


def test_losses_name_every_place() -> None:
    document = good(nzqaLevel="4")
    document["credentialSubject"]["achievement"]["grade/mark"] = "A+"
    document["evidence"][0]["type"] = ["Evidence", "Novelty"]
    assert {fault.pointer for fault in find_losses(document)} == {
        "/nzqaLevel",
        "/credentialSubject/achievement/grade~1mark",
        "/evidence/0/type/1",
    }


@pytest.mark.parametrize(
    ("document", "where"),
    [
        pytest.param(good(evidence=[]), "/evidence", id="at the top"),
        pytest.param(good(issuer=GOOD["issuer"] | {"endorsement": []}), "/issuer/endorsement", id="further in"),
    ],
)
def test_an_empty_list_is_not_signed_and_so_is_a_loss(document: dict[str, Any], where: str) -> None:
    assert where in [fault.pointer for fault in find_losses(document)]
    with pytest.raises(DroppedTerm):
        canonicalize(document)
