"""Made-up learners through the workshop, against three others: `python -m tests.schemas.template_fuzz --minutes 10`.

Each badge of a template must be, byte for byte, what the reference path makes; and its signature must be over what raw
PyLD and pyoxigraph each take for the canonical form. A seed is printed first, and the same seed makes the same learners.
"""

from __future__ import annotations

import argparse
import random
import re
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final

from issuer.making import Made, Order, SigningKit, Workshop, make_badge
from issuer.minting import Award, NameDisplay
from keys.multibase import multibase_decode
from keys.signing import SoftwareSigner
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, parse_object
from tests.issuer.test_minting import ISSUER, LISTING, achievement
from tests.schemas.test_canonical import plain_pyld, pyoxigraph
from tests.simulator import NOW, Simulator, signer
from tests.stapling import statement

ENOUGH: Final = 10_000  # learners, however many minutes there are
_SYLLABLES: Final = ("ā", "hō", "ne", "Me", "re", "Tū", "wha", "Ō", "ki", "e\u0304", " ", "-", "'", "Smi", "th", "Zoë")
_HOSTILE: Final = (
    '"', "\\", "\n", "\t", "\r", "\x00", "\x07", "\x08", "\x0c", "\x1b", "\x7f", "\x85", "\u2028", "<", ">", "_:b0",
    "_:c14n1", "😀", "\ufeff", "\u202e", "%s", "{0}", "@id", " .\n", "^^<", "123456789", "123 456-789", "\\u0041",
)  # fmt: skip
_CONSTANTS: Final = (
    "Level 4",
    "name",
    "ext:NZRoA",
    ISSUER.did,
    ISSUER.base_url,
    "native",
    "seed",
    "revocation",
    "Result",
)
_ADDRESSES: Final = (
    "https://portfolio.example/{}", "https://aaa.example/{}#a", "http://zzz.example/?q={}&b", "urn:x:{}", "did:web:z:{}",
    "https://badges.example/badges/{}/", "https://badges.example/achievements/9876/{}", "https://[::1]/{}", "x:{}",
    "https://a.example/ {}", "https://ō.example/{}", "relative/{}", "https://u:p@a.example:99/@:{}", "xsd:{}", "_:b{}",
)  # fmt: skip
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
KNOWN_NSNS: Final = frozenset({"123456789"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A badge of a template that somebody sees otherwise."""

    who: str
    order: Order

    def __repr__(self) -> str:
        return f"{self.who}: {self.order.award.__reduce__()}"


@cache
def achievements() -> tuple[JsonObject, ...]:
    """Three micro-credentials, one of them with little in it and one with much."""
    short = achievement(replace(LISTING, title_mi=None, title_en='A "short" one \\ ō'))
    rich = achievement() | {"tag": ["native", "seed", "kākano"], "fieldOfStudy": 'Seeds "and"\n\\ soil'}
    return achievement(), short, rich


@cache
def endorsement() -> JsonObject:
    return statement(Simulator().register)


def workshop(kind: str) -> Workshop:
    """The keys of a kind of run: linked-data proofs by Ed25519 or P-256, and JWTs beside them or not."""
    kit = SigningKit(
        signer=SoftwareSigner.from_secret(signer("ed25519 provider").key_type, b"\x01" * 32) if kind != "p256" else signer("p256 provider"),
        method=f"{ISSUER.did}#key",
        jwt_signer=signer("p256 provider") if kind == "jwt" else None,
        jwt_method=f"{ISSUER.did}#jwt" if kind == "jwt" else None,
    )  # fmt: skip
    return Workshop(kit=kit, issuer=ISSUER, valid_from=NOW, known_nsns=KNOWN_NSNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the learners of one shape have in common."""

    achievement: JsonObject
    display: NameDisplay
    preferred: bool
    result: bool
    evidence: bool
    suspension: bool
    ends: bool


def _form(chance: random.Random) -> Form:
    return Form(
        achievement=chance.choice(achievements()),
        display=chance.choice(list(NameDisplay)),
        **{name: chance.random() < 0.5 for name in ("preferred", "result", "evidence", "suspension", "ends")},
    )


def orders(chance: random.Random, count: int, *, endorsed: bool = False) -> Iterator[Order]:
    """Learners of a run, of a few shapes: ordinary ones, and one text in four with something hostile in it."""
    forms = [_form(chance) for _ in range(5)]
    for number in range(count):
        form = chance.choice(forms)
        yield Order(
            short_id=f"s{number}",
            award=_award(chance, form),
            achievement=form.achievement,
            endorsement=endorsement() if endorsed else None,
        )


def _award(chance: random.Random, form: Form) -> Award:
    until = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**8))
    address = chance.choice(_ADDRESSES if chance.random() < 0.3 else _ADDRESSES[:7])
    return Award(
        credential_id=f"https://badges.example/badges/{chance.getrandbits(128):032x}",
        achieved_on=date(2026, 1, 1) + timedelta(days=chance.randrange(300)) if chance.random() < 0.99 else date.min,
        name=_text(chance),
        preferred_name=_text(chance) if form.preferred else None,
        name_display=form.display,
        subject_urn=f"urn:uuid:{chance.getrandbits(128):032x}" if form.display is NameDisplay.NONE else None,
        result=_text(chance) if form.result else None,
        evidence_url=address.format(chance.randrange(99)) if form.evidence else None,
        list_url=f"https://badges.example/status/{chance.randrange(1, 12)}",
        list_index=chance.randrange(131_072),
        suspension_url=f"https://badges.example/status/{chance.randrange(12, 15)}" if form.suspension else None,
        suspension_index=chance.randrange(131_072) if form.suspension else None,
        valid_until=until if form.ends else None,
    )


