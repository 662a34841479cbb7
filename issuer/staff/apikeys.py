"""Keys by which other programs use the API: made, recognised, rotated and revoked; HTTP is not known here."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Instance
from issuer.store import key_rows
from issuer.store.key_rows import KeyRow
from issuer.vault import token_sha256
from schemas.errors import InputError, IssuingError
from schemas.times import parse_time, write_time

PREFIX: Final = "nzob"  # so that a scanner for leaked secrets knows one
MAX_DAYS: Final = 3_650
OVERLAP_DAYS: Final = 7  # how long the old key still works after a rotation
_SECRET_BYTES: Final = 32
_USED_SECONDS: Final = 60  # the last use is written down at most so often
_MAX_NAME_CHARS: Final = 100


class Scope(StrEnum):
    """What a key may do. Reading is a scope of its own: a key that issues need not see what others issued."""

    ISSUE = "issue"
    REVOKE = "revoke"
    READ = "read"


class KeyState(StrEnum):
    IN_USE = "in-use"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key, without its secret half."""

    key_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and now >= self.expires_at:
            return KeyState.EXPIRED
        return KeyState.IN_USE


def parse_scopes(codes: Iterable[str]) -> frozenset[Scope]:
    """Raises InputError."""
    try:
        scopes = frozenset(Scope(code.strip()) for code in codes)
    except ValueError:
        raise InputError(f"A scope is one of: {', '.join(Scope)}.", field="scopes") from None
    if not scopes:
        raise InputError("Give the key at least one scope.", field="scopes")
    return scopes


def new_key(
    instance: Instance,
    *,
    name: str,
    scopes: Iterable[str],
    days: int | None = None,
    key_id: str | None = None,
    actor: str,
    now: datetime,
) -> tuple[ApiKey, str]:
    """A new key, and its whole text, which nobody can read again. Raises InputError.

    A form gives the `key_id` it wants: sent twice, it makes one key, and the second time raises IssuingError.
    """
    row, text = _make(
        name=_read_name(name),
        scopes=parse_scopes(scopes),
        expires_at=_expiry(days, now),
        key_id=key_id,
        actor=actor,
        now=now,
    )
    with instance.store.writing() as connection:
        _refuse_taken(connection, row.key_id)
        key_rows.add_key(connection, row)
        _log_new(connection, row, follows=None, actor=actor, now=now)
    return _key(row), text


def rotate_key(
    instance: Instance,
    key_id: str,
    *,
    overlap_days: int = OVERLAP_DAYS,
    successor_id: str | None = None,
    actor: str,
    now: datetime,
) -> tuple[ApiKey, str]:
    """A successor with the same name and scopes; the old key works for some days more. Raises IssuingError.

    A key with a term gets a successor with the same term, counted from now.
    """
    with instance.store.writing() as connection:
        old = _key(_known(connection, key_id))
        if old.state(now) is not KeyState.IN_USE:
            raise IssuingError("Only a key that works can be rotated; make a new one.", reason="key-ended")
        term = None if old.expires_at is None else now + (old.expires_at - old.created_at)
        row, text = _make(name=old.name, scopes=old.scopes, expires_at=term, key_id=successor_id, actor=actor, now=now)
        _refuse_taken(connection, row.key_id)
        ends = now + timedelta(days=overlap_days)
        if old.expires_at is None or ends < old.expires_at:
            key_rows.set_expiry(connection, key_id, at=ends)
        key_rows.add_key(connection, row)
        _log_new(connection, row, follows=key_id, actor=actor, now=now)
    return _key(row), text


def revoke_key(instance: Instance, key_id: str, *, actor: str, now: datetime) -> bool:
    """End a key at once; returns whether it was not revoked before. Raises IssuingError when there is none."""
    with instance.store.writing() as connection:
        if _known(connection, key_id).revoked_at is not None:
            return False
        key_rows.mark_revoked(connection, key_id, at=now)
        audit.append(connection, at=now, actor=actor, action=audit.API_KEY_REVOKE, facts={"key": key_id})
    return True


def list_keys(instance: Instance) -> tuple[ApiKey, ...]:
    """All keys, ended ones too; the newest first."""
    with instance.store.reading() as connection:
        return tuple(_key(row) for row in key_rows.list_keys(connection))


def find_key(instance: Instance, text: str, *, now: datetime) -> ApiKey | None:
    """The key with this text, if it works now. Its last use is noted."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret:
        return None
    with instance.store.reading() as connection:
        row = key_rows.load_key(connection, key_id)
    expected = token_sha256("") if row is None else row.secret_sha256
    same = hmac.compare_digest(token_sha256(secret), expected)
    if row is None or not same:
        return None
    key = _key(row)
    if key.state(now) is not KeyState.IN_USE:
        return None
    if key.last_used_at is None or now >= key.last_used_at + timedelta(seconds=_USED_SECONDS):
        with instance.store.writing() as connection:
            key_rows.mark_used(connection, key_id, at=now)
    return key


def _make(
    *,
    name: str,
    scopes: frozenset[Scope],
    expires_at: datetime | None,
    key_id: str | None,
    actor: str,
    now: datetime,
) -> tuple[KeyRow, str]:
    key_id = key_id or secrets.token_hex(6)
    secret = b32encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii").rstrip("=").lower()
    row = KeyRow(
        key_id=key_id,
        secret_sha256=token_sha256(secret),
        name=name,
        scopes=",".join(sorted(scopes)),
        created_at=write_time(now),
        created_by=actor,
        last_used_at=None,
        expires_at=None if expires_at is None else write_time(expires_at),
        revoked_at=None,
    )
    return row, f"{PREFIX}_{key_id}_{secret}"


def _log_new(connection: Connection, row: KeyRow, *, follows: str | None, actor: str, now: datetime) -> None:
    facts = {"key": row.key_id, "scopes": row.scopes.split(","), "follows": follows, "expires_at": row.expires_at}
    told = {name: value for name, value in facts.items() if value is not None}
    audit.append(connection, at=now, actor=actor, action=audit.API_KEY_NEW, facts=told)


def _expiry(days: int | None, now: datetime) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise InputError(f"A key works for 1 to {MAX_DAYS:,} days.", field="days")
    return now + timedelta(days=days)


def _read_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _MAX_NAME_CHARS or not name.isprintable():
        raise InputError(
            f"Say what the key is for, in 1 to {_MAX_NAME_CHARS} characters; for example the program's name.",
            field="name",
        )
    return name


def _refuse_taken(connection: Connection, key_id: str) -> None:
    if key_rows.load_key(connection, key_id) is not None:
        raise IssuingError("This key was made already.", reason="key-made")


def _known(connection: Connection, key_id: str) -> KeyRow:
    row = key_rows.load_key(connection, key_id)
    if row is None:
        raise IssuingError("There is no such key.", reason="unknown-key")
    return row


def _key(row: KeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        scopes=frozenset(Scope(code) for code in row.scopes.split(",")),
        created_at=parse_time(row.created_at),
        created_by=row.created_by,
        last_used_at=None if row.last_used_at is None else parse_time(row.last_used_at),
        expires_at=None if row.expires_at is None else parse_time(row.expires_at),
        revoked_at=None if row.revoked_at is None else parse_time(row.revoked_at),
    )
