"""`python -m benchmarks.desk`: a class of 1,000 at the desk, as a browser does it, while other pages are asked for.

Prints how long from upload to the last badge, the slowest page meanwhile, and what the same file does a second time and
twice at once. Everything runs on this machine, in a folder that is deleted afterwards.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import requests

BIN = Path(sys.executable).parent
RECORDS = Path(__file__).parent.parent / "demo" / "register"
ROWS = 1_000
PASSWORD = "correct horse battery staple"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def run(*words: object) -> str:
    done = subprocess.run(
        [BIN / str(words[0]), *(str(word) for word in words[1:])], capture_output=True, text=True, check=True
    )
    return done.stdout


class Desk:
    """A member of staff with a browser, without the browser."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.session = requests.Session()

    def open(self, path: str) -> requests.Response:
        answer = self.session.get(path if path.startswith("http") else self.origin + path, timeout=60)
        answer.raise_for_status()
        return answer

    def send(self, page: requests.Response, url: str, **fields: object) -> requests.Response:
        """Post a form with the token of the page it stands on."""
        found = _CSRF.search(page.text)
        if found is None:
            raise SystemExit(f"no form on {page.url}")
        files = fields.pop("files", None)
        data = {"csrf_token": found[1], **fields}
        answer = self.session.post(url, data=data, files=files, timeout=60)  # type: ignore[arg-type]  # a form's fields
        answer.raise_for_status()
        return answer

    def sign_in(self, email: str, one_time: str) -> None:
        page = self.open("/desk/sign-in")
        page = self.send(page, page.url, email=email, password=one_time)
        self.send(page, page.url, current=one_time, password=one_time, new=PASSWORD)

    def upload(self, name: str, data: bytes) -> requests.Response:
        page = self.open("/desk/issue")
        return self.send(page, page.url, files={"list": (name, data, "text/csv")})

    def wait(self, page: requests.Response, words: str, *, seconds: float = 120) -> requests.Response:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if re.search(words, page.text):
                return page
            time.sleep(0.2)
            page = self.open(page.url)
        raise SystemExit(f"{words!r} did not come: {page.url}")

    def issue(self, page: requests.Response) -> requests.Response:
        """From an upload to its results; with nothing to issue, the check."""
        if "Check the list" in page.text:
            page = self.send(page, page.url)
        page = self.wait(page, r"Go on with|has the badge already|have their badges")
        onward = re.search(r'href="([^"]+/confirm)"', page.text)
        if onward is None:
            return page
        page = self.open(onward[1])
        ready = re.search(r'name="ready" value="(\d+)"', page.text)
        if ready is None:
            raise SystemExit(f"nothing to confirm on {page.url}")
        page = self.send(page, page.url, ready=ready[1], mail="hold")
        return self.wait(page, r"was issued|were issued|had the badge already|No badge was issued")


def main() -> int:
    """Do it and print it; 0 when every number is as it should be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        password = set_up(folder)
        service = subprocess.Popen(
            [BIN / "badge-issuer", "--instance", folder / "provider", "serve", "--port", str(port), "--origin", origin]
        )
        try:
            time.sleep(6)
            return measure(origin, password)
        finally:
            service.terminate()
            service.wait(60)


def measure(origin: str, password: str) -> int:
    desk = Desk(origin)
    desk.sign_in("hine@bench.example", password)
    slowest: list[float] = []
    stop = threading.Event()
    other = Desk(origin)
    other.session.cookies.update(desk.session.cookies)

    def look() -> None:
        while not stop.is_set():
            begun = time.monotonic()
            other.open("/desk")
            slowest.append(time.monotonic() - begun)
            time.sleep(0.1)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    begun = time.monotonic()
    results = desk.issue(desk.upload("class.csv", class_list("first")))
    seconds = time.monotonic() - begun
    stop.set()
    watcher.join()
    issued = f"{ROWS:d} badges were issued" in results.text
    print(f"upload to the last of {ROWS:,} badges: {seconds:.1f} s; issued all: {issued}")
    slowest.sort()
    print(
        f"{len(slowest)} other pages meanwhile: median {slowest[len(slowest) // 2]:.2f} s, slowest {slowest[-1]:.2f} s"
    )
    again = desk.issue(desk.upload("class.csv", class_list("first")))
    none = "has the badge already" in again.text
    print(f"the same file again: issues none: {none}")
    twice = two_at_once(origin, desk)
    print(f"one file uploaded twice at once: {twice} badges of {ROWS:,} rows")
    return 0 if issued and none and twice == ROWS and seconds < 60 else 1


def two_at_once(origin: str, desk: Desk) -> int:
    """Badges issued by two people who upload one file at the same moment."""
    data = class_list("second")
    pages: list[str] = []

    def one() -> None:
        person = Desk(origin)
        person.session.cookies.update(desk.session.cookies)
        pages.append(person.issue(person.upload("class.csv", data)).text)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [re.search(r"(\d+) badges? (?:was|were) issued", page) for page in pages]
    return sum(int(one[1]) for one in found if one)


def class_list(kind: str) -> bytes:
    rows = [f"Learner {kind} Tāmati-{number},5055,4/05/2026,{kind}{number}@bench.example" for number in range(ROWS)]
    return "\r\n".join(["Name,NZQA ref,Date achieved,Email", *rows]).encode()


def set_up(folder: Path) -> str:
    shutil.copytree(RECORDS, folder / "records")
    provider = ("badge-issuer", "--instance", folder / "provider")
    run("badge-register", "init", folder / "authority", "--name", "Register of the benchmark (invented)")
    run(*provider, "init", "--name", "Te Kura", "--provider", "9990", "--base-url", "https://badges.bench.example")
    run(*provider, "enrol-request", "--out", folder / "request.json")
    run("badge-register", "accept-key", folder / "authority", "--records", folder / "records",
        "--request", folder / "request.json")  # fmt: skip
    run("badge-register", "build", folder / "authority", "--records", folder / "records", "--demonstration",
        "--as-at", datetime.now(UTC).date().isoformat(), "--out", folder / "edition.json")  # fmt: skip
    run(*provider, "register", "use", folder / "edition.json", "--anchor", folder / "authority" / "anchor.json")
    added = run(*provider, "user", "add", "hine@bench.example", "--role", "issue", "--role", "read", "--json")
    return str(json.loads(added)["one_time_password"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
