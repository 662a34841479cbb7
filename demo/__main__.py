"""`python -m demo`: a register authority, a provider, a class list, badges, a public site, and nine checks.

Everything is done with the commands a person would type; each is printed before it runs. Only the badges that no
honest instance would make (see `demo.forgeries`) are made by hand.
"""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo import forgeries

HERE = Path(__file__).parent
OUT = Path("build/demo")
BIN = Path(sys.executable).parent
AUTHORITY = OUT / "authority"
PROVIDER = OUT / "provider"
RECORDS = OUT / "records"
BASE_URL = "https://badges.demonstration.example"
AS_AT = "2026-11-20"

console = Console(highlight=False)


def run(*command: object, expect: tuple[int, ...] = (0,)) -> str:
    """Run one of the project's commands as a person would, and say so. Exits when it does not go as expected."""
    words = [str(word) for word in command]
    console.print(f"[dim]$ {shlex.join(words)}[/dim]")
    done = subprocess.run([BIN / words[0], *words[1:]], text=True, capture_output=True, check=False)
    if done.returncode not in expect:
        console.print(done.stdout, done.stderr, sep="\n", style="red")
        raise SystemExit(f"{words[0]} ended with {done.returncode}")
    return done.stdout


def issuer(*command: object, expect: tuple[int, ...] = (0,)) -> str:
    return run("badge-issuer", "--instance", PROVIDER, *command, expect=expect)


def main() -> int:
    """Do it all; 0 when every check gave the answer it should."""
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "checks").mkdir(parents=True)
    set_up()
    started = time.monotonic()  # from here on it is the provider's day: issue, correct, withdraw, publish, check
    rows = issue()
    results = check_all(make_checks(rows))
    report(rows, results, seconds=time.monotonic() - started)
    return 0 if all(result["as expected"] for result in results) else 1


def set_up() -> None:
    """An authority and a provider, each with its own folder and keys; the demonstration register; the enrolment."""
    shutil.copytree(HERE / "register", RECORDS)
    run("badge-register", "init", AUTHORITY, "--name", "Demonstration Register Authority (invented)")
    shutil.copy(AUTHORITY / "anchor.json", OUT / "anchor.json")
    issuer("init", "--name", forgeries.PROVIDER_NAME, "--provider", "9990", "--base-url", BASE_URL)
    issuer("enrol-request", "--out", OUT / "enrolment.json")
    run("badge-register", "accept-key", AUTHORITY, "--records", RECORDS, "--request", OUT / "enrolment.json")
    forgeries.enrol(RECORDS)
    run(
        *("badge-register", "build", AUTHORITY, "--records", RECORDS, "--as-at", AS_AT),
        *("--demonstration", "--out", OUT / "edition.json"),
    )
    issuer("register", "use", OUT / "edition.json", "--anchor", OUT / "anchor.json")


