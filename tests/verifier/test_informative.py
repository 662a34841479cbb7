"""Whose badge, and who endorsed it: shown, and deciding nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_ENDORSEMENTS
from schemas.statuslist import status_entry
from tests.simulator import Party, Simulator, edited
from verifier.report import Report

EMAIL = "mere.awhina@example.nz"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def found(report: Report, check_id: str) -> tuple[str, str]:
    check = report.check(check_id)
    return check.outcome.value, check.reason


def identity(text: str, *, salt: str | None = None, kind: str = "emailAddress", alg: str | None = None) -> JsonObject:
    entry: JsonObject = {"type": "IdentityObject", "hashed": alg is not None, "identityType": kind}
    if alg is not None:
        text = f"{alg}${hashlib.new(alg, (text + (salt or '')).encode(), usedforsecurity=False).hexdigest()}"
    return entry | {"identityHash": text} | ({} if salt is None else {"salt": salt})


CASES = [
    pytest.param(identity(EMAIL, salt="Kosher", alg="sha256"), EMAIL, "passed", "same-recipient", id="a salted hash"),
    pytest.param(identity(EMAIL, alg="sha256"), EMAIL, "passed", "same-recipient", id="a hash without salt"),
    pytest.param(identity(EMAIL, salt="Kosher", alg="md5"), EMAIL, "passed", "same-recipient", id="an MD5 hash"),
    pytest.param(identity(EMAIL, salt="Kosher", alg="sha256"), " Mere.Awhina@Example.NZ ", "passed", "same-recipient", id="capitals that the issuer lower-cased"),
    pytest.param(identity("Mere@Example.nz", alg="sha256"), "Mere@Example.nz", "passed", "same-recipient", id="capitals that the issuer kept"),
    pytest.param(identity(EMAIL), EMAIL, "passed", "same-recipient", id="in plain"),
    pytest.param(identity(EMAIL, salt="Kosher", alg="sha256"), "other@example.nz", "failed", "other-recipient", id="another address"),
    pytest.param(identity(EMAIL, salt="Kosher", alg="sha256"), "", "failed", "other-recipient", id="no address"),
    pytest.param(identity(EMAIL) | {"hashed": True, "identityHash": "sha3$00"}, EMAIL, "unknown", "hash-unknown", id="a hash nobody here knows"),
    pytest.param(identity("Mere Āwhina", kind="name"), "Mere Āwhina", "skipped", "nothing-to-compare", id="a name proves nothing"),
    pytest.param(identity(EMAIL), None, "skipped", "not-asked", id="nobody asked"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "given", "outcome", "reason"), CASES)
def test_a_recipient_is_compared_as_it_was_issued(
    simulator: Simulator, entry: JsonObject, given: str | None, outcome: str, reason: str
) -> None:
    unsigned = edited(simulator.badge(), "credentialSubject", "identifier", value=[entry])
    report = simulator.check(simulator.sign(unsigned), recipient=given)
    assert found(report, "recipient") == (outcome, reason)
    assert bool(report), "it decides nothing"
    if given:
        assert given not in write_json(report.to_json()).decode() or given == "Mere Āwhina"


def test_the_specifications_own_hash_is_matched(simulator: Simulator) -> None:
    entry = identity("x") | {
        "hashed": True,
        "salt": "Kosher",
        "identityHash": "sha256$B5809D8A92F8858436D7E6B87C12EBC0AE1EAC4BAECC2C0B913AEE2C922EF399",
    }
    unsigned = edited(simulator.badge(), "credentialSubject", "identifier", value=[entry])
    assert found(simulator.check(simulator.sign(unsigned), recipient="a@example.com"), "recipient")[0] == "passed"


def test_a_subjects_own_did_is_compared(simulator: Simulator) -> None:
    unsigned = edited(simulator.badge(), "credentialSubject", "id", value="did:key:zLearner")
    badge = simulator.sign(unsigned)
    assert found(simulator.check(badge, recipient="did:key:zLearner"), "recipient")[0] == "passed"
    assert found(simulator.check(badge, recipient="did:key:zOther"), "recipient")[0] == "failed"


# --- endorsements ---------------------------------------------------------------------------------------------------
INDUSTRY = Party(base_url="https://industry.example", name="Industry", prefix="industry-", key_names=("ed25519",))


def endorsement(simulator: Simulator, **changes: Any) -> JsonObject:
    document: JsonObject = {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": "https://industry.example/endorsements/1",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Endorsement of a provider",
        "issuer": {"id": INDUSTRY.did, "type": ["Profile"], "name": INDUSTRY.name},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": simulator.provider.did,
            "type": ["EndorsementSubject"],
            "endorsementComment": "We take on their learners.",
        },
    }
    INDUSTRY.publish(simulator.web)
    return simulator.sign(document | changes, party=INDUSTRY)


def with_endorsement(simulator: Simulator, *endorsements: JsonObject) -> Report:
    return simulator.check(simulator.sign(simulator.badge(endorsement=list(endorsements))))


def test_a_good_endorsement_is_shown(simulator: Simulator) -> None:
    report = with_endorsement(simulator, endorsement(simulator))
    assert report.check("conforms").reason == "conforms", report.check("conforms").sentence
    assert found(report, "endorsements") == ("passed", "endorsed")
    assert report.check("endorsements").evidence["endorsements"][0]["issuer"] == INDUSTRY.did


def test_a_bad_endorsement_is_told_and_decides_nothing(simulator: Simulator) -> None:
    bad = edited(endorsement(simulator), "credentialSubject", "endorsementComment", value="We own them.")
    report = with_endorsement(simulator, endorsement(simulator), bad)
    assert found(report, "endorsements") == ("failed", "endorsement-invalid")
    assert bool(report)


def test_an_endorsement_by_a_stranger_in_anothers_name_is_bad(simulator: Simulator) -> None:
    unsigned = {key: value for key, value in endorsement(simulator).items() if key != "proof"}
    report = with_endorsement(simulator, simulator.sign(unsigned))
    assert found(report, "endorsements") == ("failed", "endorsement-invalid")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"validUntil": "2026-11-01T00:00:00Z"}, id="it has run out"),
        pytest.param({"credentialStatus": status_entry(list_url="https://industry.example/s", index=1, purpose="revocation")}, id="its list cannot be reached"),
    ],
)  # fmt: skip
def test_an_endorsement_in_doubt_is_unknown(simulator: Simulator, changes: JsonObject) -> None:
    report = with_endorsement(simulator, endorsement(simulator, **changes))
    assert found(report, "endorsements") == ("unknown", "endorsement-unconfirmed")


@pytest.mark.parametrize(("set_", "outcome"), [((), "passed"), ((1,), "failed")])
def test_an_endorsement_may_have_been_withdrawn(simulator: Simulator, set_: tuple[int, ...], outcome: str) -> None:
    url = "https://industry.example/s"
    entry = status_entry(list_url=url, index=1, purpose="revocation")
    one = endorsement(simulator, credentialStatus=entry)
    simulator.publish_list(party=INDUSTRY, key="ed25519", issuer=INDUSTRY.did, url=url, set_=set_)
    assert found(with_endorsement(simulator, one), "endorsements")[0] == outcome


def test_one_endorsement_over_the_limit_is_not_looked_at(simulator: Simulator) -> None:
    texts = ["e30.e30.e30"] * MAX_ENDORSEMENTS + ["e30.e30.e31"]
    report = simulator.check(simulator.sign_text(simulator.badge(endorsementJwt=texts)))
    reasons = [entry["reason"] for entry in report.check("endorsements").evidence["endorsements"]]
    assert reasons == ["not-an-endorsement"] * MAX_ENDORSEMENTS + ["too-many"]


def test_an_endorser_nobody_can_reach_is_unknown(simulator: Simulator) -> None:
    one = endorsement(simulator)
    simulator.web.pages = {url: page for url, page in simulator.web.pages.items() if "industry" not in url}
    assert found(with_endorsement(simulator, one), "endorsements") == ("unknown", "endorsement-unconfirmed")


def test_an_endorsement_as_jwt_inside_a_jwt_badge_is_read(simulator: Simulator) -> None:
    from keys.signing import sign_jwt

    unsigned = {key: value for key, value in endorsement(simulator).items() if key != "proof"}
    text = sign_jwt(unsigned, signer=INDUSTRY.signer("ed25519"), kid=INDUSTRY.method("ed25519"), alg="EdDSA")
    report = simulator.check(simulator.sign_text(simulator.badge(endorsementJwt=[text])))
    assert found(report, "endorsements") == ("passed", "endorsed")
    broken = simulator.check(simulator.sign_text(simulator.badge(endorsementJwt=["e30.e30.e30"])))
    assert found(broken, "endorsements") == ("failed", "endorsement-invalid")
