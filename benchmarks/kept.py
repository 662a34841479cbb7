"""The rows of the table that take too long for one run: as they were measured last, with the commit they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.docs import FLAT
from benchmarks.figures import Figure
from benchmarks.timing import Spread

GROUP = "Measured apart, kept in build/ (make mismatches, make curves)"
FLAT_MOST = 1.25  # what still counts as flat: the caches of a database grow a little


def kept_figures(build: Path) -> tuple[list[Figure], list[str]]:
    """(the figures there are, what was never measured)."""
    rows: list[Figure] = []
    missing: list[str] = []
    if found := _load(build / "mismatches.json"):
        rows += [
            _row(f"mismatches against {name} over {found['badges']:,} badges", found[member], "", 0, found)
            for name, member in (("PyLD", "pyld_mismatches"), ("pyoxigraph", "pyoxigraph_mismatches"))
        ]
    else:
        missing.append("byte mismatches: make mismatches")
    sizes = (_load(build / "curves.json") or {"sizes": {}})["sizes"]
    small, large = (sizes.get(str(count)) for count in FLAT)
    if small and large:
        curves = _load(build / "curves.json") or {}
        time = (large["cpu_ms"] - large["start_ms"]) / (small["cpu_ms"] - small["start_ms"])
        told = f"{FLAT[1]:,} rows against {FLAT[0]:,}"
        rows.append(_row(f"CPU a badge, start apart, {told}", time, "x", FLAT_MOST, curves))
        memory = large["parent_mib"] / small["parent_mib"]
        rows.append(_row(f"peak memory, {told}", memory, "x", FLAT_MOST, curves))
    else:
        missing.append(f"growth up to {FLAT[1]:,} rows: make curves")
    return rows, missing


def _row(name: str, value: float, unit: str, must: float, found: dict[str, Any]) -> Figure:
    checks = f"of commit {found['commit']}, {found['at'][:10]}"
    return Figure(group=GROUP, name=name, spread=Spread.of([value]), unit=unit, must=must, checks=checks)


def _load(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found
