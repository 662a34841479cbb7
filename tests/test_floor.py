"""Speed that must not be lost unnoticed: floors at about half of what docs/benchmarks.md must reach, on a busy machine.

CPU time, the best of several rounds in which all take turns. `make bench` measures; this only refuses a collapse.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.peers import Bench
from benchmarks.scene import write_class_list
from benchmarks.timing import take_turns
from issuer.instance import open_instance
from tests.issuer import provider

ROUNDS = 7
FIRST_FEW = 8  # by the reference path, before it is clear that a shape is worth a template
FEW, MANY = 24_000, 36_000  # by twenty-four thousand every cache there is is full
COMMAND = """
import sys
from issuer.cli import badge_issuer
badge_issuer.main(sys.argv[1:], standalone_mode=False)
print(open("/proc/self/status").read(), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = provider.make_instance(tmp_path_factory.mktemp("floor") / "provider")
    with open_instance(folder) as instance:
        yield Bench.build(instance, ref=provider.REF, on=provider.AWARDED, count=400)


@pytest.fixture(scope="module")
def best(bench: Bench) -> dict[str, float]:
    """The least CPU seconds of each peer."""
    wanted = (
        "raw Ed25519 sign",
        "naive issue",
        "naive verify",
        "bulk issue",
        "reference issue",
        "reference verify",
        "raw ES256 verify",
        "JWT verify",
    )
    peers = bench.peers()
    samples = take_turns({name: peers[name] for name in wanted}, rounds=ROUNDS)
    return {name: min(seconds) for name, seconds in samples.items()}


def test_in_bulk_every_badge_after_the_first_few_of_its_shape_is_made_by_the_template(bench: Bench) -> None:
    made = bench.workshop()(bench.orders)
    assert [one.sentence for one in made if one.sentence] == []
    assert all(one.by_template for one in made[FIRST_FEW:])


def test_bulk_issuing_is_twenty_times_as_fast_as_naive_pyld(best: dict[str, float]) -> None:
    assert best["naive issue"] / best["bulk issue"] >= 20


def test_bulk_issuing_costs_ten_raw_signatures_at_most(best: dict[str, float]) -> None:
    assert best["bulk issue"] / best["raw Ed25519 sign"] <= 10


@pytest.mark.parametrize("what", ["issue", "verify"])
def test_the_reference_path_is_faster_than_naive_pyld(best: dict[str, float], what: str) -> None:
    assert best[f"naive {what}"] / best[f"reference {what}"] >= 1.6


def test_reading_a_jwt_costs_five_raw_verifications_at_most(best: dict[str, float]) -> None:
    assert best["JWT verify"] / best["raw ES256 verify"] <= 5


@dataclass(frozen=True)
class Issued:
    cpu: float
    peak_mib: float


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Issued]:
    """What the command takes for a short class list and for a long one: CPU of all its processes, and its memory."""
    return {rows: issue(tmp_path_factory.mktemp(f"rows-{rows}"), rows) for rows in (FEW, MANY)}


def issue(folder: Path, rows: int) -> Issued:
    instance = provider.make_instance(folder / "provider")
    file = write_class_list(folder / "rows.csv", rows, refs=(provider.REF,), first_day=provider.AWARDED, days=1)
    words = [sys.executable, "-c", COMMAND, "--instance", instance, "issue", file, "--json", "--workers", "1"]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        child = subprocess.Popen(words, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    told = (folder / "err").read_text()
    assert child.returncode == 0, told
    assert json.loads((folder / "out").read_text())["issued"] == rows
    peak = re.search(r"VmHWM:\s+(\d+) kB", told)
    assert peak is not None, told
    return Issued(usage.ru_utime + usage.ru_stime, int(peak[1]) / 1024)


def test_twelve_thousand_rows_more_take_no_more_memory_to_speak_of(issued: dict[int, Issued]) -> None:
    assert issued[MANY].peak_mib - issued[FEW].peak_mib < 6, issued  # held in memory, they would take 12


def test_end_to_end_a_row_costs_sixteen_raw_signatures_at_most(issued: dict[int, Issued], bench: Bench) -> None:
    message, rounds = b"x" * 64, []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(1_000):
            bench.private_key.sign(message)
        rounds.append((time.process_time() - started) / 1_000)
    further = (issued[MANY].cpu - issued[FEW].cpu) / (MANY - FEW)
    assert further / min(rounds) <= 16, issued
