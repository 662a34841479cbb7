"""The other party, in memory: a provider that issues, the web it publishes on, and an authority with a register.

No mocks: keys sign, lists are encoded, editions are signed and parsed. Every name is invented.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from keys.did import did_web_location, did_web_of
from keys.multibase import multibase_encode
from keys.multikey import KeyType, PublicKey
from keys.resolve import Retrieved
from keys.signing import SoftwareSigner, add_proof, sign_jwt
from keys.suites import SUITES
from keys.suites.data_integrity import unsecured
from schemas import vocabulary as v
from schemas.errors import NotPublished, Unreachable
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MIN_BITSTRING_ENTRIES
from schemas.loader import CURRENT, ContextTexts
from schemas.statuslist import encode, status_entry, status_list_document
from schemas.times import write_time
from verifier.intake import Subject, intake_bytes
from verifier.policy import BADGE_POLICY, Policy
from verifier.register.anchor import Anchor, AnchorKey
from verifier.register.edition import Edition, edition_document, parse_edition
from verifier.register.records import (
    AnchorRow,
    AwardingRight,
    Basis,
    Equivalency,
    Issuer,
    KeyPurpose,
    KeyRow,
    Listing,
    Origin,
    Provider,
    ProviderType,
    QualityBody,
    Register,
    Succession,
)
from verifier.report import Report
from verifier.verify import Surroundings, verify

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SIGNED = datetime(2026, 5, 6, 21, 15, tzinfo=UTC)
AWARDED = date(2026, 5, 4)
BASE_URL = "https://badges.totara-training.example"
MOE_NUMBER = "9901"
REF = "9876"
PROVIDER_NAME = "Tōtara Training (demonstration)"
TITLE = "Native Seed Collection (Micro-credential)"

SUITE_KEYS = {
    v.EDDSA_RDFC_2022: "ed25519",
    v.EDDSA_JCS_2022: "ed25519",
    v.ECDSA_RDFC_2019: "p256",
    v.ECDSA_JCS_2019: "p256",
    v.ED25519_SIGNATURE_2020: "ed25519",
}
JWT_KEYS = {"EdDSA": "ed25519", "ES256": "p256", "ES384": "p384", "RS256": "rsa"}
_KEY_TYPES = {"p256": KeyType.P256, "p384": KeyType.P384, "rsa": KeyType.RSA}


@cache
def signer(name: str) -> SoftwareSigner:
    """A key that is the same in every run, by name; `p256`, `p384` and `rsa` at the start choose the kind."""
    key_type = next((kind for start, kind in _KEY_TYPES.items() if name.startswith(start)), KeyType.ED25519)
    if key_type is KeyType.RSA:
        return SoftwareSigner.generate(key_type)
    size = 48 if key_type is KeyType.P384 else 32
    seed = hashlib.shake_256(b"demonstration key " + name.encode()).digest(size)
    return SoftwareSigner.from_secret(key_type, b"\x00" + seed[1:] if key_type is not KeyType.ED25519 else seed)


@dataclass(slots=True)
class Web:
    """Addresses and what they answer; everything else cannot be reached."""

    pages: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    private: set[str] = field(default_factory=set)  # answered with 404: nothing is published there
    retrieved_at: datetime = NOW

    def put(self, url: str, body: bytes | JsonObject, media_type: str = "application/json") -> None:
        self.pages[url] = (write_json(body) if isinstance(body, dict) else body, media_type)

    def __call__(self, url: str) -> Retrieved:
        self.asked.append(url)
        if url in self.private:
            raise NotPublished(f"{url} answered 404: nothing is published there.", url=url, reason="status")
        if url not in self.pages:
            raise Unreachable(f"{url} could not be reached.", url=url, reason="connection")
        body, media_type = self.pages[url]
        digest = hashlib.sha256(body).hexdigest()
        return Retrieved(url=url, body=body, media_type=media_type, retrieved_at=self.retrieved_at, sha256=digest)


@dataclass
class Party:
    """Somebody with a web address who can issue: a provider, or a stranger."""

    base_url: str = BASE_URL
    name: str = PROVIDER_NAME
    key_names: tuple[str, ...] = ("ed25519", "p256", "p384", "rsa", "status")
    prefix: str = ""

    @property
    def did(self) -> str:
        return did_web_of(self.base_url)

    def method(self, key: str) -> str:
        return f"{self.did}#{key}"

    def signer(self, key: str) -> SoftwareSigner:
        kind = key if key in {"p256", "p384", "rsa"} else "ed25519"
        return signer(f"{kind} {self.prefix}{key}" if kind != "rsa" else "rsa")

    def method_entry(self, key: str, public_key: PublicKey | None = None) -> JsonObject:
        public = public_key or self.signer(key).public_key
        entry: JsonObject = {"id": self.method(key), "controller": self.did}
        if public.multibase is None:
            return entry | {"type": "JsonWebKey", "publicKeyJwk": public.to_jwk()}
        return entry | {"type": "Multikey", "publicKeyMultibase": public.multibase}

    def did_document(self) -> JsonObject:
        return {
            "@context": [v.DID_V1, v.MULTIKEY_V1],
            "id": self.did,
            "verificationMethod": [self.method_entry(key) for key in self.key_names],
            "assertionMethod": [self.method(key) for key in self.key_names],
        }

    def publish(self, web: Web) -> None:
        web.put(did_web_location(self.did), self.did_document())


class Simulator:
    """A provider that is accredited, its published web, and the register that says so. Change anything, then check."""

    def __init__(self) -> None:
        self.provider = Party()
        self.web = Web()
        self.provider.publish(self.web)
        self.register = demonstration_register(self.provider)
        self.as_at = date(2026, 11, 15)
        self._edition: tuple[int, date, Edition] | None = None
        self.publish_list()

    # --- issuing --------------------------------------------------------------------------------------------------
    @property
    def list_url(self) -> str:
        return f"{self.provider.base_url}/status/1"

    def badge(self, **changes: Any) -> JsonObject:
        """An unsigned badge as the contract lays it out; a change of None leaves the member out."""
        document = unsigned_badge(self.provider, list_url=self.list_url) | changes
        return {name: value for name, value in document.items() if value is not None}

    def sign(
        self,
        document: JsonObject,
        *,
        suite: str = v.EDDSA_RDFC_2022,
        key: str | None = None,
        party: Party | None = None,
        created: datetime = SIGNED,
        method: str | None = None,
        texts: ContextTexts = CURRENT,
    ) -> JsonObject:
        """The badge with a proof, by the provider unless another party is named."""
        party = party or self.provider
        key = key or SUITE_KEYS[suite]
        method = method or party.method(key)
        if suite == v.ED25519_SIGNATURE_2020:
            return add_old_proof(document, signer_=party.signer(key), method=method, created=created)
        return add_proof(
            document,
            signer=party.signer(key),
            cryptosuite=suite,
            verification_method=method,
            created=created,
            texts=texts,
        )

    def sign_text(self, document: JsonObject, *, alg: str = "ES256", kid: str | None = None) -> str:
        key = JWT_KEYS[alg]
        return sign_jwt(
            document, signer=self.provider.signer(key), kid=self.provider.method(key) if kid is None else kid, alg=alg
        )

    def good_badge(self, **changes: Any) -> JsonObject:
        return self.sign(self.badge(**changes))

    # --- publishing -----------------------------------------------------------------------------------------------
    def status_list(
        self,
        *,
        set_: Iterable[int] = (),
        purpose: str = v.REVOCATION,
        issuer: str | None = None,
        length: int = MIN_BITSTRING_ENTRIES,
        url: str | None = None,
        valid_from: datetime = NOW - timedelta(hours=5),
        valid_until: datetime = NOW + timedelta(days=29),
        encoded: str | None = None,
    ) -> JsonObject:
        """An unsigned status list credential of the provider."""
        return status_list_document(
            id=url or self.list_url,
            issuer=issuer or self.provider.did,
            purpose=purpose,
            encoded=encoded or encode(set_, length=length),
            valid_from=valid_from,
            valid_until=valid_until,
            ttl_ms=3_600_000,
        )

    def publish_list(
        self, document: JsonObject | None = None, *, url: str | None = None, key: str = "status", **facts: Any
    ) -> JsonObject:
        """Signs a status list with the status key and puts it at its address."""
        party = facts.pop("party", None)
        unsigned = document or self.status_list(url=url, **facts)
        signed = self.sign(unsigned, key=key, created=NOW - timedelta(hours=5), party=party)
        self.web.put(url or self.list_url, signed, v.VC_LD_JSON)
        return signed

    # --- the register ---------------------------------------------------------------------------------------------
    def change_register(self, **tables: Any) -> None:
        self.register = replace(self.register, **tables)

    def edition(self) -> Edition:
        if self._edition is None or self._edition[:2] != (id(self.register), self.as_at):
            self._edition = (id(self.register), self.as_at, signed_edition(self.register, as_at=self.as_at))
        return self._edition[2]

    # --- verifying ------------------------------------------------------------------------------------------------
    def check(
        self,
        badge: JsonObject | str | bytes | Subject,
        *,
        at: datetime = NOW,
        register: bool = True,
        recipient: str | None = None,
        policy: Policy = BADGE_POLICY,
        anchor: JsonObject | None = None,
    ) -> Report:
        if isinstance(badge, Subject):
            subject = badge
        else:
            data = (
                badge if isinstance(badge, bytes) else badge.encode() if isinstance(badge, str) else write_json(badge)
            )
            subject = intake_bytes(data, name="badge")
        subject = replace(subject, anchor=anchor) if anchor is not None else subject
        edition = self.edition() if register else None
        return verify(
            subject,
            policy=policy,
            surroundings=Surroundings(fetch=self.web, edition=edition, recipient=recipient),
            at=at,
        )


def unsigned_badge(party: Party, *, list_url: str, index: int = 94_567) -> JsonObject:
    """What a credential carries (contract), for an invented learner."""
    return {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": f"{party.base_url}/badges/mfzwizltoqxgk3lqmvzgc5dfme",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": TITLE,
        "issuer": {
            "id": party.did,
            "type": ["Profile"],
            "name": party.name,
            "url": party.base_url,
            "otherIdentifier": [
                {"type": "IdentifierEntry", "identifier": MOE_NUMBER, "identifierType": v.EXT_MOE_NUMBER}
            ],
        },
        "validFrom": write_time(SIGNED),
        "validUntil": "2031-05-06T21:15:00Z",
        "awardedDate": f"{AWARDED.isoformat()}T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": False, "identityHash": "Mere Āwhina", "identityType": "name"}
            ],
            "creditsEarned": 12,
            "achievement": {
                "id": f"{party.base_url}/achievements/{REF}",
                "type": ["Achievement"],
                "achievementType": "MicroCredential",
                "name": TITLE,
                "description": "Collect, clean and store the seed of native trees.",
                "criteria": {"narrative": "Met every learning outcome in two supervised collections."},
                "humanCode": REF,
                "version": "1",
                "creditsAvailable": 12,
                "fieldOfStudy": "050500 Forestry Studies",
                "otherIdentifier": [
                    {"type": "IdentifierEntry", "identifier": REF, "identifierType": v.EXT_NZQA_REFERENCE}
                ],
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetType": v.EXT_NZQCF_LEVEL,
                        "targetCode": "4",
                        "targetName": "Level 4",
                        "targetUrl": "https://www.nzqa.govt.nz/nzqf/",
                        "targetFramework": v.NZQCF_FRAMEWORK,
                    },
                    {
                        "type": ["Alignment"],
                        "targetType": v.EXT_NZQA_LISTING,
                        "targetCode": REF,
                        "targetName": TITLE,
                        "targetUrl": v.NZQA_LISTING_PAGE.format(ref=REF),
                    },
                ],
            },
        },
        "evidence": [
            {
                "id": v.NZROA_PAGE,
                "type": ["Evidence"],
                "genre": v.EXT_NZROA,
                "name": "New Zealand Record of Achievement",
            }
        ],
        "credentialStatus": status_entry(list_url=list_url, index=index, purpose=v.REVOCATION),
    }


def old_badge(party: Party) -> JsonObject:
    """The same award in VC Data Model 1.1, as older products write it."""
    document = unsigned_badge(party, list_url=f"{party.base_url}/status/1")
    document["@context"] = [v.CREDENTIALS_V1, v.OB3_CONTEXT, v.ED25519_2020_V1]
    document["issuanceDate"] = document.pop("validFrom")
    document["expirationDate"] = document.pop("validUntil")
    del document["credentialStatus"]
    del document["awardedDate"]
    return document


def foreign_badge(party: Party) -> JsonObject:
    """A badge from elsewhere: no New Zealand claim, no status, and single values where VCDM 2.0 allows them."""
    document = unsigned_badge(party, list_url=f"{party.base_url}/status/1")
    achievement = document["credentialSubject"]["achievement"]
    for member in ("alignment", "otherIdentifier", "humanCode"):
        del achievement[member]
    achievement["type"] = "Achievement"
    del document["issuer"]["otherIdentifier"], document["evidence"], document["credentialStatus"]
    document["issuer"]["type"] = "Profile"
    document["credentialSubject"]["type"] = "AchievementSubject"
    return document


def add_old_proof(document: JsonObject, *, signer_: SoftwareSigner, method: str, created: datetime) -> JsonObject:
    """An Ed25519Signature2020, which the issuer's own code never makes."""
    suite = SUITES[v.ED25519_SIGNATURE_2020]
    proof: JsonObject = {
        "type": v.ED25519_SIGNATURE_2020,
        "created": write_time(created),
        "verificationMethod": method,
        "proofPurpose": v.ASSERTION_METHOD,
    }
    signed = suite.hash_data(unsecured(document, proof), proof, key_type=signer_.key_type)
    proof["proofValue"] = multibase_encode(signer_.sign(signed))
    return document | {"proof": [*document.get("proof", []), proof]}


