"""The rows of staff accounts and of the browsers they are signed in with; what a role may do is not known here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.service_tables import accounts, sessions
from issuer.store.tables import audit_head
from schemas.times import write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account as it is stored; times are RFC 3339 text."""

    account_id: str
    email: str
    name: str
    roles: str
    password_hash: str | None = field(repr=False)
    must_change: int
    failures: int
    locked_until: str | None
    oidc_subject: str | None
    created_at: str
    disabled_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One signed-in browser."""

    token_sha256: str
    account_id: str
    created_at: str
    seen_at: str
    expires_at: str


def add_account(connection: Connection, row: AccountRow) -> None:
    """Raises IntegrityError when the e-mail is taken."""
    connection.execute(sa.insert(accounts), [{name: getattr(row, name) for name in AccountRow.__slots__}])


def load_account(connection: Connection, account_id: str) -> AccountRow | None:
    return _one(connection, accounts.c.account_id == account_id)


def find_account(connection: Connection, email: str) -> AccountRow | None:
    """By its folded e-mail."""
    return _one(connection, accounts.c.email == email)


def find_subject(connection: Connection, subject: str) -> AccountRow | None:
    """By who the sign-in service says it is."""
    return _one(connection, accounts.c.oidc_subject == subject)


def list_accounts(connection: Connection) -> tuple[AccountRow, ...]:
    """All of them, by name."""
    rows = connection.execute(sa.select(accounts).order_by(accounts.c.name, accounts.c.account_id))
    return tuple(_account(row) for row in rows)


def update_account(connection: Connection, account_id: str, **values: Any) -> None:
    connection.execute(sa.update(accounts).where(accounts.c.account_id == account_id).values(**values))


def write_nothing(connection: Connection) -> None:
    """A write like any other that changes nothing, so that a refusal takes as long as one that is counted."""
    connection.execute(sa.update(audit_head).values(seq=audit_head.c.seq))


def add_session(connection: Connection, row: SessionRow) -> None:
    connection.execute(sa.insert(sessions), [{name: getattr(row, name) for name in SessionRow.__slots__}])


def load_session(connection: Connection, token_sha256: str) -> tuple[SessionRow, AccountRow] | None:
    """A session and whose it is."""
    row = connection.execute(sa.select(sessions).where(sessions.c.token_sha256 == token_sha256)).one_or_none()
    account = None if row is None else load_account(connection, row.account_id)
    return None if row is None or account is None else (SessionRow(**row._mapping), account)


def list_sessions(connection: Connection, account_id: str) -> tuple[SessionRow, ...]:
    """Of one account, the one used last first."""
    query = sa.select(sessions).where(sessions.c.account_id == account_id).order_by(sessions.c.seen_at.desc())
    return tuple(SessionRow(**row._mapping) for row in connection.execute(query))


def touch_session(connection: Connection, token_sha256: str, *, at: datetime) -> None:
    connection.execute(
        sa.update(sessions).where(sessions.c.token_sha256 == token_sha256).values(seen_at=write_time(at))
    )


def delete_session(connection: Connection, token_sha256: str) -> bool:
    return connection.execute(sa.delete(sessions).where(sessions.c.token_sha256 == token_sha256)).rowcount > 0


def delete_sessions(connection: Connection, account_id: str, *, but: str | None = None) -> int:
    """End every session of an account, or every one but this. Returns how many."""
    query = sa.delete(sessions).where(sessions.c.account_id == account_id)
    return connection.execute(query if but is None else query.where(sessions.c.token_sha256 != but)).rowcount


def delete_expired_sessions(connection: Connection, *, before: datetime) -> int:
    return connection.execute(sa.delete(sessions).where(sessions.c.expires_at < write_time(before))).rowcount


def _one(connection: Connection, condition: sa.ColumnElement[bool]) -> AccountRow | None:
    row = connection.execute(sa.select(accounts).where(condition)).one_or_none()
    return None if row is None else _account(row)


def _account(row: Row[Any]) -> AccountRow:
    return AccountRow(**row._mapping)
