"""A Fetch that remembers what others said a moment ago: knows how long, and for which kinds; believes none of it.

Status lists and the documents that hold keys are kept for seconds, within what their sender allows and never beyond
the policy; a badge is asked for anew each time. Whatever is kept says when it was retrieved, and reports say so too.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from keys.retrieval import NEVER, Fetch, Retrieved
from keys.suites.jwt import credential_of, parse_jws
from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.errors import BadgeError, NotPublished, Unreachable
from schemas.jsontext import JsonObject, parse_object
from schemas.limits import FETCH_SECONDS, MAX_CACHED_ADDRESSES, MAX_CACHED_BYTES

BUSY: Final = "busy"  # the reason of an address that was not asked because too much was being asked at once
_ENTRY_BYTES: Final = 1_024  # what an address and its bookkeeping take beside the body, roughly


class Kind(StrEnum):
    """What an address gave, as far as keeping it goes."""

    LIST = "list"
    KEYS = "keys"  # DID documents, profiles, JWK Sets
    OTHER = "other"  # badges, pages, pictures: never kept


class Use(StrEnum):
    """How one request was answered, for those who count."""

    FRESH = "hit"
    ASKED = "miss"
    SHARED = "shared"  # another request was already asking
    OLD = "stale"  # the sender did not answer, and what it last said may still be used
    REFUSED = "refused"  # it could not be had a few seconds ago


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """Seconds. `fresh`: used without asking again; `usable`: used when asking again fails, if the sender's own words
    (`ttl`, `validUntil`, `max-age`) reach so far; `least`: even when the sender would be asked each time."""

    fresh: float = 60.0
    usable_list: float = 3_600.0
    usable_keys: float = 300.0
    least: float = 2.0
    refused: float = 5.0
    max_bytes: int = MAX_CACHED_BYTES
    max_addresses: int = MAX_CACHED_ADDRESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    answer: Retrieved
    fresh_until: float
    usable_until: float
    size: int


@dataclass(slots=True)
class _Flight:
    """One request under way, and everybody who waits for it."""

    done: threading.Event = field(default_factory=threading.Event)
    answer: Retrieved | None = None
    error: Unreachable | None = None


@dataclass(slots=True, kw_only=True)
class CachingFetch:
    """Shared by all requests of one process. `apart` are origins of which nothing is kept: a development machine's.

    `monotonic` measures ages; `counted` is told of every use.
    """

    fetch: Fetch
    policy: CachePolicy = field(default_factory=CachePolicy)
    apart: Callable[[str], bool] = lambda _url: False
    monotonic: Callable[[], float] = time.monotonic
    counted: Callable[[Use], None] = lambda _use: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: OrderedDict[str, _Kept] = field(default_factory=OrderedDict)
    _refused: OrderedDict[str, tuple[float, Unreachable]] = field(default_factory=OrderedDict)
    _flights: dict[str, _Flight] = field(default_factory=dict)
    _bytes: int = 0

    def __call__(self, url: str) -> Retrieved:
        now = self.monotonic()
        with self._lock:
            kept = self._kept.get(url)
            if kept is not None and now < kept.fresh_until:
                self._kept.move_to_end(url)
                self.counted(Use.FRESH)
                return kept.answer
            until, error = self._refused.get(url, (0.0, None))
            if error is not None and now < until:
                if kept is not None and now < kept.usable_until:
                    self.counted(Use.OLD)
                    return kept.answer
                self.counted(Use.REFUSED)
                raise _again(error)
            flight = self._flights.get(url)
            leads = flight is None
            if flight is None:
                flight = self._flights[url] = _Flight()
        return self._ask(url, flight) if leads else self._wait(url, flight)

    @property
    def size(self) -> tuple[int, int]:
        """How many addresses are kept, and their bytes."""
        with self._lock:
            return len(self._kept), self._bytes

    def forget(self) -> None:
        """Everything that was kept."""
        with self._lock:
            self._kept.clear()
            self._refused.clear()
            self._bytes = 0

    def _ask(self, url: str, flight: _Flight) -> Retrieved:
        try:
            try:
                flight.answer = self.fetch(url)
            except Unreachable as error:
                flight.error = error
            return self._settle(url, flight)
        finally:  # whatever happens, nobody waits for ever
            with self._lock:
                del self._flights[url]
            flight.done.set()

    def _settle(self, url: str, flight: _Flight) -> Retrieved:
        """Keeps what came, or falls back on what is kept. Raises Unreachable."""
        now = self.monotonic()
        if flight.answer is not None:
            self.counted(Use.ASKED)
            self._keep(url, flight.answer, now)
            return flight.answer
        error = flight.error or _fault(url)
        with self._lock:
            kept = self._kept.get(url)
            if isinstance(error, NotPublished):
                self._drop(url)  # its sender took it away; that is an answer
                kept = None
            if error.extensions.get("reason") != BUSY and not self.apart(url):
                self._refused[url] = (now + self.policy.refused, _again(error))
                self._refused.move_to_end(url)
                while len(self._refused) > self.policy.max_addresses:
                    self._refused.popitem(last=False)
        if kept is not None and now < kept.usable_until:
            self.counted(Use.OLD)
            flight.answer, flight.error = kept.answer, None
            return kept.answer
        self.counted(Use.ASKED)
        raise _again(error)

    def _wait(self, url: str, flight: _Flight) -> Retrieved:
        # A leader is done within the seconds of one request, and what it waits for a turn.
        if not flight.done.wait(timeout=2 * FETCH_SECONDS):
            raise Unreachable(f"{url[:200]} did not answer in time.", url=url, reason="timeout")
        self.counted(Use.SHARED)
        if flight.answer is not None:
            return flight.answer
        raise _again(flight.error or _fault(url))

    def _keep(self, url: str, answer: Retrieved, now: float) -> None:
        fresh, usable = (0.0, 0.0) if self.apart(url) else keeping(answer, self.policy)
        with self._lock:
            self._drop(url)
            self._refused.pop(url, None)
            size = len(answer.body) + len(url) + _ENTRY_BYTES
            if fresh <= 0 or size > self.policy.max_bytes:
                return
            self._kept[url] = _Kept(answer=answer, fresh_until=now + fresh, usable_until=now + usable, size=size)
            self._bytes += size
            while self._bytes > self.policy.max_bytes or len(self._kept) > self.policy.max_addresses:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.size

    def _drop(self, url: str) -> None:
        gone = self._kept.pop(url, None)
        if gone is not None:
            self._bytes -= gone.size


def keeping(answer: Retrieved, policy: CachePolicy) -> tuple[float, float]:
    """(seconds fresh, seconds usable) of what an address gave; zeros: not kept."""
    kind, document = kind_of(answer.body)
    if kind is Kind.OTHER or answer.max_age == NEVER:
        return 0.0, 0.0
    usable = policy.usable_list if kind is Kind.LIST else policy.usable_keys
    said = [] if answer.max_age is None else [float(answer.max_age)]
    if kind is Kind.LIST:
        said += _list_says(document, at=answer.retrieved_at)
        usable = min([usable, *said]) if said else policy.fresh  # a list that says nothing is not used when old
    else:
        usable = min([usable, *said])
    fresh = min(policy.fresh, usable)
    if (over := _left(document, answer.retrieved_at)) is not None and over <= 0:
        return 0.0, 0.0  # an expired list: perhaps the new one stands there the next time
    return max(fresh, policy.least), max(usable, policy.least)


def kind_of(body: bytes) -> tuple[Kind, JsonObject]:
    """What kind of document it seems to be, and the document where there is one; nothing is believed of it."""
    document = _document(body)
    if document is None:
        return Kind.OTHER, {}
    types = as_list(document.get("type"))
    if v.BITSTRING_CREDENTIAL in types or "revokedCredential" in document or "revokedCredentials" in document:
        return Kind.LIST, document
    if "VerifiableCredential" in types or "credentialSubject" in document:
        return Kind.OTHER, document
    if any(name in document for name in ("verificationMethod", "assertionMethod", "keys")) or "Profile" in types:
        return Kind.KEYS, document
    return Kind.OTHER, document


def _document(body: bytes) -> JsonObject | None:
    start = body.lstrip(b" \t\r\n")
    try:
        if start[:1] == b"{":
            return parse_object(body)
        if start.count(b".") == 2 and start[:2] == b"ey":
            return credential_of(parse_jws(start.rstrip(b" \t\r\n").decode("ascii", "replace")))[0]
    except BadgeError:
        return None
    return None


def _list_says(document: JsonObject, *, at: datetime) -> list[float]:
    """How long the list lets itself be used: `ttl`, milliseconds (Bitstring Status List 1.0, 2.2), and `validUntil`."""
    said = []
    for subject in as_list(document.get("credentialSubject")):
        ttl = subject.get("ttl") if isinstance(subject, dict) else None
        if isinstance(ttl, int) and not isinstance(ttl, bool) and ttl >= 0:
            said.append(ttl / 1000)
    left = _left(document, at)
    return said if left is None else [*said, left]


def _left(document: JsonObject, at: datetime) -> float | None:
    end: Any = Credential.parse(document).valid_until
    return None if end is None else (end - at).total_seconds()


def _fault(url: str) -> Unreachable:
    return Unreachable(f"{url[:200]} could not be asked for.", url=url, reason="fault")


def _again(error: Unreachable) -> Unreachable:
    """The same error for another request; one object in two threads would keep the frames of both."""
    return type(error)(error.detail, faults=error.faults, **error.extensions)


@dataclass(slots=True, kw_only=True)
class BoundedFetch:
    """At most `at_once` requests under way in one process, and `per_host` to one host: who is over it waits
    `patience` seconds and is then told so. A host that is slow, or many of them, holds so many requests and no more.
    """

    fetch: Fetch
    host_of: Callable[[str], str]
    at_once: int = 16
    per_host: int = 8
    patience: float = 0.5
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _hosts: dict[str, int] = field(default_factory=dict)

    def __call__(self, url: str) -> Retrieved:
        host = self.host_of(url)
        with self._turn:
            if not self._turn.wait_for(lambda: self._is_free(host), timeout=self.patience):
                message = f"{url[:200]} was not asked: too many requests are under way at once."
                raise Unreachable(message, url=url, reason=BUSY)
            self._hosts[host] = self._hosts.get(host, 0) + 1
        try:
            return self.fetch(url)
        finally:
            with self._turn:
                self._hosts[host] -= 1
                if not self._hosts[host]:
                    del self._hosts[host]
                self._turn.notify_all()

    def _is_free(self, host: str) -> bool:
        return sum(self._hosts.values()) < self.at_once and self._hosts.get(host, 0) < self.per_host
