"""Whether the service works (`/healthz`), how much it holds in numbers (`/metrics`), and what its API is."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from flask import Blueprint, Response, abort, request
from sqlalchemy.engine import Connection

from issuer.heartbeat import SILENT, last_seen
from issuer.instance import KEYS_FOLDER, Instance
from issuer.staff.apikeys import Scope
from issuer.store import audit_log
from issuer.store.service_tables import api_keys, claims, learner_requests, outbox, sessions
from issuer.store.tables import batches, credentials
from issuer.web.bearer import answer_json, api_key
from issuer.web.openapi import openapi_document
from issuer.web.site import site
from schemas.errors import BadgeError
from schemas.times import parse_time, write_time

blueprint = Blueprint("health", __name__)

OK, DEGRADED, FAILING = "ok", "degraded", "failing"
_MAIL_LATE_SECONDS = 3600
_REGISTER_OLD_DAYS = 35  # as a verifier sees it: then what holds today is no longer known


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 while the desk can work, be it degraded; 503 when the database or the keys cannot be used."""
    checks = {"database": _check_database(), "keys": _check_keys(), "register": _check_register()}
    if checks["database"] == OK:
        checks |= _check_work(site.now())
    worst = FAILING if FAILING in checks.values() else OK if set(checks.values()) == {OK} else DEGRADED
    response = answer_json({"status": worst, "checks": checks}, 503 if worst == FAILING else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text: numbers, and nothing of any person. For this machine, or a key with the scope read."""
    key = api_key()
    if not _is_local() and (key is None or Scope.READ not in key.scopes):
        abort(404)
    with site.instance.store.reading() as connection:
        lines = [line for name, kind, told, rows in _series(connection) for line in _write(name, kind, told, rows)]
    response = Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/openapi.json")
def openapi() -> Response:
    return answer_json(openapi_document(site.link_base))


def _check_database() -> str:
    try:
        with site.instance.store.reading() as connection:
            return OK if audit_log.load_head(connection) is not None else FAILING
    except (BadgeError, sa.exc.SQLAlchemyError):
        return FAILING


def _check_keys() -> str:
    instance = site.instance
    folder = instance.folder / KEYS_FOLDER
    try:
        stamp = tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir()))
        return OK if _can_sign(instance, stamp) else FAILING
    except (BadgeError, OSError):
        return FAILING


@lru_cache(maxsize=2)
def _can_sign(instance: Instance, stamp: tuple[tuple[str, int], ...]) -> bool:
    """Opening a key takes some work: done again only when the files changed. A fault is raised, and not remembered."""
    del stamp
    instance.credential_signer()
    instance.status_signer()
    return True


def _check_register() -> str:
    try:
        edition = site.edition
    except BadgeError:
        return DEGRADED
    if edition is None:
        return DEGRADED
    return OK if (site.now().date() - edition.as_at).days <= _REGISTER_OLD_DAYS else DEGRADED


def _check_work(now: datetime) -> dict[str, str]:
    with site.instance.store.reading() as connection:
        seen = last_seen(connection)
        late = _oldest_mail_seconds(connection, now)
    worker = seen is not None and now - seen <= SILENT
    return {"worker": OK if worker else DEGRADED, "mail": OK if late <= _MAIL_LATE_SECONDS else DEGRADED}


_Rows = Mapping[str, float]


def _series(connection: Connection) -> list[tuple[str, str, str, _Rows]]:
    """(name, kind, what it is, label set -> number) of every series."""
    now = site.now()
    head = audit_log.load_head(connection)
    edition = site.edition
    seen = last_seen(connection)
    live = (
        api_keys.c.revoked_at.is_(None),
        sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > write_time(now)),
    )
    unclaimed = claims.c.claimed_at.is_(None)
    rows: list[tuple[str, str, str, _Rows]] = [
        ("badges", "gauge", "Badges by state.", _by(connection, credentials.c.state)),
        ("batches", "gauge", "Class lists by state.", _by(connection, batches.c.state)),
        ("mails", "gauge", "Mail by state.", _by(connection, outbox.c.state)),
        ("badges_unclaimed", "gauge", "Badges whose learner has not opened the link.", _count(connection, unclaimed)),
        (
            "requests_open",
            "gauge",
            "Learners' requests that wait.",
            _count(connection, learner_requests.c.settled_at.is_(None)),
        ),
        ("sessions", "gauge", "Browsers signed in.", _count(connection, sessions.c.expires_at > write_time(now))),
        ("api_keys", "gauge", "API keys that work.", _count(connection, sa.and_(*live))),
        ("audit_entries", "counter", "Entries of the audit log.", {"": 0 if head is None else head.seq}),
        (
            "mail_oldest_seconds",
            "gauge",
            "How long the oldest mail that is due has waited.",
            {"": _oldest_mail_seconds(connection, now)},
        ),
    ]
    if edition is not None:
        age = {"": (now.date() - edition.as_at).days}
        rows.append(("register_age_days", "gauge", "How old the register in use is.", age))
    if seen is not None:
        silent = {"": max((now - seen).total_seconds(), 0)}
        rows.append(("worker_silent_seconds", "gauge", "How long ago the worker was seen.", silent))
    return rows


def _by(connection: Connection, column: sa.Column[str]) -> _Rows:
    query = sa.select(column, sa.func.count()).group_by(column).order_by(column)
    return {f'{{state="{state}"}}': number for state, number in connection.execute(query)}


def _count(connection: Connection, condition: sa.ColumnElement[bool]) -> _Rows:
    return {"": connection.scalar(sa.select(sa.func.count()).where(condition)) or 0}


def _oldest_mail_seconds(connection: Connection, now: datetime) -> float:
    """Of the mail whose turn has come."""
    due = sa.and_(outbox.c.state == "queued", sa.or_(outbox.c.next_at.is_(None), outbox.c.next_at <= write_time(now)))
    oldest = connection.scalar(
        sa.select(sa.func.min(sa.func.coalesce(outbox.c.next_at, outbox.c.created_at))).where(due)
    )
    return 0 if oldest is None else max((now - parse_time(oldest)).total_seconds(), 0)


def _write(name: str, kind: str, told: str, rows: _Rows) -> list[str]:
    whole = f"badges_issuer_{name}" + ("_total" if kind == "counter" else "")
    return [
        f"# HELP {whole} {told}",
        f"# TYPE {whole} {kind}",
        *(f"{whole}{labels} {_number(n)}" for labels, n in rows.items()),
    ]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"


def _is_local() -> bool:
    """Asked on this machine, and not by a proxy for somebody else."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
