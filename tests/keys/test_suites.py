"""Embedded proofs: their members, their value, and what each suite refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from keys.multikey import KeyType, base58btc_decode, base64url_encode, multibase_encode
from keys.signing import SoftwareSigner, add_proof
from keys.suites import SUITES, suite_of, verify_proof
from schemas.errors import BadgeError, DroppedTerm, IssuingError, ProofInvalid, ProofUnsupported, UnpinnedContext

AT = datetime(2026, 5, 3, 10, tzinfo=UTC)
SIGNERS = {
    KeyType.ED25519: SoftwareSigner.from_secret(KeyType.ED25519, bytes(range(32))),
    KeyType.P256: SoftwareSigner.from_secret(KeyType.P256, bytes(range(32))),
    KeyType.P384: SoftwareSigner.from_secret(KeyType.P384, bytes(range(48))),
}
RSA = SoftwareSigner.generate(KeyType.RSA)
BADGE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "https://badges.example/badges/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:badges.example", "type": ["Profile"], "name": "Demonstration provider"},
    "validFrom": "2026-05-03T10:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "id": "urn:uuid:5b1c2c1e-6a0e-4b0f-9d7d-0c6b5b6a7a11",
        "achievement": {
            "id": "https://badges.example/achievements/1",
            "type": ["Achievement"],
            "name": "He whakamātautau",
            "description": "A demonstration.",
            "criteria": {"narrative": "Be there."},
            "creditsAvailable": 15,
        },
    },
}
MAKING = [
    pytest.param("eddsa-rdfc-2022", KeyType.ED25519, id="eddsa-rdfc-2022"),
    pytest.param("eddsa-jcs-2022", KeyType.ED25519, id="eddsa-jcs-2022"),
    pytest.param("ecdsa-rdfc-2019", KeyType.P256, id="ecdsa-rdfc-2019 P-256"),
    pytest.param("ecdsa-rdfc-2019", KeyType.P384, id="ecdsa-rdfc-2019 P-384"),
    pytest.param("ecdsa-jcs-2019", KeyType.P256, id="ecdsa-jcs-2019 P-256"),
    pytest.param("ecdsa-jcs-2019", KeyType.P384, id="ecdsa-jcs-2019 P-384"),
]


def signed(suite: str = "eddsa-rdfc-2022", key_type: KeyType = KeyType.ED25519, **changes: Any) -> dict[str, Any]:
    return add_proof(
        changes.pop("document", BADGE),
        signer=changes.pop("signer", SIGNERS[key_type]),
        cryptosuite=suite,
        verification_method="did:web:badges.example#key-1",
        created=AT,
        **changes,
    )


@pytest.mark.parametrize(("suite", "key_type"), MAKING)
def test_a_proof_that_was_made_verifies(suite: str, key_type: KeyType) -> None:
    document = signed(suite, key_type)
    (proof,) = document["proof"]
    assert proof["created"] == "2026-05-03T10:00:00Z"
    assert ("@context" in proof) == ("-jcs-" in suite)
    verify_proof(document, proof, SIGNERS[key_type].public_key)


def test_what_is_signed_is_left_as_it_was() -> None:
    before = json.dumps(BADGE)
    signed()
    assert json.dumps(BADGE) == before


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, (*path, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, (*path, index))
    else:
        yield path, value


@pytest.mark.parametrize(("suite", "key_type"), MAKING)
def test_no_edit_of_one_leaf_survives(suite: str, key_type: KeyType) -> None:
    document = signed(suite, key_type)
    for path, value in leaves(document):
        edited = json.loads(json.dumps(document))
        place = edited
        for step in path[:-1]:
            place = place[step]
        for changed in (f"{value}x", "", None):
            place[path[-1]] = changed
            with pytest.raises(BadgeError):  # noqa: PT012 # the second statement names the edit that passed
                verify_proof(edited, edited["proof"][0], SIGNERS[key_type].public_key)
                pytest.fail(f"{path} may be {changed!r}")
        del place[path[-1]]
        with pytest.raises(BadgeError):  # noqa: PT012 # as above
            verify_proof(edited, edited["proof"][0], SIGNERS[key_type].public_key)
            pytest.fail(f"{path} may go")


@pytest.mark.parametrize(("suite", "key_type"), MAKING)
def test_another_key_does_not_verify(suite: str, key_type: KeyType) -> None:
    document = signed(suite, key_type)
    for other in (SoftwareSigner.generate(key_type), *SIGNERS.values(), RSA):
        if other is not SIGNERS[key_type]:
            with pytest.raises(ProofInvalid):
                verify_proof(document, document["proof"][0], other.public_key)


OLD_CONTEXTS = ["https://www.w3.org/2018/credentials/v1", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
OLD_BADGE = {name: value for name, value in BADGE.items() if name != "validFrom"} | {
    "issuanceDate": "2024-05-03T10:00:00Z"
}


def test_an_old_badge_with_an_old_signature_verifies() -> None:
    """VCDM 1.1 and Ed25519Signature2020: read, so that what was honestly issued stays good."""
    signer = SIGNERS[KeyType.ED25519]
    document = OLD_BADGE | {"@context": [*OLD_CONTEXTS, "https://w3id.org/security/suites/ed25519-2020/v1"]}
    options = {
        "type": "Ed25519Signature2020",
        "created": "2024-05-03T10:00:00Z",
        "verificationMethod": "did:web:badges.example#key-1",
        "proofPurpose": "assertionMethod",
    }
    signed_bytes = SUITES["Ed25519Signature2020"].hash_data(document, options, key_type=signer.key_type)
    proof = options | {"proofValue": multibase_encode(signer.sign(signed_bytes))}
    verify_proof(document | {"proof": proof}, proof, signer.public_key)
    with pytest.raises(ProofInvalid):
        verify_proof(document | {"proof": proof, "id": "urn:uuid:x"}, proof, signer.public_key)
    with pytest.raises(ProofInvalid):
        verify_proof(document | {"proof": proof}, proof, SIGNERS[KeyType.P256].public_key)


def test_an_old_badge_with_a_data_integrity_proof_verifies() -> None:
    document = signed(document=OLD_BADGE | {"@context": [*OLD_CONTEXTS, "https://w3id.org/security/data-integrity/v2"]})
    verify_proof(document, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)


def test_a_proof_that_the_contexts_of_the_badge_do_not_know_is_an_error() -> None:
    document = OLD_BADGE | {"@context": OLD_CONTEXTS}
    with pytest.raises(DroppedTerm):
        signed(document=document)


def test_a_second_proof_stands_beside_the_first_and_both_verify() -> None:
    document = signed("ecdsa-rdfc-2019", KeyType.P256, document=signed())
    first, second = document["proof"]
    verify_proof(document, first, SIGNERS[KeyType.ED25519].public_key)
    verify_proof(document, second, SIGNERS[KeyType.P256].public_key)


def test_a_single_proof_becomes_the_first_of_the_array() -> None:
    once = signed()
    twice = signed(document=once | {"proof": once["proof"][0]})
    assert twice["proof"] == [once["proof"][0]] * 2


SIGNATURE = base58btc_decode(signed()["proof"][0]["proofValue"][1:])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"type": ["DataIntegrityProof"]}, id="the type in a list"),
        pytest.param({"type": None}, id="no type"),
        pytest.param({"cryptosuite": ["eddsa-rdfc-2022"]}, id="the suite in a list"),
        pytest.param({"cryptosuite": None}, id="no suite"),
        pytest.param({"proofValue": None}, id="no value"),
        pytest.param({"proofValue": ""}, id="an empty value"),
        pytest.param({"proofValue": [multibase_encode(SIGNATURE)]}, id="the value in a list"),
        pytest.param({"proofValue": multibase_encode(SIGNATURE)[1:]}, id="no multibase prefix"),
        pytest.param({"proofValue": "u" + base64url_encode(SIGNATURE)}, id="base64url"),
        pytest.param({"proofValue": "m" + base64url_encode(SIGNATURE)}, id="base64"),
        pytest.param({"proofValue": multibase_encode(SIGNATURE) + " "}, id="a space behind"),
        pytest.param({"proofValue": "z0" + multibase_encode(SIGNATURE)[1:]}, id="a character outside base58"),
        pytest.param({"proofValue": "z1" + multibase_encode(SIGNATURE)[1:]}, id="a zero byte in front"),
        pytest.param({"proofValue": multibase_encode(SIGNATURE + b"\0")}, id="one byte too many"),
        pytest.param({"proofValue": multibase_encode(SIGNATURE[:-1])}, id="one byte too few"),
        pytest.param({"proofValue": multibase_encode(SIGNATURE * 2)}, id="two signatures"),
        pytest.param({"proofValue": "z" + "2" * 100_000}, id="a value far over the limit"),
        pytest.param({"proofValue": multibase_encode(bytes(64))}, id="all zeros"),
        pytest.param({"verificationMethod": {"id": "did:web:badges.example#key-1"}}, id="an embedded method"),
        pytest.param({"verificationMethod": None}, id="no method"),
        pytest.param({"proofPurpose": ["assertionMethod"]}, id="the purpose in a list"),
        pytest.param({"proofPurpose": None}, id="no purpose"),
        pytest.param({"created": 1_777_000_000}, id="a signing time that is a number"),
        pytest.param({"created": ["2026-05-03T10:00:00Z"]}, id="a signing time in a list"),
        pytest.param({"expires": 5}, id="an end that is a number"),
        pytest.param({"id": 5}, id="an id that is a number"),
        pytest.param({"domain": 5}, id="a domain that is a number"),
        pytest.param({"domain": [5]}, id="domains that are numbers"),
        pytest.param({"challenge": []}, id="a challenge that is a list"),
        pytest.param({"previousProof": {}}, id="an earlier proof that is an object"),
        pytest.param({"previousProof": "urn:uuid:nobody"}, id="an earlier proof that is not there"),
        pytest.param({"@context": ["https://www.w3.org/ns/credentials/v2"]}, id="contexts of its own"),
        pytest.param({"@context": {"created": "urn:x"}}, id="a context of its own making"),
    ],
)
def test_a_proof_that_is_not_well_formed_is_invalid(changes: dict[str, Any]) -> None:
    document = signed()
    proof = {name: value for name, value in (document["proof"][0] | changes).items() if value is not None}
    with pytest.raises(ProofInvalid):
        verify_proof(document | {"proof": [proof]}, proof, SIGNERS[KeyType.ED25519].public_key)


@pytest.mark.parametrize("proof", ["z", None, [], 5])
def test_what_is_no_object_is_no_proof(proof: Any) -> None:
    with pytest.raises(ProofInvalid):
        suite_of(proof)


@pytest.mark.parametrize(
    ("kind", "suite"),
    [
        ("DataIntegrityProof", "eddsa-2022"),
        ("DataIntegrityProof", "eddsa-rdf-2022"),
        ("DataIntegrityProof", "bbs-2023"),
        ("DataIntegrityProof", "EDDSA-RDFC-2022"),
        ("DataIntegrityProof", ""),
        ("DataIntegrityProof", "Ed25519Signature2020"),
        ("Ed25519Signature2018", None),
        ("RsaSignature2018", "eddsa-rdfc-2022"),
        ("JsonWebSignature2020", None),
    ],
)
def test_a_suite_that_is_not_read_is_unsupported_and_not_invalid(kind: str, suite: str | None) -> None:
    with pytest.raises(ProofUnsupported):
        suite_of({"type": kind} | ({} if suite is None else {"cryptosuite": suite}))


def test_a_proof_member_that_json_ld_would_drop_is_an_error() -> None:
    document = signed()
    proof = document["proof"][0] | {"grade": "A+"}
    with pytest.raises(DroppedTerm):
        verify_proof(document | {"proof": [proof]}, proof, SIGNERS[KeyType.ED25519].public_key)


def test_a_claim_that_json_ld_would_drop_is_an_error() -> None:
    document = signed() | {"nzqaLevel": 9}
    with pytest.raises(DroppedTerm):
        verify_proof(document, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)


def test_a_context_that_is_not_held_is_said_so() -> None:
    document = signed()
    contexts = [*BADGE["@context"], "https://unknown.example/v1"]
    with pytest.raises(UnpinnedContext):
        verify_proof(document | {"@context": contexts}, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)


def test_json_suites_read_no_context_and_take_more_behind_those_signed() -> None:
    """eddsa-jcs-2022, 3.3.2, step 4."""
    document = signed("eddsa-jcs-2022")
    contexts = [*BADGE["@context"], "https://unknown.example/v1"]
    verify_proof(document | {"@context": contexts}, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)
    for wrong in (contexts[1:], contexts[::-1], contexts[:1], [], contexts[0]):
        with pytest.raises(ProofInvalid):
            verify_proof(document | {"@context": wrong}, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)


def test_json_suites_sign_a_document_without_contexts() -> None:
    """A register edition is such a document."""
    document = signed("eddsa-jcs-2022", document={"edition": 1, "records": ["ā", 1.5]})
    assert "@context" not in document["proof"][0]
    verify_proof(document, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)
    with pytest.raises(ProofInvalid):
        verify_proof(document | {"edition": 2}, document["proof"][0], SIGNERS[KeyType.ED25519].public_key)


@pytest.mark.parametrize(
    ("suite", "key_type"),
    [
        pytest.param("Ed25519Signature2020", KeyType.ED25519, id="a suite that is only read"),
        pytest.param("ecdsa-sd-2023", KeyType.P256, id="a suite that is unknown"),
        pytest.param("eddsa-rdfc-2022", KeyType.P256, id="a key of another kind"),
        pytest.param("ecdsa-rdfc-2019", KeyType.ED25519, id="a key of another kind for ECDSA"),
    ],
)
def test_a_proof_that_is_not_made_here_is_refused(suite: str, key_type: KeyType) -> None:
    with pytest.raises(IssuingError):
        signed(suite, key_type)


def test_an_rsa_key_makes_no_embedded_proof() -> None:
    for suite in SUITES:
        with pytest.raises(IssuingError):
            signed(suite, signer=RSA)


def test_a_signing_time_without_a_zone_is_refused() -> None:
    with pytest.raises(IssuingError):
        add_proof(
            BADGE,
            signer=SIGNERS[KeyType.ED25519],
            cryptosuite="eddsa-rdfc-2022",
            verification_method="did:web:badges.example#key-1",
            created=datetime(2026, 5, 3, 10),  # noqa: DTZ001 # the defect
        )


def test_a_claim_that_would_be_lost_is_not_signed() -> None:
    with pytest.raises(DroppedTerm):
        signed(document=BADGE | {"nzqaLevel": 4})


class Faulty:
    """A signer whose hardware has a bad day."""

    key_type = KeyType.ED25519
    public_key = SIGNERS[KeyType.ED25519].public_key

    def sign(self, message: bytes) -> bytes:
        return SoftwareSigner.generate(KeyType.ED25519).sign(message)


def test_a_faulty_signature_is_never_published() -> None:
    with pytest.raises(ProofInvalid):
        signed(signer=Faulty())
