"""A badge's way to its learner as rows: claim links by their hash, choices, share keys, requests; no token is here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.credentials import Learner
from issuer.store.dialect import insert_many
from issuer.store.service_tables import claims, learner_requests
from issuer.store.tables import batches, credentials, learners
from schemas.times import parse_time, write_time


class Delivery(StrEnum):
    MAIL = "mail"
    HAND_OVER = "hand-over"  # by a person, who knows whom they give it to


class Visibility(StrEnum):
    PRIVATE = "private"
    LINK = "link"
    PUBLIC = "public"


class RequestKind(StrEnum):
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    NAME = "name"  # another spelling, asked for on the claim page


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClaim:
    """What the store knows of a badge's way to its learner."""

    short_id: str
    link_sha256: str
    link_serial: int
    link_expires_at: datetime
    delivery: Delivery
    claimed_at: datetime | None
    visibility: Visibility | None
    share_sha256: str | None
    share_serial: int
    nzroa_link: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """A learner's request. `repr` leaves their words out."""

    request_id: str
    short_id: str
    kind: RequestKind
    words: str
    made_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None
    outcome: str | None = None

    def __repr__(self) -> str:
        return f"StoredRequest(request_id={self.request_id!r}, kind={self.kind.value!r}, …)"


_NEW_COLUMNS = (
    *("short_id", "link_sha256", "link_serial", "link_expires_at"),
    *("delivery", "visibility", "share_serial", "updated_at"),
)


def insert_claims(
    connection: Connection,
    links: Iterable[tuple[str, str, Delivery]],
    *,
    serial: int,
    expires_at: datetime,
    visibility: Visibility | None,
    at: datetime,
) -> None:
    """Keep the claim links of new badges, (short id, hash of the link, how it goes to the learner) each.

    A link that a badge has already is left as it is; `visibility` None leaves the pages as the instance says.
    """
    until, made_at = write_time(expires_at), write_time(at)
    shown = None if visibility is None else visibility.value
    rows = [
        (short_id, link_sha256, serial, until, delivery.value, shown, 1, made_at)
        for short_id, link_sha256, delivery in sorted(links)
    ]
    insert_many(connection, claims, _NEW_COLUMNS, rows, ignore=True)


