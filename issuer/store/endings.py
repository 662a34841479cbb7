"""What an instance has ended, as rows: itself, when it closed, and the keys that were stolen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.tables import compromised_keys, owner
from schemas.times import parse_time, write_time


def load_closed_at(connection: Connection, *, for_writing: bool = False) -> datetime | None:
    """When the instance closed. With `for_writing`, it neither closes nor has closed before this transaction ends."""
    query = sa.select(owner.c.closed_at).where(owner.c.id == 1)
    closed = connection.scalar(query.with_for_update(read=True) if for_writing else query)
    return None if closed is None else parse_time(closed)


def lock_owner(connection: Connection) -> None:
    """Wait for every transaction that issues, and keep others from beginning, until this one ends."""
    connection.execute(sa.select(owner.c.id).where(owner.c.id == 1).with_for_update())


def mark_closed(connection: Connection, *, at: datetime) -> None:
    connection.execute(sa.update(owner).where(owner.c.id == 1).values(closed_at=write_time(at)))


def load_compromises(connection: Connection) -> Mapping[str, datetime]:
    """Key id -> from when it must be taken as a thief's."""
    return {row.key_id: parse_time(row.compromised_from) for row in connection.execute(sa.select(compromised_keys))}


def keep_compromise(connection: Connection, key_id: str, *, since: datetime, at: datetime) -> None:
    """Record a stolen key, or an earlier moment for one that is recorded."""
    connection.execute(sa.delete(compromised_keys).where(compromised_keys.c.key_id == key_id))
    values = {"key_id": key_id, "compromised_from": write_time(since), "recorded_at": write_time(at)}
    connection.execute(sa.insert(compromised_keys), [values])
