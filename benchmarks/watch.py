"""What a command and all its processes hold in memory while they run: read from /proc, without asking them."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Moment:
    """Resident memory at one time, in MiB: the command's own process, and the largest and all of its children."""

    at: float
    parent: float
    largest_child: float
    children: float


@dataclass(slots=True)
class Watch:
    """Looks at a process and its descendants until it is left. Peaks are the kernel's own (VmHWM)."""

    process: subprocess.Popen[bytes]
    every: float = EVERY_SECONDS
    parent_peak: float = 0.0
    child_peaks: dict[int, float] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def child_peak(self) -> float:
        """Of the largest child."""
        return max(self.child_peaks.values(), default=0.0)

    def _look(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(self.every):
            own = _memory(self.process.pid)
            if own is None:
                continue
            self.parent_peak = max(self.parent_peak, own[1])
            children = []
            for child in descendants(self.process.pid):
                memory = _memory(child)
                if memory is not None:
                    children.append(memory[0])
                    self.child_peaks[child] = max(self.child_peaks.get(child, 0.0), memory[1])
            self.moments.append(Moment(time.monotonic() - began, own[0], max(children, default=0.0), sum(children)))


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on, as they are now."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                below = [int(word) for word in path.read_text().split()]
            except OSError:  # it has ended meanwhile
                continue
            found += below
            waiting += below
    return found


def _memory(pid: int) -> tuple[float, float] | None:
    """(resident now, its peak) in MiB; None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in text.splitlines() if line.startswith(("VmRSS:", "VmHWM:")))
    if len(sizes) < 2:
        return None  # a zombie has no memory
    now, peak = (int(sizes[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def free_bytes(folder: Path) -> int:
    """What can still be written there."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
