"""`badge-verifier serve` as it is started: two processes, one count, a file of what was seen; and a slow sender."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.jsontext import write_json
from tests.patience import PATIENCE, until
from tests.simulator import AUTHORITY, Simulator
from tests.verifier.web.test_standing import edition_bytes, put
from verifier.highwater_file import load_high_water
from verifier.register.anchor import anchor_document

pytestmark = pytest.mark.network
BIN = Path(sys.executable).parent


@pytest.fixture
def world() -> Simulator:
    return Simulator()


@pytest.fixture
def port(tmp_path: Path, world: Simulator) -> Iterator[int]:
    (tmp_path / "anchor.json").write_bytes(write_json(anchor_document(AUTHORITY)))
    put(tmp_path / "edition.json", edition_bytes(world, number=1))
    files = {}
    for number, (url, (body, _)) in enumerate(world.web.pages.items()):
        (tmp_path / f"{number}.json").write_bytes(body)
        files[url] = f"{number}.json"
    (tmp_path / "map.json").write_bytes(write_json(files))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [BIN / "badge-verifier", "serve", "--port", str(number), "--register", tmp_path / "edition.json", "--anchor",
         tmp_path / "anchor.json", "--did-map", tmp_path / "map.json", "--high-water", tmp_path / "seen.json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: is_up(number), "the service", every=0.1)
        yield number
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def is_up(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Over a connection of its own, so that either process may answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_two_processes_answer_as_one(port: int, world: Simulator, tmp_path: Path) -> None:
    body = write_json({"credential": world.good_badge()})
    for _ in range(24):
        status, text = ask(port, "POST", "/verify", body)
        assert status == 200
        assert json.loads(text)["genuine"]["verdict"] == "valid"
    told = {
        int(re.search(r'question="genuine",verdict="valid"} (\d+)', ask(port, "GET", "/metrics")[1])[1])
        for _ in range(8)
    }  # type: ignore[index]  # fails when it is missing
    assert told == {24}
    assert len(load_high_water(tmp_path / "seen.json").authorities) == 1
    first = json.loads(ask(port, "GET", "/healthz")[1])
    assert (first["register"], first["checks"]["high_water"]) == (1, "ok")
    put(tmp_path / "edition.json", edition_bytes(world, number=2, previous=world.edition()))
    put(tmp_path / "edition.json", edition_bytes(world, number=1))
    time.sleep(1.1)
    assert {json.loads(ask(port, "GET", "/healthz")[1])["register"] for _ in range(6)} == {1}


def test_senders_who_never_finish_hold_nobody_up(port: int, world: Simulator) -> None:
    body = write_json({"credential": world.good_badge()})
    slow = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(30)]
    try:
        for one in slow:
            one.sendall(
                b"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
            )
        began = time.monotonic()
        assert ask(port, "POST", "/verify", body)[0] == 200
        assert time.monotonic() - began < 20  # they are given a minute
    finally:
        for one in slow:
            one.close()
