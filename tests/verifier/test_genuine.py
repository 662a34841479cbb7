"""Genuine? Every reason of the first question, from badges made to earn it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keys.did import did_key_of, did_web_location
from keys.multibase import base64url_decode, base64url_encode
from schemas import vocabulary as v
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_PROOFS
from schemas.loader import HISTORICAL
from tests.simulator import (
    JWT_KEYS,
    NOW,
    SIGNED,
    SUITE_KEYS,
    Party,
    Simulator,
    edited,
    foreign_badge,
    old_badge,
    signer,
)
from verifier.policy import BADGE_POLICY
from verifier.report import GenuineVerdict, Report


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


STRANGER = Party(base_url="https://stranger.example", name="Stranger", prefix="stranger-", key_names=("ed25519",))


def found(report: Report, check_id: str) -> tuple[str, str]:
    check = report.check(check_id)
    return check.outcome.value, check.reason


# --- what is good -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suite", SUITE_KEYS)
@pytest.mark.parametrize("register", [True, False])
def test_a_good_badge_of_every_suite_is_genuine(simulator: Simulator, suite: str, *, register: bool) -> None:
    unsigned = old_badge(simulator.provider) if suite == v.ED25519_SIGNATURE_2020 else simulator.badge()
    report = simulator.check(simulator.sign(unsigned, suite=suite), register=register)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert found(report, "proof") == ("passed", "verified")


@pytest.mark.parametrize("alg", JWT_KEYS)
def test_a_good_jwt_of_every_algorithm_is_genuine(simulator: Simulator, alg: str) -> None:
    report = simulator.check(simulator.sign_text(simulator.badge(), alg=alg))
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert found(report, "lossless") == ("skipped", "signed-as-text")


def test_a_p384_badge_is_genuine(simulator: Simulator) -> None:
    badge = simulator.sign(simulator.badge(), suite=v.ECDSA_RDFC_2019, key="p384")
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.VALID


def test_a_foreign_badge_in_compact_form_is_not_refused_for_that(simulator: Simulator) -> None:
    signed = simulator.sign(foreign_badge(simulator.provider))
    signed["proof"] = signed["proof"][0]
    assert simulator.check(signed, register=False).genuine.verdict is GenuineVerdict.VALID


def test_a_badge_with_two_status_entries_conforms(simulator: Simulator) -> None:
    unsigned = simulator.badge()
    second = unsigned["credentialStatus"] | {"id": "https://x.example/2#5", "statusPurpose": "suspension"}
    badge = simulator.sign(unsigned | {"credentialStatus": [unsigned["credentialStatus"], second]})
    assert found(simulator.check(badge), "conforms") == ("passed", "conforms")


def test_a_did_key_issuer_needs_no_network(simulator: Simulator) -> None:
    did = did_key_of(signer("ed25519 alone").public_key)
    badge = foreign_badge(simulator.provider) | {"issuer": {"id": did, "type": ["Profile"]}}
    party = replace(STRANGER, prefix="")
    method = f"{did}#{did.removeprefix('did:key:')}"
    signed = simulator.sign(badge, party=replace(party, prefix=""), key="alone", method=method)
    assert found(simulator.check(signed, register=False), "proof")[0] == "passed"
    assert not [url for url in simulator.web.asked if "did.json" in url]


def test_names_in_nfc_and_nfd_verify_as_signed(simulator: Simulator) -> None:
    for name in ("Mere Āwhina", "Mere A\u0304whina"):
        unsigned = edited(simulator.badge(), "credentialSubject", "identifier", 0, "identityHash", value=name)
        assert simulator.check(simulator.sign(unsigned)).genuine.verdict is GenuineVerdict.VALID


# --- one thing wrong ----------------------------------------------------------------------------------------------
def _proof(**changes: Any) -> Callable[[Simulator], JsonObject]:
    """A good badge whose proof is edited afterwards: what the signature covers no longer agrees, or never did."""

    def make(simulator: Simulator) -> JsonObject:
        badge = simulator.good_badge()
        proof = {key: value for key, value in (badge["proof"][0] | changes).items() if value is not ...}
        return badge | {"proof": [proof]}

    return make


def _signed(**options: Any) -> Callable[[Simulator], JsonObject]:
    return lambda simulator: simulator.sign(simulator.badge(), **options)


def _by_purpose(simulator: Simulator) -> JsonObject:
    from keys.signing import add_proof

    return add_proof(
        simulator.badge(),
        signer=simulator.provider.signer("ed25519"),
        cryptosuite=v.EDDSA_RDFC_2022,
        verification_method=simulator.provider.method("ed25519"),
        created=SIGNED,
        purpose="authentication",
    )


CASES = [
    pytest.param(lambda s: s.badge(), "proof", "failed", "no-proof", id="a badge without a proof"),
    pytest.param(lambda s: s.badge() | {"proof": []}, "conforms", "passed", "conforms", id="an empty list of proofs conforms"),
    pytest.param(lambda s: s.badge() | {"proof": []}, "proof", "failed", "no-proof", id="an empty list of proofs is no proof"),
    pytest.param(lambda s: edited(s.good_badge(), "name", value="Master of Seeds"), "proof", "failed", "signature-wrong", id="an edited name"),
    pytest.param(_proof(proofValue="z" + "1" * 64), "proof", "failed", "signature-wrong", id="a made-up signature"),
    pytest.param(_proof(proofValue="u" + "A" * 86), "proof", "failed", "signature-wrong", id="a signature in another base"),
    pytest.param(_proof(proofValue=...), "proof", "failed", "signature-wrong", id="no signature value"),
    pytest.param(_proof(verificationMethod=...), "proof", "failed", "proof-malformed", id="no verification method"),
    pytest.param(_proof(created="yesterday"), "proof", "failed", "proof-malformed", id="a time that is no time"),
    pytest.param(_proof(created="2026-05-06T21:15:00"), "proof", "failed", "proof-malformed", id="a time without a zone"),
    pytest.param(_proof(cryptosuite=...), "proof", "failed", "proof-malformed", id="no cryptosuite"),
    pytest.param(_proof(cryptosuite="eddsa-future-2031"), "proof", "unknown", "proof-unsupported", id="a suite nobody here knows"),
    pytest.param(_proof(type="RsaSignature2018", cryptosuite=...), "proof", "unknown", "proof-unsupported", id="an old suite that is not read"),
    pytest.param(_proof(proofPurpose="authentication"), "proof", "failed", "proof-purpose", id="a purpose changed afterwards"),
    pytest.param(_by_purpose, "proof", "failed", "proof-purpose", id="signed for another purpose"),
    pytest.param(_signed(created=NOW + timedelta(hours=1)), "proof", "failed", "proof-from-future", id="signed an hour from now"),
    pytest.param(_signed(created=NOW + timedelta(minutes=4)), "proof", "passed", "verified", id="a clock four minutes ahead is forgiven"),
    pytest.param(_proof(expires="2026-11-01T00:00:00Z"), "proof", "failed", "proof-expired", id="a proof that has run out"),
    pytest.param(_signed(method="did:web:badges.totara-training.example#nobody"), "proof", "failed", "key-not-authorised", id="a key the issuer does not list"),
    pytest.param(_signed(method="did:web:badges.totara-training.example"), "proof", "failed", "key-refused", id="a method that names no key"),
    pytest.param(_signed(method="did:web:gone.example#k"), "proof", "unknown", "key-unreachable", id="another issuer's key that cannot be retrieved"),
    pytest.param(_signed(method="did:web:gone.example#k"), "issuer.identity", "failed", "controller-not-issuer", id="that it is another's key is known all the same"),
    pytest.param(_signed(method="did:ion:abc#k"), "proof", "unknown", "proof-unsupported", id="a DID method that is not read"),
    pytest.param(lambda s: s.good_badge() | {"proof": s.good_badge()["proof"] * (MAX_PROOFS + 1)}, "proof", "failed", "too-many-proofs", id="one proof over the limit"),
    pytest.param(lambda s: s.good_badge() | {"proof": ["none"]}, "conforms", "failed", "schema", id="a proof that is a text"),
    pytest.param(lambda s: s.sign(s.badge(type=["VerifiableCredential"])), "conforms", "failed", "schema", id="a credential that is no badge"),
    pytest.param(lambda s: s.sign(s.badge(validFrom="2026-05-06")), "conforms", "failed", "schema", id="a date without a time"),
    pytest.param(lambda s: s.sign(s.badge(validFrom=None)), "conforms", "failed", "schema", id="no start of validity"),
    pytest.param(lambda s: edited(s.good_badge(), "credentialSubject", "grade", value="A+"), "lossless", "failed", "term-dropped", id="a term that nobody signed"),
    pytest.param(lambda s: edited(s.good_badge(), "type", value=["VerifiableCredential", "OpenBadgeCredential", "Master"]), "lossless", "failed", "term-dropped", id="a type that nobody signed"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "check_id", "outcome", "reason"), CASES)
def test_each_fault_has_its_own_reason(
    simulator: Simulator, make: Callable[[Simulator], JsonObject], check_id: str, outcome: str, reason: str
) -> None:
    report = simulator.check(make(simulator), register=False)
    assert found(report, check_id) == (outcome, reason)
    if (outcome, reason) not in {("passed", "verified"), ("passed", "conforms")}:
        assert report.genuine.verdict is not GenuineVerdict.VALID


def test_an_invalid_badge_shows_nothing_of_what_it_says(simulator: Simulator) -> None:
    document = simulator.check(edited(simulator.good_badge(), "name", value="Master of Seeds")).to_json()
    assert document["badge"] is None
    assert document["current"]["verdict"] == document["accredited"]["verdict"] == "not-applicable"
    later = [check for check in document["checks"] if check["question"] != "genuine"]
    assert {(check["outcome"], check["reason"]) for check in later} == {("skipped", "not-genuine")}
    assert "Mere" not in write_json(document).decode()


# --- whose key ----------------------------------------------------------------------------------------------------
def test_a_strangers_signature_is_a_cryptographic_pass_and_an_identity_fail(simulator: Simulator) -> None:
    STRANGER.publish(simulator.web)
    report = simulator.check(simulator.sign(simulator.badge(), party=STRANGER), register=False)
    assert found(report, "proof") == ("passed", "verified")
    assert found(report, "issuer.identity") == ("failed", "controller-not-issuer")
    assert report.genuine.verdict is GenuineVerdict.INVALID


def test_a_key_that_cannot_be_retrieved_is_unknown_and_not_false(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    del simulator.web.pages[did_web_location(simulator.provider.did)]
    report = simulator.check(badge, register=False)
    assert found(report, "proof") == ("unknown", "key-unreachable")
    assert found(report, "issuer.identity") == ("unknown", "issuer-proof-unchecked")
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert "does not mean it is false" in report.genuine.sentence


def _did_document(**changes: Any) -> Callable[[Simulator], JsonObject]:
    return lambda simulator: simulator.provider.did_document() | changes


def _method(**changes: Any) -> Callable[[Simulator], JsonObject]:
    def make(simulator: Simulator) -> JsonObject:
        document = simulator.provider.did_document()
        document["verificationMethod"][0] |= changes
        return document

    return make


@pytest.mark.parametrize(
    ("make", "outcome", "reason"),
    [
        pytest.param(_did_document(id="did:web:other.example"), "failed", "key-not-authorised", id="a document of another id"),
        pytest.param(_did_document(assertionMethod=[]), "failed", "key-not-authorised", id="a key that is not for assertions"),
        pytest.param(_did_document(verificationMethod=[]), "failed", "key-not-authorised", id="a key that is listed but not there"),
        pytest.param(_method(controller="did:web:other.example"), "failed", "key-not-authorised", id="a key that another controls"),
        pytest.param(_method(expires="2026-11-01T00:00:00Z"), "failed", "key-expired", id="a key past its end"),
        pytest.param(_method(expires="2027-11-01T00:00:00Z"), "passed", "verified", id="a key before its end"),
        pytest.param(_method(revoked="2026-11-01T00:00:00Z"), "failed", "key-revoked", id="a key that was withdrawn"),
        pytest.param(_method(publicKeyMultibase="z6Mk"), "failed", "key-refused", id="a key that is no key"),
        pytest.param(_method(publicKeyMultibase=signer("ed25519 else").public_key.multibase), "failed", "signature-wrong", id="another key"),
        pytest.param(_method(type="EcdsaSecp256k1VerificationKey2019"), "unknown", "proof-unsupported", id="a kind of key that is not read"),
    ],
)  # fmt: skip
def test_the_issuers_document_decides_about_the_key(
    simulator: Simulator, make: Callable[[Simulator], JsonObject], outcome: str, reason: str
) -> None:
    simulator.web.put(did_web_location(simulator.provider.did), make(simulator))
    assert found(simulator.check(simulator.good_badge(), register=False), "proof") == (outcome, reason)


# --- proof sets ---------------------------------------------------------------------------------------------------
def test_a_set_of_two_good_proofs_is_genuine(simulator: Simulator) -> None:
    badge = simulator.sign(simulator.good_badge(), suite=v.ECDSA_RDFC_2019)
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.VALID


def test_one_bad_proof_in_a_set_is_enough_to_fail(simulator: Simulator) -> None:
    badge = simulator.sign(simulator.good_badge(), suite=v.ECDSA_RDFC_2019)
    bad = edited(badge, "proof", 1, "created", value="2026-05-07T00:00:00Z")
    assert found(simulator.check(bad), "proof") == ("failed", "signature-wrong")


def test_an_unsupported_extra_proof_is_informative(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    extra = badge["proof"][0] | {"cryptosuite": "eddsa-future-2031"}
    report = simulator.check(badge | {"proof": [extra, *badge["proof"]]})
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert [notice.code for notice in report.check("proof").notices] == ["proof-not-checked"]


def test_a_co_signature_is_told_and_harms_nothing(simulator: Simulator) -> None:
    STRANGER.publish(simulator.web)
    badge = simulator.sign(simulator.good_badge(), party=STRANGER)
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert [notice.code for notice in report.check("issuer.identity").notices] == ["co-signed"]


def test_a_policy_may_know_fewer_suites(simulator: Simulator) -> None:
    policy = replace(BADGE_POLICY, suites=frozenset({v.ECDSA_RDFC_2019}))
    assert found(simulator.check(simulator.good_badge(), policy=policy), "proof") == ("unknown", "proof-unsupported")
    text = simulator.sign_text(simulator.badge())
    assert found(simulator.check(text, policy=policy), "proof") == ("unknown", "proof-unsupported")


# --- contexts -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "contexts",
    [
        pytest.param([v.CREDENTIALS_V2, v.OB3 + "context-3.0.9.json"], id="a later Open Badges context"),
        pytest.param([v.CREDENTIALS_V2, v.OB3_CONTEXT, "https://vocabulary.example/v1"], id="an extension's context"),
    ],
)
def test_a_context_that_is_not_held_is_unknown(simulator: Simulator, contexts: list[str]) -> None:
    report = simulator.check(simulator.good_badge() | {"@context": contexts})
    for check_id in ("conforms", "lossless", "proof"):
        assert found(report, check_id) == ("unknown", "context-not-held")
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert not [url for url in simulator.web.asked if "context" in url or "vocabulary" in url]


@pytest.mark.parametrize("texts", HISTORICAL, ids=lambda texts: texts.name)
def test_a_badge_signed_under_an_older_text_of_a_context_verifies(simulator: Simulator, texts: Any) -> None:
    # `endorsementJwt` is a term of the newer text only, so under the older one it was never signed.
    unsigned = simulator.badge()
    signed = simulator.sign(unsigned, texts=texts)
    assert simulator.check(signed).genuine.verdict is GenuineVerdict.VALID
    smuggled = signed | {"endorsementJwt": ["e30.e30.e30"]}
    assert simulator.check(smuggled).genuine.verdict is GenuineVerdict.INVALID


# --- JWT ----------------------------------------------------------------------------------------------------------
def _jwt(simulator: Simulator, payload: JsonObject, header: JsonObject | None = None, alg: str = "ES256") -> str:
    provider = simulator.provider
    key = JWT_KEYS[alg]
    head = header or {"alg": alg, "typ": "JWT", "kid": provider.method(key)}
    signing_input = ".".join(base64url_encode(write_json(part)) for part in (head, payload))
    return f"{signing_input}.{base64url_encode(provider.signer(key).sign(signing_input.encode()))}"


def _payload(simulator: Simulator) -> JsonObject:
    import json

    text = simulator.sign_text(simulator.badge())
    payload: JsonObject = json.loads(base64url_decode(text.split(".")[1]))
    return payload


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "did:web:other.example"}, id="another issuer"),
        pytest.param({"jti": "https://x.example/1"}, id="another id"),
        pytest.param({"nbf": 1}, id="another start"),
        pytest.param({"exp": 4_102_444_800}, id="another end"),
        pytest.param({"sub": "urn:uuid:1"}, id="a subject that the badge does not name"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"nbf": None}, id="no start"),
        pytest.param({"exp": None}, id="no end although the badge has one"),
    ],
)
def test_claims_of_a_jwt_must_agree_with_the_badge(simulator: Simulator, claims: JsonObject) -> None:
    payload = {name: value for name, value in (_payload(simulator) | claims).items() if value is not None}
    report = simulator.check(_jwt(simulator, payload))
    assert found(report, "conforms") == ("failed", "claims-differ")
    assert report.genuine.verdict is GenuineVerdict.INVALID


def test_the_key_in_a_jwt_header_is_believed_only_when_it_is_the_issuers(simulator: Simulator) -> None:
    payload = _payload(simulator)
    own = simulator.provider.signer("p256").public_key.to_jwk()
    good = _jwt(simulator, payload, {"alg": "ES256", "jwk": own})
    assert simulator.check(good, register=False).genuine.verdict is GenuineVerdict.VALID
    thief = signer("p256 thief")
    head = {"alg": "ES256", "jwk": thief.public_key.to_jwk()}
    signing_input = ".".join(base64url_encode(write_json(part)) for part in (head, payload))
    forged = f"{signing_input}.{base64url_encode(thief.sign(signing_input.encode()))}"
    assert simulator.check(forged, register=False).genuine.verdict is GenuineVerdict.INVALID
    assert found(simulator.check(forged), "proof") == ("failed", "key-not-authorised")


def test_a_jwt_that_names_a_strangers_key_is_not_the_issuers(simulator: Simulator) -> None:
    STRANGER.publish(simulator.web)
    text = simulator.sign_text(simulator.badge(), alg="EdDSA", kid=STRANGER.method("ed25519"))
    report = simulator.check(text)
    assert found(report, "proof")[0] == "failed"
    assert found(report, "issuer.identity") == ("failed", "controller-not-issuer")


# --- faults of ours that an attacker could bring about -------------------------------------------------------------
@pytest.mark.parametrize(
    "member", ["cryptosuite", "type", "proofPurpose", "verificationMethod", "created", "proofValue"]
)
@pytest.mark.parametrize("value", [[], ["eddsa-rdfc-2022"], {}, 7, True, ""], ids=repr)
def test_a_proof_of_nonsense_is_a_fault_of_the_badge_and_not_of_ours(
    simulator: Simulator, member: str, value: Any
) -> None:
    badge = simulator.good_badge()
    report = simulator.check(badge | {"proof": [badge["proof"][0] | {member: value}]})
    assert report.genuine.verdict is not GenuineVerdict.VALID
    assert "internal-fault" not in {check.reason for check in report.checks}


def test_a_badge_too_slow_to_canonicalise_is_refused_in_words(simulator: Simulator) -> None:
    badge = simulator.good_badge() | {"evidence": [{"type": ["Evidence"]} for _ in range(300)]}
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.INVALID
    assert found(report, "proof") == ("failed", "canonicalization-limit")


@pytest.mark.parametrize(("alg", "verdict"), [("ES512", "unconfirmed"), ("PS256", "unconfirmed"), ("HS256", "invalid")])
def test_a_jwt_in_an_algorithm_that_is_not_read_is_unconfirmed_unless_anyone_could_sign_it(
    simulator: Simulator, alg: str, verdict: str
) -> None:
    _, payload, signature = simulator.sign_text(simulator.badge(), alg="ES256").split(".")
    header = base64url_encode(write_json({"alg": alg, "kid": "x"}))
    report = simulator.check(".".join([header, payload, signature]))
    assert report.genuine.verdict.value == verdict
    assert report.genuine.sentence


@pytest.mark.parametrize("place", ["badge", "proof"])
def test_an_empty_list_slipped_in_after_signing_is_found(simulator: Simulator, place: str) -> None:
    badge = simulator.good_badge()
    edit: JsonObject = {"evidence": []} if place == "badge" else {"proof": [badge["proof"][0] | {"domain": []}]}
    assert simulator.check(badge | edit).genuine.verdict is GenuineVerdict.INVALID


def test_a_badge_that_names_nobody_does_not_conform(simulator: Simulator) -> None:
    unsigned = edited(simulator.badge(), "credentialSubject", "identifier", value=...)
    unsigned["credentialSubject"].pop("id", None)
    report = simulator.check(simulator.sign(unsigned))
    assert report.genuine.verdict is GenuineVerdict.INVALID
    assert "nobody" in report.check("conforms").sentence
