"""A running service: a newer edition is taken up, a worse one is not, lists never go backwards, and hosts that are
slow, endless, redirecting or rebinding cost at most twelve seconds and no other request. Servers are on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.errors import BadgeError
from schemas.jsontext import write_json
from schemas.limits import MAX_SEEN_LISTS, MAX_SEEN_STRANGERS
from tests.simulator import AUTHORITY, NOW, SIGNED, Party, Simulator, edited, signer
from verifier.caching import BoundedFetch, CachingFetch
from verifier.fetch import GuardedFetch
from verifier.highwater import SeenList
from verifier.highwater_file import load_high_water
from verifier.intake import intake_bytes
from verifier.register.edition import Edition, edition_document
from verifier.report import CheckId, CurrentVerdict, Report
from verifier.web.app import Service, make_app
from verifier.web.service import _host
from verifier.web.standing import RegisterFile, ServiceWatch

INDEX = 94_567


@pytest.fixture
def world() -> Simulator:
    return Simulator()


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 2  # each look is late enough for another
        return self.seconds


# --- the register's file --------------------------------------------------------------------------------------------
def edition_bytes(world: Simulator, *, number: int, previous: Edition | None = None, key: str = "authority") -> bytes:
    from datetime import UTC, datetime

    from keys.signing import add_proof
    from schemas import vocabulary as v

    document = edition_document(
        world.register,
        number=number,
        previous_sha256=None if previous is None else previous.sha256,
        as_at=date(2026, 11, 15),
        authority=AUTHORITY,
        demonstration=True,
    )
    signed = add_proof(
        document,
        signer=signer(f"ed25519 {key}"),
        cryptosuite=v.EDDSA_JCS_2022,
        verification_method=AUTHORITY.keys[0].id,
        created=datetime(2026, 11, 15, tzinfo=UTC),
    )
    return write_json(signed)


def put(path: Path, data: bytes) -> None:
    beside = path.with_suffix(".part")
    beside.write_bytes(data)
    beside.replace(path)


def test_an_edition_put_in_its_place_is_taken_up_and_a_worse_one_is_not(world: Simulator, tmp_path: Path) -> None:
    path, seen = tmp_path / "edition.json", tmp_path / "seen.json"
    put(path, edition_bytes(world, number=1))
    register = RegisterFile(path, anchor=AUTHORITY, high_water_file=seen, monotonic=Clock())
    client = make_app(Service(clock=lambda: NOW, network=world.web, anchor=AUTHORITY, register=register)).test_client()
    body = {"credential": world.good_badge()}

    def used() -> int:
        return client.post("/verify", json=body).json["register"]["edition"]

    assert used() == 1
    first = register.current()[0]
    put(path, edition_bytes(world, number=2, previous=first))
    assert used() == 2
    assert client.get("/healthz").json["checks"]["register"] == "ok"
    for worse in (
        edition_bytes(world, number=1),  # older
        edition_bytes(world, number=3, previous=register.current()[0], key="thief"),  # somebody else's
        edition_bytes(world, number=3, previous=first),  # of another history
        edition_bytes(world, number=3, previous=register.current()[0])[:-400],  # half written
        b"",
    ):
        put(path, worse)
        assert used() == 2
        health = client.get("/healthz").json
        assert health["checks"]["register"] == "degraded"
        assert health["register_fault"]
    path.unlink()
    assert used() == 2
    put(path, edition_bytes(world, number=3, previous=register.current()[0]))
    assert used() == 3
    assert client.get("/healthz").json["checks"]["register"] == "ok"


def test_a_service_does_not_start_on_an_edition_older_than_one_seen(world: Simulator, tmp_path: Path) -> None:
    path, seen = tmp_path / "edition.json", tmp_path / "seen.json"
    put(path, edition_bytes(world, number=2, previous=world.edition()))
    RegisterFile(path, anchor=AUTHORITY, high_water_file=seen)
    put(path, edition_bytes(world, number=1))
    with pytest.raises(BadgeError, match="older"):
        RegisterFile(path, anchor=AUTHORITY, high_water_file=seen)


# --- lists seen -----------------------------------------------------------------------------------------------------
def watched(world: Simulator, path: Path, *, known: bool = True) -> Service:
    watch = ServiceWatch(path, is_known=lambda _issuer: known, monotonic=Clock())
    return Service(edition=world.edition(), clock=lambda: NOW, network=world.web, seen=watch)


def check(service: Service, world: Simulator) -> Report:
    return service.check(intake_bytes(write_json(world.good_badge()), name="badge"))


@pytest.mark.parametrize("known", [True, False], ids=["an issuer of the register", "a stranger"])
def test_a_withdrawn_badge_stays_withdrawn_when_an_older_list_is_served(
    world: Simulator, tmp_path: Path, *, known: bool
) -> None:
    service = watched(world, tmp_path / "seen.json", known=known)
    world.publish_list(valid_from=NOW - timedelta(hours=3))
    older = world.web.pages[world.list_url]
    world.publish_list(set_={INDEX}, valid_from=NOW - timedelta(hours=1))
    assert check(service, world).current.verdict is CurrentVerdict.WITHDRAWN
    world.web.pages[world.list_url] = older
    report = check(service, world)
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED
    assert report.check(CheckId.REVOCATION).reason == "list-rolled-back"
    assert len(load_high_water(tmp_path / "seen.json").lists) == int(known)


def test_what_one_process_has_seen_another_knows(world: Simulator, tmp_path: Path) -> None:
    one, other = watched(world, tmp_path / "seen.json"), watched(world, tmp_path / "seen.json")
    world.publish_list(valid_from=NOW - timedelta(hours=3))
    older = world.web.pages[world.list_url]
    assert check(other, world).current.verdict is CurrentVerdict.CURRENT
    world.publish_list(set_={INDEX}, valid_from=NOW - timedelta(hours=1))
    check(one, world)
    world.web.pages[world.list_url] = older
    check(other, world)  # after this one it has looked at the file
    assert check(other, world).check(CheckId.REVOCATION).reason == "list-rolled-back"


def test_a_file_that_cannot_be_written_is_told_and_breaks_no_answer(world: Simulator, tmp_path: Path) -> None:
    service = watched(world, tmp_path / "seen.json")
    (tmp_path / "seen.json").write_text("damaged")
    (tmp_path / "seen.json").chmod(0o600)
    assert check(service, world).current.verdict is CurrentVerdict.CURRENT
    answer = make_app(service).test_client().get("/healthz").json
    assert (answer["status"], answer["checks"]["high_water"]) == ("degraded", "degraded")
    (tmp_path / "seen.json").unlink()
    check(service, world)
    assert len(load_high_water(tmp_path / "seen.json").lists) == 1
    assert make_app(service).test_client().get("/healthz").json["checks"]["high_water"] == "ok"


def test_strangers_lists_are_let_go_before_they_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_SEEN_STRANGERS < MAX_SEEN_LISTS
    monkeypatch.setattr("verifier.web.standing.MAX_SEEN_STRANGERS", 3)
    watch = ServiceWatch(tmp_path / "seen.json", is_known=lambda issuer: issuer == "did:known")
    for number in range(10):
        for issuer in ("did:known", "did:stranger"):
            seen = SeenList(url=f"https://a.example/{number}", issuer=issuer, valid_from=NOW, sha256="a" * 64)
            assert watch.compare(seen) is None
    watch.settle()
    assert len(watch._strangers) == 3
    assert {one.issuer for one in load_high_water(tmp_path / "seen.json").lists} == {"did:known"}


# --- what was proved is kept ------------------------------------------------------------------------------------------
def test_with_caches_a_list_is_asked_for_and_proved_once_and_reports_say_when(world: Simulator) -> None:
    moments = iter([NOW, NOW + timedelta(seconds=30), NOW + timedelta(seconds=59)])
    service = Service(edition=world.edition(), clock=lambda: next(moments), network=CachingFetch(fetch=world.web))
    reports = [check(service, world) for _ in range(3)]
    assert world.web.asked.count(world.list_url) == 1
    assert len(service.shared.memory) == 1
    assert all(reports)
    assert {source.retrieved_at for report in reports for source in report.sources if "status" in source.url} == {NOW}
    assert {report.current.as_of for report in reports} == {NOW}


@pytest.mark.parametrize("signer", [None, "stranger"], ids=["nobody", "a stranger"])
def test_without_a_register_a_list_that_its_issuer_did_not_sign_neither_clears_nor_condemns(
    world: Simulator, signer: str | None
) -> None:
    service = Service(clock=lambda: NOW, network=world.web)
    assert check(service, world).current.verdict is CurrentVerdict.CURRENT
    for bits in (set(), {INDEX}):
        document = world.status_list(set_=bits)
        if signer is not None:
            stranger = Party(base_url="https://stranger.example", prefix="stranger ")
            stranger.publish(world.web)
            document = world.sign(document, party=stranger)
        world.web.put(world.list_url, document)
        report = check(service, world)
        assert report.current.verdict is CurrentVerdict.UNCONFIRMED
        assert report.check(CheckId.REVOCATION).reason == "status-list-unproven"


def test_a_doubt_about_a_list_is_not_kept(world: Simulator) -> None:
    signed = world.sign(world.status_list(), key="status")
    world.web.put(world.list_url, edited(signed, "validFrom", value="2026-01-01T00:00:00Z"))
    service = Service(edition=world.edition(), clock=lambda: NOW, network=CachingFetch(fetch=world.web))
    assert check(service, world).current.verdict is CurrentVerdict.UNCONFIRMED
    assert len(service.shared.memory) == 0


# --- hosts that misbehave, for real -----------------------------------------------------------------------------------
Handler = Callable[[socket.socket], None]


def says_nothing(_connection: socket.socket) -> None:
    time.sleep(45)


def has_no_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def redirects(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


class Host:
    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.origin = f"http://host.example:{self.socket.getsockname()[1]}"
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(65_536)
            self.handler(connection)


@pytest.fixture
def host() -> Iterator[Callable[[Handler], Host]]:
    hosts: list[Host] = []

    def start(handler: Handler) -> Host:
        hosts.append(Host(handler))
        return hosts[-1]

    yield start
    for one in hosts:
        one.socket.close()


def service_over(world: Simulator, origin: str, resolver: Callable[[str, int], Sequence[str]]) -> Service:
    """The service's own way over the network: a good world in memory, and one host that misbehaves on loopback."""
    guarded = GuardedFetch(clock=lambda: NOW, allow_origins=frozenset({origin}), resolver=resolver, seconds=0.5)

    def fetch(url: str):
        return guarded(url) if url.startswith(origin) else world.web(url)

    network = CachingFetch(fetch=BoundedFetch(fetch=fetch, host_of=_host, patience=0.05))
    return Service(edition=world.edition(), clock=lambda: NOW, network=network)


