"""The one HTTP client: knows how to retrieve a public https document safely, and refuses everything else.

Strangers choose the addresses (status lists, DID documents, the badge itself), so every one of them is an attempt to
reach something of ours until shown otherwise: https only, no user names, the standard port, every address of the host
public, the connection pinned to the address that was checked, redirects checked anew, bytes and seconds capped.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from keys.retrieval import NEVER, Fetch, Retrieved
from schemas.errors import NotPublished, Unreachable
from schemas.limits import (
    FETCH_SECONDS,
    FETCH_TOTAL_SECONDS,
    MAX_FETCH_BYTES,
    MAX_REDIRECTS,
    MAX_RESOLVING,
    MAX_URL_CHARS,
)
from verifier.report import Source

Resolver = Callable[[str, int], Sequence[str]]

_NOT_PUBLISHED = frozenset({404, 410})  # RFC 9110, 15.5.5 and 15.5.11; any other answer may be a fault of today
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_AGE = re.compile(r'max-age="?([0-9]{1,9})"?', re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_PLAIN_URL = re.compile(r"[\x21-\x7e]+")  # no spaces, no controls: what a header may carry
_ACCEPT = (
    "application/vc+ld+json, application/vc, application/vc+jwt, application/did+ld+json, application/did, "
    "application/ld+json, application/json;q=0.9, */*;q=0.1"
)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Every address of a host, as the operating system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address, and any IPv4 address inside it, lies on the public internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner: list[ipaddress.IPv4Address] = []
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [v4 for v4 in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if v4 is not None]
        if any(ip in network for network in _NAT64):
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in (ip, *inner))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedFetch:
    """Retrieves https documents from public addresses. Raises Unreachable, with a `reason`, for everything else.

    `allow_origins` names origins (`http://127.0.0.1:8801`) for which scheme, port and address are not questioned:
    for a development machine only. `clock` gives the time that stands as `retrieved_at`.
    """

    clock: Callable[[], datetime]
    allow_origins: frozenset[str] = frozenset()
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext | None = None
    seconds: float = FETCH_SECONDS
    max_bytes: int = MAX_FETCH_BYTES
    max_redirects: int = MAX_REDIRECTS

    def __call__(self, url: str) -> Retrieved:
        deadline = time.monotonic() + self.seconds
        address = url
        for _ in range(self.max_redirects + 1):
            parts = self._checked(address)
            ip = self._pinned_address(parts, deadline=deadline)
            answer = _exchange(parts, ip=ip, tls=self.tls, deadline=deadline, max_bytes=self.max_bytes)
            if answer.status in _REDIRECTS:
                if not answer.location:
                    raise _unreachable(url, "redirect", "answered with a redirect that names no address")
                address = urljoin(address, answer.location)
                continue
            if answer.status in _NOT_PUBLISHED:
                told = f"{url[:200]} answered {answer.status}: nothing is published there."
                raise NotPublished(told, url=url[:MAX_URL_CHARS], reason="status", status_code=answer.status)
            if answer.status != 200:
                raise _unreachable(url, "status", f"answered {answer.status}", status_code=answer.status)
            return Retrieved(
                url=url,
                body=answer.body,
                media_type=answer.media_type,
                retrieved_at=self.clock(),
                sha256=hashlib.sha256(answer.body).hexdigest(),
                max_age=answer.max_age,
            )
        raise _unreachable(url, "redirect", f"redirected more than {self.max_redirects} times")

    def _checked(self, url: str) -> SplitResult:
        if len(url) > MAX_URL_CHARS or not _PLAIN_URL.fullmatch(url) or "\\" in url:
            raise _unreachable(url, "address", "is not a web address that can be used")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _unreachable(url, "address", "is not a web address that can be used") from None
        if not parts.hostname or parts.username is not None or parts.password is not None or "@" in parts.netloc:
            raise _unreachable(url, "address", "must name a host, and nobody's user name")
        if origin_of(parts) in self.allow_origins:
            return parts
        if parts.scheme != "https":
            raise _unreachable(url, "scheme", "is not an https address")
        if port not in {None, 443}:
            raise _unreachable(url, "port", "uses a port other than 443")
        return parts

    def _pinned_address(self, parts: SplitResult, *, deadline: float) -> str:
        """One address of the host, resolved once; refused unless every one of them is public."""
        host = parts.hostname or ""
        addresses = _resolve_within(self.resolver, host, _port(parts), deadline=deadline)
        if not addresses:
            raise _unreachable(parts.geturl(), "name", "names a host that cannot be found")
        if origin_of(parts) not in self.allow_origins and not all(is_public(address) for address in addresses):
            raise _unreachable(parts.geturl(), "private", "leads to an address that is not on the public internet")
        return addresses[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    media_type: str | None
    location: str | None
    body: bytes
    max_age: int | None = None


def origin_of(parts: SplitResult) -> str:
    """`scheme://host[:port]` of a URL, lower-case, without the scheme's own port."""
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if parts.port in {None, default} else f":{parts.port}")


def _port(parts: SplitResult) -> int:
    return parts.port or (80 if parts.scheme == "http" else 443)


def _unreachable(url: str, reason: str, what: str, **extensions: Any) -> Unreachable:
    return Unreachable(f"{url[:200]} {what}.", url=url[:MAX_URL_CHARS], reason=reason, **extensions)


_RESOLVING = threading.BoundedSemaphore(MAX_RESOLVING)


