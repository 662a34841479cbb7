"""A class from list to checked badges with the real commands: the figure a provider feels."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path("build/bench/class")
DEMO = Path("demo")
BIN = Path(sys.executable).parent


def _run(*command: object) -> float:
    started = time.monotonic()
    done = subprocess.run([BIN / str(command[0]), *map(str, command[1:])], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}\n{done.stderr}")
    return time.monotonic() - started


def class_of_216() -> dict[str, float]:
    """Wall seconds, process start included, of issuing and baking 216 badges and of checking all of them."""
    shutil.rmtree(HERE, ignore_errors=True)
    records, provider, authority = HERE / "records", HERE / "provider", HERE / "authority"
    shutil.copytree(DEMO / "register", records)
    edition, anchor = HERE / "edition.json", authority / "anchor.json"
    _run("badge-register", "init", authority, "--name", "Benchmark authority (invented)")
    issuer = ("badge-issuer", "--instance", provider)
    _run(*issuer, "init", "--name", "Benchmark (invented)", "--provider", "9990", "--base-url", "https://b.example")
    _run(*issuer, "enrol-request", "--out", HERE / "enrolment.json")
    _run("badge-register", "accept-key", authority, "--records", records, "--request", HERE / "enrolment.json")
    build = ("badge-register", "build", authority, "--records", records, "--as-at", "2026-11-20")
    _run(*build, "--demonstration", "--out", edition)
    _run(*issuer, "register", "use", edition, "--anchor", anchor)
    issued = _run(*issuer, "issue", DEMO / "class-list.csv", "--out", HERE / "issued")
    _run(*issuer, "publish", HERE / "site")
    _run(*issuer, "did-map", "--out", HERE / "did-map.json", "--site", HERE / "site")
    for picture in (HERE / "issued" / "badges").glob("*.json"):
        picture.unlink()  # the pictures carry the same badges: each is unbaked and checked once
    check = ("badge-verifier", "check", HERE / "issued" / "badges", "--register", edition, "--anchor", anchor)
    checked = _run(*check, "--did-map", HERE / "did-map.json", "--offline")
    return {"issued and baked": issued, "unbaked and checked": checked, "together": issued + checked}
