"""`python -m benchmarks.endurance`: one long class list, killed with SIGKILL at random moments, resumed, and recounted.

The whole process group is killed. `--kills` of them are dealt out over the run by a share of what remains, so that a
fast machine is killed as often as a slow one; never sooner than `--soonest` nor later than `--latest` seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.commands import words_of
from benchmarks.docs import CURVES_FOLDER
from benchmarks.endtoend import database_of
from benchmarks.facts import facts, told
from benchmarks.recount import EQUAL, is_exact, recount
from benchmarks.sampled import verify_sample
from benchmarks.scene import Scene, build_scene, run, write_class_list
from benchmarks.svg import Chart, Line
from benchmarks.watch import Moment, Watch, free_bytes

OUT = Path("build/endurance.json")
FOLDER = Path("build/endurance")
_BYTES_A_ROW = 12_000
_LOOK_SECONDS = 0.05
_STUCK_SECONDS = 3_600.0
_DRAWN = 600  # points of the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One start of the command: how long it ran, what had been issued when it ended, and whether it was killed."""

    seconds: float
    badges: int
    more: int  # of them by this start
    killed: bool
    status: int
    peak_mib: float
    moments: tuple[Moment, ...] = field(repr=False, default=())


def main() -> int:
    """0 when every count is as it must be."""
    arguments = _parse()
    dice = random.Random(arguments.seed)
    FOLDER.mkdir(parents=True, exist_ok=True)
    if free_bytes(FOLDER) < (need := arguments.rows * _BYTES_A_ROW):
        raise SystemExit(f"{arguments.rows:,} rows need some {need / 1e9:.0f} GB of free disk")
    known = facts(rows=arguments.rows, workers=arguments.workers, seed=arguments.seed)
    scene = build_scene(FOLDER)
    file = write_class_list(FOLDER / "rows.csv", arguments.rows)
    runs = _until_done(scene, file, arguments, dice)
    counts: dict[str, Any] = dict(recount(database_of(scene.provider), file))
    exact = is_exact(counts)
    run("badge-issuer", "--instance", scene.provider, "audit", "verify")
    counts["audit chain"] = "verified by badge-issuer audit verify"
    size = min(arguments.sample, arguments.rows)
    verified = _verified(scene, size=size, seed=arguments.seed)
    counts[f"of {size:,} drawn at random: genuine, current, accredited"] = verified
    kills = sum(one.killed for one in runs)
    amid = sum(one.killed and one.more > 0 for one in runs)
    report = known | {
        "kills": kills,
        "kills_amid_issuing": amid,
        "seconds": round(sum(one.seconds for one in runs), 1),
        "counts": counts,
        "database_bytes": database_of(scene.provider).stat().st_size,
        "runs": [asdict(one) | {"moments": len(one.moments)} for one in runs],
    }
    OUT.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    _draw(runs, told(known))
    _tell(report, runs)
    if not arguments.keep:
        shutil.rmtree(FOLDER)
    good = exact and verified == size and kills >= arguments.kills and amid >= arguments.kills // 2
    print(f"{'exactly once' if good else 'NOT AS IT MUST BE'}: {OUT}, {CURVES_FOLDER}/endurance.svg")
    return 0 if good else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=10, help="at least so many")
    parser.add_argument("--soonest", type=float, default=5.0)
    parser.add_argument("--latest", type=float, default=25.0)
    parser.add_argument("--sample", type=int, default=2_000, help="badges that are verified offline")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--keep", action="store_true", help="leave the database where it is")
    return parser.parse_args()


def _until_done(scene: Scene, file: Path, arguments: argparse.Namespace, dice: random.Random) -> list[Ran]:
    """Start the same command until it ends by itself."""
    runs: list[Ran] = []
    while not runs or runs[-1].killed:
        left = arguments.kills - len(runs)
        before = runs[-1].badges if runs else 0
        # The share that this run may issue: with `left` more kills to come it is short enough for all of them.
        share = (arguments.rows - before) / (left + 1) * dice.uniform(0.3, 1.1) if left > 0 else float("inf")
        wait = dice.uniform(arguments.soonest, arguments.latest) if left > 0 else _STUCK_SECONDS
        # Every other kill is dealt from the first badge on, so that reading a long file does not take them all.
        plan = _Plan(wait=wait, share=share, from_first_badge=len(runs) % 2 == 1)
        ran = _start(scene, file, arguments, plan, before=before)
        runs.append(ran)
        what = "killed" if ran.killed else f"ended with {ran.status}"
        print(f"{what} after {ran.seconds:.1f} s, {ran.badges:,} badges, peak {ran.peak_mib:.0f} MiB", flush=True)
        if not ran.killed and ran.status:
            raise SystemExit((FOLDER / "output.txt").read_text()[-4_000:])
    return runs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """When a start is killed: after so many seconds, or once it has issued its share."""

    wait: float
    share: float
    from_first_badge: bool


