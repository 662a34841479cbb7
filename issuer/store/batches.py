"""Batches: one uploaded class list each, what became of its rows, and whose database this is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.dialect import insert_or_ignore
from issuer.store.tables import batch_rows, batches, owner
from schemas.times import parse_time, write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows ended how."""

    issued: int = 0
    already: int = 0
    held: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.issued + self.already + self.held + self.failed

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            issued=self.issued + other.issued,
            already=self.already + other.already,
            held=self.held + other.held,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    batch_id: str
    file_sha256: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    row_count: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRecord:
    """A row that was not issued: its code only, for a sentence may quote the learner."""

    line: int
    row_key: str | None
    outcome: str
    reason: str
    short_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    did: str
    provider: str
    base_url: str


def start_batch(connection: Connection, *, batch_id: str, file_sha256: str, row_count: int, at: datetime) -> None:
    connection.execute(
        sa.insert(batches),
        [
            {
                "batch_id": batch_id,
                "file_sha256": file_sha256,
                "state": "running",
                "started_at": write_time(at),
                "row_count": row_count,
                "issued": 0,
                "already": 0,
                "held": 0,
                "failed": 0,
            }
        ],
    )


def finish_batch(
    connection: Connection, *, batch_id: str, counts: Counts, problems: Iterable[RowRecord], at: datetime
) -> None:
    """As `end_batch`, with all rows that were not issued at once, in place of those of an earlier run."""
    connection.execute(sa.delete(batch_rows).where(batch_rows.c.batch_id == batch_id))
    keep_problems(connection, batch_id=batch_id, problems=problems)
    end_batch(connection, batch_id=batch_id, counts=counts, at=at)


def end_batch(connection: Connection, *, batch_id: str, counts: Counts, at: datetime) -> None:
    connection.execute(
        sa.update(batches)
        .where(batches.c.batch_id == batch_id)
        .values(
            state="finished",
            finished_at=write_time(at),
            issued=counts.issued,
            already=counts.already,
            held=counts.held,
            failed=counts.failed,
        )
    )


def keep_problems(connection: Connection, *, batch_id: str, problems: Iterable[RowRecord]) -> None:
    """Keep the codes of rows that were not issued."""
    values = [{"batch_id": batch_id} | {name: getattr(row, name) for name in RowRecord.__slots__} for row in problems]
    if values:
        connection.execute(insert_or_ignore(connection, batch_rows), values)


def load_batch(connection: Connection, batch_id: str) -> StoredBatch | None:
    row = connection.execute(sa.select(batches).where(batches.c.batch_id == batch_id)).one_or_none()
    if row is None:
        return None
    return StoredBatch(
        batch_id=row.batch_id,
        file_sha256=row.file_sha256,
        state=row.state,
        started_at=parse_time(row.started_at),
        finished_at=None if row.finished_at is None else parse_time(row.finished_at),
        row_count=row.row_count,
        counts=Counts(issued=row.issued, already=row.already, held=row.held, failed=row.failed),
    )


def load_owner(connection: Connection) -> Owner | None:
    row = connection.execute(sa.select(owner)).one_or_none()
    return None if row is None else Owner(did=row.did, provider=row.provider, base_url=row.base_url)


def keep_owner(connection: Connection, new: Owner, *, at: datetime) -> None:
    """Write whose database this is, in place of what an abandoned `init` may have written."""
    connection.execute(sa.delete(owner))
    connection.execute(
        sa.insert(owner),
        [
            {
                "id": 1,
                "did": new.did,
                "provider": new.provider,
                "base_url": new.base_url,
                "created_at": write_time(at),
            }
        ],
    )
