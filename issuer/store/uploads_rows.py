"""Class lists between upload and purge as rows: sealed bytes, remembered columns, course codes; nothing is unsealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.dialect import upsert
from issuer.store.service_tables import batch_chunks, batch_plans, column_maps, course_codes, uploads
from issuer.store.tables import batches
from schemas.times import parse_time, write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """One class list; the sealed parts are None once it was purged."""

    batch_id: str
    kind: str
    size: int
    file_sealed: bytes | None = field(repr=False)
    choices_sealed: bytes | None = field(repr=False)
    findings_sealed: bytes | None = field(repr=False)
    checked_at: datetime | None
    uploaded_at: datetime
    purged_at: datetime | None


def insert_upload(
    connection: Connection,
    *,
    batch_id: str,
    kind: str,
    size: int,
    file_sealed: bytes,
    choices_sealed: bytes,
    at: datetime,
) -> None:
    connection.execute(
        sa.insert(uploads),
        {
            "batch_id": batch_id,
            "kind": kind,
            "size": size,
            "file_sealed": file_sealed,
            "choices_sealed": choices_sealed,
            "uploaded_at": write_time(at),
        },
    )


def load_upload(connection: Connection, batch_id: str, *, for_update: bool = False) -> StoredUpload | None:
    query = sa.select(uploads).where(uploads.c.batch_id == batch_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    if row is None:
        return None
    return StoredUpload(
        batch_id=row.batch_id,
        kind=row.kind,
        size=row.size,
        file_sealed=None if row.file_sealed is None else bytes(row.file_sealed),
        choices_sealed=None if row.choices_sealed is None else bytes(row.choices_sealed),
        findings_sealed=None if row.findings_sealed is None else bytes(row.findings_sealed),
        checked_at=None if row.checked_at is None else parse_time(row.checked_at),
        uploaded_at=parse_time(row.uploaded_at),
        purged_at=None if row.purged_at is None else parse_time(row.purged_at),
    )


def load_all_choices(connection: Connection, batch_ids: list[str]) -> dict[str, bytes]:
    """The sealed choices of those of these batches that still have them."""
    query = sa.select(uploads.c.batch_id, uploads.c.choices_sealed).where(
        uploads.c.batch_id.in_(batch_ids), uploads.c.choices_sealed.is_not(None)
    )
    return {row.batch_id: bytes(row.choices_sealed) for row in connection.execute(query)}


def keep_choices(connection: Connection, batch_id: str, sealed: bytes) -> None:
    connection.execute(sa.update(uploads).where(uploads.c.batch_id == batch_id).values(choices_sealed=sealed))


def keep_findings(connection: Connection, batch_id: str, sealed: bytes, *, checked_at: datetime | None) -> None:
    """What a check or a run found; `checked_at` None leaves when it was checked as it was."""
    values: dict[str, object] = {"findings_sealed": sealed}
    if checked_at is not None:
        values["checked_at"] = write_time(checked_at)
    connection.execute(sa.update(uploads).where(uploads.c.batch_id == batch_id).values(**values))


def purge_upload(connection: Connection, batch_id: str, *, at: datetime) -> None:
    """Take away everything of the class list but that it was there."""
    connection.execute(
        sa.update(uploads)
        .where(uploads.c.batch_id == batch_id)
        .values(file_sealed=None, choices_sealed=None, findings_sealed=None, purged_at=write_time(at))
    )
    for table in (batch_plans, batch_chunks):
        connection.execute(sa.delete(table).where(table.c.batch_id == batch_id))


def find_overdue(connection: Connection, *, before: datetime, states: tuple[str, ...], limit: int) -> list[str]:
    """Batches in these states whose class list was uploaded, and which ended, before that moment and lies here yet."""
    moment = write_time(before)
    query = (
        sa.select(uploads.c.batch_id)
        .join(batches, batches.c.batch_id == uploads.c.batch_id)
        .where(
            uploads.c.purged_at.is_(None),
            uploads.c.uploaded_at < moment,
            sa.func.coalesce(batches.c.finished_at, uploads.c.checked_at, uploads.c.uploaded_at) < moment,
            batches.c.state.in_(states),
        )
        .order_by(uploads.c.batch_id)
        .limit(limit)
    )
    return list(connection.scalars(query))


# --- what is remembered of kinds of files -----------------------------------------------------------------------
def load_column_map(connection: Connection, header_sha256: str) -> str | None:
    return connection.scalar(sa.select(column_maps.c.map).where(column_maps.c.header_sha256 == header_sha256))


def keep_column_map(connection: Connection, header_sha256: str, text: str, *, at: datetime) -> None:
    upsert(connection, column_maps, [{"header_sha256": header_sha256, "map": text, "updated_at": write_time(at)}])


def load_course_codes(connection: Connection) -> dict[str, str]:
    """Course code as it was written -> NZQA reference."""
    query = sa.select(course_codes.c.code, course_codes.c.nzqa_ref).order_by(course_codes.c.code_folded)
    return {row.code: row.nzqa_ref for row in connection.execute(query)}


def keep_course_code(connection: Connection, *, folded: str, code: str, nzqa_ref: str | None, at: datetime) -> None:
    """What a code stands for from now on; None forgets it."""
    if nzqa_ref is None:
        connection.execute(sa.delete(course_codes).where(course_codes.c.code_folded == folded))
        return
    row = {"code_folded": folded, "code": code, "nzqa_ref": nzqa_ref, "updated_at": write_time(at)}
    upsert(connection, course_codes, [row])
