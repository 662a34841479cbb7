"""`python -m benchmarks.mismatches`: badges made in bulk, their signatures verified over hashes that others compute.

A badge is as it must be when its signature verifies over the SHA-256 of PyLD's canonical form of its document and
proof options, and over that of pyoxigraph's RDFC-1.0 of the same quads: then the very same bytes were signed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyoxigraph
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pyld import jsonld

from benchmarks.facts import facts, told
from benchmarks.peers import Bench, naive_loader
from benchmarks.scene import REFS, build_scene
from issuer.instance import open_instance
from issuer.making import Order
from issuer.minting import NameDisplay
from keys.multibase import multibase_decode
from schemas.jsontext import JsonObject

OUT = Path("build/mismatches.json")
SCENE = Path("build/bench/mismatches")
_CHUNK = 200
_RDF = {"format": "application/n-quads", "documentLoader": naive_loader}
_FROM_QUADS = {"algorithm": "URDNA2015", "inputFormat": "application/n-quads", "format": "application/n-quads"}
_RESULTS = (
    None,
    None,
    "Achieved",
    "Merit",
    "Excellence – 92 %",
    'he said "ka pai"',
    "line\nbreak and \\ slash",
    "😀 tau kē",
)
_NAMES = (
    "Mere",
    "Hēmi Tāwhiri",
    "O’Connor-Müller",
    "Trần Thị",
    "山田",
    'A "quoted" one',
    "back\\slash",
    "Māhia\tTab",
    "e\u0301",
)


def main() -> int:
    """Issue, canonicalise again, compare; 0 when there is no difference and most badges came from the template."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mismatches", description=__doc__)
    parser.add_argument("--learners", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20_261_125)
    arguments = parser.parse_args()
    known, began = facts(), time.monotonic()
    scene = build_scene(SCENE)
    with open_instance(scene.provider) as instance:
        made, public_key = _issue(instance, learners=arguments.learners, seed=arguments.seed)
    counts: Counter[str] = Counter()
    examples: list[str] = []
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for found, differing in pool.map(compare, _parts([one.document for one in made], public_key)):
            counts += found
            examples += differing
    by_template = sum(one.by_template for one in made)
    report = known | {
        "badges": counts["badges"],
        "by_template": by_template,
        "shapes": len({_shape(json.loads(one.document)) for one in made}),
        "pyld_mismatches": counts["pyld"],
        "pyoxigraph_mismatches": counts["pyoxigraph"],
        "examples": examples[:5],
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - began, 1),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    print(
        f"{counts['badges']:,} badges, {by_template:,} by the template, {report['shapes']} shapes: "
        f"{counts['pyld']} differ from PyLD, {counts['pyoxigraph']} from pyoxigraph. {told(known)} · {OUT}"
    )
    whole = counts["badges"] == arguments.learners and by_template > arguments.learners // 2
    return 0 if whole and not counts["pyld"] and not counts["pyoxigraph"] else 1


def compare(part: tuple[Sequence[bytes], bytes]) -> tuple[Counter[str], list[str]]:
    """(badges, and how many of them differ from each oracle; the documents that differ)."""
    documents, raw_key = part
    public_key = Ed25519PublicKey.from_public_bytes(raw_key)
    counts: Counter[str] = Counter()
    differing: list[str] = []
    options_hashes: dict[str, tuple[bytes, bytes]] = {}
    for text in documents:
        document = json.loads(text)
        (proof,) = document.pop("proof")
        signature = multibase_decode(proof.pop("proofValue"))
        options = {"@context": document["@context"], **proof}
        key = json.dumps(options)
        if key not in options_hashes:
            options_hashes[key] = _hashes(options)
        counts["badges"] += 1
        wrong = False
        for name, of_option, of_document in zip(
            ("pyld", "pyoxigraph"), options_hashes[key], _hashes(document), strict=True
        ):
            try:
                public_key.verify(signature, of_option + of_document)
            except InvalidSignature:
                counts[name] += 1
                wrong = True
        if wrong:
            differing.append(text.decode())
    return counts, differing


def _hashes(document: JsonObject) -> tuple[bytes, bytes]:
    """SHA-256 of the canonical form: PyLD's, and pyoxigraph's of the quads that PyLD expands it to."""
    quads = str(jsonld.to_rdf(document, _RDF))
    canonical = str(jsonld.normalize(quads, _FROM_QUADS))
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(quads.encode(), format=pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    lines = sorted(f"{quad} .\n" for quad in dataset)
    return hashlib.sha256(canonical.encode()).digest(), hashlib.sha256("".join(lines).encode()).digest()


def _issue(instance: Any, *, learners: int, seed: int) -> tuple[list[Any], bytes]:
    """(what the workshop made for so many learners of all kinds, its public key)."""
    dice = random.Random(seed)
    made: list[Any] = []
    share = -(-learners // len(REFS))
    first = Bench.build(instance, ref=REFS[0], count=1)
    workshop = first.workshop()
    for ref in REFS:
        count = min(share, learners - len(made))
        orders = [_varied(order, dice) for order in Bench.build(instance, ref=ref, count=count).orders]
        for start in range(0, count, _CHUNK):
            made += workshop(orders[start : start + _CHUNK])
    if refused := [one for one in made if one.sentence is not None]:
        raise SystemExit(f"{len(refused)} badges were not made; the first: {refused[0].sentence}")
    return made, first.private_key.public_key().public_bytes_raw()


def _varied(order: Order, dice: random.Random) -> Order:
    """Names of all kinds; with and without id, result, evidence, suspension and end."""
    award = order.award
    display = dice.choices(list(NameDisplay), weights=(7, 2, 1))[0]
    subject = f"urn:uuid:{dice.randrange(16**8):08x}-0000-4000-8000-{dice.randrange(16**12):012x}"
    held = dice.random() < 0.2
    return order._replace(
        award=replace(
            award,
            name=f"{dice.choice(_NAMES)} {dice.randrange(10**6)}" if dice.random() < 0.7 else award.name,
            preferred_name=dice.choice(_NAMES) if dice.random() < 0.5 else None,
            name_display=display,
            subject_urn=subject if display is NameDisplay.NONE else None,
            result=dice.choice(_RESULTS),
            evidence_url=f"https://evidence.example/{dice.randrange(10**9)}" if dice.random() < 0.2 else None,
            suspension_url=award.list_url.replace("/1", "/2") if held else None,
            suspension_index=dice.randrange(131_072) if held else None,
            valid_until=datetime(2031, 1, 1, tzinfo=UTC) + timedelta(days=dice.randrange(900))
            if dice.random() < 0.2
            else None,
        ),
    )


def _parts(documents: Sequence[bytes], public_key: bytes) -> Iterator[tuple[Sequence[bytes], bytes]]:
    for start in range(0, len(documents), _CHUNK):
        yield documents[start : start + _CHUNK], public_key


def _shape(value: Any) -> str:
    """Members and types, without what the strings say."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}:{_shape(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_shape(member) for member in value) + "]"
    return type(value).__name__


if __name__ == "__main__":
    raise SystemExit(main())
