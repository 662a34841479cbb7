import copy
from pathlib import Path
from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.credential import Credential
from schemas.jsontext import parse_object

GOOD = parse_object((Path(__file__).parent.parent / "vectors" / "badges" / "unsigned-good.json").read_bytes())


def test_the_view_reads_a_good_badge() -> None:
    view = Credential.parse(GOOD)
    assert view.document is GOOD
    assert view.issuer_id == "did:web:badges.example"
    assert view.learner_name == "Hēmi Tāwhiri"
    assert view.achievement is not None
    assert view.achievement.human_code == "4974"
    claim = view.nz_claim
    assert claim is not None
    assert (claim.references, claim.levels, claim.credits, claim.provider_numbers) == (
        ("4974",),
        ("3",),
        (20,),
        ("9990",),
    )


def foreign() -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    del document["issuer"]["otherIdentifier"]
    del document["evidence"]
    achievement = document["credentialSubject"]["achievement"]
    del achievement["otherIdentifier"], achievement["alignment"]
    return document


def test_a_foreign_badge_makes_no_claim() -> None:
    assert Credential.parse(foreign()).nz_claim is None


def with_alignment(**alignment: Any) -> dict[str, Any]:
    document = foreign()
    document["credentialSubject"]["achievement"]["alignment"] = [alignment]
    return document


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(with_alignment(targetType="ext:NZQCFLevel", targetCode="4"), id="a level"),
        pytest.param(with_alignment(targetType="ext:NZQAAnything"), id="any term of NZQA's"),
        pytest.param(with_alignment(targetFramework="NZQF"), id="a framework by its old short name"),
        pytest.param(
            with_alignment(targetFramework="the New Zealand qualifications framework (NZQCF)"),
            id="a framework by its long name",
        ),
        pytest.param(with_alignment(targetFramework="ＮＺＱＣＦ level 4"), id="a framework in wide letters"),
        pytest.param(with_alignment(targetFramework="N.Z.Q.F."), id="a framework with full stops"),
        pytest.param(with_alignment(targetFramework="NZQF_4"), id="a framework and its level in one word"),
        pytest.param(
            with_alignment(targetFramework="New\u00a0Zealand  Qualifications & Credentials Framework"),
            id="a framework with odd spaces",
        ),
        pytest.param(foreign() | {"issuer": GOOD["issuer"]}, id="only the provider number"),
    ],
)
def test_anything_that_speaks_of_nzqa_is_a_claim(document: dict[str, Any]) -> None:
    assert Credential.parse(document).nz_claim is not None


def test_contradictory_claims_are_all_seen() -> None:
    document = copy.deepcopy(GOOD)
    document["credentialSubject"]["achievement"]["humanCode"] = "5055"
    document["credentialSubject"]["creditsEarned"] = 40
    claim = Credential.parse(document).nz_claim
    assert claim is not None
    assert claim.references == ("4974", "5055")
    assert claim.credits == (20, 40)


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [[]], [None], {"id": 7}, True], ids=repr)
@pytest.mark.parametrize("member", sorted(GOOD))
def test_a_view_of_nonsense_never_raises(member: str, value: Any) -> None:
    Credential.parse(copy.deepcopy(GOOD) | {member: value})


def test_version_1_1_dates_are_read() -> None:
    view = Credential.parse(
        {"@context": [v.CREDENTIALS_V1], "issuanceDate": "2026-01-01T00:00:00Z", "issuer": "https://x.example"}
    )
    assert view.valid_from is not None
    assert view.issuer_id == "https://x.example"


@pytest.mark.parametrize("text", ["ANZQFX", "Tanzania Qualifications Framework", "New Zealand Framework for Bees", ""])
def test_another_framework_is_no_claim(text: str) -> None:
    assert Credential.parse(with_alignment(targetFramework=text)).nz_claim is None


def test_a_reference_that_is_not_written_like_one_is_still_a_claim() -> None:
    document = copy.deepcopy(GOOD)
    achievement = document["credentialSubject"]["achievement"]
    achievement["humanCode"] = achievement["otherIdentifier"][0]["identifier"] = "５０５５"
    claim = Credential.parse(document).nz_claim
    assert claim is not None
    assert "５０５５" in claim.references
