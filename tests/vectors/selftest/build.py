"""Builds the badge with which a running verifier shows itself that it can tell right from wrong.

    python -m tests.vectors.selftest.build

Its key is derived from a word in public, so anybody may sign with it: it is in no register and proves nothing of
anybody. The file is data of the package `verifier.web`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from keys.signing import add_proof
from schemas import vocabulary as v
from schemas.jsontext import JsonObject, write_json
from tests.simulator import signer

OUT = Path(__file__).parents[3] / "verifier" / "web" / "selftest.json"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def selftest_badge() -> JsonObject:
    key = signer("ed25519 self-test")
    did = f"did:key:{key.public_key.multibase}"
    document = {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": "urn:uuid:3b4b1a4e-6f0a-4f59-9a0a-8a5f6d1b9c01",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Self-test",
        "issuer": {"id": did, "type": ["Profile"], "name": "Nobody: a verifier's own test"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:0c1d1f9e-50b5-4c5e-9c0c-2f8a2f0c7b02",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "urn:uuid:7d3f0c5a-93c1-4ac2-8a44-6c0f6e1a3d03",
                "type": ["Achievement"],
                "name": "Self-test",
                "description": "Shows a running verifier that it can verify.",
                "criteria": {"narrative": "None: this badge stands for nothing."},
            },
        },
    }
    return add_proof(
        document,
        signer=key,
        cryptosuite=v.EDDSA_RDFC_2022,
        verification_method=f"{did}#{key.public_key.multibase}",
        created=CREATED,
    )


if __name__ == "__main__":
    OUT.write_bytes(write_json(selftest_badge(), indent=1))
