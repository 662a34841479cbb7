"""Staff accounts: who may do what at the desk, and how they sign in; web pages, cookies and mail are not known here."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from issuer import audit
from issuer.instance import Instance
from issuer.rows.single import read_one_email, read_one_name
from issuer.staff.passwords import check_password, hash_password, is_password, new_one_time_password
from issuer.store import account_rows, audit_log
from issuer.store.account_rows import AccountRow
from issuer.vault import token_sha256
from schemas.errors import InputError, IssuingError
from schemas.times import parse_time, write_time

SESSION_HOURS: Final = 12
SESSION_IDLE_HOURS: Final = 2
_SEEN_SECONDS: Final = 60  # a session's last use is written down at most so often
_TRIES: Final = 5
_MAX_LOCK_MINUTES: Final = 60


class Role(StrEnum):
    """What an account may do; every one may look at what its pages need."""

    ISSUE = "issue"
    APPROVE = "approve"
    READ = "read"
    ADMINISTER = "administer"


class SignInRefused(InputError):
    """One answer for an unknown address, a wrong password, a locked and a disabled account."""

    slug = "sign-in-refused"
    title = "Not signed in"
    status = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person of the provider's staff."""

    account_id: str
    email: str
    name: str
    roles: frozenset[Role]
    must_change: bool
    has_password: bool
    created_at: datetime
    locked_until: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser somebody is signed in with."""

    token_sha256: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def parse_roles(codes: Iterable[str]) -> frozenset[Role]:
    """Raises InputError for a role that is none, and when there is not one."""
    try:
        roles = frozenset(Role(code) for code in codes)
    except ValueError:
        raise InputError(f"A role is one of: {', '.join(Role)}.", field="roles") from None
    if not roles:
        raise InputError("Give the account at least one role.", field="roles")
    return roles


def add_account(
    instance: Instance, *, email: str, name: str, roles: Iterable[Role], actor: str, now: datetime
) -> tuple[Account, str]:
    """A new account and its one-time password, which nobody can read again. Raises InputError."""
    address, shown, chosen = _read_email(email), _read_name(name), parse_roles(roles)
    password = new_one_time_password()
    row = AccountRow(
        account_id=secrets.token_hex(8),
        email=address,
        name=shown,
        roles=_write_roles(chosen),
        password_hash=hash_password(password),
        must_change=1,
        failures=0,
        locked_until=None,
        oidc_subject=None,
        created_at=write_time(now),
        disabled_at=None,
    )
    try:
        with instance.store.writing() as connection:
            account_rows.add_account(connection, row)
            facts = {"account": row.account_id, "roles": sorted(chosen)}
            audit.append(connection, at=now, actor=actor, action=audit.ACCOUNT_NEW, facts=facts)
    except IntegrityError:
        raise InputError("There is an account with this e-mail address already.", field="email") from None
    return _account(row), password


def list_accounts(instance: Instance) -> tuple[Account, ...]:
    with instance.store.reading() as connection:
        return tuple(_account(row) for row in account_rows.list_accounts(connection))


def load_account(instance: Instance, account_id: str) -> Account:
    """Raises IssuingError when there is none."""
    with instance.store.reading() as connection:
        return _account(_known(connection, account_id))


def find_account(instance: Instance, email: str) -> Account:
    """By its e-mail address. Raises InputError, IssuingError."""
    with instance.store.reading() as connection:
        row = account_rows.find_account(connection, _read_email(email))
    if row is None:
        raise IssuingError("There is no account with this e-mail address.", reason="unknown-account")
    return _account(row)


def sign_in(instance: Instance, email: str, password: str, *, now: datetime) -> Account:
    """Whose e-mail and password these are. Raises SignInRefused, always with the same words and the same work.

    After five failures in a row each further one locks the account for a minute, two, four, up to an hour. Tries
    while it is locked are not counted: nobody can keep an account locked for longer by going on.
    """
    try:
        address = _read_email(email)
    except InputError:
        address = ""
    with instance.store.reading() as connection:
        row = account_rows.find_account(connection, address)
    right = is_password(None if row is None else row.password_hash, password)
    counted = _count_try(instance, None if row is None else row.account_id, right=right, now=now)
    if row is None or not counted:
        raise SignInRefused("The e-mail address or the password is not right, or the account is locked for a while.")
    return load_account(instance, row.account_id)


def _count_try(instance: Instance, account_id: str | None, *, right: bool, now: datetime) -> bool:
    """Whether a try counts as signed in, by the account as it is now: tries side by side are counted one by one."""
    with instance.store.writing() as connection:
        audit_log.lock_head(connection)  # held to the end: what was read stays true until it was decided on
        row = None if account_id is None else account_rows.load_account(connection, account_id)
        if row is None or account_id is None or row.disabled_at is not None or _is_locked(row, now):
            account_rows.write_nothing(connection)
            return False
        if right:
            account_rows.update_account(connection, account_id, failures=0, locked_until=None)
            audit.append(
                connection, at=now, actor=f"user:{account_id}", action=audit.SIGN_IN, facts={"way": "password"}
            )
            return True
        failures = row.failures + 1
        until = None if failures < _TRIES else write_time(now + _lock_time(failures))
        account_rows.update_account(connection, account_id, failures=failures, locked_until=until)
        if until is not None:
            facts = {"account": account_id, "failures": failures, "until": until}
            audit.append(connection, at=now, actor="nobody", action=audit.ACCOUNT_LOCKED, facts=facts)
        return False


def change_password(
    instance: Instance, account_id: str, *, current: str, new: str, keep: str | None = None, now: datetime
) -> None:
    """Exchange the password; other browsers are signed out, `keep` (a session's token) is not.

    Raises InputError, whose `extensions["field"]` is `current` or `new`.
    """
    with instance.store.reading() as connection:
        row = _known(connection, account_id)
    if not is_password(row.password_hash, current):
        _count_try(instance, account_id, right=False, now=now)
        raise InputError("This is not the password you have now.", field="current")
    check_password(new, email=row.email)
    if is_password(row.password_hash, new):
        raise InputError("Choose a password other than the one you have now.", field="new", reason="same")
    hashed = hash_password(new)
    with instance.store.writing() as connection:
        before = _known(connection, account_id)
        if before.password_hash != row.password_hash or before.disabled_at is not None or _is_locked(before, now):
            raise InputError("This is not the password you have now.", field="current")
        account_rows.update_account(connection, account_id, password_hash=hashed, must_change=0, failures=0)
        kept = None if keep is None else token_sha256(keep)
        account_rows.delete_sessions(connection, account_id, but=kept)
        facts = {"account": account_id}
        audit.append(connection, at=now, actor=f"user:{account_id}", action=audit.PASSWORD_CHANGE, facts=facts)


def reset_password(instance: Instance, account_id: str, *, actor: str, now: datetime) -> str:
    """A new one-time password; the account's sessions end and its lock opens. Raises IssuingError."""
    password = new_one_time_password()
    hashed = hash_password(password)
    with instance.store.writing() as connection:
        _refuse_disabled(_known(connection, account_id))
        account_rows.update_account(
            connection, account_id, password_hash=hashed, must_change=1, failures=0, locked_until=None
        )
        account_rows.delete_sessions(connection, account_id)
        audit.append(connection, at=now, actor=actor, action=audit.PASSWORD_RESET, facts={"account": account_id})
    return password


def set_roles(instance: Instance, account_id: str, roles: Iterable[Role], *, actor: str, now: datetime) -> Account:
    """Give an account other roles, from its next request on. Raises InputError, IssuingError."""
    chosen = parse_roles(roles)
    with instance.store.writing() as connection:
        audit_log.lock_head(connection)  # two administrators cannot demote each other at the same moment
        row = _known(connection, account_id)
        _refuse_disabled(row)
        if Role.ADMINISTER not in chosen:
            _refuse_last_administrator(connection, row)
        account_rows.update_account(connection, account_id, roles=_write_roles(chosen))
        facts = {"account": account_id, "roles": sorted(chosen)}
        audit.append(connection, at=now, actor=actor, action=audit.ACCOUNT_ROLES, facts=facts)
    return load_account(instance, account_id)


def disable(instance: Instance, account_id: str, *, actor: str, now: datetime) -> bool:
    """Close an account and end its sessions; returns whether it was open. Raises IssuingError."""
    with instance.store.writing() as connection:
        audit_log.lock_head(connection)
        row = _known(connection, account_id)
        if row.disabled_at is not None:
            return False
        _refuse_last_administrator(connection, row)
        account_rows.update_account(connection, account_id, disabled_at=write_time(now))
        account_rows.delete_sessions(connection, account_id)
        audit.append(connection, at=now, actor=actor, action=audit.ACCOUNT_DISABLE, facts={"account": account_id})
    return True


def enable(instance: Instance, account_id: str, *, actor: str, now: datetime) -> bool:
    """Open a closed account again; returns whether it was closed. Raises IssuingError."""
    with instance.store.writing() as connection:
        if _known(connection, account_id).disabled_at is None:
            return False
        account_rows.update_account(connection, account_id, disabled_at=None, failures=0, locked_until=None)
        audit.append(connection, at=now, actor=actor, action=audit.ACCOUNT_ENABLE, facts={"account": account_id})
    return True


def sign_in_by_service(instance: Instance, *, subject: str, email: str, now: datetime) -> Account:
    """The account of somebody whom the provider's own sign-in service vouches for; never makes one.

    The first time the verified e-mail decides, later the service's own id of the person. Raises SignInRefused.
    """
    refused = SignInRefused("There is no account here for who you signed in as. Ask an administrator.")
    with instance.store.writing() as connection:
        row = account_rows.find_subject(connection, subject)
        if row is None:
            try:
                row = account_rows.find_account(connection, _read_email(email))
            except InputError:
                row = None
            if row is None or row.oidc_subject is not None or row.disabled_at is not None:
                raise refused
            account_rows.update_account(connection, row.account_id, oidc_subject=subject)
        if row.must_change:  # a one-time password that was never used has no use now
            account_rows.update_account(connection, row.account_id, password_hash=None, must_change=0)
        if row.disabled_at is not None:
            raise refused
        actor = f"user:{row.account_id}"
        audit.append(connection, at=now, actor=actor, action=audit.SIGN_IN, facts={"way": "service"})
    return load_account(instance, row.account_id)


def open_session(instance: Instance, account_id: str, *, now: datetime) -> str:
    """Sign a browser in: the token for its cookie, of which only the hash is kept."""
    token = secrets.token_urlsafe(32)
    row = account_rows.SessionRow(
        token_sha256=token_sha256(token),
        account_id=account_id,
        created_at=write_time(now),
        seen_at=write_time(now),
        expires_at=write_time(now + timedelta(hours=SESSION_HOURS)),
    )
    with instance.store.writing() as connection:
        _refuse_disabled(_known(connection, account_id))
        account_rows.delete_expired_sessions(connection, before=now)
        account_rows.add_session(connection, row)
    return token


def load_session(instance: Instance, token: str, *, now: datetime) -> Account | None:
    """Who is signed in with that token; None once it ended, was ended or lay unused for two hours."""
    digest = token_sha256(token)
    with instance.store.reading() as connection:
        found = account_rows.load_session(connection, digest)
    if found is None:
        return None
    session, account = found
    seen = parse_time(session.seen_at)
    ended = now >= parse_time(session.expires_at) or now >= seen + timedelta(hours=SESSION_IDLE_HOURS)
    if ended or account.disabled_at is not None:
        return None
    if now >= seen + timedelta(seconds=_SEEN_SECONDS):
        with instance.store.writing() as connection:
            account_rows.touch_session(connection, digest, at=now)
    return _account(account)


def list_sessions(instance: Instance, account_id: str, *, now: datetime) -> tuple[Session, ...]:
    """The browsers an account is signed in with now."""
    with instance.store.reading() as connection:
        rows = account_rows.list_sessions(connection, account_id)
    sessions = (
        Session(
            token_sha256=row.token_sha256,
            created_at=parse_time(row.created_at),
            seen_at=parse_time(row.seen_at),
            expires_at=parse_time(row.expires_at),
        )
        for row in rows
    )
    idle = timedelta(hours=SESSION_IDLE_HOURS)
    return tuple(each for each in sessions if now < each.expires_at and now < each.seen_at + idle)


def end_session(instance: Instance, token: str) -> None:
    """Sign that browser out."""
    with instance.store.writing() as connection:
        account_rows.delete_session(connection, token_sha256(token))


def end_other_sessions(instance: Instance, account_id: str, *, keep: str) -> int:
    """Sign every browser of an account out but the one with this token. Returns how many."""
    with instance.store.writing() as connection:
        return account_rows.delete_sessions(connection, account_id, but=token_sha256(keep))


def purge_sessions(instance: Instance, *, now: datetime) -> int:
    """Forget the browsers whose time is over. Returns how many."""
    with instance.store.writing() as connection:
        return account_rows.delete_expired_sessions(connection, before=now)


def _known(connection: Connection, account_id: str) -> AccountRow:
    row = account_rows.load_account(connection, account_id)
    if row is None:
        raise IssuingError("There is no such account.", reason="unknown-account")
    return row


def _refuse_disabled(row: AccountRow) -> None:
    if row.disabled_at is not None:
        raise IssuingError("This account is disabled; enable it first.", reason="account-disabled")


def _refuse_last_administrator(connection: Connection, row: AccountRow) -> None:
    open_rows = [each for each in account_rows.list_accounts(connection) if each.disabled_at is None]
    administrators = {each.account_id for each in open_rows if Role.ADMINISTER in _parse_stored_roles(each.roles)}
    if administrators == {row.account_id}:
        raise IssuingError(
            "This is the last administrator. Give somebody else that role first.", reason="last-administrator"
        )


def _is_locked(row: AccountRow, now: datetime) -> bool:
    return row.locked_until is not None and now < parse_time(row.locked_until)


def _lock_time(failures: int) -> timedelta:
    return timedelta(minutes=min(2 ** min(failures - _TRIES, 10), _MAX_LOCK_MINUTES))


def _read_email(text: str) -> str:
    try:
        return read_one_email(text).lower()
    except InputError as error:
        raise InputError(error.detail, field="email") from None


def _read_name(text: str) -> str:
    try:
        return read_one_name(text)
    except InputError as error:
        raise InputError(error.detail, field="name") from None


def _write_roles(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))


def _parse_stored_roles(text: str) -> frozenset[Role]:
    return frozenset(Role(code) for code in text.split(",") if code)


def _account(row: AccountRow) -> Account:
    return Account(
        account_id=row.account_id,
        email=row.email,
        name=row.name,
        roles=_parse_stored_roles(row.roles),
        must_change=bool(row.must_change),
        has_password=row.password_hash is not None,
        created_at=parse_time(row.created_at),
        locked_until=None if row.locked_until is None else parse_time(row.locked_until),
        disabled_at=None if row.disabled_at is None else parse_time(row.disabled_at),
    )
