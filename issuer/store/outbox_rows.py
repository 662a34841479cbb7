"""The outbox as rows: which mail waits, is being sent, was sent or refused; no text and no link is here."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql.elements import ColumnElement

from issuer.store.dialect import insert_or_ignore
from issuer.store.service_tables import claims, outbox
from issuer.store.tables import credentials, learners
from schemas.times import parse_time, write_time


class MailKind(StrEnum):
    """What a mail is about."""

    CLAIM = "claim"  # a new badge, and the link that takes it
    REMINDER = "reminder"  # the same link once more
    LINK = "link"  # the link that somebody asked for, perhaps a new one
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    SETTLED = "settled"  # what came of a learner's request that changed nothing on the badge
    APPROVAL = "approval"  # to staff: a class list waits for a second person
    TEST = "test"


class MailState(StrEnum):
    HELD = "held"  # until somebody releases it
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    CANCELLED = "cancelled"


LINK_KINDS = (MailKind.CLAIM, MailKind.REMINDER, MailKind.LINK)
LINKLESS_KINDS = (MailKind.WITHDRAWN, MailKind.SETTLED, MailKind.TEST)
_WAITING = (MailState.HELD, MailState.QUEUED)
_ENDED = (MailState.SENT, MailState.REFUSED, MailState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A mail to be written into the outbox with whatever it tells of. `repr` leaves the address out."""

    kind: MailKind
    recipient: str = field(repr=False)
    short_id: str | None
    state: MailState  # HELD or QUEUED
    made_at: datetime
    batch_id: str | None = None
    language: str | None = None
    mail_id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A mail as the outbox has it. `repr` leaves the address out."""

    mail_id: str
    kind: MailKind
    short_id: str | None
    batch_id: str | None
    recipient: str | None = field(repr=False)
    language: str | None
    state: MailState
    attempts: int
    next_at: datetime | None
    reason: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """A badge whose learner was written to and has not taken it."""

    short_id: str
    batch_id: str | None
    email: str = field(repr=False)
    language: str | None


def reminder_id(short_id: str) -> str:
    """The id of a badge's one reminder: there is never a second."""
    return hashlib.sha256(f"reminder {short_id}".encode()).hexdigest()[:32]


def insert_mails(connection: Connection, rows: Iterable[NewMail]) -> None:
    """Put mail into the outbox, in the transaction of what it tells of. An id that is there already stays as it is."""
    values = [
        {
            "mail_id": row.mail_id,
            "kind": row.kind,
            "short_id": row.short_id,
            "batch_id": row.batch_id,
            "recipient": row.recipient,
            "language": row.language,
            "state": row.state,
            "attempts": 0,
            "next_at": write_time(row.made_at) if row.state is MailState.QUEUED else None,
            "created_at": write_time(row.made_at),
        }
        for row in rows
    ]
    if values:
        connection.execute(insert_or_ignore(connection, outbox), values)


def take_due(connection: Connection, *, now: datetime, lease_until: datetime, limit: int = 1) -> list[StoredMail]:
    """Mail that is due, for this worker alone until the lease ends; one whose lease ended is due again.

    Safe with several workers: SQLite has one writer at a time, PostgreSQL skips rows that another worker is taking.
    """
    moment = write_time(now)
    due = sa.or_(
        sa.and_(outbox.c.state == MailState.QUEUED, outbox.c.next_at <= moment),
        sa.and_(outbox.c.state == MailState.SENDING, outbox.c.lease_until <= moment),
    )
    query = sa.select(outbox).where(due).order_by(outbox.c.next_at, outbox.c.mail_id).limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    if rows:
        connection.execute(
            sa.update(outbox)
            .where(outbox.c.mail_id.in_([row.mail_id for row in rows]))
            .values(state=MailState.SENDING, lease_until=write_time(lease_until), attempts=outbox.c.attempts + 1)
        )
    return [_mail(row, attempts=row.attempts + 1, state=MailState.SENDING) for row in rows]


def is_due(connection: Connection, *, now: datetime) -> bool:
    """Whether any mail could be taken now."""
    moment = write_time(now)
    due = sa.or_(
        sa.and_(outbox.c.state == MailState.QUEUED, outbox.c.next_at <= moment),
        sa.and_(outbox.c.state == MailState.SENDING, outbox.c.lease_until <= moment),
    )
    return connection.scalar(sa.select(outbox.c.mail_id).where(due).limit(1)) is not None


def mark_sent(connection: Connection, mail_id: str, *, at: datetime) -> None:
    _end(connection, mail_id, state=MailState.SENT, sent_at=write_time(at), reason=None)


