"""eddsa-jcs-2022: Ed25519 over canonical JSON (Data Integrity EdDSA Cryptosuites 1.0, section 3.3)."""

from __future__ import annotations

from keys.public_key import KeyType
from keys.suites.data_integrity import JcsSuite
from schemas.vocabulary import EDDSA_JCS_2022

SUITE = JcsSuite(name=EDDSA_JCS_2022, key_types=(KeyType.ED25519,))
