"""How new badges go to their learners: a claim link for each, a mail where the address is the learner's own."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.engine import Connection

from issuer.instance import Identity
from issuer.store import batch_work, claims_rows, outbox_rows
from issuer.store.claims_rows import Delivery, Visibility
from issuer.store.dialect import fold_text
from issuer.store.outbox_rows import MailKind, MailState, NewMail
from issuer.vault import token, token_sha256, tokens

CLAIM_DAYS = 180
_FIRST_LINK = 1
_PURPOSE = "claim"  # of the tokens of claim links; `issuer.learner.claims` makes the same ones again


class MailChoice(StrEnum):
    """What becomes of the mails of a batch."""

    NONE = "none"
    HOLD = "hold"
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the badges of one run go to their learners."""

    mail: MailChoice = MailChoice.NONE
    claim_days: int = CLAIM_DAYS
    visibility: Visibility | None = None  # None: as the instance says, until the learner chooses
    shared: Container[str] = field(default=frozenset(), repr=False)  # addresses that two names of the file have


NO_MAIL = Terms()


class Recipient(NamedTuple):
    """A new badge and whose it is. `repr` names nobody."""

    short_id: str
    name: str
    email: str | None
    language: str | None

    def __repr__(self) -> str:
        return f"Recipient(short_id={self.short_id!r}, …)"


def fold_address(email: str) -> str:
    return email.strip().lower()


def shared_addresses(people: Iterable[tuple[str, str | None]]) -> frozenset[str]:
    """The addresses, folded, that differently named people have: nobody can say whose they are."""
    names: dict[str, str | None] = {}
    shared: set[str] = set()
    for name, email in people:
        if email is not None:
            address, bare = fold_address(email), fold_text(name)
            if names.setdefault(address, bare) != bare:
                shared.add(address)
    return frozenset(shared)


def of_others(connection: Connection, people: Sequence[tuple[str, str | None]]) -> frozenset[str]:
    """Which of these people's addresses a badge of another name has already."""
    bare = {fold_address(email): fold_text(name) for name, email in people if email is not None}
    found = batch_work.names_by_address(connection, sorted(bare)) if bare else {}
    return frozenset(
        address for address, names in found.items() if any(fold_text(name) != bare[address] for name in names)
    )


def arrange(
    connection: Connection,
    recipients: Sequence[Recipient],
    *,
    links: Sequence[str],
    terms: Terms,
    batch_id: str | None,
    now: datetime,
) -> None:
    """Keep each badge's claim link, and a mail for each that gets one, in the transaction that issues them.

    `links` are the hashes of the links, as `new_links` makes them.
    """
    mailed = [] if terms.mail is MailChoice.NONE else _with_an_own_address(connection, recipients, terms=terms)
    by_mail = {one.short_id for one in mailed}
    links_kept = [
        (one.short_id, link, Delivery.MAIL if one.short_id in by_mail else Delivery.HAND_OVER)
        for one, link in zip(recipients, links, strict=True)
    ]
    claims_rows.insert_claims(
        connection,
        links_kept,
        serial=_FIRST_LINK,
        expires_at=now + timedelta(days=terms.claim_days),
        visibility=terms.visibility,
        at=now,
    )
    state = MailState.HELD if terms.mail is MailChoice.HOLD else MailState.QUEUED
    mails = [
        NewMail(
            kind=MailKind.CLAIM,
            recipient=one.email or "",
            short_id=one.short_id,
            state=state,
            made_at=now,
            batch_id=batch_id,
            language=one.language,
        )
        for one in mailed
    ]
    outbox_rows.insert_mails(connection, mails)


def new_links(short_ids: Sequence[str], *, instance: Identity) -> list[str]:
    """The hash of the first claim link of each new badge."""
    contexts = [_link_context(short_id, serial=_FIRST_LINK) for short_id in short_ids]
    return [token_sha256(link) for link in tokens(instance, purpose=_PURPOSE, contexts=contexts)]


def _with_an_own_address(connection: Connection, recipients: Sequence[Recipient], *, terms: Terms) -> list[Recipient]:
    others = of_others(connection, [(one.name, one.email) for one in recipients])
    return [
        one
        for one in recipients
        if one.email is not None and (address := fold_address(one.email)) not in others and address not in terms.shared
    ]


def claim_token(instance: Identity, short_id: str, *, serial: int) -> str:
    """The secret part of a badge's claim link; each link that replaces another has the next serial number."""
    return token(instance, purpose=_PURPOSE, context=_link_context(short_id, serial=serial))


def _link_context(short_id: str, *, serial: int) -> str:
    return f"{short_id}.{serial}"
