"""ecdsa-rdfc-2019: P-256 or P-384 over canonical RDF (Data Integrity ECDSA Cryptosuites 1.0, section 3.2)."""

from __future__ import annotations

from keys.public_key import KeyType
from keys.suites.data_integrity import RdfcSuite
from schemas.vocabulary import ECDSA_RDFC_2019

SUITE = RdfcSuite(name=ECDSA_RDFC_2019, key_types=(KeyType.P256, KeyType.P384))
