"""The rows of programs' keys, and of what their requests were answered; what a scope allows is not known here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.dialect import insert_or_ignore
from issuer.store.service_tables import api_keys, idempotency
from schemas.times import write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One key as it is stored: of its secret half only the hash."""

    key_id: str
    secret_sha256: str = field(repr=False)
    name: str
    scopes: str
    created_at: str
    created_by: str
    last_used_at: str | None
    expires_at: str | None
    revoked_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """What the first request with an idempotency key was answered; without a status it is still under way."""

    request_sha256: str
    status: int | None
    body: bytes | None = field(repr=False)
    location: str | None
    created_at: str


def add_key(connection: Connection, row: KeyRow) -> None:
    connection.execute(sa.insert(api_keys), [{name: getattr(row, name) for name in KeyRow.__slots__}])


def load_key(connection: Connection, key_id: str) -> KeyRow | None:
    row = connection.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
    return None if row is None else KeyRow(**row._mapping)


def list_keys(connection: Connection) -> tuple[KeyRow, ...]:
    """All of them, the newest first."""
    rows = connection.execute(sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.key_id))
    return tuple(KeyRow(**row._mapping) for row in rows)


def mark_used(connection: Connection, key_id: str, *, at: datetime) -> None:
    _update(connection, key_id, last_used_at=write_time(at))


def mark_revoked(connection: Connection, key_id: str, *, at: datetime) -> None:
    _update(connection, key_id, revoked_at=write_time(at))


def set_expiry(connection: Connection, key_id: str, *, at: datetime) -> None:
    _update(connection, key_id, expires_at=write_time(at))


def take_request(
    connection: Connection, *, key_id: str, idempotency_key: str, request_sha256: str, at: datetime
) -> bool:
    """Note that a request has begun; False when one with this idempotency key was there already."""
    values = {
        "key_id": key_id,
        "idempotency_key": idempotency_key,
        "request_sha256": request_sha256,
        "created_at": write_time(at),
    }
    insert = insert_or_ignore(connection, idempotency).values(**values).returning(idempotency.c.key_id)
    return connection.execute(insert).first() is not None


def load_answer(connection: Connection, *, key_id: str, idempotency_key: str) -> AnswerRow | None:
    query = sa.select(*(idempotency.c[name] for name in AnswerRow.__slots__)).where(
        idempotency.c.key_id == key_id, idempotency.c.idempotency_key == idempotency_key
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    values["body"] = None if values["body"] is None else bytes(values["body"])
    return AnswerRow(**values)


def save_answer(
    connection: Connection, *, key_id: str, idempotency_key: str, status: int, body: bytes, location: str | None
) -> None:
    connection.execute(
        sa.update(idempotency)
        .where(idempotency.c.key_id == key_id, idempotency.c.idempotency_key == idempotency_key)
        .values(status=status, body=body, location=location)
    )


def forget_request(connection: Connection, *, key_id: str, idempotency_key: str) -> None:
    """Take a request back that came to nothing, so that it can be tried again."""
    connection.execute(
        sa.delete(idempotency).where(idempotency.c.key_id == key_id, idempotency.c.idempotency_key == idempotency_key)
    )


def delete_answers(connection: Connection, *, before: datetime) -> int:
    return connection.execute(sa.delete(idempotency).where(idempotency.c.created_at < write_time(before))).rowcount


def _update(connection: Connection, key_id: str, **values: str) -> None:
    connection.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id).values(**values))