def _start(scene: Scene, file: Path, arguments: argparse.Namespace, plan: _Plan, *, before: int) -> Ran:
    """Run it; kill it and all its processes by plan, its share of badges never sooner than `soonest` seconds."""
    command = (
        *("badge-issuer", "--instance", scene.provider, "issue", file),
        *("--json", "--workers", arguments.workers),
    )
    killed, first = False, None
    with (FOLDER / "output.txt").open("wb") as output:
        began = time.monotonic()
        child = subprocess.Popen(words_of(command), stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        with Watch(child) as watch:
            while child.poll() is None:
                now = time.monotonic()
                more = _issued(scene.provider) - before
                if first is None and (more or not plan.from_first_badge):
                    first = now if plan.from_first_badge else began
                late = first is not None and now - first >= plan.wait
                if late or (now - began >= arguments.soonest and more >= plan.share):
                    killed = True
                    with suppress(ProcessLookupError):
                        os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
                    break
                time.sleep(_LOOK_SECONDS)
        seconds = time.monotonic() - began
    badges = _issued(scene.provider)
    return Ran(
        seconds=seconds,
        badges=badges,
        more=badges - before,
        killed=killed,
        status=child.returncode,
        peak_mib=max(watch.parent_peak, watch.child_peak),
        moments=tuple(watch.moments),
    )


def _issued(provider: Path) -> int:
    """How many badges are committed, without counting them: none is ever taken out, so it is the last row's number."""
    try:
        with sqlite3.connect(f"file:{database_of(provider)}?mode=ro", uri=True, timeout=5) as connection:
            (last,) = connection.execute("SELECT max(rowid) FROM credentials").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(last or 0)


def _verified(scene: Scene, *, size: int, seed: int) -> int:
    """The status lists and did.json as they would be published, and the sample against them, offline."""
    site = FOLDER / "site"
    subprocess.run(
        [sys.executable, "-m", "benchmarks.republish", scene.provider, site], check=True, capture_output=True
    )
    return verify_sample(
        database_of(scene.provider), size=size, seed=seed, edition=scene.edition, anchor=scene.anchor, site=site
    )


def _draw(runs: list[Ran], caption: str) -> None:
    """Memory from the first start to the end; a dashed line is a kill."""
    parent: list[tuple[float, float]] = []
    children: list[tuple[float, float]] = []
    kills: list[float] = []
    at = 0.0
    for one in runs:
        parent += [(at + moment.at, moment.parent) for moment in one.moments]
        children += [(at + moment.at, moment.largest_child) for moment in one.moments]
        at += one.seconds
        if one.killed:
            kills.append(at)
    thin = max(1, len(parent) // _DRAWN)
    chart = Chart(
        title="Memory while it is killed and started again",
        caption=caption,
        x_name="seconds; a dashed line is SIGKILL to every process",
        y_name="MiB",
        lines=[
            Line(name="the command", points=parent[::thin]),
            Line(name="its largest child", points=children[::thin]),
        ],
        marks=kills,
    )
    CURVES_FOLDER.mkdir(parents=True, exist_ok=True)
    (CURVES_FOLDER / "endurance.svg").write_text(chart.draw(), encoding="utf-8")


def _tell(report: dict[str, Any], runs: list[Ran]) -> None:
    kills = f"{report['kills']} kills ({report['kills_amid_issuing']} of them amid issuing)"
    print(f"\n{report['rows']:,} rows, {kills}, {len(runs)} starts, {report['seconds']:.0f} s")
    for what, number in report["counts"].items():
        told_number = f"{number:>12,}" if isinstance(number, int) else number
        wrong = what in EQUAL and number != report["rows"]
        print(f"  {what:<62} {told_number}{'   <- NOT SO MANY' if wrong else ''}")


if __name__ == "__main__":
    raise SystemExit(main())
