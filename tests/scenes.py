"""One scene for every row of a page's truth table: a small world, what an employer gives, and what is to come of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from schemas import vocabulary as v
from schemas.jsontext import JsonObject, write_json
from schemas.statuslist import status_entry
from tests.simulator import NOW, Equivalency, Party, Simulator, edited, foreign_badge
from tests.stapling import OFFICE, stapled_badge
from tests.vectors.pdfs import build as pdfs
from verifier.intake import intake_bytes
from verifier.register.anchor import Anchor
from verifier.report import Report
from verifier.web.service import Service


def _world() -> Simulator:
    """A world that is the same in every run: without the one key that is made anew each time."""
    world = Simulator()
    world.provider.key_names = ("ed25519", "p256", "p384", "status")
    world.provider.publish(world.web)
    return world


@dataclass(kw_only=True)
class Scene:
    """`given` is a file; with `url`, the address it is published at and asked for by."""

    world: Simulator = field(default_factory=_world)
    given: bytes = b""
    url: str | None = None
    at: datetime = NOW
    register: bool = True
    anchor: Anchor | None = None

    @property
    def service(self) -> Service:
        edition = self.world.edition() if self.register else None
        return Service(edition=edition, anchor=self.anchor, clock=lambda: self.at, network=self.world.web)

    def report(self) -> Report:
        service = self.service
        return service.check(service.subject_at(self.url) if self.url else intake_bytes(self.given, name="the file"))


def _party(base_url: str, name: str, prefix: str) -> Party:
    return Party(base_url=base_url, name=name, prefix=prefix, key_names=("ed25519", "status"))


def _badge(scene: Scene, document: JsonObject, *, published: bool = True) -> Scene:
    """The badge as a file, its list clear, and the badge at its own address."""
    scene.given = write_json(document)
    if published:
        scene.url = document["id"]
        scene.world.web.put(document["id"], document, v.VC_LD_JSON)
    return scene


def good() -> Scene:
    scene = Scene()
    return _badge(scene, scene.world.good_badge())


def expired() -> Scene:
    scene = good()
    scene.at = datetime(2031, 5, 10, tzinfo=NOW.tzinfo)
    scene.world.publish_list(valid_until=scene.at + timedelta(days=1))
    scene.world.web.retrieved_at = scene.at
    return scene


def not_yet() -> Scene:
    scene = Scene()
    return _badge(scene, scene.world.good_badge(validFrom="2026-12-01T00:00:00Z"))


def withdrawn() -> Scene:
    scene = good()
    scene.world.publish_list(set_=[94_567])
    return scene


def suspended() -> Scene:
    scene = Scene()
    world = scene.world
    holds = f"{world.provider.base_url}/status/2"
    entries = [
        status_entry(list_url=world.list_url, index=94_567, purpose=v.REVOCATION),
        status_entry(list_url=holds, index=94_567, purpose=v.SUSPENSION),
    ]
    world.publish_list(url=holds, purpose=v.SUSPENSION, set_=[94_567])
    return _badge(scene, world.good_badge(credentialStatus=entries[1]))


def replaced() -> Scene:
    scene = Scene()
    old = scene.world.good_badge()
    newer = scene.world.sign(
        scene.world.badge(validFrom="2026-06-01T00:00:00Z"), created=datetime(2026, 6, 1, tzinfo=NOW.tzinfo)
    )
    scene.world.web.put(old["id"], newer, v.VC_LD_JSON)
    scene.given = write_json(old)
    return scene


def altered() -> Scene:
    scene = Scene()
    forged = edited(scene.world.good_badge(), "credentialSubject", "achievement", "name", value="Brain surgery")
    scene.given = write_json(forged)
    return scene


def malformed() -> Scene:
    scene = Scene()
    scene.given = write_json(scene.world.good_badge())[:-40]
    return scene


def no_badge() -> Scene:
    return Scene(given=b"\xff\xd8\xff a photograph of a certificate")


def pdf_without_a_badge() -> Scene:
    return Scene(given=pdfs.PDFS["no-badge"])


def pdf_locked() -> Scene:
    return Scene(given=pdfs.PDFS["encrypted"])


def certificate() -> Scene:
    scene = good()
    scene.given, scene.url = pdfs.carrying(pdfs.stream(scene.given)), None
    return scene


def unreachable() -> Scene:
    return Scene(url="https://badges.gone.example/badges/1")


def key_unreachable() -> Scene:
    scene = Scene()
    stranger = _party("https://badges.silent.example", "A silent host", "silent ")
    badge = foreign_badge(stranger)
    scene.given = write_json(scene.world.sign(badge, party=stranger))
    return scene


def list_unreachable() -> Scene:
    scene = good()
    del scene.world.web.pages[scene.world.list_url]
    return scene


def foreign() -> Scene:
    scene = Scene()
    party = _party("https://badges.university.example", "A university elsewhere", "foreign ")
    party.publish(scene.world.web)
    return _badge(scene, scene.world.sign(foreign_badge(party), party=party))


def stranger() -> Scene:
    scene = Scene()
    party = _party("https://badges.nzqa-awards.example", "Tōtara Training", "stranger ")
    party.publish(scene.world.web)
    badge = scene.world.badge()
    badge["id"] = f"{party.base_url}/badges/1"
    badge["issuer"] |= {"id": party.did, "url": party.base_url}
    badge.pop("credentialStatus")
    return _badge(scene, scene.world.sign(badge, party=party))


def no_right() -> Scene:
    scene = good()
    right = replace(scene.world.register.awarding_rights[0], granted_on=date(2026, 9, 1))
    scene.world.change_register(awarding_rights=(right,))
    return scene


def equivalency() -> Scene:
    scene = good()
    same = Equivalency(
        organisation="Somebody (invented)",
        title="Native Seed Collection",
        level=4,
        credits=12,
        statement_on=date(2024, 2, 1),
        ref="9876",
    )
    scene.world.change_register(listings=(), awarding_rights=(), equivalencies=(same,))
    return scene


def no_register() -> Scene:
    scene = good()
    scene.register = False
    return scene


def by_statement() -> Scene:
    """No register, but the authority's pinned key, and its statement inside the badge."""
    scene = Scene(register=False, anchor=OFFICE)
    return _badge(scene, stapled_badge(scene.world))


