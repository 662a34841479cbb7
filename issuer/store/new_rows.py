"""The rows of badges that are issued in bulk, as their tables have them: tuples that go to the driver as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from issuer.store.credentials import State
from issuer.store.dialect import insert_many, is_among
from issuer.store.tables import credentials, documents, learners, nzroa_entries


class CredentialRow(NamedTuple):
    """A badge about to be issued: what claims its row key."""

    short_id: str
    provider: str
    row_key: str
    nzqa_ref: str
    listing_version: str
    achieved_on: str
    created_at: str
    batch_id: str | None
    line: int | None
    unconfirmed_reason: str | None
    state: str = State.ISSUED.value
    version: int = 1


class DocumentRow(NamedTuple):
    """The first signed version of a badge."""

    short_id: str
    document: bytes
    document_sha256: str
    jwt: str | None
    valid_from: str
    list_number: int
    list_index: int
    suspension_list: int | None
    suspension_index: int | None
    valid_until: str | None
    version: int = 1


class LearnerRow(NamedTuple):
    """The private facts of a badge's learner. `repr` names nobody."""

    short_id: str
    name: str
    preferred_name: str | None
    name_display: str
    email: str | None
    language: str | None
    result: str | None
    evidence_url: str | None
    subject_urn: str | None

    def __repr__(self) -> str:
        return f"LearnerRow(short_id={self.short_id!r}, …)"


class NzroaRow(NamedTuple):
    """What is to be reported to NZQA."""

    short_id: str
    nsn_sealed: bytes | None
    nzqa_ref: str
    achieved_on: str
    recorded_at: str


def claim(connection: Connection, rows: Sequence[CredentialRow]) -> frozenset[str]:
    """Take the row keys of these badges. Returns the short ids that got theirs; the others were taken already.

    On PostgreSQL a row key another process is claiming at this moment is waited for; row keys are claimed in order,
    so that two processes never wait for each other.
    """
    ordered = sorted(rows, key=_row_key)
    short_ids = [row.short_id for row in rows]
    if insert_many(connection, credentials, CredentialRow._fields, ordered, ignore=True) == len(rows):
        return frozenset(short_ids)
    ours = credentials.select().with_only_columns(credentials.c.short_id)
    return frozenset(connection.scalars(ours.where(is_among(connection, credentials.c.short_id, short_ids))))


def insert_documents(connection: Connection, rows: Sequence[DocumentRow]) -> None:
    """Keep signed versions. An index granted twice breaks the unique constraint, and with it the transaction."""
    insert_many(connection, documents, DocumentRow._fields, rows)


def insert_learners(connection: Connection, rows: Sequence[LearnerRow]) -> None:
    insert_many(connection, learners, LearnerRow._fields, rows)


def insert_entries(connection: Connection, rows: Sequence[NzroaRow]) -> None:
    insert_many(connection, nzroa_entries, NzroaRow._fields, rows)


def _row_key(row: CredentialRow) -> str:
    return row.row_key
