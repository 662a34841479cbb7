"""What a verifier's service believes and where it looks; every judgement is `verifier.verify`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask import current_app

from keys.resolve import Fetch, load_did_map
from schemas.errors import Unreachable
from verifier.fetch import GuardedFetch
from verifier.intake import Subject, fetch_badge, intake_bytes, unreachable_subject
from verifier.origins import AllowedOrigins
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import Anchor
from verifier.register.edition import Edition
from verifier.report import Report
from verifier.verify import Surroundings, verify

EXTENSION: Final = "nz-open-badges-verifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a verifier believes and where it looks. `origins` are a development machine's; every page says so."""

    edition: Edition | None = None
    anchor: Anchor | None = None
    did_map: Path | None = None
    origins: AllowedOrigins = field(default_factory=AllowedOrigins)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    network: Fetch | None = None  # None: the guarded client

    def fetch(self) -> Fetch:
        """Addresses by the map, then over the network; a development origin where it is found."""
        guarded = GuardedFetch(clock=self.clock, allow_origins=self.origins.origins)
        network = self.origins.over(self.network or guarded)
        return network if self.did_map is None else load_did_map(self.did_map, at=self.clock(), otherwise=network)

    def check(self, subject: Subject, *, recipient: str | None = None) -> Report:
        """The report on one badge, now."""
        surroundings = Surroundings(fetch=self.fetch(), edition=self.edition, anchor=self.anchor, recipient=recipient)
        return verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=self.clock())

    def subject_at(self, url: str) -> Subject:
        """The badge at an address; one that cannot be had is a subject too, and its report says so."""
        try:
            return intake_bytes(fetch_badge(url, fetch=self.fetch()).body, name=url)
        except Unreachable as error:
            return unreachable_subject(url, error)


def current_service() -> Service:
    """The service of the running application."""
    service: Service = current_app.extensions[EXTENSION]
    return service