def hidden_recipient() -> Scene:
    scene = Scene()
    badge = scene.world.badge()
    badge["credentialSubject"]["identifier"].append(
        {
            "type": "IdentityObject",
            "hashed": True,
            "identityType": "emailAddress",
            "salt": "salt",
            # SHA-256 of mere@learner.example + salt
            "identityHash": "sha256$" + hashlib.sha256(b"mere@learner.examplesalt").hexdigest(),
        }
    )
    return _badge(scene, scene.world.sign(badge))


# scene -> the state its page is headed with, and the three verdicts.
SCENES: dict[str, tuple[Callable[[], Scene], str, tuple[str, str, str]]] = {
    "good": (good, "good", ("valid", "current", "valid")),
    "good-certificate": (certificate, "good", ("valid", "current", "valid")),
    "good-hidden-recipient": (hidden_recipient, "good", ("valid", "current", "valid")),
    "good-by-statement": (by_statement, "good", ("valid", "current", "valid")),
    "expired": (expired, "expired", ("valid", "expired", "valid")),
    "not-yet": (not_yet, "not-yet", ("valid", "not-yet-valid", "valid")),
    "withdrawn": (withdrawn, "withdrawn", ("valid", "withdrawn", "valid")),
    "suspended": (suspended, "suspended", ("valid", "suspended", "valid")),
    "replaced": (replaced, "replaced", ("valid", "replaced", "valid")),
    "altered": (altered, "altered", ("invalid", "not-applicable", "not-applicable")),
    "malformed": (malformed, "malformed", ("invalid", "not-applicable", "not-applicable")),
    "no-badge-in-a-photograph": (no_badge, "no-badge", ("invalid", "not-applicable", "not-applicable")),
    "no-badge-in-a-pdf": (pdf_without_a_badge, "no-badge", ("invalid", "not-applicable", "not-applicable")),
    "not-checked-pdf-locked": (pdf_locked, "not-checked", ("unconfirmed", "unconfirmed", "unconfirmed")),
    "not-checked-address-silent": (unreachable, "not-checked", ("unconfirmed", "unconfirmed", "unconfirmed")),
    "not-checked-key-silent": (key_unreachable, "not-checked", ("unconfirmed", "current", "not-applicable")),
    "current-open": (list_unreachable, "current-open", ("valid", "unconfirmed", "valid")),
    "unknown-issuer": (foreign, "unknown-issuer", ("valid", "current", "not-applicable")),
    "stranger": (stranger, "stranger", ("valid", "current", "invalid")),
    "not-accredited": (no_right, "not-accredited", ("valid", "current", "invalid")),
    "not-accredited-equivalency": (equivalency, "not-accredited", ("valid", "current", "invalid")),
    "accreditation-open": (no_register, "accreditation-open", ("valid", "current", "unconfirmed")),
}