def mark_refused(connection: Connection, mail_id: str, *, reason: str) -> None:
    """For good: the bounce list. `reason` is an SMTP code or a code of ours."""
    _end(connection, mail_id, state=MailState.REFUSED, reason=reason)


def mark_cancelled(connection: Connection, mail_id: str, *, reason: str) -> None:
    _end(connection, mail_id, state=MailState.CANCELLED, reason=reason)


def put_back(connection: Connection, mail_id: str, *, next_at: datetime, reason: str, counted: bool) -> None:
    """Try again later; an attempt that was not the mail's own fault is not counted."""
    connection.execute(
        sa.update(outbox)
        .where(outbox.c.mail_id == mail_id, outbox.c.state == MailState.SENDING)
        .values(
            state=MailState.QUEUED,
            next_at=write_time(next_at),
            lease_until=None,
            reason=reason,
            attempts=outbox.c.attempts if counted else outbox.c.attempts - 1,
        )
    )


def release(
    connection: Connection, *, now: datetime, batch_id: str | None = None, mail_ids: Sequence[str] | None = None
) -> int:
    """Held mail of a batch, or these mails, or all that is held: to be sent. Returns how many."""
    return _change(
        connection,
        outbox.c.state == MailState.HELD,
        batch_id=batch_id,
        mail_ids=mail_ids,
        state=MailState.QUEUED,
        next_at=write_time(now),
    )


def hold(connection: Connection, *, batch_id: str | None = None, mail_ids: Sequence[str] | None = None) -> int:
    """What waits to be sent waits for a release instead. Returns how many."""
    return _change(
        connection,
        outbox.c.state == MailState.QUEUED,
        batch_id=batch_id,
        mail_ids=mail_ids,
        state=MailState.HELD,
        next_at=None,
    )


def cancel(
    connection: Connection, *, reason: str, batch_id: str | None = None, mail_ids: Sequence[str] | None = None
) -> int:
    """What was not sent yet never will be. Returns how many."""
    return _change(
        connection,
        outbox.c.state.in_(_WAITING),
        batch_id=batch_id,
        mail_ids=mail_ids,
        state=MailState.CANCELLED,
        reason=reason,
        next_at=None,
    )


def load_mail(connection: Connection, mail_id: str) -> StoredMail | None:
    row = connection.execute(sa.select(outbox).where(outbox.c.mail_id == mail_id)).one_or_none()
    return None if row is None else _mail(row)