def demonstration_register(party: Party) -> Register:
    """One provider, one listing, one right, and the keys of the party."""
    return Register(
        providers=(
            Provider(
                moe_number=MOE_NUMBER,
                legal_name=party.name,
                type=ProviderType.PTE,
                registered_from=date(2020, 1, 1),
            ),
        ),
        issuers=(Issuer(moe_number=MOE_NUMBER, did=party.did, from_day=date(2025, 1, 1), evidence="demonstration"),),
        keys=tuple(
            KeyRow(
                did=party.did,
                verification_method=party.method(key),
                public_key_multibase=party.signer(key).public_key.multibase or "",
                purpose=KeyPurpose.STATUS if key == "status" else KeyPurpose.CREDENTIAL,
                from_day=date(2025, 1, 1),
                evidence="demonstration",
            )
            for key in party.key_names
            if party.signer(key).public_key.multibase is not None
        ),
        listings=(
            Listing(
                nzqa_ref=REF,
                version="1",
                title_en="Native Seed Collection (Micro-credential)",
                title_mi="Te Kohi Kākano Māori",
                level=4,
                credits=12,
                developer=party.name,
                qa_body=QualityBody.NZQA,
                te_hono=False,
                origin=Origin.NEW,
                listed_from=date(2024, 2, 1),
            ),
        ),
        awarding_rights=(
            AwardingRight(
                moe_number=MOE_NUMBER,
                nzqa_ref=REF,
                basis=Basis.ACCREDITATION,
                granted_on=date(2024, 3, 1),
                last_delivered_on=date(2026, 10, 1),
            ),
        ),
    )


