"""A provider on an invented register, made with the real commands, and class lists of any length for it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

BIN = Path(sys.executable).parent
DEMO = Path("demo")
REFS = ("4974", "5055", "5056", "5301", "128482-1", "128488-1")
HEADER = ("learner_name", "nzqa_ref", "achieved_on", "learner_email")
_GIVEN = ("Mere", "Hēmi", "Ngaire", "Tāne", "Aroha", "Wiremu", "Sione", "Losa", "Ana", "Minh", "Priya", "Liam")
_FAMILY = ("Tāwhiri", "Ngāta", "Latū", "Smith-Jones", "Müller", "O’Connor", "Trần", "García", "Kereama", "Brown")
FIRST_DAY, DAYS = date(2026, 6, 15), 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A folder with a register, its anchor, and a provider's instance that uses it."""

    folder: Path

    @property
    def provider(self) -> Path:
        return self.folder / "provider"

    @property
    def edition(self) -> Path:
        return self.folder / "edition.json"

    @property
    def anchor(self) -> Path:
        return self.folder / "authority" / "anchor.json"

    def twin(self, name: str) -> Path:
        """A fresh copy of the provider, which has issued nothing."""
        copy = self.folder / "twins" / name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.provider, copy)
        return copy


def run(*command: object) -> str:
    """One of our commands; ends the benchmark when it does not end well."""
    words = [str(word) for word in command]
    done = subprocess.run([BIN / words[0], *words[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def build_scene(folder: Path) -> Scene:
    """Make it anew."""
    shutil.rmtree(folder, ignore_errors=True)
    scene = Scene(folder=folder)
    records, authority = folder / "records", folder / "authority"
    shutil.copytree(DEMO / "register", records)
    run("badge-register", "init", authority, "--name", "Benchmark authority (invented)")
    issuer = ("badge-issuer", "--instance", scene.provider)
    run(*issuer, "init", "--name", "Benchmark (invented)", "--provider", "9990", "--base-url", "https://b.example")
    run(*issuer, "enrol-request", "--out", folder / "enrolment.json")
    run("badge-register", "accept-key", authority, "--records", records, "--request", folder / "enrolment.json")
    build = ("badge-register", "build", authority, "--records", records, "--as-at", "2026-11-20")
    run(*build, "--demonstration", "--out", scene.edition)
    run(*issuer, "register", "use", scene.edition, "--anchor", scene.anchor)
    return scene


def learner_name(number: int) -> str:
    """Everybody has a name of their own."""
    return f"{_GIVEN[number % len(_GIVEN)]} {_FAMILY[number // 7 % len(_FAMILY)]} {number:07}"


def class_list(
    count: int, *, refs: Sequence[str] = REFS, first_day: date = FIRST_DAY, days: int = DAYS
) -> Iterator[tuple[str, str, str, str]]:
    """Rows of some micro-credentials and days; the same ones in every run."""
    for number in range(count):
        day = first_day + timedelta(days=number * 7 % days)
        email = f"learner{number}@learners.example"
        yield learner_name(number), refs[number % len(refs)], day.isoformat(), email


def write_class_list(
    path: Path, count: int, *, refs: Sequence[str] = REFS, first_day: date = FIRST_DAY, days: int = DAYS
) -> Path:
    """The class list as a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(class_list(count, refs=refs, first_day=first_day, days=days))
    return path