def _text(chance: random.Random) -> str:
    if chance.random() < 0.05:
        return chance.choice(_CONSTANTS)
    parts = [chance.choice(_SYLLABLES) for _ in range(chance.randrange(1, 7))]
    if chance.random() < 0.25:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(_HOSTILE))
    return "".join(parts)


def mismatches(shop: Workshop, ordered: list[Order], *, oracles: bool = True) -> Iterator[Mismatch]:
    """Every badge that the reference path, PyLD or pyoxigraph would have made otherwise."""
    for order, made in zip(ordered, shop(ordered), strict=True):
        reference = _by_reference(order, shop)
        if made._replace(by_template=False) != reference:
            yield Mismatch(who="reference", order=order)
        elif made.by_template and oracles:
            yield from (Mismatch(who=who, order=order) for who in _otherwise(made, shop))


def _by_reference(order: Order, shop: Workshop) -> Made:
    try:
        return make_badge(order, workshop=shop)
    except BadgeError as error:
        reason = error.extensions.get("reason", error.slug)
        return Made(short_id=order.short_id, reason=reason, sentence=error.detail)


def _otherwise(made: Made, shop: Workshop) -> Iterator[str]:
    document = parse_object(made.document)
    (proof,) = document.pop("proof")
    options: dict[str, Any] = {name: value for name, value in proof.items() if name != "proofValue"}
    head = sha256(plain_pyld(options | {"@context": document["@context"]})).digest()
    by_pyld = plain_pyld(document)
    oracles = {}
    if "endorsement" not in document:  # pyoxigraph 0.5 mixes up the graphs of proofs inside (test_canonical.py)
        oracles["pyoxigraph"] = pyoxigraph(by_pyld)
    if not any(_CONTROL.search(text) for text in _leaf_texts(document)):
        oracles["PyLD"] = by_pyld  # which writes these as they are
    for who, canonical in oracles.items():
        try:
            shop.kit.signer.public_key.verify(multibase_decode(proof["proofValue"]), head + sha256(canonical).digest())
        except BadgeError:
            yield who


def _leaf_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _leaf_texts(member)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", default=secrets.token_hex(8))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    chance, until = random.Random(options.seed), time.monotonic() + 60 * options.minutes
    seen = by_template = 0
    found: list[Mismatch] = []
    while seen < ENOUGH or time.monotonic() < until:
        kind = chance.choice(("ed25519", "ed25519", "p256", "jwt"))
        shop, batch = workshop(kind), list(orders(chance, 500, endorsed=chance.random() < 0.25))
        found += mismatches(shop, batch)
        seen += len(batch)
        by_template += sum(made.by_template for made in shop(batch))
        print(f"{seen:,} learners, {by_template:,} by template, {len(found)} mismatches", flush=True)
    for mismatch in found[:20]:
        print(mismatch)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
