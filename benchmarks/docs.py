"""docs/benchmarks.md: words from benchmarks/page.md, numbers from build/*.json; nothing in it is typed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.facts import told
from benchmarks.figures import amount

PAGE = Path("docs/benchmarks.md")
TEMPLATE = Path(__file__).parent / "page.md"
CURVES_FOLDER = Path("docs/curves")
BUILD = Path("build")
FLAT = (10_000, 1_000_000)


def write() -> Path:
    """The page with every number that was measured here last; a part that was not measured stays as it is."""
    parts: dict[str, Callable[[dict[str, Any]], str]] = {
        "bench": _bench,
        "mismatches": _mismatches,
        "curves": _curves,
        "endurance": _endurance,
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for name, told_of in parts.items():
        file = BUILD / f"{name}.json"
        here = told_of(json.loads(file.read_text())) if file.exists() else _told_before(before, name)
        text = text.replace(f"[[{name}]]", f"<!-- {name} -->\n{here}\n<!-- /{name} -->")
    PAGE.write_text(text, encoding="utf-8")
    return PAGE


def _told_before(page: str, name: str) -> str:
    """What the page says already, where nothing was measured since."""
    found = re.search(f"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", page, re.DOTALL)
    return found[1] if found else f"Not measured yet: `make {name}`."


def table(header: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _bench(found: dict[str, Any]) -> str:
    rows = []
    group = None
    for figure in found["figures"]:
        if figure["group"] != group:
            group = figure["group"]
            rows.append((f"**{group}**", "", "", "", "", ""))
        spread = f"{amount(figure['lower_quartile'])} – {amount(figure['upper_quartile'])}"
        value = f"{amount(figure['median'])} {figure['unit']}"
        rows.append((figure["name"], value, spread, figure["must"], figure["stretch"], figure["verdict"]))
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    left_out = "".join(f"\n\n**Left out:** {what}." for what in found["left_out"])
    checks: dict[str, list[str]] = {}
    for figure in found["figures"]:
        checks.setdefault(figure["checks"], []).append(figure["name"])
    ran = "\n".join(f"- {'; '.join(names)}: {what}." for what, names in checks.items())
    quick = " Few samples: `QUICK=1`." if found["quick"] else ""
    header = ("what", "median", "quartiles", "must", "stretch", "")
    return (
        f"{told(found)}. {versions}.{quick}{left_out}\n\n{table(header, rows)}\n\n"
        f"Which checks ran while each was measured:\n\n{ran}"
    )


def _mismatches(found: dict[str, Any]) -> str:
    return (
        f"{told(found)}: {found['badges']:,} badges, {found['by_template']:,} of them made by the template, in "
        f"{found['shapes']} shapes: **{found['pyld_mismatches']} mismatches against PyLD, "
        f"{found['pyoxigraph_mismatches']} against pyoxigraph**."
    )


def _curves(found: dict[str, Any]) -> str:
    sizes = sorted(found["sizes"].values(), key=lambda size: size["rows"])
    rows = [
        (
            f"{size['rows']:,}",
            f"{size['cpu_ms']:.3f}",
            f"{size['wall_ms']:.3f}",
            f"{size['parent_mib']:.0f}",
            f"{size['child_mib']:.0f}" if size["child_mib"] else "–",
            f"{size['lists']}",
            f"{size['republish_ms']:.0f}",
        )
        for size in sizes
    ]
    header = ("rows", "CPU ms a badge", "wall ms a badge", "peak MiB", "largest child MiB", "lists", "republish ms")
    pictures = "\n".join(
        f"![{path.stem.replace('-', ' ')}](curves/{path.name})"
        for path in sorted(CURVES_FOLDER.glob("*.svg"))
        if path.stem != "endurance"
    )
    return f"{told(found)}. One process, start included.\n\n{table(header, rows)}\n\n{flatness(found)}\n\n{pictures}"


def flatness(found: dict[str, Any]) -> str:
    """How much more a badge costs in the longest list than in a short one."""
    small, large = (found["sizes"].get(str(rows)) for rows in FLAT)
    if small is None or large is None:
        return f"Flat or not is said once {FLAT[0]:,} and {FLAT[1]:,} rows are measured."
    cpu = (large["cpu_ms"] - large["start_ms"]) / (small["cpu_ms"] - small["start_ms"])
    memory = large["parent_mib"] / small["parent_mib"]
    return (
        f"{FLAT[1]:,} rows against {FLAT[0]:,}: **{cpu:.2f} times** the CPU time a badge (the start apart), "
        f"**{memory:.2f} times** the peak memory."
    )


def _endurance(found: dict[str, Any]) -> str:
    counts = found["counts"]
    kills = ", ".join(f"{run['seconds']:.0f} s at {run['badges']:,}" for run in found["runs"] if run["killed"])
    rows = [(what, f"{number:,}" if isinstance(number, int) else str(number)) for what, number in counts.items()]
    peak = max(run["peak_mib"] for run in found["runs"])
    return (
        f"{told(found)}. {found['rows']:,} rows, {found['kills']} times killed with SIGKILL (the process "
        f"group; {found['kills_amid_issuing']} of them after the start had issued badges; after "
        f"{kills} badges), then run to its end in {found['seconds']:,.0f} s in all; the largest process of any run "
        f"held {peak:.0f} MiB.\n\n{table(('recounted', ''), rows)}\n\n"
        "![memory while it is killed and started again](curves/endurance.svg)"
    )
