"""The peers of one run: naive PyLD as anybody would write it, our reference path, raw Ed25519, and small parts."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyld import jsonld

from issuer import qr
from issuer.drawing import artwork
from keys.did import did_key_of
from keys.public_key import KeyType
from keys.signing import SoftwareSigner, add_proof
from keys.suites import verify_proof
from schemas.baking import bake_png
from schemas.canonical import canonicalize
from schemas.errors import CanonicalizationLimit
from schemas.jsontext import JsonObject, parse_object
from schemas.loader import load_context
from schemas.statuslist import encode
from schemas.vocabulary import CREDENTIALS_V2, EDDSA_RDFC_2022

_CREDENTIAL = Path(__file__).parent / "credential.json"
_AT = datetime(2026, 11, 22, tzinfo=UTC)
_LIST_LENGTH = 131_072


def _naive_loader(url: str, _options: Any = None) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": load_context(url),
    }


def naive_canonical(document: JsonObject) -> bytes:
    """PyLD with a document loader from disk, and nothing else."""
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _naive_loader}
    return str(jsonld.normalize(document, options)).encode()


def _clique(size: int) -> JsonObject:
    nodes = [
        {
            "@id": f"_:n{one}",
            "https://example.org/knows": [{"@id": f"_:n{other}"} for other in range(size) if other != one],
        }
        for one in range(size)
    ]
    return {"@context": [CREDENTIALS_V2], "@graph": nodes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """One credential, one key, and the same work done by each peer."""

    document: JsonObject
    signer: SoftwareSigner
    private_key: Ed25519PrivateKey
    method: str
    signed: JsonObject

    @classmethod
    def build(cls) -> Peers:
        seed = hashlib.sha256(b"a key for benchmarks alone").digest()
        signer = SoftwareSigner.generate(KeyType.ED25519)
        did = did_key_of(signer.public_key)
        method = f"{did}#{did.removeprefix('did:key:')}"
        document = parse_object(_CREDENTIAL.read_bytes())
        signed = add_proof(
            document, signer=signer, cryptosuite=EDDSA_RDFC_2022, verification_method=method, created=_AT
        )
        return cls(
            document=document,
            signer=signer,
            private_key=Ed25519PrivateKey.from_private_bytes(seed),
            method=method,
            signed=signed,
        )

    def functions(self) -> dict[str, Callable[[], object]]:
        """Name -> one unit of work."""
        proof = self.signed["proof"][0]
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        options["@context"] = self.document["@context"]
        artwork_png = artwork.draw_badge_png(
            title="Forestry River Crossing Construction",
            level=3,
            credits=20,
            provider_name="A provider",
            demonstration=False,
        )
        text = json.dumps(self.signed)
        bits = range(0, _LIST_LENGTH, 100)
        poison = _clique(9)

        def naive_hash() -> bytes:
            return (
                hashlib.sha256(naive_canonical(options)).digest()
                + hashlib.sha256(naive_canonical(self.document)).digest()
            )

        def refuse_poison() -> None:
            with suppress(CanonicalizationLimit):
                canonicalize(copy.deepcopy(poison))

        public_key = self.private_key.public_key()
        signature = self.private_key.sign(b"x" * 64)
        return {
            "canonical naive": lambda: naive_canonical(self.document),
            "canonical": lambda: canonicalize(self.document),
            "sign naive": lambda: self.private_key.sign(naive_hash()),
            "sign": lambda: add_proof(
                self.document,
                signer=self.signer,
                cryptosuite=EDDSA_RDFC_2022,
                verification_method=self.method,
                created=_AT,
            ),
            "verify naive": lambda: (naive_hash(), public_key.verify(signature, b"x" * 64)),
            "verify": lambda: verify_proof(self.signed, proof, self.signer.public_key),
            "raw sign": lambda: self.private_key.sign(b"x" * 64),
            "bake": lambda: bake_png(artwork_png, text),
            "qr": lambda: qr.qr_svg("https://badges.example/badges/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            "list": lambda: encode(bits, length=_LIST_LENGTH),
            "poison": refuse_poison,
        }
