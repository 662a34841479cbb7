"""ecdsa-jcs-2019: P-256 or P-384 over canonical JSON (Data Integrity ECDSA Cryptosuites 1.0, section 3.3)."""

from __future__ import annotations

from keys.public_key import KeyType
from keys.suites.data_integrity import JcsSuite
from schemas.vocabulary import ECDSA_JCS_2019

SUITE = JcsSuite(name=ECDSA_JCS_2019, key_types=(KeyType.P256, KeyType.P384))
