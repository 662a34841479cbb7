"""`python -m benchmarks`: prints ratios against naive PyLD and raw Ed25519, and writes build/bench.json.

Every figure is CPU time of this process, samples of all peers taken in turn (A B C A B C …), so that a machine that
slows down slows them all. Quote the ratios; bare times are of this machine on this day.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import over_http, register
from benchmarks.peers import Peers
from benchmarks.walk import class_of_216

SAMPLES = 40
OUT = Path("build/bench.json")
CLASS_SECONDS = 30.0


def sample(functions: dict[str, Callable[[], object]], *, samples: int) -> dict[str, list[float]]:
    """CPU seconds of each function, interleaved, after one uncounted round."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for round_number in range(samples + 1):
        for name, function in functions.items():
            started = time.process_time_ns()
            function()
            if round_number:
                times[name].append((time.process_time_ns() - started) / 1e9)
    return times


def ratio(times: dict[str, list[float]], slow: str, fast: str) -> tuple[float, float, float]:
    """(median, lower quartile, upper quartile) of slow/fast, pair by pair."""
    pairs = [a / b for a, b in zip(times[slow], times[fast], strict=True) if b > 0]
    low, middle, high = statistics.quantiles(pairs, n=4)
    return middle, low, high


ROWS = [
    # (what, measured, against, the figure it must reach, whether bigger is better)
    ("canonical form, reference path", "canonical naive", "canonical", 2.3, True),
    ("sign, reference path", "sign naive", "sign", 2.3, True),
    ("verify, reference path", "verify naive", "verify", 2.3, True),
]
FIGURES = [
    ("bake a PNG", "bake", 0.1),
    ("a QR code", "qr", 1.5),
    ("encode a 131,072-bit list at 1 %", "list", 2.0),
    ("refuse a poisoned document", "poison", 50.0),
]


def main() -> int:
    """Run everything; exit 1 when a ratio is below what it must reach."""
    peers = Peers.build()
    times = sample(peers.functions(), samples=SAMPLES)
    console = Console()
    table = Table(title="Against naive PyLD, contexts from disk in both (CPU time, medians, quartiles)")
    for column in ("what", "times faster", "quartiles", "must"):
        table.add_column(column)
    short = False
    results: dict[str, Any] = {}
    for what, slow, fast, must, _ in ROWS:
        middle, low, high = ratio(times, slow, fast)
        short |= middle < must
        results[what] = {"ratio": middle, "quartiles": [low, high], "must": must}
        table.add_row(what, f"{middle:.2f}", f"{low:.2f} – {high:.2f}", f"≥ {must}")
    for what, name, _ms in FIGURES:
        middle = statistics.median(times[name]) / statistics.median(times["raw sign"])
        results[what] = {"raw signs": middle, "milliseconds": statistics.median(times[name]) * 1000}
    console.print(table)
    table = Table(title="Other figures (in raw Ed25519 signatures of this run, and milliseconds here and now)")
    for column in ("what", "raw signatures", "ms", "budget ms"):
        table.add_column(column)
    for what, name, budget in FIGURES:
        milliseconds = statistics.median(times[name]) * 1000
        table.add_row(what, f"{results[what]['raw signs']:.1f}", f"{milliseconds:.3f}", f"{budget:g}")
    console.print(table)
    walk = class_of_216()
    results["a class of 216, seconds"] = walk
    told = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in walk.items())
    console.print(f"A class of 216 with the real commands: {told} (must: under 30 s)")
    short |= walk["together"] > CLASS_SECONDS
    if asked := over_http.functions():
        middle, low, high = ratio(sample(asked, samples=SAMPLES), "over HTTP", "in process")
        short |= middle > over_http.MUST
        results["over HTTP, against in process"] = {"ratio": middle, "quartiles": [low, high], "must": over_http.MUST}
        told = f"{middle:.2f} times ({low:.2f} – {high:.2f}; must: ≤ {over_http.MUST})"
        console.print(f"A verification over HTTP, against the same in process: {told}")
    for figure in (figures := register.measure()):
        short |= not figure.is_met
        results[figure.name] = figure.to_json()
    table = Table(title=register.heading())
    for column in ("what", "seconds", "must"):
        table.add_column(column)
    for figure in figures:
        table.add_row(figure.name, f"{figure.seconds:.6f}", f"< {figure.must:g}")
    console.print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(
        json.dumps(
            {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "python": sys.version,
                "machine": platform.processor() or platform.machine(),
                "versions": {name: version(name) for name in ("pyld", "cryptography", "qrcode", "pillow")},
                "checks": "each verify: lossless expansion, RDFC-1.0 of document and proof, both hashes, Ed25519",
                "results": results,
                "samples": times,
            },
            indent=1,
        )
    )
    console.print(f"raw samples: {OUT}")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
