"""Badges made here, unchanged, in a verifier that nobody here wrote (openbadgeslib); a tampered twin fails there too."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError

from keys.public_key import KeyType
from keys.signing import SoftwareSigner, add_proof
from schemas import vocabulary as v
from schemas.jsontext import parse_object
from schemas.statuslist import encode, status_entry, status_list_document

GOOD = parse_object((Path(__file__).parent.parent / "vectors" / "badges" / "unsigned-good.json").read_bytes())
AT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
DID = "did:web:badges.example"
METHOD = f"{DID}#key-1"


SUSPENSION = status_entry(list_url="https://badges.example/status/2", index=31_415, purpose=v.SUSPENSION)
TWO_ENTRIES = GOOD | {"credentialStatus": [GOOD["credentialStatus"], SUSPENSION]}


class Web:
    """What the provider publishes: its DID document and one status list."""

    def __init__(self, *, revoked: tuple[int, ...] = (), suspended: tuple[int, ...] = ()) -> None:
        self.signer = SoftwareSigner.generate(KeyType.ED25519)
        method = {
            "id": METHOD,
            "type": "Multikey",
            "controller": DID,
            "publicKeyMultibase": self.signer.public_key.multibase,
        }
        self.documents = {
            "https://badges.example/.well-known/did.json": {
                "@context": [v.DID_V1, v.MULTIKEY_V1],
                "id": DID,
                "verificationMethod": [method],
                "assertionMethod": [METHOD],
            },
        }
        self.put_list(GOOD["credentialStatus"]["statusListCredential"], v.REVOCATION, revoked)
        self.put_list(SUSPENSION["statusListCredential"], v.SUSPENSION, suspended)

    def put_list(self, url: str, purpose: str, set_: tuple[int, ...]) -> None:
        unsigned = status_list_document(
            id=url,
            issuer=DID,
            purpose=purpose,
            encoded=encode(set_, length=131_072),
            valid_from=AT,
            valid_until=AT.replace(year=2050),
            ttl_ms=3_600_000,
        )
        self.documents[url] = self.sign(unsigned)

    def sign(self, document: dict[str, Any]) -> dict[str, Any]:
        return add_proof(
            document, signer=self.signer, cryptosuite=v.EDDSA_RDFC_2022, verification_method=METHOD, created=AT
        )

    def download(self, url: str, *_: Any, **__: Any) -> bytes:
        return json.dumps(self.documents[url]).encode()


def verify_elsewhere(document: dict[str, Any], web: Web) -> Any:
    # It reads the list's bits and dates; the list's own proof it can check only when that is a JWT.
    return OB3LdpVerifier().verify(
        json.dumps(document), check_status=True, download=web.download, verify_status_list=False
    )


def test_a_good_badge_is_believed_elsewhere() -> None:
    web = Web(revoked=(7,))
    credential = verify_elsewhere(web.sign(GOOD), web)
    assert credential.achievement.name == GOOD["credentialSubject"]["achievement"]["name"]


def test_a_revoked_badge_is_refused_elsewhere() -> None:
    web = Web(revoked=(int(GOOD["credentialStatus"]["statusListIndex"]),))
    with pytest.raises(OB3VerificationError):
        verify_elsewhere(web.sign(GOOD), web)


def test_a_badge_that_can_be_put_on_hold_is_believed_elsewhere() -> None:
    web = Web(revoked=(7,), suspended=(8,))
    assert verify_elsewhere(web.sign(TWO_ENTRIES), web).achievement.name


@pytest.mark.parametrize(
    "bits",
    [
        pytest.param({"suspended": (int(SUSPENSION["statusListIndex"]),)}, id="on hold"),
        pytest.param({"revoked": (int(GOOD["credentialStatus"]["statusListIndex"]),)}, id="withdrawn"),
    ],
)
def test_each_of_two_status_entries_is_read_elsewhere(bits: dict[str, tuple[int, ...]]) -> None:
    web = Web(**bits)
    with pytest.raises(OB3VerificationError):
        verify_elsewhere(web.sign(TWO_ENTRIES), web)


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        pytest.param(("credentialSubject", "creditsEarned"), 40, id="more credits"),
        pytest.param(("credentialSubject", "identifier", 0, "identityHash"), "Someone Else", id="another name"),
        pytest.param(("credentialStatus", "statusListIndex"), "1", id="another place in the list"),
        pytest.param(("awardedDate",), "2020-01-01T00:00:00Z", id="another award date"),
    ],
)
def test_a_tampered_twin_is_refused_elsewhere(steps: tuple[Any, ...], value: Any) -> None:
    web = Web()
    twin = copy.deepcopy(web.sign(GOOD))
    owner: Any = twin
    for step in steps[:-1]:
        owner = owner[step]
    owner[steps[-1]] = value
    with pytest.raises(OB3VerificationError):
        verify_elsewhere(twin, web)
