"""eddsa-rdfc-2022: Ed25519 over canonical RDF (Data Integrity EdDSA Cryptosuites 1.0, section 3.2)."""

from __future__ import annotations

from keys.public_key import KeyType
from keys.suites.data_integrity import RdfcSuite
from schemas.vocabulary import EDDSA_RDFC_2022

SUITE = RdfcSuite(name=EDDSA_RDFC_2022, key_types=(KeyType.ED25519,))
