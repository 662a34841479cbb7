"""Badges as the desk looks for them: by name, reference, day and state, a page at a time, and a few counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from issuer.store.batch_work import is_idle
from issuer.store.dialect import fold_text, folded
from issuer.store.service_tables import claims, learner_requests, outbox
from issuer.store.tables import batches, credentials, documents, learners
from schemas.times import parse_time, write_time

MOST_COUNTED = 2_000  # a search that finds more is too wide to read: it is told so, and counted no further


class Standing(StrEnum):
    """What staff sort badges by."""

    CURRENT = "current"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search asks for; None asks nothing."""

    text: str = ""  # words of a name, an e-mail address or a badge's id
    nzqa_ref: str | None = None
    awarded_from: date | None = None
    awarded_to: date | None = None
    standing: Standing | None = None
    claimed: bool | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBadge:
    """One line of the list. `repr` names nobody."""

    short_id: str
    name: str | None
    preferred_name: str | None
    nzqa_ref: str
    achieved_on: date
    state: str
    version: int
    issued_at: datetime
    claimed_at: datetime | None
    valid_until: datetime | None

    def __repr__(self) -> str:
        return f"FoundBadge(short_id={self.short_id!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of badges, and how many there are in all, counted up to `MOST_COUNTED`."""

    badges: tuple[FoundBadge, ...]
    count: int

    @property
    def is_capped(self) -> bool:
        return self.count >= MOST_COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many badges stand how."""

    issued: int
    claimed: int
    withdrawn: int
    suspended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a person, in numbers."""

    drafts: int
    to_approve: int
    held_rows: int
    mail_refused: int
    mail_held: int
    requests: int
    first_to_approve: str | None = None  # the batch


def search_badges(connection: Connection, wanted: Wanted, *, now: datetime, page: int, size: int) -> Found:
    """The badges that answer to all that is asked, newest first. Upper case, macrons and accents do not matter."""
    joined = (
        credentials.outerjoin(learners, learners.c.short_id == credentials.c.short_id)
        .outerjoin(claims, claims.c.short_id == credentials.c.short_id)
        .outerjoin(
            documents,
            sa.and_(documents.c.short_id == credentials.c.short_id, documents.c.version == credentials.c.version),
        )
    )
    conditions = _conditions(connection, wanted, now=now)
    query = (
        sa.select(
            credentials.c.short_id,
            learners.c.name,
            learners.c.preferred_name,
            credentials.c.nzqa_ref,
            credentials.c.achieved_on,
            credentials.c.state,
            credentials.c.version,
            credentials.c.created_at,
            claims.c.claimed_at,
            documents.c.valid_until,
        )
        .select_from(joined)
        .where(*conditions)
        .order_by(credentials.c.created_at.desc(), credentials.c.batch_id, credentials.c.line, credentials.c.short_id)
        .limit(size)
        .offset((page - 1) * size)
    )
    badges = tuple(_found(row) for row in connection.execute(query))
    if page == 1 and len(badges) < size:
        return Found(badges=badges, count=len(badges))
    capped = sa.select(credentials.c.short_id).select_from(joined).where(*conditions).limit(MOST_COUNTED).subquery()
    return Found(badges=badges, count=connection.scalar(sa.select(sa.func.count()).select_from(capped)) or 0)


def count_figures(connection: Connection) -> Figures:
    by_state = {
        row[0]: int(row[1])
        for row in connection.execute(sa.select(credentials.c.state, sa.func.count()).group_by(credentials.c.state))
    }
    claimed = connection.scalar(sa.select(sa.func.count()).where(claims.c.claimed_at.is_not(None)))
    return Figures(
        issued=sum(by_state.values()),
        claimed=int(claimed or 0),
        withdrawn=by_state.get("revoked", 0),
        suspended=by_state.get("suspended", 0),
    )


