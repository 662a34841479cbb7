"""The one HTTP client: what it refuses, and that it stops. Servers are this test's own, on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from keys.resolve import Retrieved
from schemas.errors import NotPublished, Unreachable
from schemas.limits import FETCH_SECONDS, FETCH_TOTAL_SECONDS, MAX_RESOLVING, MAX_URL_CHARS
from tests.patience import PATIENCE, until
from tests.simulator import Web
from verifier.fetch import GuardedFetch, Recorder, is_public

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOST = "badges.example"
PUBLIC = "93.184.215.14"


def resolves_to(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda _host, _port: addresses


def guarded(resolver: Callable[[str, int], Sequence[str]] | None = None, **options: object) -> GuardedFetch:
    return GuardedFetch(clock=lambda: NOW, resolver=resolver or resolves_to(PUBLIC), **options)  # type: ignore[arg-type] # test tables


def refusal(fetch: GuardedFetch, url: str) -> str:
    with pytest.raises(Unreachable) as caught:
        fetch(url)
    return str(caught.value.extensions["reason"])


# --- addresses ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("http://badges.example/", "scheme", id="http"),
        pytest.param("ftp://badges.example/", "scheme", id="ftp"),
        pytest.param("file:///etc/passwd", "address", id="a file"),
        pytest.param("did:web:badges.example", "address", id="a DID"),
        pytest.param("/status/1", "address", id="a path"),
        pytest.param("https:///status/1", "address", id="no host"),
        pytest.param("https://user@badges.example/", "address", id="a user name"),
        pytest.param("https://user:secret@badges.example/", "address", id="a user name and password"),
        pytest.param("https://@badges.example/", "address", id="an empty user name"),
        pytest.param("https://badges.example:8443/", "port", id="another port"),
        pytest.param("https://badges.example:22/", "port", id="the port of another service"),
        pytest.param("https://badges.example:99999/", "address", id="a port that is none"),
        pytest.param("https://badges.example/a b", "address", id="a space"),
        pytest.param("https://badges.example/\r\nHost: x", "address", id="a header slipped in"),
        pytest.param("https://badges.example\\@evil.example/", "address", id="a backslash"),
        pytest.param("https://bādges.example/", "address", id="letters that are not ASCII"),
        pytest.param("https://badges.example/" + "a" * MAX_URL_CHARS, "address", id="too long"),
    ],
)
def test_an_address_that_is_no_plain_https_address_is_refused(url: str, reason: str) -> None:
    assert refusal(guarded(), url) == reason


NOT_PUBLIC = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",  # noqa: S104 - refused
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
    "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::1", "not an address",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)
    assert refusal(guarded(resolves_to(address)), "https://badges.example/") == "private"


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_several_is_enough_to_refuse() -> None:
    assert refusal(guarded(resolves_to(PUBLIC, "10.0.0.1")), "https://badges.example/") == "private"


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/"])
def test_an_address_written_as_a_number_is_judged_by_what_it_resolves_to(url: str) -> None:
    assert refusal(guarded(resolves_to("127.0.0.1")), url) == "private"


def test_a_host_that_cannot_be_found_is_unreachable() -> None:
    def fails(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    assert refusal(guarded(fails), "https://badges.example/") == "name"


def let_resolvers_end() -> None:
    """They give their turn back to whatever semaphore is there then, which must not be the next test's."""
    until(lambda: not [one for one in threading.enumerate() if one.name == "resolve"], "the end of every look-up")


def test_a_silent_name_server_does_not_hold_us() -> None:
    go = threading.Event()

    def hangs(_host: str, _port: int) -> Sequence[str]:
        go.wait(20)
        return (PUBLIC,)

    started = time.monotonic()
    assert refusal(guarded(hangs, seconds=0.2), "https://badges.example/") == "name"
    assert time.monotonic() - started < 10
    go.set()
    let_resolvers_end()