def load_claim(connection: Connection, short_id: str, *, for_update: bool = False) -> StoredClaim | None:
    query = sa.select(claims).where(claims.c.short_id == short_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _claim(row)


def load_claims(connection: Connection, short_ids: Sequence[str]) -> dict[str, StoredClaim]:
    """Those of these badges that have one."""
    query = sa.select(claims).where(claims.c.short_id.in_(short_ids))
    return {row.short_id: _claim(row) for row in connection.execute(query)}


def find_by_link(connection: Connection, link_sha256: str) -> StoredClaim | None:
    row = connection.execute(sa.select(claims).where(claims.c.link_sha256 == link_sha256)).one_or_none()
    return None if row is None else _claim(row)


def find_by_share(connection: Connection, share_sha256: str) -> StoredClaim | None:
    row = connection.execute(sa.select(claims).where(claims.c.share_sha256 == share_sha256)).one_or_none()
    return None if row is None else _claim(row)


def mark_claimed(connection: Connection, short_id: str, *, at: datetime) -> bool:
    """True the first time; a second claim changes nothing."""
    statement = (
        sa.update(claims)
        .where(claims.c.short_id == short_id, claims.c.claimed_at.is_(None))
        .values(claimed_at=write_time(at), updated_at=write_time(at))
    )
    return bool(connection.execute(statement).rowcount)


def change_visibility(connection: Connection, short_id: str, visibility: Visibility, *, at: datetime) -> None:
    _update(connection, short_id, at=at, visibility=visibility)


def change_nzroa_link(connection: Connection, short_id: str, link: str | None, *, at: datetime) -> None:
    _update(connection, short_id, at=at, nzroa_link=link)


def change_share(
    connection: Connection, short_id: str, *, share_sha256: str | None, share_serial: int, at: datetime
) -> None:
    _update(connection, short_id, at=at, share_sha256=share_sha256, share_serial=share_serial)


def change_delivery(connection: Connection, short_id: str, delivery: Delivery, *, at: datetime) -> None:
    _update(connection, short_id, at=at, delivery=delivery)


def change_link(
    connection: Connection, short_id: str, *, link_sha256: str, link_serial: int, expires_at: datetime, at: datetime
) -> None:
    """A new link in place of the old, which then opens nothing."""
    _update(
        connection,
        short_id,
        at=at,
        link_sha256=link_sha256,
        link_serial=link_serial,
        link_expires_at=write_time(expires_at),
    )


def load_learners_with_email(connection: Connection, email: str) -> list[Learner]:
    """The learners' rows that have this address, however it is written in capitals, oldest badge id first."""
    query = sa.select(learners).where(sa.func.lower(learners.c.email) == email.lower()).order_by(learners.c.short_id)
    return [Learner(**row._mapping) for row in connection.execute(query)]


def is_batch_without_mail(connection: Connection, short_id: str) -> bool:
    """Whether the badge's class list was issued without mail, so that nobody asked yet whose its addresses are."""
    query = sa.select(batches.c.mail).join(credentials, credentials.c.batch_id == batches.c.batch_id)
    return connection.scalar(query.where(credentials.c.short_id == short_id)) in {None, "none"}


def insert_request(connection: Connection, row: StoredRequest) -> None:
    connection.execute(
        sa.insert(learner_requests),
        {
            "request_id": row.request_id,
            "short_id": row.short_id,
            "kind": row.kind,
            "words": row.words,
            "made_at": write_time(row.made_at),
        },
    )


def load_requests(
    connection: Connection, *, short_id: str | None = None, open_only: bool = False
) -> list[StoredRequest]:
    """Requests, oldest first: of one badge or of all."""
    query = sa.select(learner_requests).order_by(learner_requests.c.made_at, learner_requests.c.request_id)
    if short_id is not None:
        query = query.where(learner_requests.c.short_id == short_id)
    if open_only:
        query = query.where(learner_requests.c.settled_at.is_(None))
    return [_request(row) for row in connection.execute(query)]


def settle_request(connection: Connection, request_id: str, *, outcome: str, by: str, at: datetime) -> bool:
    """True the first time; one that is settled stays as it was settled."""
    statement = (
        sa.update(learner_requests)
        .where(learner_requests.c.request_id == request_id, learner_requests.c.settled_at.is_(None))
        .values(settled_at=write_time(at), settled_by=by, outcome=outcome)
    )
    return bool(connection.execute(statement).rowcount)


def _update(connection: Connection, short_id: str, *, at: datetime, **values: Any) -> None:
    connection.execute(
        sa.update(claims).where(claims.c.short_id == short_id).values(updated_at=write_time(at), **values)
    )


def _claim(row: Row[Any]) -> StoredClaim:
    return StoredClaim(
        short_id=row.short_id,
        link_sha256=row.link_sha256,
        link_serial=row.link_serial,
        link_expires_at=parse_time(row.link_expires_at),
        delivery=Delivery(row.delivery),
        claimed_at=None if row.claimed_at is None else parse_time(row.claimed_at),
        visibility=None if row.visibility is None else Visibility(row.visibility),
        share_sha256=row.share_sha256,
        share_serial=row.share_serial,
        nzroa_link=row.nzroa_link,
        updated_at=parse_time(row.updated_at),
    )


def _request(row: Row[Any]) -> StoredRequest:
    return StoredRequest(
        request_id=row.request_id,
        short_id=row.short_id,
        kind=RequestKind(row.kind),
        words=row.words,
        made_at=parse_time(row.made_at),
        settled_at=None if row.settled_at is None else parse_time(row.settled_at),
        settled_by=row.settled_by,
        outcome=row.outcome,
    )
