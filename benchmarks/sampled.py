"""A random sample of stored badges, verified wholly and offline by the verifier's own front door."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from keys.retrieval import load_did_map
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import load_anchor
from verifier.register.edition import load_edition
from verifier.verify import Surroundings, verify

_GOOD = ("valid", "current", "valid")


def verify_sample(database: Path, *, size: int, seed: int, edition: Path, anchor: Path, site: Path) -> int:
    """How many of the sample are genuine, current and accredited; what the others are is printed."""
    pinned = load_anchor(anchor)
    at = datetime.now(UTC)
    surroundings = Surroundings(
        fetch=load_did_map(site / "did-map.json", at=at),
        edition=load_edition(edition, anchor=pinned),
        anchor=pinned,
    )
    good = 0
    for name, text in _sample(database, size=size, seed=seed):
        report = verify(intake_bytes(text, name=name), policy=BADGE_POLICY, surroundings=surroundings, at=at)
        told = report.to_json()
        verdicts = tuple(told[question]["verdict"] for question in ("genuine", "current", "accredited"))
        good += verdicts == _GOOD
        if verdicts != _GOOD:
            print(f"{name}: {verdicts} {told['genuine']['sentence']} {told['current']['sentence']}")
    return good


def _sample(database: Path, *, size: int, seed: int) -> list[tuple[str, bytes]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = [rowid for (rowid,) in connection.execute("SELECT rowid FROM documents")]
        chosen = random.Random(seed).sample(rows, size)
        return [
            (f"{short_id}.json", bytes(document))
            for rowid in chosen
            for short_id, document in connection.execute(
                "SELECT short_id, document FROM documents WHERE rowid = ?", (rowid,)
            )
        ]
