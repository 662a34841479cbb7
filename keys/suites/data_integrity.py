"""What the Data Integrity cryptosuites share: from document and proof to the bytes that are signed (section 4)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from keys.public_key import KeyType
from schemas.canonical import canonicalize, jcs
from schemas.errors import ProofInvalid
from schemas.jsontext import JsonObject, JsonValue, write_json
from schemas.limits import MAX_PROOFS
from schemas.loader import CURRENT, ContextTexts
from schemas.vocabulary import DATA_INTEGRITY_PROOF

SIGNATURE_BYTES = {KeyType.ED25519: 64, KeyType.P256: 64, KeyType.P384: 96}
_MAX_REMEMBERED_CHARS = 2_048  # an honest proof configuration has some 400
_HASHES = {KeyType.ED25519: "sha256", KeyType.P256: "sha256", KeyType.P384: "sha384"}


class Suite(Protocol):
    """One cryptosuite. `document` never has its proofs (save the earlier ones of a chain), `options` no proofValue."""

    @property
    def name(self) -> str: ...
    @property
    def proof_type(self) -> str: ...
    @property
    def key_types(self) -> tuple[KeyType, ...]: ...
    @property
    def contexts_in_proof(self) -> bool:
        """Whether Create Proof, step 2, repeats the document's contexts in the proof (the JCS suites)."""

    def canonical_document(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts
    ) -> bytes:
        """The transformed document: what a statement about the credential is, byte for byte."""

    def canonical_options(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts
    ) -> bytes:
        """The canonical proof configuration."""

    def hash_data(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts = CURRENT
    ) -> bytes:
        """The bytes that are signed: hash of the proof configuration, then hash of the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RdfcSuite:
    """A suite over RDF Dataset Canonicalization: eddsa-rdfc-2022, ecdsa-rdfc-2019, Ed25519Signature2020."""

    name: str
    key_types: tuple[KeyType, ...]
    proof_type: str = DATA_INTEGRITY_PROOF
    contexts_in_proof: bool = False

    def canonical_document(
        self, document: JsonObject, _options: JsonObject, *, key_type: KeyType, texts: ContextTexts
    ) -> bytes:
        # ecdsa-rdfc-2019, 3.2.3: the hash inside the canonicalisation is of the curve's strength too.
        return canonicalize(document, texts=texts, hash_name=_HASHES[key_type])

    def canonical_options(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts
    ) -> bytes:
        # Proof Configuration, step 4: the document's contexts. A proof that brings others would be read by some
        # programs as saying something else, and nothing signed would show it.
        contexts = document.get("@context")
        if "@context" in options and options["@context"] != contexts:
            raise ProofInvalid("The proof has contexts of its own, which differ from the document's.")
        configuration = options if contexts is None else options | {"@context": contexts}
        return _canonical_configuration(configuration, texts=texts, hash_name=_HASHES[key_type])

    def hash_data(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts = CURRENT
    ) -> bytes:
        return _hash_data(self, document, options, key_type, texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class JcsSuite:
    """A suite over the JSON Canonicalization Scheme: eddsa-jcs-2022, ecdsa-jcs-2019."""

    name: str
    key_types: tuple[KeyType, ...]
    proof_type: str = DATA_INTEGRITY_PROOF
    contexts_in_proof: bool = True

    def canonical_document(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts
    ) -> bytes:
        del key_type, texts  # JCS has no hash inside and reads no contexts
        if "@context" not in options:
            return jcs(document)
        # Verify Proof, step 4: the document's contexts begin with the proof's, which are the ones that were signed.
        signed = options["@context"]
        contexts, signed_contexts = _as_list(document.get("@context", [])), _as_list(signed)
        if contexts[: len(signed_contexts)] != signed_contexts:
            raise ProofInvalid("The contexts of the document do not begin with those of the proof.")
        return jcs(document | {"@context": signed})

    def canonical_options(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts
    ) -> bytes:
        del document, key_type, texts
        return jcs(options)

    def hash_data(
        self, document: JsonObject, options: JsonObject, *, key_type: KeyType, texts: ContextTexts = CURRENT
    ) -> bytes:
        return _hash_data(self, document, options, key_type, texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveSuite:
    """A suite in which a holder discloses some statements: only a proof derived by the holder verifies (read only)."""

    name: str
    key_types: tuple[KeyType, ...]
    proof_type: str = DATA_INTEGRITY_PROOF


def _canonical_configuration(configuration: JsonObject, *, texts: ContextTexts, hash_name: str) -> bytes:
    """Its canonical form, remembered by its text: the badges of one class were signed at one moment with one key."""
    text = write_json(configuration)
    if len(text) > _MAX_REMEMBERED_CHARS:
        return canonicalize(configuration, texts=texts, hash_name=hash_name)
    return _canonical_text(text, texts, hash_name)


@lru_cache(maxsize=512)
def _canonical_text(text: bytes, texts: ContextTexts, hash_name: str) -> bytes:
    return canonicalize(json.loads(text), texts=texts, hash_name=hash_name)


def _hash_data(
    suite: Suite, document: JsonObject, options: JsonObject, key_type: KeyType, texts: ContextTexts
) -> bytes:
    """Hashing: proofConfigHash || transformedDocumentHash, by SHA-384 for P-384 keys and SHA-256 for all others."""
    canonical_options = suite.canonical_options(document, options, key_type=key_type, texts=texts)
    canonical_document = suite.canonical_document(document, options, key_type=key_type, texts=texts)
    digest = _HASHES[key_type]
    return hashlib.new(digest, canonical_options).digest() + hashlib.new(digest, canonical_document).digest()


def unsecured(document: JsonObject, options: JsonObject) -> JsonObject:
    """What a proof speaks of: the document without its proofs, save those that `previousProof` names (4.3).

    Raises ProofInvalid when a named proof is missing or its id stands twice.
    """
    bare = {name: value for name, value in document.items() if name != "proof"}
    named = _as_list(options.get("previousProof", []))
    if not named:
        return bare
    if len(named) > MAX_PROOFS:
        raise ProofInvalid(f"The proof builds on {len(named)} others; the limit is {MAX_PROOFS}.")
    proofs = [proof for proof in _as_list(document.get("proof", [])) if isinstance(proof, dict)]
    matching = []
    for name in named:
        found = [proof for proof in proofs if proof.get("id") == name]
        if len(found) != 1:
            raise ProofInvalid(f"The proof builds on {str(name)[:100]!r}, which is not there exactly once.")
        matching.append(found[0])
    return bare | {"proof": matching}


def _as_list(value: JsonValue) -> list[Any]:
    return value if isinstance(value, list) else [value]
