"""Which cryptosuite and JWT algorithm each type of key signs with, of those this project issues."""

from __future__ import annotations

from keys.multikey import KeyType
from keys.signing import Signer
from schemas.errors import IssuingError
from schemas.vocabulary import ECDSA_RDFC_2019, EDDSA_RDFC_2022

KEY_TYPES = {
    EDDSA_RDFC_2022: KeyType.ED25519,
    ECDSA_RDFC_2019: KeyType.P256,
    "ES256": KeyType.P256,
    "RS256": KeyType.RSA,
}
_SUITES = {KeyType.ED25519: EDDSA_RDFC_2022, KeyType.P256: ECDSA_RDFC_2019}
_ALGORITHMS = {KeyType.P256: "ES256", KeyType.RSA: "RS256"}


def suite_of(signer: Signer) -> str:
    """The Data Integrity cryptosuite for this key. Raises IssuingError."""
    suite = _SUITES.get(signer.key_type)
    if suite is None:
        raise IssuingError(f"A key of type {signer.key_type} makes no linked-data proof here; use Ed25519 or P-256.")
    return suite


def algorithm_of(signer: Signer) -> str:
    """The JWS algorithm for this key. Raises IssuingError."""
    algorithm = _ALGORITHMS.get(signer.key_type)
    if algorithm is None:
        raise IssuingError(f"A key of type {signer.key_type} signs no JWT here; use P-256 (ES256) or RSA (RS256).")
    return algorithm
