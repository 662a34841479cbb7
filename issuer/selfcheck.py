"""Would a stranger believe this badge? The full verifier, over our own addresses in memory, before anything is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, TypeVar

from issuer.instance import Identity
from issuer.making import Made, Order, Workshop, difference_from_reference
from issuer.profile import did_document
from issuer.store.lists import SignedList
from issuer.trust.editions import load_anchor
from keys.did import did_web_location
from keys.resolve import Retrieved
from schemas.errors import IssuingError, Unreachable
from schemas.jsontext import write_json
from schemas.vocabulary import DID_LD_JSON, VC_LD_JSON
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.edition import Edition
from verifier.report import AccreditedVerdict, CurrentVerdict, GenuineVerdict, Report
from verifier.verify import Surroundings, verify

SAMPLE_EVERY = 200

_ACCREDITED = {AccreditedVerdict.VALID}

_T = TypeVar("_T")


class SignedBadge(Protocol):
    """What is looked at: a badge made or stored."""

    @property
    def short_id(self) -> str: ...
    @property
    def document(self) -> bytes: ...
    @property
    def jwt(self) -> str | None: ...


class OwnWeb:
    """The instance's public addresses as they will be once published; every other address is unreachable."""

    def __init__(
        self, instance: Identity, *, at: datetime, lists: Iterable[SignedList] = (), edition: Edition | None = None
    ) -> None:
        self.instance = instance
        self.surroundings = Surroundings(fetch=self, edition=edition)  # one for all: it remembers the lists it proved
        self._at = at
        self._pages: dict[str, tuple[str, bytes]] = {}
        if not instance.config.is_did_key:
            location = did_web_location(instance.config.did)
            self._pages[location] = (DID_LD_JSON, write_json(did_document(instance)))
        self.put_lists(lists)

    def put_lists(self, lists: Iterable[SignedList]) -> None:
        for signed in lists:
            self._pages[self.instance.list_url(signed.number)] = (VC_LD_JSON, signed.document)

    def put(self, badge: SignedBadge) -> None:
        self._pages[self.instance.badge_url(badge.short_id)] = (VC_LD_JSON, badge.document)

    @contextmanager
    def showing(self, badge: SignedBadge) -> Iterator[None]:
        """The badge at its address, for as long as it is looked at."""
        self.put(badge)
        yield
        del self._pages[self.instance.badge_url(badge.short_id)]

    def __call__(self, url: str) -> Retrieved:
        if url not in self._pages:
            raise Unreachable(f"{url} is no address of this instance.")
        media_type, body = self._pages[url]
        return Retrieved(
            url=url,
            body=body,
            media_type=media_type,
            retrieved_at=self._at,
            sha256=hashlib.sha256(body).hexdigest(),
        )


def check_made(
    made: Made, *, order: Order, workshop: Workshop, web: OwnWeb, at: datetime, accept_unconfirmed: bool
) -> None:
    """Compare a badge with what the reference path makes of its order, and verify it wholly. Raises IssuingError.

    The text is compared byte for byte; that the reference path's canonical form of it is what was signed, the verifier
    finds out, which knows no other path.
    """
    if difference_from_reference(made, order, workshop=workshop):
        raise IssuingError(
            f"The self-check stopped the batch: badge {made.short_id} is not what the reference path makes of it. "
            "Nothing of this chunk was issued.",
            reason="self-check",
        )
    check_badge(made, web=web, at=at, accept_unconfirmed=accept_unconfirmed)


def check_badge(badge: SignedBadge, *, web: OwnWeb, at: datetime, accept_unconfirmed: bool) -> None:
    """Verify a badge wholly, each signature it has. Raises IssuingError when our own verifier would not believe it."""
    texts = [badge.document] if badge.jwt is None else [badge.document, badge.jwt.encode("ascii")]
    with web.showing(badge):
        for text in texts:
            subject = intake_bytes(text, name=badge.short_id)
            report = verify(subject, policy=BADGE_POLICY, surroundings=web.surroundings, at=at)
            _require_good(report, short_id=badge.short_id, accept_unconfirmed=accept_unconfirmed)
            if subject.document is not None and subject.document.get("endorsement"):
                _check_staple(badge, web=web, at=at)


def _check_staple(badge: SignedBadge, *, web: OwnWeb, at: datetime) -> None:
    """A badge that carries the authority's statement must be good by that statement and the anchor alone."""
    subject = intake_bytes(badge.document, name=badge.short_id)
    surroundings = Surroundings(fetch=web, anchor=load_anchor(web.instance))
    report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=at)
    _require_good(report, short_id=badge.short_id, accept_unconfirmed=False)


def sample(badges: Sequence[_T]) -> list[_T]:
    """The first, the last, and one in 200."""
    picked = {*range(0, len(badges), SAMPLE_EVERY), len(badges) - 1} if badges else set()
    return [badges[index] for index in sorted(picked)]


def _require_good(report: Report, *, short_id: str, accept_unconfirmed: bool) -> None:
    accredited = {AccreditedVerdict.VALID, AccreditedVerdict.UNCONFIRMED} if accept_unconfirmed else _ACCREDITED
    answers = (
        ("genuine", report.genuine.sentence, report.genuine.verdict is GenuineVerdict.VALID),
        ("current", report.current.sentence, report.current.verdict is CurrentVerdict.CURRENT),
        ("accredited", report.accredited.sentence, report.accredited.verdict in accredited),
    )
    if wrong := [f"{question}: {sentence}" for question, sentence, is_good in answers if not is_good]:
        raise IssuingError(
            f"The self-check stopped the batch: our own verifier would not believe badge {short_id} "
            f"({'; '.join(wrong)}). Nothing of this chunk was issued.",
            reason="self-check",
        )
