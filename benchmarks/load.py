"""`python -m benchmarks.load`: so many verifications a second against `badge-verifier serve`, for some minutes.

Everything is on loopback: the verifier as its command starts it, two processes; badges of the demonstration, whose
lists and keys it reads by the demonstration's map. Requests leave on time whether or not earlier ones were
answered, and their times are counted from when they should have left, so that a service that falls behind is seen to.
"""

from __future__ import annotations

import argparse
import http.client
import json
import queue
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

DEMO = Path("build/demo")
BIN = Path(sys.executable).parent
MAX_MINUTES = 15.0
MAX_RATE = 200.0
SENDERS = 32


class Load:
    """What came back, and after how long."""

    def __init__(self, port: int, bodies: Sequence[bytes]) -> None:
        self.port = port
        self.bodies = bodies
        self.due: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        self.seconds: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, *, rate: float, seconds: float) -> None:
        senders = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        started = time.monotonic()
        for number in range(int(rate * seconds)):
            due = started + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            self.due.put((due, self.bodies[number % len(self.bodies)]))
        for _ in senders:
            self.due.put(None)
        for sender in senders:
            sender.join(timeout=30)

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while (job := self.due.get()) is not None:
            due, body = job
            try:
                connection.request("POST", "/verify", body=body, headers={"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                outcome = _outcome(answer.status, text)
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
                connection.close()
            took = time.monotonic() - due
            with self._lock:
                self.seconds.append(took)
                self.outcomes[outcome] += 1
        connection.close()


def _outcome(status: int, text: bytes) -> str:
    if status != 200:
        return str(status)
    report = json.loads(text)
    return "/".join(report[question]["verdict"] for question in ("genuine", "current", "accredited"))


def main() -> int:
    """0 when nothing failed and p95 is under half a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="verifications a second")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--warm", type=float, default=15.0, help="seconds at the same rate before anything is counted")
    parser.add_argument("--badges", type=int, default=100, help="how many different badges, in turn")
    wanted = parser.parse_args()
    if not (DEMO / "summary.json").exists():
        raise SystemExit("There is no demonstration; run `make demo` first.")
    rate, minutes = min(wanted.rate, MAX_RATE), min(wanted.minutes, MAX_MINUTES)
    files = sorted((DEMO / "badges").glob("*.json"))
    files = [path for path in files if not path.name.endswith(".anchor.json")][: wanted.badges]
    bodies = [b'{"credential":' + path.read_bytes() + b"}" for path in files]
    port = _free_port()
    service = subprocess.Popen(
        [BIN / "badge-verifier", "serve", "--port", str(port), "--register", DEMO / "edition.json",
         "--anchor", DEMO / "anchor.json", "--did-map", DEMO / "did-map.json", "--rate", "0"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        Load(port, bodies).run(rate=rate, seconds=min(wanted.warm, 60))
        before, spent = _memory(service.pid), _cpu_seconds(service.pid)
        load = Load(port, bodies)
        began = time.monotonic()
        load.run(rate=rate, seconds=minutes * 60)
        took = time.monotonic() - began
        return _tell(load, rate=rate, took=took, memory=(before, _memory(service.pid)),
                     cpu=_cpu_seconds(service.pid) - spent)  # fmt: skip
    finally:
        service.terminate()
        service.wait(timeout=30)


def _tell(load: Load, *, rate: float, took: float, memory: tuple[float, float], cpu: float) -> int:
    cuts = statistics.quantiles(load.seconds, n=100)
    number = len(load.seconds)
    failed = sum(count for outcome, count in load.outcomes.items() if "/" not in outcome)
    print(f"{number} verifications in {took:.0f} s, {rate:g} a second asked for, {number / took:.1f} answered")
    for outcome, count in load.outcomes.most_common():
        print(f"  {count:7} {outcome}")
    print(f"p50 {cuts[49] * 1000:.0f} ms   p95 {cuts[94] * 1000:.0f} ms   p99 {cuts[98] * 1000:.0f} ms   "
          f"longest {max(load.seconds) * 1000:.0f} ms")  # fmt: skip
    print(f"memory of all processes {memory[0]:.0f} MiB at the start, {memory[1]:.0f} MiB at the end")
    print(f"CPU {cpu / number * 1000:.1f} ms for each, {cpu / took * 100:.0f} % of a core")
    return 0 if not failed and cuts[94] < 0.5 else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(150):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The verifier did not start.")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _memory(pid: int) -> float:
    """MiB of all its processes; what they share is counted once for each of them that uses it, in part."""
    total = 0
    for one in _family(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _cpu_seconds(pid: int) -> float:
    ticks = 0
    for one in _family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


if __name__ == "__main__":
    raise SystemExit(main())
