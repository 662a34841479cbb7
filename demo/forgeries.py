"""Badges that no honest instance makes, for the demonstration's checks: made by hand, with keys of this run alone.

The unaccredited badge is a real signature of a real (invented) provider that goes around its own gate; the
equivalency and the foreign badge come from bodies that are no providers at all.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keys.did import did_key_of
from keys.public_key import KeyType
from keys.signing import SoftwareSigner, add_proof
from schemas import vocabulary as v
from schemas.jsontext import JsonObject, parse_object, write_json

PROVIDER_NAME = "Te Kura Whakaatu — Demonstration Polytechnic (invented)"
ROGUE_NUMBER = "9991"
ROGUE_NAME = "Whare Ako Tauira — Demonstration College (invented)"
EQUIVALENCY_REF = "ZQ0037"

_GOOD = Path("build/demo/checks/good.json")
_signers: dict[str, SoftwareSigner] = {}


def signer(who: str) -> SoftwareSigner:
    """The key of `who`, made when first asked for and gone with this process."""
    return _signers.setdefault(who, SoftwareSigner.generate(KeyType.ED25519))


def enrol(records: Path) -> None:
    """Bind the second provider's key in the register, as its authority would after looking at its papers."""
    did = did_key_of(signer("rogue").public_key)
    _append(
        records / "issuers.csv", moe_number=ROGUE_NUMBER, did=did, **{"from": "2026-01-01"}, evidence="demonstration"
    )
    _append(
        records / "keys.csv",
        did=did,
        verification_method=_method(did),
        public_key_multibase=signer("rogue").public_key.multibase or "",
        purpose="credential",
        **{"from": "2026-01-01"},
        evidence="demonstration",
    )


def tamper(good: Path, out: Path) -> None:
    """Twice the credits, with the signature left as it was."""
    document = _load(good)
    document["credentialSubject"]["creditsEarned"] *= 2
    out.write_bytes(write_json(document))


def unaccredited(out: Path) -> None:
    """A provider that is on the register, and has no right to award this micro-credential."""
    document = _unsigned("https://training.demonstration.example/badges/1", "rogue", ROGUE_NAME)
    document["issuer"]["otherIdentifier"] = [_identifier(v.EXT_MOE_NUMBER, ROGUE_NUMBER)]
    _sign(document, "rogue", out)


def equivalency(out: Path) -> None:
    """Levelled against the NZQCF, and not quality assured: it must never look like an accredited award."""
    document = _unsigned(
        "https://trust.demonstration.example/badges/1", "trust", "Demonstration Agrichemical Trust (invented)"
    )
    achievement = document["credentialSubject"]["achievement"]
    achievement |= {
        "id": "https://trust.demonstration.example/achievements/1",
        "name": "Growsafe Basic (Micro-credential)",
        "humanCode": EQUIVALENCY_REF,
        "otherIdentifier": [_identifier(v.EXT_NZQA_REFERENCE, EQUIVALENCY_REF)],
        "alignment": [one for one in achievement["alignment"] if one["targetType"] == v.EXT_NZQCF_LEVEL],
    }
    del achievement["image"]
    _sign(document, "trust", out)


def foreign(out: Path) -> None:
    """A good Open Badge from elsewhere, which says nothing of New Zealand."""
    document = _unsigned(
        "https://university.elsewhere.example/badges/1", "foreign", "University of Elsewhere (invented)"
    )
    document["credentialSubject"]["achievement"] = {
        "id": "https://university.elsewhere.example/achievements/bees",
        "type": ["Achievement"],
        "name": "Keeping bees in cities",
        "description": "A short course with an examined project.",
        "criteria": {"narrative": "The project was examined and passed."},
    }
    del document["credentialSubject"]["creditsEarned"], document["evidence"], document["awardedDate"]
    document["name"] = "Keeping bees in cities"
    _sign(document, "foreign", out)


def _unsigned(identity: str, who: str, name: str) -> JsonObject:
    document = _load(_GOOD)
    for member in ("proof", "credentialStatus"):
        del document[member]
    did = did_key_of(signer(who).public_key)
    return document | {"id": identity, "issuer": {"id": did, "type": ["Profile"], "name": name}}


def _sign(document: JsonObject, who: str, out: Path) -> None:
    signed = add_proof(
        document,
        signer=signer(who),
        cryptosuite=v.EDDSA_RDFC_2022,
        verification_method=_method(document["issuer"]["id"]),
        created=datetime.now(UTC).replace(microsecond=0),
    )
    out.write_bytes(write_json(signed))


def _method(did: str) -> str:
    return f"{did}#{did.removeprefix('did:key:')}"


def _identifier(kind: str, value: str) -> dict[str, Any]:
    return {"type": "IdentifierEntry", "identifierType": kind, "identifier": value}


def _load(path: Path) -> JsonObject:
    return parse_object(path.read_bytes())


def _append(path: Path, **cells: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, fieldnames=header, restval="").writerow(cells)
