"""The W3C and 1EdTech vectors, byte for byte: canonical forms, hashes, signatures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keys.multikey import base58btc_decode, parse_multikey
from keys.signing import SoftwareSigner, add_proof
from keys.suites import suite_of, verify_proof
from keys.suites.data_integrity import unsecured
from schemas.errors import BadgeError, ProofInvalid
from schemas.loader import CURRENT
from schemas.times import parse_time

VECTORS = Path(__file__).parents[1] / "vectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    folder: str
    ending: str
    signed: str = "signed"

    def text(self, name: str) -> str:
        return (VECTORS / self.folder / f"{name}{self.ending}.txt").read_text(encoding="utf-8")

    def hexadecimal(self, name: str) -> str:
        return self.text(name).strip()

    def document(self, name: str = "signed") -> Any:
        return json.loads((VECTORS / self.folder / f"{name}{self.ending}.json").read_bytes())


W3C = [
    pytest.param(Vector(folder="w3c-eddsa/eddsa-rdfc-2022", ending="DataInt"), id="eddsa-rdfc-2022"),
    pytest.param(Vector(folder="w3c-eddsa/eddsa-rdfc-2022/employ", ending="DataInt"), id="eddsa-rdfc-2022 employment"),
    pytest.param(Vector(folder="w3c-eddsa/eddsa-jcs-2022", ending="JCS"), id="eddsa-jcs-2022"),
    pytest.param(Vector(folder="w3c-eddsa/Ed25519Signature2020", ending="EdSig"), id="Ed25519Signature2020"),
    pytest.param(Vector(folder="w3c-ecdsa/ecdsa-rdfc-2019-p256", ending="ECDSAP256"), id="ecdsa-rdfc-2019 P-256"),
    pytest.param(
        Vector(folder="w3c-ecdsa/ecdsa-rdfc-2019-p256/employ", ending="ECDSAP256"),
        id="ecdsa-rdfc-2019 P-256 employment",
    ),
    pytest.param(Vector(folder="w3c-ecdsa/ecdsa-rdfc-2019-p384", ending="ECDSAP384"), id="ecdsa-rdfc-2019 P-384"),
    pytest.param(
        Vector(folder="w3c-ecdsa/ecdsa-rdfc-2019-p384/employ", ending="ECDSAP384"),
        id="ecdsa-rdfc-2019 P-384 employment",
    ),
    pytest.param(Vector(folder="w3c-ecdsa/ecdsa-jcs-2019-p256", ending="JCSECDSAP256"), id="ecdsa-jcs-2019 P-256"),
    pytest.param(Vector(folder="w3c-ecdsa/ecdsa-jcs-2019-p384", ending="JCSECDSAP384"), id="ecdsa-jcs-2019 P-384"),
]


@pytest.mark.parametrize("vector", W3C)
def test_every_step_of_a_w3c_vector_is_reproduced(vector: Vector) -> None:
    document = vector.document()
    proof = document["proof"]
    suite = suite_of(proof)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    key = parse_multikey(proof["verificationMethod"].partition("#")[2])
    bare = unsecured(document, options)

    canonical = suite.canonical_document(bare, options, key_type=key.key_type, texts=CURRENT)
    assert canonical.decode() == vector.text("canonDoc")
    configuration = suite.canonical_options(bare, options, key_type=key.key_type, texts=CURRENT)
    assert configuration.decode() == vector.text("proofCanon")

    hashed = suite.hash_data(bare, options, key_type=key.key_type).hex()
    assert hashed == vector.hexadecimal("proofHash") + vector.hexadecimal("docHash")
    assert hashed == vector.hexadecimal("combinedHash")

    assert proof["proofValue"] == vector.hexadecimal("sigBTC58")
    assert base58btc_decode(proof["proofValue"][1:]).hex() == vector.hexadecimal("sigHex")
    verify_proof(document, proof, key)


@pytest.mark.parametrize("vector", W3C)
def test_a_w3c_vector_with_its_last_claim_changed_fails(vector: Vector) -> None:
    document = vector.document()
    key = parse_multikey(document["proof"]["verificationMethod"].partition("#")[2])
    with pytest.raises(ProofInvalid):
        verify_proof(document | {"validFrom": "2023-01-01T00:00:01Z"}, document["proof"], key)


SECRETS = {
    **{pair["publicKeyMultibase"]: pair["privateKeyMultibase"] for pair in (
        json.loads((VECTORS / "w3c-eddsa/keyPair.json").read_bytes()),
        *json.loads((VECTORS / "w3c-eddsa/proof-set-chain/multiKeyPairs.json").read_bytes()).values(),
    )},
    **{pair["publicKeyMultibase"]: pair["secretKeyMultibase"] for pair in (
        json.loads((VECTORS / "w3c-ecdsa/p256KeyPair.json").read_bytes()),
        json.loads((VECTORS / "w3c-ecdsa/p384KeyPair.json").read_bytes()),
    )},
}  # fmt: skip


def signer_of(public: str) -> SoftwareSigner:
    """The signer of a published test key: two bytes of multicodec prefix, then the secret."""
    return SoftwareSigner.from_secret(parse_multikey(public).key_type, base58btc_decode(SECRETS[public][1:])[2:])


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(Vector(folder="w3c-eddsa/eddsa-rdfc-2022", ending="DataInt"), id="eddsa-rdfc-2022"),
        pytest.param(Vector(folder="w3c-eddsa/eddsa-jcs-2022", ending="JCS"), id="eddsa-jcs-2022"),
        # Deterministic ECDSA (RFC 6979), as the vectors were made.
        pytest.param(Vector(folder="w3c-ecdsa/ecdsa-rdfc-2019-p256", ending="ECDSAP256"), id="ecdsa-rdfc-2019 P-256"),
        pytest.param(Vector(folder="w3c-ecdsa/ecdsa-rdfc-2019-p384", ending="ECDSAP384"), id="ecdsa-rdfc-2019 P-384"),
        pytest.param(Vector(folder="w3c-ecdsa/ecdsa-jcs-2019-p256", ending="JCSECDSAP256"), id="ecdsa-jcs-2019 P-256"),
        pytest.param(Vector(folder="w3c-ecdsa/ecdsa-jcs-2019-p384", ending="JCSECDSAP384"), id="ecdsa-jcs-2019 P-384"),
    ],
)
def test_signing_the_w3c_document_gives_the_w3c_proof(vector: Vector) -> None:
    expected = vector.document()
    proof = expected["proof"]
    made = add_proof(
        {name: value for name, value in expected.items() if name != "proof"},
        signer=signer_of(proof["verificationMethod"].partition("#")[2]),
        cryptosuite=proof["cryptosuite"],
        verification_method=proof["verificationMethod"],
        created=parse_time(proof["created"]),
    )
    assert made == expected | {"proof": [proof]}


@pytest.mark.parametrize("name", ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"])
def test_every_proof_of_a_w3c_set_or_chain_verifies(name: str) -> None:
    document = json.loads((VECTORS / f"w3c-eddsa/proof-set-chain/{name}.json").read_bytes())
    proofs = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]
    for proof in proofs:
        verify_proof(document, proof, parse_multikey(proof["verificationMethod"].partition("#")[2]))


@pytest.mark.parametrize(
    ("chain", "number"), [pytest.param(1, 2, id="on a set of two"), pytest.param(2, 3, id="on a chain")]
)
def test_a_chained_proof_covers_exactly_the_w3c_document(chain: int, number: int) -> None:
    folder = VECTORS / "w3c-eddsa/proof-set-chain"
    document = json.loads((folder / f"signedProofChain{chain}.json").read_bytes())
    options = {name: value for name, value in document["proof"][number].items() if name != "proofValue"}
    assert unsecured(document, options) == json.loads((folder / f"proofChainTempDoc{chain}.json").read_bytes())


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(lambda proofs: [*proofs[:1], *proofs[2:]], id="an earlier proof is missing"),
        pytest.param(lambda proofs: [proofs[0], *proofs], id="an earlier proof stands twice"),
        pytest.param(
            lambda proofs: [proofs[0] | {"proofValue": proofs[1]["proofValue"]}, *proofs[1:]],
            id="an earlier proof was changed",
        ),
        pytest.param(
            lambda proofs: [*proofs[:2], proofs[2] | {"previousProof": [proofs[0]["id"]]}, *proofs[3:]],
            id="the chain was cut",
        ),
        pytest.param(lambda proofs: [*proofs[:2], proofs[2] | {"previousProof": "urn:x"}], id="an id nobody has"),
        pytest.param(lambda proofs: [*proofs[:2], proofs[2] | {"previousProof": 7}], id="an id that is a number"),
        pytest.param(
            lambda proofs: [*proofs[:2], proofs[2] | {"previousProof": [proofs[0]["id"]] * 9}], id="more than the limit"
        ),
    ],
)
def test_a_broken_w3c_chain_fails(defect: Any) -> None:
    document = json.loads((VECTORS / "w3c-eddsa/proof-set-chain/signedProofChain1.json").read_bytes())
    key = parse_multikey(document["proof"][2]["verificationMethod"].partition("#")[2])
    document["proof"] = defect(document["proof"])
    last = next(proof for proof in document["proof"] if "previousProof" in proof)
    with pytest.raises(ProofInvalid):
        verify_proof(document, last, key)


def test_the_1edtech_vector_is_reproduced_byte_for_byte() -> None:
    vector = json.loads((VECTORS / "ob3-linked-data/ob3-linked-data-proof.json").read_bytes())
    key = parse_multikey(vector["publicKeyMultibase"])
    assert key.encoded.hex() == vector["publicKeyHex"]
    document, options = vector["unsecuredDocument"], vector["proofOptions"]
    suite = suite_of(vector["proof"])

    canonical = suite.canonical_document(document, options, key_type=key.key_type, texts=CURRENT)
    assert canonical.decode() == vector["canonicalDocument"]
    configuration = suite.canonical_options(document, options, key_type=key.key_type, texts=CURRENT)
    assert configuration.decode() == vector["canonicalProofConfig"]
    hashed = suite.hash_data(document, options, key_type=key.key_type)
    assert hashed.hex() == vector["proofConfigHashHex"] + vector["documentHashHex"]

    signer = SoftwareSigner.from_secret(key.key_type, bytes.fromhex(vector["privateKeySeedHex"]))
    assert signer.public_key == key
    assert signer.sign(hashed).hex() == vector["signatureHex"]
    made = add_proof(
        document,
        signer=signer,
        cryptosuite=options["cryptosuite"],
        verification_method=options["verificationMethod"],
        created=parse_time(options["created"]),
    )
    assert made == vector["securedDocument"]
    verify_proof(made, vector["proof"], key)


@pytest.mark.parametrize("form", [pytest.param(dict, id="single"), pytest.param(lambda proof: [proof], id="array")])
def test_the_proof_may_stand_single_or_in_an_array(form: Any) -> None:
    vector = json.loads((VECTORS / "ob3-linked-data/ob3-linked-data-proof.json").read_bytes())
    document = vector["unsecuredDocument"] | {"proof": form(vector["proof"])}
    verify_proof(document, vector["proof"], parse_multikey(vector["publicKeyMultibase"]))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _leaves(member, (*path, key))
    if not isinstance(value, dict | list):
        yield path, value


def _edited(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


@pytest.mark.parametrize("vector", W3C)
def test_no_edit_of_one_value_survives(vector: Vector) -> None:
    document = vector.document()
    key = parse_multikey(document["proof"]["verificationMethod"].partition("#")[2])
    for path, value in _leaves(document):
        for changed in (f"{value}x", f"x{value}", "", None, 1):
            edited = _edited(document, path, changed)
            with pytest.raises(BadgeError):  # noqa: PT012 # the second statement names the edit that passed
                verify_proof(edited, edited["proof"], key)
                pytest.fail(f"{path} may be {changed!r}")
