"""The rows of the private NZRoA store: sealed numbers in, sealed numbers out; the key is not known here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.credentials import State
from issuer.store.tables import credentials, nzroa_entries
from schemas.times import parse_time, write_time

_CHUNK = 500  # ids in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class NzroaEntry:
    """One completion to be reported to NZQA."""

    short_id: str
    nsn_sealed: bytes | None
    nzqa_ref: str
    achieved_on: date


def correct_entry(connection: Connection, short_id: str, *, nzqa_ref: str, achieved_on: date) -> None:
    """What is reported follows a correction; the number stays sealed as it was.

    A completion that was reported otherwise than it now is counts as not yet reported.
    """
    values = {"nzqa_ref": nzqa_ref, "achieved_on": achieved_on.isoformat()}
    otherwise = sa.or_(nzroa_entries.c.nzqa_ref != nzqa_ref, nzroa_entries.c.achieved_on != achieved_on.isoformat())
    connection.execute(
        sa.update(nzroa_entries)
        .where(nzroa_entries.c.short_id == short_id, otherwise)
        .values(**values, reported_at=None)
    )


def load_entry(connection: Connection, short_id: str) -> NzroaEntry | None:
    query = sa.select(nzroa_entries).where(nzroa_entries.c.short_id == short_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return NzroaEntry(
        short_id=row.short_id,
        nsn_sealed=None if row.nsn_sealed is None else bytes(row.nsn_sealed),
        nzqa_ref=row.nzqa_ref,
        achieved_on=date.fromisoformat(row.achieved_on),
    )


def load_reported_times(connection: Connection, *, short_id: str | None = None) -> dict[str, datetime]:
    """When each badge's achievement was reported to NZQA, for those that were: all, or one."""
    query = sa.select(nzroa_entries.c.short_id, nzroa_entries.c.reported_at)
    query = query.where(nzroa_entries.c.reported_at.is_not(None))
    if short_id is not None:
        query = query.where(nzroa_entries.c.short_id == short_id)
    return {row.short_id: parse_time(row.reported_at) for row in connection.execute(query)}


# --- reporting ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One completion as far as reporting goes, and whether its badge stands."""

    short_id: str
    nsn_sealed: bytes | None = field(repr=False)
    nzqa_ref: str
    listing_version: str
    achieved_on: date
    state: State
    reported_at: datetime | None
    purged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingState:
    """What a badge's page may say of its completion; never whether there is a number."""

    reported_at: datetime | None


def load_reporting_state(connection: Connection, short_id: str) -> ReportingState | None:
    """Whether, and when, the completion of a badge was reported; None for a badge that has no entry."""
    query = sa.select(nzroa_entries.c.reported_at).where(nzroa_entries.c.short_id == short_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return ReportingState(reported_at=None if row.reported_at is None else parse_time(row.reported_at))


def load_completions(connection: Connection, *, since: date | None = None) -> list[Completion]:
    """Every completion, achieved on that day or later, in the order of days and ids."""
    query = sa.select(nzroa_entries, credentials.c.state, credentials.c.listing_version).join(
        credentials, credentials.c.short_id == nzroa_entries.c.short_id
    )
    if since is not None:
        query = query.where(nzroa_entries.c.achieved_on >= since.isoformat())
    rows = connection.execute(query.order_by(nzroa_entries.c.achieved_on, nzroa_entries.c.short_id))
    return [
        Completion(
            short_id=row.short_id,
            nsn_sealed=None if row.nsn_sealed is None else bytes(row.nsn_sealed),
            nzqa_ref=row.nzqa_ref,
            listing_version=row.listing_version,
            achieved_on=date.fromisoformat(row.achieved_on),
            state=State(row.state),
            reported_at=None if row.reported_at is None else parse_time(row.reported_at),
            purged_at=None if row.purged_at is None else parse_time(row.purged_at),
        )
        for row in rows
    ]


def mark_reported(connection: Connection, short_ids: Sequence[str], *, at: datetime) -> None:
    for some in _chunks(short_ids):
        connection.execute(
            sa.update(nzroa_entries).where(nzroa_entries.c.short_id.in_(some)).values(reported_at=write_time(at))
        )


def find_spent(connection: Connection, *, before: datetime) -> list[str]:
    """Badges whose number has served its purpose: reported, or withdrawn, before that moment."""
    moment = write_time(before)
    withdrawn = sa.and_(credentials.c.state == State.REVOKED, credentials.c.revoked_at < moment)
    query = (
        sa.select(nzroa_entries.c.short_id)
        .join(credentials, credentials.c.short_id == nzroa_entries.c.short_id)
        .where(nzroa_entries.c.nsn_sealed.is_not(None), sa.or_(nzroa_entries.c.reported_at < moment, withdrawn))
    )
    return list(connection.scalars(query.order_by(nzroa_entries.c.short_id)))


def purge_numbers(connection: Connection, short_ids: Sequence[str], *, at: datetime) -> None:
    for some in _chunks(short_ids):
        connection.execute(
            sa.update(nzroa_entries)
            .where(nzroa_entries.c.short_id.in_(some))
            .values(nsn_sealed=None, purged_at=write_time(at))
        )


def _chunks(short_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(short_ids), _CHUNK):
        yield short_ids[start : start + _CHUNK]
