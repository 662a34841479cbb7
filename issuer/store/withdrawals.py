"""A whole batch withdrawn, as rows: which of its badges stand, which of its mails have not left, and when it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.credentials import State
from issuer.store.lists import Slot
from issuer.store.service_tables import outbox
from issuer.store.tables import batches, credentials, documents
from schemas.times import parse_time, write_time

_NOT_LEFT = ("held", "queued")
_CHUNK = 500  # places in one statement


def lease_end(connection: Connection, batch_id: str) -> datetime | None:
    """Until when a worker may be issuing this batch; None when none is."""
    found = connection.scalar(sa.select(batches.c.lease_until).where(batches.c.batch_id == batch_id))
    return None if found is None else parse_time(found)


def standing_badges(connection: Connection, batch_id: str, *, limit: int) -> dict[str, Slot]:
    """Short id -> place of revocation of badges of the batch that are not withdrawn, kept from changing."""
    query = (
        sa.select(credentials.c.short_id, credentials.c.version)
        .where(credentials.c.batch_id == batch_id, credentials.c.state != State.REVOKED)
        .order_by(credentials.c.short_id)
        .limit(limit)
        .with_for_update()
    )
    versions = {row.short_id: row.version for row in connection.execute(query)}
    places = sa.select(documents).where(documents.c.short_id.in_(versions))
    return {
        row.short_id: Slot(list_number=row.list_number, list_index=row.list_index)
        for row in connection.execute(places)
        if row.version == versions[row.short_id]
    }


def count_withdrawn(connection: Connection, batch_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(credentials)
    found = connection.scalar(query.where(credentials.c.batch_id == batch_id, credentials.c.state == State.REVOKED))
    return found or 0


def mark_all_revoked(connection: Connection, short_ids: Sequence[str], *, at: datetime, reason: str) -> None:
    connection.execute(
        sa.update(credentials)
        .where(credentials.c.short_id.in_(short_ids))
        .values(state=State.REVOKED, revoked_at=write_time(at), revocation_reason=reason)
    )


def cancel_mails(connection: Connection, batch_id: str) -> int:
    """Cancel what is still held or queued, of the batch and of its badges. Returns how many."""
    badges = sa.select(credentials.c.short_id).where(credentials.c.batch_id == batch_id)
    ours = sa.or_(outbox.c.batch_id == batch_id, outbox.c.short_id.in_(badges))
    done = connection.execute(
        sa.update(outbox)
        .where(ours, outbox.c.state.in_(_NOT_LEFT))
        .values(state="cancelled", reason="batch-withdrawn", next_at=None, recipient=None)
    )
    return done.rowcount


def find_at_places(connection: Connection, number: int, indexes: Sequence[int], *, suspension: bool) -> dict[int, str]:
    """Index -> the badge whose version stands there, in one list."""
    where, index = (
        (documents.c.suspension_list, documents.c.suspension_index)
        if suspension
        else (documents.c.list_number, documents.c.list_index)
    )
    found: dict[int, str] = {}
    for start in range(0, len(indexes), _CHUNK):
        query = sa.select(index.label("place"), documents.c.short_id)
        query = query.where(where == number, index.in_(indexes[start : start + _CHUNK]))
        found |= {row.place: row.short_id for row in connection.execute(query)}
    return found


def mark_withdrawn(connection: Connection, batch_id: str, *, at: datetime) -> None:
    """When the batch was withdrawn; the first time stays."""
    connection.execute(
        sa.update(batches)
        .where(batches.c.batch_id == batch_id, batches.c.withdrawn_at.is_(None))
        .values(withdrawn_at=write_time(at))
    )
