"""`python -m benchmarks`: every figure of `make bench` in one run, a table, and build/bench.json with the raw samples.

`--quick` takes fewer samples and rows; `--write-docs` writes docs/benchmarks.md from what is in build/, and measures
nothing. Exits with 1 when a figure does not reach what it must.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import docs, endtoend, javascript, over_http, register
from benchmarks.facts import facts, told
from benchmarks.figures import Figure, show
from benchmarks.kept import kept_figures
from benchmarks.peers import Bench
from benchmarks.scene import Scene, build_scene
from benchmarks.table import figures
from benchmarks.timing import Samples, Spread, take_turns, times
from benchmarks.walk import class_of_216
from issuer.instance import open_instance

OUT = Path("build/bench.json")
SCENE = Path("build/bench/scene")
_CLASS_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    rounds: int
    rows: int
    row_rounds: int


FULL = Size(rounds=40, rows=100_000, row_rounds=3)
QUICK = Size(rounds=8, rows=20_000, row_rounds=1)


def main() -> int:
    arguments = _parse()
    if arguments.write_docs:
        print(f"wrote {docs.write()}")
        return 0
    size = QUICK if arguments.quick else FULL
    console = Console(width=None if Console().is_terminal else 140)
    began = time.monotonic()
    scene = build_scene(SCENE)
    left_out: list[str] = []
    known = facts()
    samples, ended, bulk_checks = _measure(scene, size, rows=arguments.rows or size.rows, left_out=left_out)
    apart, never = kept_figures(OUT.parent)
    left_out += never
    rows = [*figures(samples, bulk_checks=bulk_checks), *ended.figures(), *_felt(), *apart]
    known["versions"] |= {} if "js issue" not in samples else javascript.versions()
    show(rows, console)
    for told_out in left_out:
        console.print(f"LEFT OUT: {told_out}", style="bold red", highlight=False)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    whole = known | {
        "seconds": round(time.monotonic() - began, 1),
        "quick": arguments.quick,
        "left_out": left_out,
        "figures": [row.to_json() for row in rows],
        "end_to_end": ended.to_json(),
        "samples": samples,
    }
    OUT.write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    missed = [row.name for row in rows if not row.is_met]
    console.print(f"{told(known)} · {whole['seconds']} s · raw samples: {OUT}", highlight=False)
    console.print(f"{len(missed)} not met{': ' if missed else ''}{'; '.join(missed)}", highlight=False)
    return 1 if missed else 0


def _parse() -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples and rows: under 90 s")
    parser.add_argument("--rows", type=int, help="rows of the class list that is issued end to end")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md from build/*.json")
    return parser.parse_args()


def _measure(scene: Scene, size: Size, *, rows: int, left_out: list[str]) -> tuple[Samples, endtoend.EndToEnd, str]:
    with ExitStack() as stack:
        instance = stack.enter_context(open_instance(scene.provider))
        bench = Bench.build(instance)
        peers = bench.peers()
        bulk_checks = bench.counted()
        try:
            js = stack.enter_context(javascript.javascript_stack(bench.unsigned(bench.orders[0])))
            peers |= {f"js {what}": js.peer(what, count=6) for what in ("issue", "verify", "canonize")}
        except javascript.LeftOutError as why:
            left_out.append(f"the JavaScript stack: {why}")
        if asked := over_http.functions():
            peers |= {name: times(function, 2) for name, function in asked.items()}
        else:
            left_out.append("verification over HTTP: there is no demonstration (make demo)")
        samples = take_turns(peers, rounds=size.rounds)
        ended = endtoend.measure(
            scene, rows=rows, rounds=size.row_rounds, sign=lambda: bench.private_key.sign(b"x" * 64)
        )
    return samples, ended, bulk_checks


def _felt() -> list[Figure]:
    """The class of 216 with the real commands, and a register of national size."""
    walk = class_of_216()
    parts = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in walk.items() if what != "together")
    group = "A class of 216 with the real commands, and a register of national size"
    class_figure = Figure(
        group=group,
        name=f"the class, wall, starts included ({parts})",
        spread=Spread.of([walk["together"]]),
        unit="s",
        must=_CLASS_SECONDS,
        checks="all of issuing; then every picture unbaked and verified: genuine, current, accredited",
    )
    return [class_figure] + [
        Figure(
            group=group,
            name=figure.name,
            spread=Spread.of([seconds * figure.scale for seconds in figure.samples]),
            unit=figure.unit,
            must=figure.must * figure.scale,
            checks="building: every fault of the records; loading: signature and schema",
        )
        for figure in register.measure()
    ]


if __name__ == "__main__":
    raise SystemExit(main())