@pytest.mark.network
@pytest.mark.parametrize("handler", [says_nothing, has_no_end, redirects])
def test_a_host_that_misbehaves_costs_no_other_request(
    world: Simulator, host: Callable[[Handler], Host], handler: Handler
) -> None:
    bad = host(handler)
    service = service_over(world, bad.origin, lambda _host, _port: ("127.0.0.1",))
    app = make_app(service)
    good = {"credential": world.good_badge()}
    assert app.test_client().post("/verify", json=good).status_code == 200  # warm

    def ask(number: int) -> tuple[float, str]:
        began = time.monotonic()
        answer = app.test_client().post("/verify", json={"url": f"{bad.origin}/badges/{number}"})
        return time.monotonic() - began, answer.json["genuine"]["verdict"]

    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(ask, number) for number in range(40)]
        time.sleep(0.05)
        began = time.monotonic()
        report = app.test_client().post("/verify", json=good).json
        spent = time.monotonic() - began
        answers = [one.result() for one in waiting]
    assert report["accredited"]["verdict"] == "valid"
    assert spent < 15  # a host that says nothing does so for longer
    assert {verdict for _, verdict in answers} == {"unconfirmed"}
    assert max(seconds for seconds, _ in answers) < 30
    assert bad.asked <= 40 * 3


