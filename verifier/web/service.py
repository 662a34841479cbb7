"""What a verifier's service believes and where it looks; every judgement is `verifier.verify`'s."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from flask import current_app, g

from keys.resolve import Fetch, load_did_map
from schemas.errors import Unreachable
from schemas.limits import FETCH_TOTAL_SECONDS
from verifier.caching import BoundedFetch, CachingFetch
from verifier.fetch import GuardedFetch, Recorder, origin_of
from verifier.intake import Subject, fetch_badge, intake_bytes, unreachable_subject
from verifier.memory import LastingMemory, Memory
from verifier.origins import AllowedOrigins
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import Anchor
from verifier.register.edition import Edition
from verifier.report import Notice, Report
from verifier.verify import Surroundings, verify
from verifier.web.counting import Counters
from verifier.web.standing import RegisterFile, ServiceWatch

EXTENSION: Final = "nz-open-badges-verifier"
_WAIT_SECONDS: Final = 0.2  # for a turn, when much is asked at once; counted within what a report may wait


@dataclass(slots=True)
class Shared:
    """What all requests of one process share: caches, what was proved of lists, and counts."""

    memory: LastingMemory = field(default_factory=LastingMemory)
    counters: Counters = field(default_factory=Counters)
    cache: CachingFetch | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _fetch: Fetch | None = None
    _for: tuple[Any, ...] = ()

    def fetch_for(self, service: Service) -> Fetch:
        """Addresses by the map, then over the network; put together once, and again when the map's file changes."""
        wanted = (service.did_map, _changed(service.did_map), service.origins, service.network)
        with self._lock:
            if self._fetch is None or self._for != wanted:
                self._fetch, self._for = self._put_together(service), wanted
            return self._fetch

    def _put_together(self, service: Service) -> Fetch:
        network = service.origins.over(service.network or self._over_the_network(service))
        if service.did_map is None:
            return network
        return load_did_map(service.did_map, at=service.clock, otherwise=network)

    def _over_the_network(self, service: Service) -> Fetch:
        origins = service.origins.origins
        guarded = GuardedFetch(clock=service.clock, allow_origins=origins)
        self.cache = CachingFetch(
            fetch=BoundedFetch(fetch=guarded, host_of=_host, patience=_WAIT_SECONDS),
            apart=lambda url: _origin(url) in origins,
            counted=lambda use: self.counters.count("fetches", use.value),
        )
        return self.cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a verifier believes and where it looks. `origins` are a development machine's; every page says so.

    `register` is the file an edition came from, where it may be replaced; `seen` what is remembered of status lists.
    """

    edition: Edition | None = None
    anchor: Anchor | None = None
    did_map: Path | None = None
    origins: AllowedOrigins = field(default_factory=AllowedOrigins)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    network: Fetch | None = None  # None: the guarded client
    register: RegisterFile | None = None
    register_notices: tuple[Notice, ...] = ()
    seen: ServiceWatch | None = None
    rate: int = 0  # checks a minute from one address, in one process; 0: not counted
    shared: Shared = field(default_factory=Shared)
    asked: dict[str, Recorder] = field(default_factory=dict, repr=False)  # by the request that this one is for

    def for_request(self) -> Service:
        """As it stands now: one edition for the whole of a request, even when a newer one is put there meanwhile."""
        if self.register is None:
            return replace(self, asked={})
        edition, notices = self.register.current()
        return replace(self, edition=edition, register_notices=notices, asked={})

    def fetch(self) -> Fetch:
        """Addresses by the map, then over the network; a development origin where it is found."""
        return self.shared.fetch_for(self)

    def check(self, subject: Subject, *, recipient: str | None = None) -> Report:
        """The report on one badge, now. What was waited for the badge itself counts among what its report may wait."""
        recorder = self.asked.pop(subject.name, None)
        surroundings = Surroundings(
            fetch=self._recorder() if recorder is None else recorder,
            edition=self.edition,
            anchor=self.anchor,
            recipient=recipient,
            register_notices=self.register_notices,
            lists=self.seen,
            memory=self.shared.memory if self._remembers else Memory(),
        )
        with self.shared.counters.timed():
            report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=self.clock())
        self.shared.counters.report(report)
        if self.seen is not None:
            self.seen.settle()
        return report

    def subject_at(self, url: str) -> Subject:
        """The badge at an address; one that cannot be had is a subject too, and its report says so."""
        recorder = self.asked[url] = self._recorder()
        try:
            return intake_bytes(fetch_badge(url, fetch=recorder).body, name=url)
        except Unreachable as error:
            return unreachable_subject(url, error)

    def _recorder(self) -> Recorder:
        return Recorder(fetch=self.fetch(), seconds=FETCH_TOTAL_SECONDS - _WAIT_SECONDS)

    @property
    def _remembers(self) -> bool:
        """Whether what was proved of a list may serve another request: where its text may be kept, too."""
        return self.network is None or isinstance(self.network, CachingFetch)


def current_service() -> Service:
    """The service of the running application, as it stands for this request."""
    if "verifier_service" not in g:
        service: Service = current_app.extensions[EXTENSION]
        g.verifier_service = service.for_request()
    found: Service = g.verifier_service
    return found


def _changed(path: Path | None) -> int:
    try:
        return 0 if path is None else path.stat().st_mtime_ns
    except OSError:
        return 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        return origin_of(parts)
    except ValueError:
        return ""