def list_mails(
    connection: Connection,
    *,
    states: Sequence[MailState] = (),
    batch_id: str | None = None,
    short_id: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> list[StoredMail]:
    """Mail, newest first; with no states, of every state."""
    query = sa.select(outbox).order_by(outbox.c.created_at.desc(), outbox.c.mail_id).offset(offset).limit(limit)
    if states:
        query = query.where(outbox.c.state.in_(states))
    if batch_id is not None:
        query = query.where(outbox.c.batch_id == batch_id)
    if short_id is not None:
        query = query.where(outbox.c.short_id == short_id)
    return [_mail(row) for row in connection.execute(query)]


def count_mails(connection: Connection, *, batch_id: str | None = None) -> Mapping[MailState, int]:
    """How many there are in each state."""
    query = sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
    if batch_id is not None:
        query = query.where(outbox.c.batch_id == batch_id, outbox.c.kind != MailKind.APPROVAL)
    found = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {state: found.get(state.value, 0) for state in MailState}


def count_held_by_batch(connection: Connection) -> Mapping[str, int]:
    """How many mails each batch holds back."""
    query = (
        sa.select(outbox.c.batch_id, sa.func.count())
        .where(outbox.c.state == MailState.HELD, outbox.c.batch_id.is_not(None))
        .group_by(outbox.c.batch_id)
        .order_by(outbox.c.batch_id)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def change_waiting_address(connection: Connection, short_ids: Sequence[str], recipient: str) -> int:
    """What waits about these badges goes to another address. Returns how many."""
    ours = sa.and_(outbox.c.short_id.in_(short_ids), outbox.c.state.in_(_WAITING))
    return connection.execute(sa.update(outbox).where(ours).values(recipient=recipient)).rowcount


def last_link_mail(connection: Connection, short_id: str) -> StoredMail | None:
    """The newest mail that brings, or is to bring, the badge's link."""
    query = (
        sa.select(outbox)
        .where(outbox.c.short_id == short_id, outbox.c.kind.in_(LINK_KINDS), outbox.c.state != MailState.CANCELLED)
        .order_by(outbox.c.created_at.desc(), outbox.c.mail_id)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _mail(row)


def load_unclaimed(connection: Connection, *, sent_before: datetime, now: datetime, limit: int) -> list[Unclaimed]:
    """Badges to remind of: their link was mailed before then, works still, was not used, and no mail was refused.

    A badge that a reminder was ever written for is left out.
    """
    mail, other = outbox.alias("mail"), outbox.alias("other")
    was_sent = sa.exists().where(
        mail.c.short_id == claims.c.short_id,
        mail.c.kind.in_(LINK_KINDS),
        mail.c.state == MailState.SENT,
        mail.c.sent_at <= write_time(sent_before),
    )
    stands_against = sa.exists().where(
        other.c.short_id == claims.c.short_id,
        sa.or_(
            other.c.kind == MailKind.REMINDER,
            other.c.state.in_((MailState.REFUSED, *_WAITING, MailState.SENDING)),
            sa.and_(other.c.kind.in_(LINK_KINDS), other.c.sent_at > write_time(sent_before)),
        ),
    )
    query = (
        sa.select(claims.c.short_id, credentials.c.batch_id, learners.c.email, learners.c.language)
        .join(credentials, credentials.c.short_id == claims.c.short_id)
        .join(learners, learners.c.short_id == claims.c.short_id)
        .where(
            claims.c.claimed_at.is_(None),
            claims.c.delivery == "mail",
            claims.c.link_expires_at > write_time(now),
            credentials.c.state == "issued",
            learners.c.email.is_not(None),
            was_sent,
            ~stands_against,
        )
        .order_by(claims.c.short_id)
        .limit(limit)
    )
    return [
        Unclaimed(short_id=row.short_id, batch_id=row.batch_id, email=row.email, language=row.language)
        for row in connection.execute(query)
    ]


def mark_bounced(
    connection: Connection, addresses: Collection[str], *, sent_after: datetime, reason: str
) -> Mapping[str, int]:
    """The last mail about each badge that went to these addresses since then came back.

    Returns how many were marked, by address in lower case; an address that nothing went to is not among them.
    """
    to = sa.func.lower(sa.func.coalesce(outbox.c.recipient, learners.c.email)).label("address")
    query = (
        sa.select(outbox.c.mail_id, outbox.c.short_id, to)
        .join(learners, learners.c.short_id == outbox.c.short_id)
        .where(
            to.in_(sorted({address.lower() for address in addresses})),
            outbox.c.state == MailState.SENT,
            outbox.c.sent_at > write_time(sent_after),
        )
        .order_by(outbox.c.sent_at, outbox.c.created_at)
    )
    newest = {(row.address, row.short_id): row.mail_id for row in connection.execute(query)}
    for mail_id in newest.values():
        mark_refused(connection, mail_id, reason=reason)
    return Counter(address for address, _ in newest)


def erase_recipients(connection: Connection, *, ended_before: datetime) -> int:
    """Forget the addresses of mail that ended before then. Returns of how many."""
    ended = sa.func.coalesce(outbox.c.sent_at, outbox.c.created_at) < write_time(ended_before)
    statement = (
        sa.update(outbox)
        .where(outbox.c.state.in_(_ENDED), outbox.c.recipient.is_not(None), ended)
        .values(recipient=None)
    )
    return connection.execute(statement).rowcount


def _end(connection: Connection, mail_id: str, **values: Any) -> None:
    connection.execute(
        sa.update(outbox).where(outbox.c.mail_id == mail_id).values(lease_until=None, next_at=None, **values)
    )


def _change(
    connection: Connection,
    condition: ColumnElement[bool],
    *,
    batch_id: str | None,
    mail_ids: Sequence[str] | None,
    **values: Any,
) -> int:
    statement = sa.update(outbox).where(condition)
    if batch_id is not None:  # its learners' mail; what staff are told stays as it is
        statement = statement.where(outbox.c.batch_id == batch_id, outbox.c.kind != MailKind.APPROVAL)
    if mail_ids is not None:
        statement = statement.where(outbox.c.mail_id.in_(mail_ids))
    return connection.execute(statement.values(values)).rowcount


def _mail(row: Row[Any], **changed: Any) -> StoredMail:
    values: dict[str, Any] = {
        "mail_id": row.mail_id,
        "kind": MailKind(row.kind),
        "short_id": row.short_id,
        "batch_id": row.batch_id,
        "recipient": row.recipient,
        "language": row.language,
        "state": MailState(row.state),
        "attempts": row.attempts,
        "next_at": _time(row.next_at),
        "reason": row.reason,
        "created_at": parse_time(row.created_at),
        "sent_at": _time(row.sent_at),
    }
    return StoredMail(**(values | changed))


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
