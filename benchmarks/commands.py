"""Our commands as children: what one run of one took in wall time, in CPU time of all its processes, and in memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scene import BIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """`cpu` is the child's and that of every process it waited for, as the kernel counts it (wait4)."""

    wall: float
    cpu: float
    status: int
    output: bytes


def spend(*command: object, folder: Path) -> Spent:
    """Run one of our commands to its end; what it writes goes through files in `folder`."""
    output = folder / "output.txt"
    with output.open("wb") as out:
        started = time.monotonic()
        child = subprocess.Popen(words_of(command), stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    return Spent(
        wall=wall, cpu=usage.ru_utime + usage.ru_stime, status=child.returncode, output=output.read_bytes()[-4_000:]
    )


def require_good(spent: Spent, *, what: str) -> Spent:
    """The same, or the end of the benchmark."""
    if spent.status:
        raise SystemExit(f"{what} ended with {spent.status}:\n{spent.output.decode(errors='replace')}")
    return spent


def words_of(command: Sequence[object]) -> list[str]:
    words = [str(word) for word in command]
    return [str(BIN / words[0]), *words[1:]]
