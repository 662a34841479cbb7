"""The cryptosuites, one module each, and the check of one embedded proof: public keys only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keys.multibase import base58btc_decode
from keys.public_key import KeyType, PublicKey
from keys.suites import ecdsa_jcs_2019, ecdsa_rdfc_2019, ed25519_signature_2020, eddsa_jcs_2022, eddsa_rdfc_2022
from keys.suites.data_integrity import SIGNATURE_BYTES, SelectiveSuite, Suite, unsecured
from keys.suites.ecdsa_sd_2023 import verify_derived
from schemas.errors import InputError, ProofInvalid, ProofUnsupported
from schemas.jsontext import JsonObject, JsonValue
from schemas.loader import CURRENT, ContextTexts
from schemas.vocabulary import DATA_INTEGRITY_PROOF, ECDSA_SD_2023, ED25519_SIGNATURE_2020

__all__ = ["SUITES", "Suite", "suite_of", "verify_proof"]

SUITES: Mapping[str, Suite] = MappingProxyType(
    {
        suite.name: suite
        for suite in (
            eddsa_rdfc_2022.SUITE,
            ecdsa_rdfc_2019.SUITE,
            eddsa_jcs_2022.SUITE,
            ecdsa_jcs_2019.SUITE,
            ed25519_signature_2020.SUITE,
        )
    }
)

_SELECTIVE = SelectiveSuite(name=ECDSA_SD_2023, key_types=(KeyType.P256,))

_TEXTS = ("type", "verificationMethod", "proofPurpose", "proofValue")
_TEXTS_IF_PRESENT = ("id", "created", "expires", "challenge", "nonce", "cryptosuite")
_TEXT_OR_TEXTS = ("domain", "previousProof")


def suite_of(proof: JsonValue) -> Suite | SelectiveSuite:
    """The suite a proof names. Raises ProofInvalid for what is no proof, ProofUnsupported for a suite not read."""
    if not isinstance(proof, dict):
        raise ProofInvalid("The proof is not an object.")
    kind, name = proof.get("type"), proof.get("cryptosuite")
    if kind == ED25519_SIGNATURE_2020:
        return SUITES[ED25519_SIGNATURE_2020]
    if not isinstance(kind, str) or (kind == DATA_INTEGRITY_PROOF and not isinstance(name, str)):
        raise ProofInvalid("The proof does not say its type and cryptosuite as single texts.")
    if kind == DATA_INTEGRITY_PROOF and name == ECDSA_SD_2023:
        return _SELECTIVE
    suite = SUITES.get(str(name)) if kind == DATA_INTEGRITY_PROOF else None
    if suite is None or suite.proof_type != kind:
        shown = name if kind == DATA_INTEGRITY_PROOF else kind
        raise ProofUnsupported(f"Proofs of the kind {str(shown)[:60]!r} are not read.")
    return suite


def verify_proof(
    document: JsonObject, proof: JsonObject, public_key: PublicKey, *, texts: ContextTexts = CURRENT
) -> None:
    """Return when `proof` was made by `public_key` over `document`, given whole; else raise (Data Integrity 4.4).

    Judges the mathematics alone: whose key it is, its purpose and its dates are for the caller. A proof in a chain
    covers the proofs that its `previousProof` names, which the caller verifies too. Raises ProofInvalid,
    ProofUnsupported, or a DocumentError (UnpinnedContext, DroppedTerm, CanonicalizationLimit) for a document that
    has no canonical form.
    """
    # 1. A suite we know, and members of the types they must have.
    suite = suite_of(proof)
    _check_members(proof)
    # 2. The key's kind decides the algorithm; the proof may only agree.
    if public_key.key_type not in suite.key_types:
        raise ProofInvalid(f"A {suite.name} proof cannot be made with a {public_key.key_type} key.")
    if isinstance(suite, SelectiveSuite):
        verify_derived(unsecured(document, proof), proof, public_key, texts=texts)
        return
    signature = _signature(proof["proofValue"], SIGNATURE_BYTES[public_key.key_type])
    # 3. What was signed.
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    signed = suite.hash_data(unsecured(document, options), options, key_type=public_key.key_type, texts=texts)
    # 4. The signature.
    public_key.verify(signature, signed)


def _check_members(proof: JsonObject) -> None:
    for name in _TEXTS:
        if not isinstance(proof.get(name), str):
            raise ProofInvalid(f"The proof has no {name!r}, or it is not a text.")
    for name in _TEXTS_IF_PRESENT:
        if name in proof and not isinstance(proof[name], str):
            raise ProofInvalid(f"The proof's {name!r} is not a text.")
    for name in _TEXT_OR_TEXTS:
        value = proof.get(name, "")
        if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise ProofInvalid(f"The proof's {name!r} is neither a text nor a list of texts.")


def _signature(proof_value: str, expected_bytes: int) -> bytes:
    if not proof_value.startswith("z"):
        raise ProofInvalid("The proofValue does not begin with 'z' (base58btc).")
    try:
        signature = base58btc_decode(proof_value[1:])
    except InputError as error:
        raise ProofInvalid(f"The proofValue cannot be read. {error.detail}") from None
    if len(signature) != expected_bytes:
        raise ProofInvalid(f"The proofValue has {len(signature)} bytes; it must have {expected_bytes}.")
    return signature