def _resolve_within(resolver: Resolver, host: str, port: int, *, deadline: float) -> Sequence[str]:
    """The resolver in a thread of its own, because a name server that is silent holds it far beyond our deadline."""
    found: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()
    # Whoever's name server is silent holds a thread for as long as the operating system waits; not any number of them.
    if not _RESOLVING.acquire(timeout=max(0.0, deadline - time.monotonic())):
        return ()

    def resolve() -> None:
        try:
            found.put(resolver(host, port))
        except (OSError, UnicodeError):
            found.put(())
        finally:
            _RESOLVING.release()

    threading.Thread(target=resolve, daemon=True, name="resolve").start()
    try:
        return found.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        return ()


class _Watched:
    """The connection's socket, so that a watchdog can end it at the deadline whatever it is waiting for."""

    def __init__(self) -> None:
        self.twin: socket.socket | None = None

    def connect(self, ip: str, port: int, *, deadline: float) -> socket.socket:
        sock = socket.create_connection((ip, port), timeout=max(0.001, deadline - time.monotonic()))
        self.twin = sock.dup()
        return sock

    def end(self) -> None:
        if self.twin is not None:
            with contextlib.suppress(OSError):
                self.twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self.twin is not None:
            self.twin.close()


def _connection(
    parts: SplitResult, *, ip: str, tls: ssl.SSLContext | None, deadline: float, watched: _Watched
) -> HTTPConnection:
    """A urllib3 connection to `ip` that speaks to, and checks the certificate of, the host's name."""
    host, port = parts.hostname or "", _port(parts)
    timeout = max(0.001, deadline - time.monotonic())

    class PinnedHttps(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return watched.connect(ip, port, deadline=deadline)

    class PinnedHttp(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return watched.connect(ip, port, deadline=deadline)

    if parts.scheme == "http":  # only ever for an allowed origin
        return PinnedHttp(host, port, timeout=timeout)
    return PinnedHttps(host, port, timeout=timeout, ssl_context=tls or _public_tls())


@cache
def _public_tls() -> ssl.SSLContext:
    """The certificates that this machine trusts, read once: reading them takes longer than most exchanges."""
    return ssl.create_default_context()


def _exchange(parts: SplitResult, *, ip: str, tls: ssl.SSLContext | None, deadline: float, max_bytes: int) -> _Answer:
    url = parts.geturl()
    watched = _Watched()
    connection = _connection(parts, ip=ip, tls=tls, deadline=deadline, watched=watched)
    watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), watched.end)
    watchdog.daemon = True
    watchdog.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET",
            path,
            headers={"Accept": _ACCEPT, "Accept-Encoding": "identity", "User-Agent": "nz-open-badges-verifier"},
            preload_content=False,
            decode_content=False,
        )
        with contextlib.closing(connection.getresponse()) as response:
            return _read(response, url=url, deadline=deadline, max_bytes=max_bytes)
    except TimeoutError:
        raise _unreachable(url, "timeout", "did not answer in time") from None
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        if time.monotonic() >= deadline:
            raise _unreachable(url, "timeout", "did not answer in time") from None
        if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            raise _unreachable(url, "certificate", "has no certificate that can be trusted") from None
        raise _unreachable(url, "connection", "could not be reached") from None
    finally:
        watchdog.cancel()
        connection.close()
        watched.close()


def _read(response: urllib3.BaseHTTPResponse, *, url: str, deadline: float, max_bytes: int) -> _Answer:
    media_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower() or None
    location = response.headers.get("Location")
    if response.status != 200:
        return _Answer(status=response.status, media_type=media_type, location=location, body=b"")
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise _unreachable(url, "encoding", "answered in a compressed form that was not asked for")
    body = bytearray()
    while chunk := response.read1(65_536, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            raise _unreachable(url, "size", f"answered with more than {max_bytes:,} bytes")
        if time.monotonic() > deadline:
            raise _unreachable(url, "timeout", "did not answer in time")
    if time.monotonic() > deadline:  # the watchdog's end of the stream is not the sender's
        raise _unreachable(url, "timeout", "did not answer in time")
    headers = response.headers
    max_age = _max_age(headers.get("Cache-Control", ""), headers.get("Age", ""))
    return _Answer(status=200, media_type=media_type, location=location, body=bytes(body), max_age=max_age)


def _max_age(cache_control: str, age: str) -> int | None:
    """Seconds for which the sender lets its answer be kept (RFC 9111, 5.2.2); None: it does not say."""
    directives = {part.strip().lower() for part in cache_control.split(",")}
    if "no-store" in directives:
        return NEVER
    if "no-cache" in directives:
        return 0
    for directive in directives:
        if found := _MAX_AGE.fullmatch(directive):
            spent = int(age) if _SECONDS.fullmatch(age) else 0
            return max(0, int(found[1]) - spent)
    return None


@dataclass(slots=True, kw_only=True)
class Recorder:
    """A Fetch for one report: asks each address once, keeps count of the time, and lists what was retrieved."""

    fetch: Fetch
    seconds: float = FETCH_TOTAL_SECONDS
    _answers: dict[str, Retrieved | Unreachable] = field(default_factory=dict)
    _spent: float = 0.0

    def __call__(self, url: str) -> Retrieved:
        if url not in self._answers:
            self._answers[url] = self._ask(url)
        answer = self._answers[url]
        if isinstance(answer, Unreachable):
            raise answer.with_traceback(None)
        return answer

    def _ask(self, url: str) -> Retrieved | Unreachable:
        # One more request may take FETCH_SECONDS, so the last one starts that long before the end.
        if self._spent > self.seconds - FETCH_SECONDS:
            return _unreachable(url, "time-used-up", "was not asked: the time for this report is used up")
        started = time.monotonic()
        try:
            return self.fetch(url)
        except Unreachable as error:
            return error
        finally:
            self._spent += time.monotonic() - started

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(
            Source(url=answer.url, retrieved_at=answer.retrieved_at, sha256=answer.sha256)
            for answer in self._answers.values()
            if isinstance(answer, Retrieved)
        )