def count_waiting(connection: Connection, *, not_by: str | None) -> Waiting:
    """What waits. `not_by` is the actor who may not approve what they made themselves; None counts all of it."""

    def count(table: sa.Table, *conditions: ColumnElement[bool]) -> int:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0)

    approvable = [batches.c.state == "awaiting-approval"]
    if not_by is not None:
        approvable.append(sa.or_(batches.c.made_by.is_(None), batches.c.made_by != not_by))
    held = sa.select(sa.func.coalesce(sa.func.sum(batches.c.held), 0)).where(
        batches.c.state == "finished", batches.c.source != "cli"
    )
    return Waiting(
        drafts=count(batches, batches.c.state.in_(["draft", "checking", "checked"]), sa.not_(is_idle())),
        to_approve=count(batches, *approvable),
        first_to_approve=connection.scalar(
            sa.select(batches.c.batch_id).where(*approvable).order_by(batches.c.started_at, batches.c.batch_id).limit(1)
        ),
        held_rows=int(connection.scalar(held) or 0),
        mail_refused=count(outbox, outbox.c.state == "refused"),
        mail_held=count(outbox, outbox.c.state == "held"),
        requests=count(learner_requests, learner_requests.c.settled_at.is_(None)),
    )


def count_by_reference(connection: Connection) -> dict[str, int]:
    """Reference -> how many badges that were not withdrawn."""
    query = (
        sa.select(credentials.c.nzqa_ref, sa.func.count())
        .where(credentials.c.state != "revoked")
        .group_by(credentials.c.nzqa_ref)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _conditions(connection: Connection, wanted: Wanted, *, now: datetime) -> list[ColumnElement[bool]]:
    conditions = _of_text(connection, wanted.text)
    if wanted.nzqa_ref:
        conditions.append(credentials.c.nzqa_ref == wanted.nzqa_ref)
    if wanted.batch_id:
        conditions.append(credentials.c.batch_id == wanted.batch_id)
    if wanted.awarded_from is not None:
        conditions.append(credentials.c.achieved_on >= wanted.awarded_from.isoformat())
    if wanted.awarded_to is not None:
        conditions.append(credentials.c.achieved_on <= wanted.awarded_to.isoformat())
    if wanted.claimed is not None:
        conditions.append(claims.c.claimed_at.is_not(None) if wanted.claimed else claims.c.claimed_at.is_(None))
    if wanted.standing is not None:
        conditions += _of_standing(wanted.standing, now=now)
    return conditions


def _of_standing(standing: Standing, *, now: datetime) -> list[ColumnElement[bool]]:
    ended = sa.and_(documents.c.valid_until.is_not(None), documents.c.valid_until < write_time(now))
    match standing:
        case Standing.CURRENT:
            return [credentials.c.state == "issued", sa.not_(ended)]
        case Standing.CORRECTED:
            return [credentials.c.version > 1]
        case Standing.WITHDRAWN:
            return [credentials.c.state == "revoked"]
        case Standing.SUSPENDED:
            return [credentials.c.state == "suspended"]
        case Standing.EXPIRED:
            return [credentials.c.state != "revoked", ended]


def _of_text(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    """Every word must stand in the name or the preferred name; an address or an id must be whole."""
    words = (fold_text(text) or "").split()
    if len(words) == 1 and "@" in words[0]:
        return [sa.func.lower(learners.c.email) == text.strip().lower()]
    conditions: list[ColumnElement[bool]] = []
    for word in words:
        named = sa.or_(
            folded(connection, learners.c.name).contains(word, autoescape=True),
            folded(connection, learners.c.preferred_name).contains(word, autoescape=True),
        )
        conditions.append(sa.or_(named, credentials.c.short_id == word))
    return conditions


def _found(row: Any) -> FoundBadge:
    return FoundBadge(
        short_id=row.short_id,
        name=row.name,
        preferred_name=row.preferred_name,
        nzqa_ref=row.nzqa_ref,
        achieved_on=date.fromisoformat(row.achieved_on),
        state=row.state,
        version=row.version,
        issued_at=parse_time(row.created_at),
        claimed_at=None if row.claimed_at is None else parse_time(row.claimed_at),
        valid_until=None if row.valid_until is None else parse_time(row.valid_until),
    )