def issue() -> list[dict[str, str]]:
    """The class list in bulk, once as a dry run and once in earnest."""
    issuer("issue", HERE / "class-list.csv", "--dry-run")
    issuer("issue", HERE / "class-list.csv", "--out", OUT)
    with (OUT / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def make_checks(rows: list[dict[str, str]]) -> list[tuple[str, Path, tuple[str, str, str]]]:
    """The badges to check: (what it is, where it lies, the three verdicts it must get)."""
    of_ref = {row["row"]: row["NZQA ref"] for row in class_list()}
    # The first is for 5055, so that the rogue provider can claim the same micro-credential without a right to it.
    issued = sorted((row for row in rows if row["outcome"] == "issued"), key=lambda row: of_ref[row["row"]] != "5055")
    good, misspelt, withdrawn = [row["credential_id"] for row in issued[:3]]
    copies = OUT / "checks"
    stored = {
        identity: OUT / "badges" / f"{identity.rpartition('/')[2]}.json" for identity in (good, misspelt, withdrawn)
    }
    shutil.copy(stored[misspelt], copies / "replaced.json")
    issuer("correct", misspelt, "--name", "Aroha Te Whatu-Rangi")
    for kind in ("json", "png"):
        issuer("export", misspelt, "--format", kind, "--out", stored[misspelt].with_suffix(f".{kind}"))
    issuer("revoke", withdrawn, "--reason", "issued-in-error")
    issuer("publish", OUT / "site", "--visibility", "public")
    issuer("did-map", "--site", OUT / "site", "--out", OUT / "did-map.json")
    run(
        *("badge-register", "site", OUT / "edition.json", "--anchor", OUT / "anchor.json"),
        *("--out", OUT / "register-site"),
    )
    shutil.copy(stored[good], copies / "good.json")
    shutil.copy(stored[good].with_suffix(".png"), copies / "good.png")
    shutil.copy(stored[misspelt], copies / "corrected.json")
    shutil.copy(stored[withdrawn], copies / "revoked.json")
    forgeries.tamper(copies / "good.json", copies / "tampered.json")
    forgeries.unaccredited(copies / "unaccredited.json")
    forgeries.equivalency(copies / "equivalency.json")
    forgeries.foreign(copies / "foreign.json")
    expected = {
        "good.json": ("valid", "current", "valid"),
        "good.png": ("valid", "current", "valid"),
        "corrected.json": ("valid", "current", "valid"),
        "replaced.json": ("valid", "replaced", "valid"),
        "revoked.json": ("valid", "withdrawn", "valid"),
        "tampered.json": ("invalid", "not-applicable", "not-applicable"),
        "unaccredited.json": ("valid", "current", "invalid"),
        "equivalency.json": ("valid", "current", "invalid"),
        "foreign.json": ("valid", "current", "not-applicable"),
    }
    return [(name.rpartition(".")[0], copies / name, verdicts) for name, verdicts in expected.items()]


def class_list() -> list[dict[str, str]]:
    """The class list with the row numbers that results.csv speaks of: those of the file, whose header is row 1."""
    with (HERE / "class-list.csv").open(encoding="utf-8", newline="") as file:
        return [{"row": str(number)} | row for number, row in enumerate(csv.DictReader(file), start=2)]


def check_all(checks: list[tuple[str, Path, tuple[str, str, str]]]) -> list[dict[str, Any]]:
    """All of them through `badge-verifier check`, with the register, its anchor and the published site alone."""
    text = run(
        *("badge-verifier", "check", *(file for _, file, _ in checks), "--register", OUT / "edition.json"),
        *("--anchor", OUT / "anchor.json", "--did-map", OUT / "did-map.json", "--offline", "--json"),
        expect=(0, 1, 2),
    )
    results = []
    for (name, file, expected), answer in zip(checks, json.loads(text), strict=True):
        got = tuple(answer[question]["verdict"] for question in ("genuine", "current", "accredited"))
        results.append({"name": name, "file": file, "report": answer, "verdicts": got, "as expected": got == expected})
    return results


def report(rows: list[dict[str, str]], results: list[dict[str, Any]], *, seconds: float) -> None:
    """The table for people, summary.json for machines."""
    outcomes = [row["outcome"] for row in rows]
    summary = {
        "issued": outcomes.count("issued"),
        "failed": outcomes.count("failed"),
        "seconds": round(seconds, 1),
        "checks": [
            {
                "file": str(result["file"].relative_to(OUT)),
                **dict(zip(("genuine", "current", "accredited"), result["verdicts"], strict=True)),
            }
            for result in results
        ],
    }
    (OUT / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    table = Table(title="Demonstration: provider, learners and register are invented")
    for column in ("badge", "genuine?", "current?", "accredited?"):
        table.add_column(column)
    for result in results:
        mark = "" if result["as expected"] else "  ← not what it should be"
        table.add_row(result["name"] + mark, *result["verdicts"])
    console.print(table)
    for result in results:
        console.print(f"[bold]{result['name']}[/bold]: {escape(_sentence(result['report']))}", soft_wrap=True)
    told = f"{summary['issued']} badges issued, {summary['failed']} failed"
    console.print(f"{told}; issued, corrected, published and checked in {summary['seconds']} s.")
    for what, where in (
        ("badges", "badges"),
        ("the provider's site", "site/index.html"),
        ("the register", "edition.json"),
        ("the register's site", "register-site/index.html"),
    ):
        console.print(f"  {what}: {OUT}/{where}")


def _sentence(answer: dict[str, Any]) -> str:
    """The sentence that matters most: of the first question whose answer is not the good one, else of the last."""
    for question, good in (("genuine", "valid"), ("current", "current"), ("accredited", "valid")):
        if answer[question]["verdict"] != good:
            return str(answer[question]["sentence"])
    return str(answer["accredited"]["sentence"])


if __name__ == "__main__":
    raise SystemExit(main())
