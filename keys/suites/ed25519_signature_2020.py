"""Ed25519Signature2020, of older badges: read and never made (Data Integrity EdDSA Cryptosuites 1.0, appendix A)."""

from __future__ import annotations

from keys.public_key import KeyType
from keys.suites.data_integrity import RdfcSuite
from schemas.vocabulary import ED25519_SIGNATURE_2020

SUITE = RdfcSuite(name=ED25519_SIGNATURE_2020, key_types=(KeyType.ED25519,), proof_type=ED25519_SIGNATURE_2020)
