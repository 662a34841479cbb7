"""Making signatures and proofs: knows private keys in memory, not where they are kept nor what may be signed."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn, Protocol, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from keys.multibase import base64url_encode, multibase_encode
from keys.public_key import KeyType, PublicKey, public_key_of
from keys.suites import SUITES
from keys.suites.data_integrity import unsecured
from keys.suites.jwt import JWS_ALGORITHMS, registered_claims
from schemas.errors import IssuingError, KeyRefused
from schemas.jsontext import JsonObject, write_json
from schemas.loader import CURRENT, ContextTexts
from schemas.times import write_time
from schemas.vocabulary import ASSERTION_METHOD, CREDENTIALS_V2, DATA_INTEGRITY_PROOF

_PrivateKey: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_RSA_BITS = 3_072  # NIST SP 800-57: 128 bits of strength, as the curves have


class Signer(Protocol):
    """Whatever holds a private key and signs with it: memory here, a hardware module elsewhere."""

    @property
    def key_type(self) -> KeyType: ...
    @property
    def public_key(self) -> PublicKey: ...
    def sign(self, message: bytes) -> bytes:
        """The raw signature that `public_key.verify` takes: r || s for ECDSA."""


class SoftwareSigner:
    """A private key in this process. It cannot be printed, copied or pickled by accident."""

    __slots__ = ("__private_key", "_public_key")

    def __init__(self, private_key: object) -> None:
        """Raises KeyRefused for a kind of key that is not used."""
        if not isinstance(private_key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise KeyRefused("Only Ed25519, P-256, P-384 and RSA keys are used here.")
        self._public_key = public_key_of(private_key.public_key())
        self.__private_key: _PrivateKey = private_key

    @classmethod
    def generate(cls, key_type: KeyType) -> SoftwareSigner:
        """A new key from the system's randomness."""
        match key_type:
            case KeyType.ED25519:
                return cls(ed25519.Ed25519PrivateKey.generate())
            case KeyType.P256:
                return cls(ec.generate_private_key(ec.SECP256R1()))
            case KeyType.P384:
                return cls(ec.generate_private_key(ec.SECP384R1()))
            case KeyType.RSA:
                return cls(rsa.generate_private_key(public_exponent=65_537, key_size=_RSA_BITS))

    @classmethod
    def from_secret(cls, key_type: KeyType, secret: bytes) -> SoftwareSigner:
        """The key of an Ed25519 seed or an ECDSA scalar (big-endian). Raises KeyRefused."""
        try:
            match key_type:
                case KeyType.ED25519:
                    return cls(ed25519.Ed25519PrivateKey.from_private_bytes(secret))
                case KeyType.P256:
                    return cls(ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1()))
                case KeyType.P384:
                    return cls(ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP384R1()))
        except ValueError:
            raise KeyRefused(f"The secret is not that of a {key_type} key.") from None
        raise KeyRefused("An RSA key is not made from one secret.")

    @classmethod
    def from_private_pkcs8(cls, data: bytes) -> SoftwareSigner:
        """The key of an unencrypted PKCS #8 text. Raises KeyRefused."""
        try:
            return cls(load_der_private_key(data, password=None))
        except (ValueError, TypeError):
            raise KeyRefused("The private key cannot be read.") from None

    def private_pkcs8(self) -> bytes:
        """The private key itself, unencrypted: for the keyring's envelope and nothing else."""
        return self.__private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def key_type(self) -> KeyType:
        return self._public_key.key_type

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Ed25519; ECDSA as r || s with the nonce of RFC 6979; or RSA PKCS #1 v1.5 with SHA-256."""
        private_key = self.__private_key
        if isinstance(private_key, ed25519.Ed25519PrivateKey):
            return private_key.sign(message)
        if isinstance(private_key, rsa.RSAPrivateKey):
            return private_key.sign(message, padding.PKCS1v15(), SHA256())
        digest, size = (SHA384(), 48) if self.key_type is KeyType.P384 else (SHA256(), 32)
        # A repeated or biased nonce gives the key away, so none is drawn.
        r, s = decode_dss_signature(private_key.sign(message, ec.ECDSA(digest, deterministic_signing=True)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def __repr__(self) -> str:
        return f"SoftwareSigner({self._public_key.multibase or self._public_key.thumbprint})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key does not leave its process")


def add_proof(
    document: JsonObject,
    *,
    signer: Signer,
    cryptosuite: str,
    verification_method: str,
    created: datetime,
    purpose: str = ASSERTION_METHOD,
    texts: ContextTexts = CURRENT,
) -> JsonObject:
    """A copy of `document` with one more proof, in an array after those it has (Data Integrity 4.2).

    Raises IssuingError for a suite that is not made or does not go with the key, ProofInvalid when the signer's
    signature does not verify with its own public key, and the DocumentErrors of `schemas.canonical`.
    """
    suite = SUITES.get(cryptosuite)
    if suite is None or suite.proof_type != DATA_INTEGRITY_PROOF:
        raise IssuingError(f"Proofs of the suite {cryptosuite!r} are not made here.")
    if signer.key_type not in suite.key_types:
        raise IssuingError(f"A {signer.key_type} key cannot make a {cryptosuite} proof.")
    if created.tzinfo is None:
        raise IssuingError("The signing time needs its zone.")
    proof = proof_options(
        cryptosuite=cryptosuite, verification_method=verification_method, created=created, purpose=purpose
    )
    if suite.contexts_in_proof and "@context" in document:
        proof["@context"] = document["@context"]
    signed = suite.hash_data(unsecured(document, proof), proof, key_type=signer.key_type, texts=texts)
    proof["proofValue"] = multibase_encode(_signature(signer, signed))
    earlier = document.get("proof", [])
    return document | {"proof": [*(earlier if isinstance(earlier, list) else [earlier]), proof]}


def proof_options(
    *, cryptosuite: str, verification_method: str, created: datetime, purpose: str = ASSERTION_METHOD
) -> JsonObject:
    """A proof before it is signed, without the contexts that the JCS suites repeat in it (Data Integrity 4.2)."""
    return {
        "type": DATA_INTEGRITY_PROOF,
        "cryptosuite": cryptosuite,
        "created": write_time(created),
        "verificationMethod": verification_method,
        "proofPurpose": purpose,
    }


def sign_jwt(credential: JsonObject, *, signer: Signer, kid: str, alg: str) -> str:
    """The VC-JWT of a VCDM 2.0 credential: itself and the claims that repeat it (OB 3.0, 8.2.4), compact.

    Its signature is as `sign_unchecked` makes it: a badge has its linked-data proof first, and is verified with both.
    Raises IssuingError for another data model, or when the algorithm does not go with the key.
    """
    if JWS_ALGORITHMS.get(alg) is not signer.key_type:
        raise IssuingError(f"A {signer.key_type} key cannot sign with {alg}.")
    head = jwt_header(kid=kid, alg=alg)
    signing_input = f"{head}.{base64url_encode(write_json(jwt_payload(credential)))}"
    return f"{signing_input}.{base64url_encode(sign_unchecked(signer, signing_input.encode('ascii')))}"


def jwt_header(*, kid: str, alg: str) -> str:
    """The first part of a VC-JWT."""
    return base64url_encode(write_json({"alg": alg, "kid": kid, "typ": "JWT"}))


def jwt_payload(credential: JsonObject) -> JsonObject:
    """What the second part of a VC-JWT holds. Raises IssuingError for another data model."""
    contexts = credential.get("@context")
    if not isinstance(contexts, list) or contexts[:1] != [CREDENTIALS_V2]:
        raise IssuingError("Only credentials of data model 2.0 are signed as VC-JWT.")
    return credential | registered_claims(credential)


def sign_unchecked(signer: Signer, message: bytes) -> bytes:
    """A signature that nobody has looked at: for badges, which the self-check verifies, alone or by a sample.

    Verifying takes three times as long as signing. What it guards against is in docs/decisions/0015: a fault in the
    machine that betrays a key needs two signatures of one message, and a batch signs each of its messages once.
    """
    return signer.sign(message)


def _signature(signer: Signer, message: bytes) -> bytes:
    """A signature that has been verified: a faulty signature can betray the key, and must not be published."""
    signature = signer.sign(message)
    signer.public_key.verify(signature, message)
    return signature
