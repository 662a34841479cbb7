"""What happened to one badge: its signed versions, its reporting to NZQA, and who did what to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.audit_log import Entry
from issuer.store.tables import audit_log, documents, nzroa_entries
from schemas.times import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One signed version, without its bytes."""

    version: int
    valid_from: datetime
    valid_until: datetime | None
    document_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How far a badge is with NZQA; whether a student number is kept, never which."""

    has_nsn: bool
    reported_at: datetime | None
    purged_at: datetime | None


def load_versions(connection: Connection, short_id: str) -> tuple[Version, ...]:
    """Newest first."""
    query = (
        sa.select(documents.c.version, documents.c.valid_from, documents.c.valid_until, documents.c.document_sha256)
        .where(documents.c.short_id == short_id)
        .order_by(documents.c.version.desc())
    )
    return tuple(
        Version(
            version=row.version,
            valid_from=parse_time(row.valid_from),
            valid_until=_time(row.valid_until),
            document_sha256=row.document_sha256,
        )
        for row in connection.execute(query)
    )


def load_reporting(connection: Connection, short_id: str) -> Reporting | None:
    query = sa.select(nzroa_entries).where(nzroa_entries.c.short_id == short_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Reporting(
        has_nsn=row.nsn_sealed is not None, reported_at=_time(row.reported_at), purged_at=_time(row.purged_at)
    )


def load_acts(connection: Connection, short_id: str, *, limit: int) -> tuple[Entry, ...]:
    """The newest entries of the audit log that name the badge, the newest first."""
    query = (
        sa.select(audit_log)
        .where(audit_log.c.facts.contains(short_id, autoescape=True))
        .order_by(audit_log.c.seq.desc())
        .limit(limit)
    )
    return tuple(Entry(**row._mapping) for row in connection.execute(query))


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