def is_gone(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.network
def test_a_name_that_leads_elsewhere_the_second_time_is_asked_once_for_each_request(
    world: Simulator, host: Callable[[Handler], Host]
) -> None:
    bad = host(is_gone)
    asked: list[str] = []

    def rebinds(name: str, _port: int) -> Sequence[str]:
        asked.append(name)
        return ("127.0.0.1",) if len(asked) == 1 else ("169.254.169.254",)

    client = make_app(service_over(world, bad.origin, rebinds)).test_client()
    answer = client.post("/verify", json={"url": f"{bad.origin}/badges/1"})
    assert answer.json["genuine"]["verdict"] == "unconfirmed"
    assert (len(asked), bad.asked) == (1, 1)


def test_everything_one_report_waits_for_together_is_bounded(world: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The badge's own page, its document, keys, list and newer version: one account of seconds."""
    clock = [0.0]
    monkeypatch.setattr("verifier.fetch.time.monotonic", lambda: clock[0])
    badge = world.good_badge()
    page = b'<html><link rel="alternate" type="application/vc+ld+json" href="/b/1.json"></html>'
    world.web.put("https://badges.totara-training.example/b/1", page, "text/html")
    world.web.put("https://badges.totara-training.example/b/1.json", badge)

    def slow(url: str):
        clock[0] += 3.0
        return world.web(url)

    service = Service(edition=world.edition(), clock=lambda: NOW, network=slow).for_request()
    subject = service.subject_at("https://badges.totara-training.example/b/1")
    report = service.check(subject)
    assert clock[0] <= 12.2
    assert report.check(CheckId.PROOF).outcome == "passed"
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED


def test_one_request_sees_one_edition(world: Simulator) -> None:
    service = Service(edition=world.edition(), clock=lambda: NOW, network=world.web)
    assert service.for_request().asked is not service.for_request().asked
    assert replace(service).shared is service.shared
    assert SIGNED < NOW
