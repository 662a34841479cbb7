"""What a credential carries, held to the contract's table and to the strict schema; and what the register makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from issuer.catalogue import achievement_on, build_achievement
from issuer.instance import Instance
from issuer.making import issuer_facts
from issuer.minting import Award, IssuerFacts, NameDisplay, mint, whole
from schemas import vocabulary as v
from schemas.credential import Credential
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject
from schemas.lossless import find_disguises, find_losses
from schemas.validate import validate_open_badge
from tests.issuer.provider import AWARDED, BASE_URL, NOW, Completion, Completions, issue, stored_documents
from tests.simulator import Party, demonstration_register
from verifier.register.records import LearningOutcome, Listing

ISSUER = IssuerFacts(
    did="did:web:badges.example", name="Tōtara Training", base_url="https://badges.example", provider="9901"
)
LISTING = demonstration_register(Party()).listings[0]
OUTCOMES = (
    LearningOutcome(nzqa_ref="9876", version="1", position=1, text_en="Collect seed.", standard_ref="20476"),
    LearningOutcome(nzqa_ref="9876", version="1", position=2, text_en="Clean seed.", text_mi="Horoi kākano."),
    LearningOutcome(nzqa_ref="9876", version="1", position=3, text_en="Store seed.", standard_ref="20476"),
)


def award(**changes: Any) -> Award:
    facts: dict[str, Any] = {
        "credential_id": "https://badges.example/badges/abc",
        "achieved_on": AWARDED,
        "name": "Mere Āwhina",
        "preferred_name": None,
        "name_display": NameDisplay.FULL,
        "subject_urn": None,
        "result": None,
        "evidence_url": None,
        "list_url": "https://badges.example/status/1",
        "list_index": 94567,
    }
    return Award(**(facts | changes))


def achievement(listing: Listing = LISTING, **named: Any) -> JsonObject:
    return build_achievement(listing, OUTCOMES, issuer=ISSUER, **named).document


def minted(**changes: Any) -> JsonObject:
    return mint(award(**changes), achievement=achievement(), issuer=ISSUER, valid_from=NOW)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(minted(), id="a plain award"),
        pytest.param(minted(result="Merit", evidence_url="https://portfolio.example/1"), id="with result and evidence"),
        pytest.param(minted(name_display=NameDisplay.PREFERRED, preferred_name="Mel"), id="under a preferred name"),
        pytest.param(
            minted(name_display=NameDisplay.NONE, subject_urn="urn:uuid:0b1f1f6e-6f0e-4a53-9f43-f6d06b1a4a10"),
            id="without a name",
        ),
    ],
)
def test_every_award_passes_the_strict_schema_and_loses_nothing(document: JsonObject) -> None:
    assert validate_open_badge(document) == ()
    assert find_losses(document) == ()
    assert find_disguises(document) == ()


def test_each_fact_stands_where_the_contract_says() -> None:
    document = minted()
    subject = document["credentialSubject"]
    badge = subject["achievement"]
    assert document["@context"] == [v.CREDENTIALS_V2, v.OB3_CONTEXT]
    assert document["awardedDate"] == "2026-05-04T00:00:00Z"
    assert document["validFrom"] == "2026-11-22T03:00:00Z"
    assert document["issuer"]["otherIdentifier"] == [
        {"type": "IdentifierEntry", "identifierType": "ext:MoEProviderNumber", "identifier": "9901"}
    ]
    assert badge["achievementType"] == "MicroCredential"
    assert badge["humanCode"] == "9876"
    assert badge["otherIdentifier"][0]["identifierType"] == "ext:NZQAReference"
    assert badge["version"] == "1"
    assert (badge["creditsAvailable"], subject["creditsEarned"]) == (12, 12)
    assert isinstance(badge["creditsAvailable"], int)
    level, listing, standard = badge["alignment"]
    assert (level["targetType"], level["targetCode"]) == ("ext:NZQCFLevel", "4")
    assert level["targetFramework"] == v.NZQCF_FRAMEWORK
    assert (listing["targetType"], listing["targetCode"]) == ("ext:NZQAListing", "9876")
    assert listing["targetUrl"].endswith("selectedItemKey=9876")
    assert (standard["targetType"], standard["targetCode"]) == ("ext:NZQAStandard", "20476")
    assert document["evidence"][0]["genre"] == "ext:NZRoA"
    assert document["evidence"][0]["id"] == v.NZROA_PAGE
    assert document["credentialStatus"] == {
        "id": "https://badges.example/status/1#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://badges.example/status/1",
    }
    assert subject["identifier"] == [
        {"type": "IdentityObject", "hashed": False, "identityHash": "Mere Āwhina", "identityType": "name"}
    ]
    claim = Credential.parse(document).nz_claim
    assert claim is not None


def test_nothing_null_and_nothing_empty_is_written() -> None:
    def empties(value: Any) -> bool:
        if isinstance(value, dict):
            return not value or any(empties(member) for member in value.values())
        if isinstance(value, list):
            return not value or any(empties(member) for member in value)
        return value is None or value == ""

    assert not empties(minted())


@pytest.mark.parametrize(
    ("number", "expected"),
    [pytest.param(15.0, "15", id="whole"), pytest.param(15, "15", id="integer"), pytest.param(2.5, "2.5", id="half")],
)
def test_whole_credits_are_signed_as_integers(number: float, expected: str) -> None:
    assert json.dumps(whole(number)) == expected


def test_the_criteria_tell_the_outcomes_in_order() -> None:
    narrative = achievement()["criteria"]["narrative"]
    assert narrative.endswith("1. Collect seed.\n2. Clean seed.\n3. Store seed.")


def test_a_badge_in_te_reo_has_the_maori_title_and_names_the_other() -> None:
    document = achievement(language="mi-NZ")
    assert document["name"] == "Te Kohi Kākano Māori"
    assert document["inLanguage"] == "mi"
    assert "Native Seed Collection" in document["description"]
    assert "Horoi kākano." in document["criteria"]["narrative"]


def test_a_listing_with_a_maori_title_alone_is_issued_under_it() -> None:
    document = achievement(replace(LISTING, title_en=None))
    assert document["name"] == "Te Kohi Kākano Māori"
    assert document["inLanguage"] == "mi"


def test_the_developer_is_told_apart_from_the_provider() -> None:
    other = achievement(replace(LISTING, developer="Kahikatea Industry Body"))
    assert other["creator"] == {
        "id": "https://badges.example/achievements/9876/1#developer",
        "type": ["Profile"],
        "name": "Kahikatea Industry Body",
    }
    own = achievement(replace(LISTING, developer="tōtara training"))
    assert own["creator"]["id"] == ISSUER.did


def test_the_field_of_study_has_its_code_and_broad_name() -> None:
    document = achievement(replace(LISTING, nzsced="050301"))
    assert document["fieldOfStudy"] == "050301 Agriculture, Environmental and Related Studies"
    assert "fieldOfStudy" not in achievement()


def test_te_hono_is_marked() -> None:
    assert achievement(replace(LISTING, te_hono=True))["tag"] == ["Te Hono o Te Kahurangi"]


def test_the_version_in_force_on_the_award_day_is_the_one_named() -> None:
    old = replace(LISTING, discontinued_on=date(2025, 12, 31), level=3)
    new = replace(LISTING, version="2", listed_from=date(2026, 1, 1), level=5)
    register = replace(demonstration_register(Party()), listings=(old, new))
    before = achievement_on(register, ref="9876", on=date(2025, 12, 31), issuer=ISSUER)
    after = achievement_on(register, ref="9876", on=date(2026, 1, 1), issuer=ISSUER)
    assert (before.version, before.level) == ("1", 3)
    assert (after.version, after.level) == ("2", 5)
    assert after.document["id"] == "https://badges.example/achievements/9876/2"
    with pytest.raises(IssuingError, match="no version of 9876 in force"):
        achievement_on(register, ref="9876", on=date(2023, 1, 1), issuer=ISSUER)


def test_an_award_names_nobody_when_printed() -> None:
    assert "Mere" not in repr(award())


def test_a_signed_badge_is_what_was_minted_and_one_proof(instance: Instance) -> None:
    issue(instance, Completions(rows=(Completion(line=2, result="Merit"),)))
    (document,) = stored_documents(instance)
    (proof,) = document["proof"]
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    assert proof["created"] == document["validFrom"] == "2026-11-22T03:00:00Z"
    assert proof["verificationMethod"] == f"{issuer_facts(instance).did}#credential-1"
    assert document["credentialSubject"]["result"] == [{"type": ["Result"], "value": "Merit"}]
    assert document["id"].removeprefix(f"{BASE_URL}/badges/").isalnum()
    assert len(document["id"].removeprefix(f"{BASE_URL}/badges/")) == 26
