"""CSV rows into the database by the real command: against raw signatures, and two processes against one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.commands import Spent, require_good, spend
from benchmarks.counted import count_checks, told
from benchmarks.figures import Figure
from benchmarks.scene import Scene, run, write_class_list
from benchmarks.timing import Spread

GROUP = "End to end: CSV rows into SQLite with badge-issuer issue"
_COUNTED_ROWS = 1_000
_RAW_SIGNS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EndToEnd:
    """What each round took; `start` is the same command over a list of one row."""

    rows: int
    raw: list[float] = field(default_factory=list)  # seconds a signature
    raw_twice: list[float] = field(default_factory=list)  # how much more two processes sign in the same wall time
    start: list[Spent] = field(default_factory=list)
    one: list[Spent] = field(default_factory=list)
    start_two: list[Spent] = field(default_factory=list)
    two: list[Spent] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def figures(self) -> list[Figure]:
        checks = self.checks
        whole = [spent.cpu / self.rows / raw for spent, raw in zip(self.one, self.raw, strict=True)]
        bare = [
            (spent.cpu - start.cpu) / self.rows / raw
            for spent, start, raw in zip(self.one, self.start, self.raw, strict=True)
        ]
        both = _best_of_both(self.one, self.two)
        without = _best_of_both(self.one, self.two, start_one=self.start, start_two=self.start_two)
        name = f"{self.rows:,} rows"
        return [
            Figure(
                group=GROUP,
                name=f"{name}, one process, CPU of all processes, start included",
                spread=Spread.of(whole),
                unit="x raw sign",
                must=8,
                stretch=5,
                checks=checks,
            ),
            Figure(group=GROUP, name=f"{name}, start apart", spread=Spread.of(bare), unit="x raw sign", checks=checks),
            Figure(
                group=GROUP,
                name="the start: CPU of the same command over one row",
                spread=Spread.of([spent.cpu for spent in self.start]),
                unit="s",
                checks="the same",
            ),
            Figure(
                group=GROUP,
                name=f"two processes against one, {name}, wall, best of {len(self.one)}, start included",
                spread=both,
                unit="x as fast",
                must=1.7,
                stretch=1.85,
                more_is_better=True,
                checks=checks,
            ),
            Figure(
                group=GROUP,
                name="two processes against one, start apart",
                spread=without,
                unit="x as fast",
                more_is_better=True,
                checks=checks,
            ),
            Figure(
                group=GROUP,
                name="what two processes that only sign reach here",
                spread=Spread.of(self.raw_twice),
                unit="x as fast",
                more_is_better=True,
                checks="none: it is what this machine allows",
            ),
        ]

    @property
    def checks(self) -> str:
        counted = told(self.counts, over=_COUNTED_ROWS)
        return f"{counted}; afterwards every row was counted and the audit log verified"

    def to_json(self) -> dict[str, Any]:
        def spents(spent: list[Spent]) -> list[dict[str, float]]:
            return [{"wall": one.wall, "cpu": one.cpu} for one in spent]

        return {
            "rows": self.rows,
            "raw_sign_seconds": self.raw,
            "two_processes_signing": self.raw_twice,
            "start": spents(self.start),
            "one": spents(self.one),
            "start_two": spents(self.start_two),
            "two": spents(self.two),
            "checks": self.counts,
        }


def measure(scene: Scene, *, rows: int, rounds: int, sign: Callable[[], object]) -> EndToEnd:
    """Take turns: raw, start, one process, raw, start of two, two processes."""
    folder = scene.folder / "end-to-end"
    shutil.rmtree(folder, ignore_errors=True)
    file = write_class_list(folder / "rows.csv", rows)
    single = write_class_list(folder / "one-row.csv", 1)
    found = EndToEnd(rows=rows)
    found.counts.update(count_checks(scene.twin("counted"), write_class_list(folder / "few.csv", _COUNTED_ROWS)))
    for _ in range(rounds):
        before = raw_seconds(sign)
        found.start.append(_issue(scene, single, rows=1, workers=1))
        found.one.append(_issue(scene, file, rows=rows, workers=1))
        found.raw.append((before + raw_seconds(sign)) / 2)
        found.start_two.append(_issue(scene, single, rows=1, workers=2))
        found.two.append(_issue(scene, file, rows=rows, workers=2))
        found.raw_twice.append(_twice(sign))
    shutil.rmtree(folder)
    return found


def _best_of_both(
    one: list[Spent], two: list[Spent], *, start_one: list[Spent] | None = None, start_two: list[Spent] | None = None
) -> Spread:
    """The best wall time of one process over the best of two, less the best starts; the quartiles of the rounds."""
    less_one = min((spent.wall for spent in start_one or ()), default=0.0)
    less_two = min((spent.wall for spent in start_two or ()), default=0.0)
    rounds = Spread.of([(a.wall - less_one) / (b.wall - less_two) for a, b in zip(one, two, strict=True)])
    best = (min(a.wall for a in one) - less_one) / (min(b.wall for b in two) - less_two)
    return replace(rounds, median=best)


def raw_seconds(sign: Callable[[], object], *, count: int = _RAW_SIGNS) -> float:
    """CPU seconds of one raw signature."""
    started = time.process_time_ns()
    for _ in range(count):
        sign()
    return (time.process_time_ns() - started) / 1e9 / count


def _twice(sign: Callable[[], object]) -> float:
    started = time.monotonic()
    raw_seconds(sign)
    alone = time.monotonic() - started
    started = time.monotonic()
    children = [_forked(sign) for _ in range(2)]
    for child in children:
        os.waitpid(child, 0)
    return 2 * alone / (time.monotonic() - started)


def _forked(sign: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        raw_seconds(sign)
        os._exit(0)
    return child


def _issue(scene: Scene, file: Path, *, rows: int, workers: int) -> Spent:
    provider = scene.twin("measured")
    command = ("badge-issuer", "--instance", provider, "issue", file, "--json", "--workers", workers)
    spent = require_good(spend(*command, folder=provider), what=f"issuing {rows} rows")
    require_rows(provider, rows)
    run("badge-issuer", "--instance", provider, "audit", "verify")
    shutil.rmtree(provider)
    return spent


def require_rows(provider: Path, rows: int) -> None:
    """Straight from the database: so many badges, so many places, and no place twice."""
    with sqlite3.connect(f"file:{database_of(provider)}?mode=ro", uri=True) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM credentials), (SELECT count(*) FROM documents),"
            " (SELECT count(*) FROM (SELECT DISTINCT list_number, list_index FROM documents))"
        ).fetchone()
    if counts != (rows, rows, rows):
        raise SystemExit(f"{rows} rows were to be issued; the database has {counts} badges, documents and places")


def database_of(provider: Path) -> Path:
    (found,) = [path for path in provider.iterdir() if path.suffix in {".db", ".sqlite", ".sqlite3"}]
    return found
