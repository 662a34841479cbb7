"""`python -m benchmarks.curves`: time and memory of a badge from 1,000 rows to 1,000,000, one list a size, drawn.

Sizes that were measured on this commit are kept; `--anew` measures them again. Writes build/curves.json, docs/curves/.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.commands import words_of
from benchmarks.docs import CURVES_FOLDER, flatness
from benchmarks.endtoend import require_rows
from benchmarks.facts import commit, facts, told
from benchmarks.scene import Scene, build_scene, write_class_list
from benchmarks.svg import Chart, Line
from benchmarks.watch import Watch, free_bytes

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
OUT = Path("build/curves.json")
FOLDER = Path("build/curves")
_BYTES_A_ROW = 12_000  # of disk, for a while: the database, its journal and the rows spooled
_REPEATED = 30_000  # shorter lists are issued three times, and the least is taken
_TIMES = 3


def main() -> int:
    """Every size up to a limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves", description=__doc__)
    parser.add_argument("--up-to", type=int, default=SIZES[-1])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--anew", action="store_true", help="measure every size again")
    arguments = parser.parse_args()
    found = _kept(workers=arguments.workers, anew=arguments.anew)
    scene = build_scene(FOLDER / "scene")
    start = min(_issue(scene, 1, workers=arguments.workers)["cpu"] for _ in range(_TIMES))
    for rows in (size for size in SIZES if size <= arguments.up_to and str(size) not in found["sizes"]):
        need = rows * _BYTES_A_ROW
        if free_bytes(FOLDER) < need:
            raise SystemExit(f"{rows:,} rows need some {need / 1e9:.0f} GB of free disk")
        turns = [_issue(scene, rows, workers=arguments.workers) for _ in range(_TIMES if rows <= _REPEATED else 1)]
        found["sizes"][str(rows)] = size = _size(rows, turns, start=start)
        OUT.write_text(json.dumps(found, indent=1))
        print(
            f"{rows:>9,} rows: {size['cpu_ms']:.3f} ms of CPU a badge, {size['wall_ms']:.3f} ms of wall, peak "
            f"{size['parent_mib']:.0f} MiB, {size['lists']} lists republished in {size['republish_ms']:.0f} ms",
            flush=True,
        )
    shutil.rmtree(FOLDER)
    draw(found)
    print(flatness(found).replace("*", ""), f"{OUT}, {CURVES_FOLDER}/", sep="\n")
    return 0


def draw(found: dict[str, Any]) -> None:
    """The pictures: time, memory, lists."""
    CURVES_FOLDER.mkdir(parents=True, exist_ok=True)
    sizes = sorted(found["sizes"].values(), key=lambda size: int(size["rows"]))

    def line(name: str, member: str) -> Line:
        return Line(name=name, points=[(size["rows"], size[member]) for size in sizes])

    memory = [line("issuing process", "parent_mib")]
    if any(size["child_mib"] for size in sizes):
        memory.append(line("largest child", "child_mib"))
    bare = [(size["rows"], size["cpu_ms"] - size["start_ms"]) for size in sizes]
    times = [Line(name="CPU, start apart", points=bare), line("CPU", "cpu_ms"), line("wall", "wall_ms")]
    pictures = {
        "time": ("Time a badge, end to end", "milliseconds", times),
        "memory": ("Peak memory of issuing", "MiB", memory),
        "lists": ("Signing every status list again", "milliseconds", [line("wall", "republish_ms")]),
    }
    for name, (title, unit, lines) in pictures.items():
        chart = Chart(
            title=title, caption=told(found), x_name="rows in one CSV file", y_name=unit, lines=lines, log_x=True
        )
        (CURVES_FOLDER / f"{name}.svg").write_text(chart.draw(), encoding="utf-8")


def _kept(*, workers: int, anew: bool) -> dict[str, Any]:
    """What was measured by this very commit, else a new page."""
    if OUT.exists() and not anew:
        kept: dict[str, Any] = json.loads(OUT.read_text())
        if kept["commit"] == commit() and kept["workers"] == workers:
            return kept
    OUT.parent.mkdir(parents=True, exist_ok=True)
    return facts(workers=workers, sizes={})


def _issue(scene: Scene, rows: int, *, workers: int) -> dict[str, float]:
    provider = scene.twin("grown")
    file = write_class_list(scene.folder / "grown.csv", rows)
    command = ("badge-issuer", "--instance", provider, "issue", file, "--json", "--workers", workers)
    with (scene.folder / "output.txt").open("wb") as output:
        began = time.monotonic()
        child = subprocess.Popen(words_of(command), stdout=output, stderr=subprocess.STDOUT)
        with Watch(child) as watch:
            _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit((scene.folder / "output.txt").read_text()[-4_000:])
    require_rows(provider, rows)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.republish", provider], capture_output=True, text=True, check=True
    )
    shutil.rmtree(provider)
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "parent": watch.parent_peak,
        "child": watch.child_peak,
        **json.loads(done.stdout),
    }


def _size(rows: int, turns: list[dict[str, float]], *, start: float) -> dict[str, Any]:
    """One point of each curve. The least time: whatever else the machine did only ever adds."""
    return {
        "rows": rows,
        "cpu_ms": min(turn["cpu"] for turn in turns) / rows * 1000,
        "start_ms": start / rows * 1000,
        "wall_ms": min(turn["wall"] for turn in turns) / rows * 1000,
        "parent_mib": max(turn["parent"] for turn in turns),
        "child_mib": max(turn["child"] for turn in turns),
        "lists": int(turns[0]["lists"]),
        "republish_ms": min(turn["republish_ms"] for turn in turns),
        "turns": turns,
    }


if __name__ == "__main__":
    raise SystemExit(main())
