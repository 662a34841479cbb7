"""The rows of the private NZRoA store: sealed numbers in, sealed numbers out; the key is not known here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.tables import nzroa_entries
from schemas.times import write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class NzroaEntry:
    """One completion to be reported to NZQA."""

    short_id: str
    nsn_sealed: bytes | None
    nzqa_ref: str
    achieved_on: date


def insert_entries(connection: Connection, entries: Iterable[NzroaEntry], *, at: datetime) -> None:
    values = [
        {
            "short_id": entry.short_id,
            "nsn_sealed": entry.nsn_sealed,
            "nzqa_ref": entry.nzqa_ref,
            "achieved_on": entry.achieved_on.isoformat(),
            "recorded_at": write_time(at),
        }
        for entry in entries
    ]
    if values:
        connection.execute(sa.insert(nzroa_entries), values)


def correct_entry(connection: Connection, short_id: str, *, nzqa_ref: str, achieved_on: date) -> None:
    """What is reported follows a correction; the number stays sealed as it was."""
    connection.execute(
        sa.update(nzroa_entries)
        .where(nzroa_entries.c.short_id == short_id)
        .values(nzqa_ref=nzqa_ref, achieved_on=achieved_on.isoformat())
    )


def delete_entry(connection: Connection, short_id: str) -> None:
    connection.execute(sa.delete(nzroa_entries).where(nzroa_entries.c.short_id == short_id))


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
