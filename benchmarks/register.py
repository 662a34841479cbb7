"""A register of national size: how long an edition takes to build, to load, to ask and to publish as a site."""

from __future__ import annotations

import gc
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from benchmarks.national import AS_AT, write_national_records
from issuer.authority.office import build_edition, init_office
from issuer.authority.site import write_site
from verifier.register.decision import decide
from verifier.register.edition import Edition, load_edition

FOLDER = Path("build/bench-register")
LOADS, DECISIONS = 5, 20_000
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure in seconds of CPU time, the median of its samples, and what it must stay under."""

    name: str
    samples: tuple[float, ...]
    must: float

    @property
    def unit(self) -> str:
        return "s" if self.must >= 1 else "µs"

    @property
    def scale(self) -> float:
        """What to multiply seconds with to have them in `unit`."""
        return 1.0 if self.must >= 1 else 1e6


def measure(folder: Path = FOLDER) -> tuple[Figure, ...]:
    """Make the register anew and time each step. Some 200 MB of pages are written into `folder`, and removed."""
    shutil.rmtree(folder, ignore_errors=True)
    records, office, path = folder / "records", folder / "office", folder / "edition.json"
    write_national_records(records)
    now = datetime.now(UTC)
    anchor = init_office(office, name="Bench Authority (invented)", created=now)
    built, build = _timed(
        lambda: build_edition(office, records=records, as_at=AS_AT, demonstration=True, created=datetime.now(UTC))
    )
    path.write_bytes(built.data)
    loads = []
    for _ in range(LOADS):
        gc.collect()  # as in a process that just started: what the last round left is not this one's work
        edition, seconds = _timed(lambda: load_edition(path, anchor=anchor))
        loads.append(seconds)
    _, first = _timed(lambda: write_site(edition, data=built.data, folder=folder / "site"))
    figures = (
        Figure(name="build and sign an edition from CSV", samples=(build,), must=60.0),
        Figure(name="load an edition and check its signature", samples=tuple(loads), must=2.0),
        Figure(name="decide, one award", samples=_decisions(edition), must=50e-6),
        Figure(name="write the register site", samples=(first,), must=120.0),
    )
    shutil.rmtree(folder, ignore_errors=True)
    return figures


def _decisions(edition: Edition) -> tuple[float, ...]:
    """Seconds a decision in batches of 1,000, half of them about rights that are there."""
    rights = edition.register.awarding_rights
    questions = []
    for _ in range(DECISIONS):
        right = secrets.choice(rights)
        ref = right.nzqa_ref if secrets.randbelow(2) else secrets.choice(edition.register.listings).nzqa_ref
        questions.append((right.moe_number, ref, AS_AT - timedelta(days=secrets.randbelow(900))))
    decide(edition, provider=questions[0][0], ref=questions[0][1], on=questions[0][2])  # makes the indexes
    samples = []
    for start in range(0, DECISIONS, 1_000):
        batch = questions[start : start + 1_000]
        began = time.process_time_ns()
        for provider, ref, day in batch:
            decide(edition, provider=provider, ref=ref, on=day)
        samples.append((time.process_time_ns() - began) / 1e9 / len(batch))
    return tuple(samples)


def _timed(function: Callable[[], _Made]) -> tuple[_Made, float]:
    began = time.process_time_ns()
    made = function()
    return made, (time.process_time_ns() - began) / 1e9
