import copy
from pathlib import Path
from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.jsontext import parse_object
from schemas.validate import in_array_form, validate_endorsement, validate_open_badge, validate_profile

VECTORS = Path(__file__).parent.parent / "vectors"
GOOD = parse_object((VECTORS / "badges" / "unsigned-good.json").read_bytes())
COMPACT = "impl-recommended"


def edited(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")[1:]]
    owner: Any = document
    for step in steps:
        owner = owner[step]
    if value is ...:
        del owner[last]
    else:
        owner[last] = value
    return document


@pytest.mark.parametrize("path", sorted((VECTORS / "ob3-examples").glob("*.json")), ids=lambda path: path.stem)
def test_the_published_examples_pass(path: Path) -> None:
    document = parse_object(path.read_bytes())
    check = validate_endorsement if path.stem == "endorsement" else validate_open_badge
    if path.stem.startswith(COMPACT):
        assert check(document) != ()  # single values: the strict schema wants arrays
        document = in_array_form(document)
    assert check(document) == ()


FAULTY = [
    pytest.param("/credentialSubject/achievement", ..., "/credentialSubject/achievement", id="no achievement"),
    pytest.param("/credentialSubject/achievement/criteria", ..., "/credentialSubject/achievement/criteria", id="no criteria"),
    pytest.param("/validFrom", ..., "/validFrom", id="no validFrom"),
    pytest.param("/validFrom", "2026-11-22", "/validFrom", id="a day where a time belongs"),
    pytest.param("/validFrom", "2026-11-22T10:00:00", "/validFrom", id="a time without a zone"),
    pytest.param("/awardedDate", "yesterday", "/awardedDate", id="a word where a time belongs"),
    pytest.param("/type", "OpenBadgeCredential", "/type", id="one type"),
    pytest.param("/type", ["VerifiableCredential"], "/type", id="not an Open Badge"),
    pytest.param("/credentialSubject/creditsEarned", "20", "/credentialSubject/creditsEarned", id="a number as text, which signs alike"),
    pytest.param("/credentialSubject/identifier/0/hashed", "false", "/credentialSubject/identifier/0/hashed", id="a boolean as text, which signs alike"),
    pytest.param("/credentialSubject/identifier/0/extra", "x", "/credentialSubject/identifier/0", id="an extra member in a closed object"),
    pytest.param("/credentialSubject/achievement/achievementType", "Novel", "/credentialSubject/achievement/achievementType", id="an unknown achievement type without ext:"),
    pytest.param("/credentialSubject/achievement/achievementType", "https://purl.imsglobal.org/spec/vc/ob/vocab.html#MicroCredential", "/credentialSubject/achievement/achievementType", id="an achievement type as IRI, which signs alike"),
    pytest.param("/credentialSubject/achievement/alignment/0/targetUrl", ..., "/credentialSubject/achievement/alignment/0/targetUrl", id="an alignment without a target"),
    pytest.param("/credentialStatus", [GOOD["credentialStatus"]], "/credentialStatus", id="a list of status entries"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "where"), FAULTY)
def test_a_fault_is_named_with_its_pointer(path: str, value: Any, where: str) -> None:
    faults = validate_open_badge(edited(path, value))
    assert where in [fault.pointer for fault in faults]


def test_a_status_without_id_passes_as_document_1_4_allows() -> None:
    assert validate_open_badge(edited("/credentialStatus/id", ...)) == ()
    assert validate_open_badge(edited("/credentialStatus/type", ...)) != ()


def test_array_form_changes_a_copy_and_leaves_string_types_alone() -> None:
    document = edited("/credentialSubject/type", "AchievementSubject")
    converted = in_array_form(document)
    assert document["credentialSubject"]["type"] == "AchievementSubject"
    assert converted["credentialSubject"]["type"] == ["AchievementSubject"]
    assert converted["credentialSubject"]["identifier"][0]["type"] == "IdentityObject"


def test_version_1_1_badges_have_their_own_schema() -> None:
    document = copy.deepcopy(GOOD) | {
        "@context": [v.CREDENTIALS_V1, v.OB3_CONTEXT],
        "issuanceDate": "2026-01-01T00:00:00Z",
    }
    del document["validFrom"]
    del document["awardedDate"]
    assert validate_open_badge(document) == ()
    assert validate_open_badge(document | {"@context": GOOD["@context"]}) != ()


def test_profiles() -> None:
    assert validate_profile(GOOD["issuer"]) == ()
    assert validate_profile({"id": "did:web:x.example"}) != ()


def test_hostile_documents_give_a_bounded_list() -> None:
    evidence = [{"type": 7} for _ in range(300)]
    assert 0 < len(validate_open_badge(copy.deepcopy(GOOD) | {"evidence": evidence})) <= 20