AUTHORITY = Anchor(
    name="Demonstration Register Office",
    did="did:web:register.example",
    keys=(
        AnchorKey(
            id="did:web:register.example#1",
            public_key=signer("ed25519 authority").public_key,
            from_day=date(2025, 1, 1),
        ),
    ),
)


def signed_edition(register: Register, *, as_at: date) -> Edition:
    """An edition signed by the demonstration authority, and read back."""
    document = edition_document(
        register, number=1, previous_sha256=None, as_at=as_at, authority=AUTHORITY, demonstration=True
    )
    signed = add_proof(
        document,
        signer=signer("ed25519 authority"),
        cryptosuite=v.EDDSA_JCS_2022,
        verification_method=AUTHORITY.keys[0].id,
        created=datetime(as_at.year, as_at.month, as_at.day, tzinfo=UTC),
    )
    return parse_edition(write_json(signed), anchor=AUTHORITY)


def edited(document: JsonObject, *steps: str | int, value: Any) -> JsonObject:
    """A deep copy with one member replaced; `...` as the value removes it."""
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in steps[:-1]:
        place = place[step]
    if value is ...:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    return changed


__all__ = [
    "AUTHORITY",
    "AWARDED",
    "BASE_URL",
    "MOE_NUMBER",
    "NOW",
    "PROVIDER_NAME",
    "REF",
    "SIGNED",
    "TITLE",
    "AnchorRow",
    "Equivalency",
    "Party",
    "Simulator",
    "Succession",
    "Web",
    "edited",
    "foreign_badge",
    "old_badge",
    "signed_edition",
    "signer",
    "unsigned_badge",
]
