"""The service as people meet it: a real server with its worker, a real mail server, a real browser."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE, until

CHROMIUM = shutil.which("chromium")
CHROMIUM_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
BIN = Path(sys.executable).parent
DEMO = Path(__file__).parent.parent.parent / "demo"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.network)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Under CI its absence is a failure."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium; make test installs it")
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS), timeout=PATIENCE * 1_000
        )
        yield started
        started.close()


def free_ports(count: int) -> list[int]:
    """Ports for servers that start a moment later; below those the system gives to whoever asks for any."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in found:
                found.append(port)
    return found


@dataclass(kw_only=True)
class Town:
    """Everything of one test run: a provider with its service, an authority, a verifier's service, a mail server."""

    folder: Path
    origin: str
    verifier: str
    mail: Path
    accounts: dict[str, str] = field(default_factory=dict)
    smtp_port: int = 0

    def issuer(self, *words: object) -> str:
        return command("badge-issuer", "--instance", self.folder / "provider", *words)


def command(*words: object) -> str:
    done = subprocess.run(
        [BIN / str(words[0]), *(str(word) for word in words[1:])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        assert process.poll() is None, f"the server for {url} ended"
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 - our own loopback address
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    until(answers, url, every=0.1)


BASE_URL = "https://badges.film.example"


def _add_listing(records: Path, ref: str, title: str) -> None:
    """One more invented micro-credential, whose reference begins with a zero."""
    for name, facts in (
        (
            "listings.csv",
            {"nzqa_ref": ref, "version": "1", "title_en": title, "level": "3", "credits": "10", "qa_body": "NZQA",
             "developer": "Demonstration developer (invented)", "te_hono": "no", "origin": "new",
             "listed_from": "2024-01-01"},
        ),
        (
            "awarding_rights.csv",
            {"moe_number": "9990", "nzqa_ref": ref, "basis": "accreditation", "granted_on": "2024-02-01",
             "last_delivered_on": "2026-10-01", "delivery_checked_on": "2026-10-15"},
        ),
    ):  # fmt: skip
        path = records / name
        with path.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, columns, restval="").writerow(facts)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A new provider on its first day, enrolled in a demonstration register, with nobody and nothing in it yet."""
    from demo.mailbox import Mailbox

    folder = tmp_path_factory.mktemp("town")
    issuer_port, verifier_port, smtp_port, mail_port = free_ports(4)
    town = Town(
        folder=folder,
        origin=f"http://127.0.0.1:{issuer_port}",
        verifier=f"http://127.0.0.1:{verifier_port}",
        mail=folder / "mail",
        smtp_port=smtp_port,
    )
    shutil.copytree(DEMO / "register", folder / "records")
    _add_listing(folder / "records", "0426", "Native Seed Collection")
    command("badge-register", "init", folder / "authority", "--name", "Register of the tests (invented)")
    town.issuer("init", "--name", "Te Kura Whakaatu", "--provider", "9990", "--base-url", BASE_URL)
    town.issuer("enrol-request", "--out", folder / "enrolment.json")
    command(
        *("badge-register", "accept-key", folder / "authority", "--records", folder / "records"),
        *("--request", folder / "enrolment.json"),
    )
    command(
        *("badge-register", "build", folder / "authority", "--records", folder / "records"),
        *("--as-at", time.strftime("%Y-%m-%d"), "--demonstration", "--out", folder / "edition.json"),
    )
    anchor = folder / "authority" / "anchor.json"
    town.issuer("register", "use", folder / "edition.json", "--anchor", anchor)
    town.issuer("publish", folder / "site", "--verifier-url", town.verifier)
    for address, name, roles in (
        ("hine@film.example", "Hine Tauira", ("issue", "read", "administer")),
        ("sam@film.example", "Sam Example", ("approve", "read")),
    ):
        chosen = [word for role in roles for word in ("--role", role)]
        told = json.loads(town.issuer("user", "add", address, "--name", name, *chosen, "--json"))
        town.accounts[address] = told["one_time_password"]
    mailbox = Mailbox(town.mail, smtp_port=smtp_port, web_port=mail_port)
    mailbox.start()
    processes = [
        subprocess.Popen(
            [BIN / "badge-issuer", "--instance", folder / "provider", "serve", "--port", str(issuer_port),
             "--origin", town.origin]
        ),
        subprocess.Popen(
            [BIN / "badge-verifier", "serve", "--port", str(verifier_port), "--register", folder / "edition.json",
             "--anchor", anchor, "--allow-origin", f"{BASE_URL}={town.origin}"]
        ),
    ]  # fmt: skip
    try:
        wait_for(f"{town.origin}/healthz", processes[0])
        wait_for(f"{town.verifier}/healthz", processes[1])
        yield town
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE)
        mailbox.stop()