def test_silent_name_servers_hold_so_many_threads_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 3
    assert most < MAX_RESOLVING
    monkeypatch.setattr("verifier.fetch._RESOLVING", threading.BoundedSemaphore(most))
    go, asked = threading.Event(), []

    def hangs(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        go.wait(PATIENCE)
        return (PUBLIC,)

    for number in range(most + 4):
        assert refusal(guarded(hangs, seconds=0.05), f"https://silent{number}.example/") == "name"
    until(lambda: len(asked) >= most, "as many threads as there may be")
    assert len(asked) == most
    go.set()
    assert refusal(guarded(resolves_to("127.0.0.1"), seconds=PATIENCE), "https://badges.example/") == "private"
    let_resolvers_end()


# --- a server of our own ----------------------------------------------------------------------------------------------
Handler = Callable[[socket.socket], None]


def answer(body: bytes = b"{}", *, status: str = "200 OK", **headers: str) -> Handler:
    def handle(connection: socket.socket) -> None:
        fields = {"Content-Length": str(len(body)), "Content-Type": "application/json; charset=utf-8"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

    return handle


class Server:
    """Answers one request after another with the handlers in turn, the last one for ever."""

    def __init__(self, handlers: Sequence[Handler], context: ssl.SSLContext | None) -> None:
        self.handlers = list(handlers)
        self.context = context
        self.requests: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"{'http' if self.context is None else 'https'}://{HOST}:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(raw,), daemon=True).start()

    def _talk(self, raw: socket.socket) -> None:
        with suppress(OSError), raw:
            raw.settimeout(PATIENCE)
            connection = raw if self.context is None else self.context.wrap_socket(raw, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                chunk = connection.recv(4096)
                if not chunk:
                    return
                request += chunk
            self.requests.append(request)
            handler = self.handlers.pop(0) if len(self.handlers) > 1 else self.handlers[0]
            handler(connection)
            with suppress(OSError):
                connection.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the host, which this test's client is told to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def serve(certificate: Path) -> Iterator[Callable[..., tuple[Server, GuardedFetch]]]:
    """serve(handler, …) -> (server, a client that may reach it under the host's name)."""
    servers: list[Server] = []

    def start(*handlers: Handler, tls: bool = True, host: str = HOST, **options: object) -> tuple[Server, GuardedFetch]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = Server(handlers, context if tls else None)
        servers.append(server)
        client = ssl.create_default_context(cafile=str(certificate))
        origins = frozenset({server.origin, server.origin.replace(HOST, host)})
        return server, guarded(resolves_to("127.0.0.1"), allow_origins=origins, tls=client, **options)

    yield start
    for server in servers:
        server.socket.close()


network = pytest.mark.network
Serve = Callable[..., tuple[Server, GuardedFetch]]


@network
def test_a_document_is_retrieved_with_its_digest_and_time(serve: Serve) -> None:
    server, fetch = serve(answer(b'{"a":1}'))
    found = fetch(f"{server.origin}/status/1?x=1")
    assert (found.body, found.media_type, found.retrieved_at) == (b'{"a":1}', "application/json", NOW)
    assert found.sha256 == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert found.url == f"{server.origin}/status/1?x=1"


@network
def test_the_request_says_nothing_about_anybody(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server, fetch = serve(answer(Set_Cookie="id=1"))
    fetch(f"{server.origin}/a#fragment")
    fetch(f"{server.origin}/a")
    for request in server.requests:
        head = request.decode().lower()
        assert head.startswith("get /a http/1.1")
        assert f"host: {HOST}:{server.port}" in head
        assert "accept-encoding: identity" in head
        assert "cookie" not in head
        assert "authorization" not in head


@network
def test_a_certificate_for_another_name_is_refused(serve: Serve) -> None:
    server, fetch = serve(answer(), host="other.example")
    assert refusal(fetch, server.origin.replace(HOST, "other.example") + "/") == "certificate"


@network
def test_a_certificate_nobody_vouches_for_is_refused(serve: Serve) -> None:
    server, fetch = serve(answer())
    untrusting = GuardedFetch(clock=fetch.clock, resolver=fetch.resolver, allow_origins=fetch.allow_origins)
    assert refusal(untrusting, f"{server.origin}/") == "certificate"


@network
def test_an_allowed_origin_may_be_plain_http_on_loopback(serve: Serve) -> None:
    server, fetch = serve(answer(), tls=False)
    assert fetch(f"{server.origin}/").body == b"{}"
    other_port = f"http://{HOST}:{server.port + 1 if server.port < 65_535 else 1}/"
    assert refusal(fetch, other_port) == "scheme"


@network
def test_a_host_is_resolved_once_and_the_connection_goes_there(serve: Serve) -> None:
    """DNS rebinding: a second answer of the name server is never asked for."""
    server, fetch = serve(answer())
    asked = []

    def rebinds(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.66",)

    pinned = GuardedFetch(clock=fetch.clock, resolver=rebinds, allow_origins=fetch.allow_origins, tls=fetch.tls)
    assert pinned(f"{server.origin}/").body == b"{}"
    assert asked == [HOST]


@network
@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        pytest.param(answer(status="404 Not Found"), "status", id="not found"),
        pytest.param(answer(status="410 Gone"), "status", id="gone"),
        pytest.param(answer(status="500 Oh"), "status", id="a fault of theirs"),
        pytest.param(answer(status="204 No Content"), "status", id="no content"),
        pytest.param(answer(status="302 Found"), "redirect", id="a redirect to nowhere"),
        pytest.param(answer(Content_Encoding="gzip"), "encoding", id="compressed, which was not asked for"),
        pytest.param(answer(b"x" * 1_001), "size", id="one byte over the limit"),
        pytest.param(answer(b"x" * 5, Content_Length="9"), "connection", id="cut short"),
        pytest.param(lambda c: c.sendall(b"garbage\r\n\r\n"), "connection", id="no HTTP"),
        pytest.param(lambda c: c.close(), "connection", id="closed at once"),
        pytest.param(answer(status="302 Found", Location="http://badges.example/"), "scheme", id="a redirect to http"),
        pytest.param(answer(status="302 Found", Location="https://localhost/"), "private", id="a redirect to ourselves"),
        pytest.param(answer(status="307 T", Location="https://169.254.169.254/meta"), "private", id="a redirect to a cloud's metadata"),
        pytest.param(answer(status="302 Found", Location="https://badges.example:22/"), "port", id="a redirect to another service"),
        pytest.param(answer(status="302 Found", Location="file:///etc/passwd"), "address", id="a redirect to a file"),
        pytest.param(answer(status="302 Found", Location="/again"), "redirect", id="redirects without end"),
    ],
)  # fmt: skip
def test_what_a_server_can_do_is_bounded(serve: Serve, handler: Handler, reason: str) -> None:
    server, fetch = serve(handler, max_bytes=1_000)
    assert refusal(fetch, f"{server.origin}/") == reason


@network
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param("404 Not Found", NotPublished, id="404 says so"),
        pytest.param("410 Gone", NotPublished, id="410 says so"),
        pytest.param("403 Forbidden", Unreachable, id="403 does not"),
        pytest.param("500 Oh", Unreachable, id="500 does not"),
        pytest.param("503 Later", Unreachable, id="503 does not"),
    ],
)
def test_only_a_definite_answer_says_that_nothing_is_published(
    serve: Serve, status: str, kind: type[Unreachable]
) -> None:
    server, fetch = serve(answer(status=status))
    with pytest.raises(Unreachable) as told:
        fetch(f"{server.origin}/")
    assert type(told.value) is kind
    assert told.value.extensions["status_code"] == int(status[:3])


@network
def test_exactly_the_limit_and_two_redirects_are_allowed(serve: Serve) -> None:
    hop = answer(status="302 Found", Location="/next")
    server, fetch = serve(hop, hop, answer(b"x" * 1_000), max_bytes=1_000)
    assert len(fetch(f"{server.origin}/").body) == 1_000
    server, fetch = serve(hop, hop, hop, answer())
    assert refusal(fetch, f"{server.origin}/") == "redirect"


def _says_nothing(_connection: socket.socket) -> None:
    time.sleep(30)


def _drips(*, start: bytes, drop: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(300):
            connection.sendall(drop)
            time.sleep(0.1)

    return handle


@network
@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(_says_nothing, id="silence"),
        pytest.param(_drips(start=b"HTTP/1.1 200 OK\r\n", drop=b"X-A: b\r\n"), id="headers that drip"),
        pytest.param(_drips(start=b"HTTP/1.1 200 OK\r\nX-", drop=b"a"), id="one header that drips"),
        pytest.param(_drips(start=b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", drop=b"x"), id="a body that drips"),
        pytest.param(_drips(start=b"HTTP/1.1 200 OK\r\n\r\n", drop=b"x"), id="a body without an end"),
        pytest.param(_drips(start=b"HTTP/1.1 100 Continue\r\n\r\n", drop=b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 Continue without an end"),
    ],
)  # fmt: skip
def test_a_slow_server_is_left_at_the_deadline(serve: Serve, handler: Handler) -> None:
    server, fetch = serve(handler, tls=False, seconds=1.0)
    started = time.monotonic()
    assert refusal(fetch, f"{server.origin}/") == "timeout"
    assert time.monotonic() - started < 15


@network
def test_a_server_that_never_shakes_hands_is_left_at_the_deadline() -> None:
    with _listening() as port:
        fetch = guarded(resolves_to("127.0.0.1"), allow_origins=frozenset({f"https://{HOST}:{port}"}), seconds=1.0)
        started = time.monotonic()
        assert refusal(fetch, f"https://{HOST}:{port}/") == "timeout"
        assert time.monotonic() - started < 15


@contextmanager
def _listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


# --- one report's worth ---------------------------------------------------------------------------------------------
def test_each_address_is_asked_once_whether_it_answers_or_not() -> None:
    web = Web()
    web.put("https://a.example/", b"{}")
    recorder = Recorder(fetch=web)
    for _ in range(3):
        assert recorder("https://a.example/").body == b"{}"
        with pytest.raises(Unreachable):
            recorder("https://b.example/")
    assert web.asked == ["https://a.example/", "https://b.example/"]
    assert [source.url for source in recorder.sources] == ["https://a.example/"]


def test_the_time_for_one_report_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    asked = []

    def slow(url: str) -> Retrieved:
        asked.append(url)
        clock[0] += FETCH_SECONDS
        raise Unreachable("slow", url=url)

    recorder = Recorder(fetch=slow)
    for number in range(20):
        with pytest.raises(Unreachable):
            recorder(f"https://a.example/{number}")
    assert len(asked) * FETCH_SECONDS <= FETCH_TOTAL_SECONDS
    assert len(asked) == 4
