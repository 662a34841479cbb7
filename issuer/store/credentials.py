"""Badges and their signed versions: claiming a row key, storing documents, finding them again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.dialect import insert_or_ignore, is_among
from issuer.store.lists import Slot
from issuer.store.tables import achievements, credentials, documents, learners, row_key_aliases
from schemas.times import parse_time, write_time


class State(StrEnum):
    ISSUED = "issued"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """A badge as the store knows it."""

    short_id: str
    provider: str
    row_key: str
    nzqa_ref: str
    listing_version: str
    achieved_on: date
    state: State
    version: int
    created_at: datetime
    batch_id: str | None
    unconfirmed_reason: str | None
    revoked_at: datetime | None
    revocation_reason: str | None
    suspended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """One signed version: the exact bytes, and its place in a status list."""

    short_id: str
    version: int
    document: bytes
    document_sha256: str
    jwt: str | None
    valid_from: datetime
    list_number: int
    list_index: int
    suspension_list: int | None = None
    suspension_index: int | None = None
    valid_until: datetime | None = None

    @property
    def list_numbers(self) -> frozenset[int]:
        """The status lists it stands in."""
        return frozenset(number for number in (self.list_number, self.suspension_list) if number is not None)

    @property
    def suspension_slot(self) -> Slot | None:
        """Where it can be put on hold; None where it was signed without that."""
        if self.suspension_list is None or self.suspension_index is None:
            return None
        return Slot(list_number=self.suspension_list, list_index=self.suspension_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """Private facts a correction needs. Never printed: `repr` shows the badge's id alone."""

    short_id: str
    name: str
    preferred_name: str | None = None
    name_display: str = "full"
    email: str | None = None
    language: str | None = None
    result: str | None = None
    evidence_url: str | None = None
    subject_urn: str | None = None

    def __repr__(self) -> str:
        return f"Learner(short_id={self.short_id!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentBadge:
    """What a page, a picture and a JSON file are made of: the newest signed version and whether it stands."""

    credential: StoredCredential
    document: StoredDocument


def find_by_row_keys(connection: Connection, *, provider: str, row_keys: Sequence[str]) -> dict[str, StoredCredential]:
    """Row key -> badge, for those that have one; a corrected badge answers to its old key and its new."""
    found: dict[str, StoredCredential] = {}
    direct = sa.select(credentials).where(
        credentials.c.provider == provider, is_among(connection, credentials.c.row_key, row_keys)
    )
    for row in connection.execute(direct):
        found[row.row_key] = _credential(row)
    through = (
        sa.select(credentials, row_key_aliases.c.row_key.label("alias"))
        .join(row_key_aliases, row_key_aliases.c.short_id == credentials.c.short_id)
        .where(row_key_aliases.c.provider == provider, is_among(connection, row_key_aliases.c.row_key, row_keys))
    )
    for row in connection.execute(through):
        found.setdefault(row.alias, _credential(row))
    return found


def add_alias(connection: Connection, *, provider: str, row_key: str, short_id: str) -> None:
    """Let a corrected class list find the badge it was corrected into."""
    connection.execute(
        insert_or_ignore(connection, row_key_aliases),
        [{"provider": provider, "row_key": row_key, "short_id": short_id}],
    )


def insert_documents(connection: Connection, rows: Iterable[StoredDocument]) -> None:
    """Keep signed versions. An index granted twice breaks the unique constraint, and with it the transaction."""
    values = [
        {
            "short_id": row.short_id,
            "version": row.version,
            "document": row.document,
            "document_sha256": row.document_sha256,
            "jwt": row.jwt,
            "valid_from": write_time(row.valid_from),
            "list_number": row.list_number,
            "list_index": row.list_index,
            "suspension_list": row.suspension_list,
            "suspension_index": row.suspension_index,
            "valid_until": None if row.valid_until is None else write_time(row.valid_until),
        }
        for row in rows
    ]
    if values:
        connection.execute(sa.insert(documents), values)


def update_learner(connection: Connection, learner: Learner) -> None:
    connection.execute(
        sa.update(learners).where(learners.c.short_id == learner.short_id).values(_learner_values(learner))
    )


def load_learner(connection: Connection, short_id: str) -> Learner | None:
    row = connection.execute(sa.select(learners).where(learners.c.short_id == short_id)).one_or_none()
    return None if row is None else Learner(**row._mapping)


def load_credential(connection: Connection, short_id: str, *, for_update: bool = False) -> StoredCredential | None:
    """One badge; with `for_update`, no other process changes it before this transaction ends."""
    query = sa.select(credentials).where(credentials.c.short_id == short_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _credential(row)


def load_document(connection: Connection, short_id: str, *, version: int | None = None) -> StoredDocument | None:
    """The signed bytes of one version, the newest unless named."""
    query = sa.select(documents).where(documents.c.short_id == short_id)
    if version is not None:
        query = query.where(documents.c.version == version)
    row = connection.execute(query.order_by(documents.c.version.desc()).limit(1)).one_or_none()
    return None if row is None else _document(row)


def load_documents(connection: Connection, short_ids: Sequence[str]) -> dict[str, StoredDocument]:
    """The newest signed version of each of these badges."""
    query = (
        sa.select(documents)
        .join(
            credentials,
            sa.and_(credentials.c.short_id == documents.c.short_id, credentials.c.version == documents.c.version),
        )
        .where(documents.c.short_id.in_(short_ids))
    )
    return {row.short_id: _document(row) for row in connection.execute(query)}


def replace_version(
    connection: Connection,
    short_id: str,
    *,
    version: int,
    nzqa_ref: str,
    listing_version: str,
    achieved_on: date,
    unconfirmed_reason: str | None,
) -> None:
    """Make `version` the one in force, under the facts it was signed with."""
    connection.execute(
        sa.update(credentials)
        .where(credentials.c.short_id == short_id)
        .values(
            version=version,
            nzqa_ref=nzqa_ref,
            listing_version=listing_version,
            achieved_on=achieved_on.isoformat(),
            unconfirmed_reason=unconfirmed_reason,
        )
    )


def mark_revoked(connection: Connection, short_id: str, *, at: datetime, reason: str) -> None:
    connection.execute(
        sa.update(credentials)
        .where(credentials.c.short_id == short_id)
        .values(state=State.REVOKED, revoked_at=write_time(at), revocation_reason=reason)
    )


def mark_suspended(connection: Connection, short_id: str, *, at: datetime) -> None:
    connection.execute(
        sa.update(credentials)
        .where(credentials.c.short_id == short_id)
        .values(state=State.SUSPENDED, suspended_at=write_time(at))
    )


def mark_reinstated(connection: Connection, short_id: str) -> None:
    connection.execute(
        sa.update(credentials).where(credentials.c.short_id == short_id).values(state=State.ISSUED, suspended_at=None)
    )


def current_badges(connection: Connection, *, page: int = 500) -> Iterator[CurrentBadge]:
    """Every badge with its newest signed version, in the order of their ids, a page of rows in memory at a time."""
    joined = credentials.join(
        documents,
        sa.and_(credentials.c.short_id == documents.c.short_id, credentials.c.version == documents.c.version),
    )
    document_columns = [column.label(f"document__{column.name}") for column in documents.c]
    after = ""
    while True:
        query = (
            sa.select(credentials, *document_columns)
            .select_from(joined)
            .where(credentials.c.short_id > after)
            .order_by(credentials.c.short_id)
            .limit(page)
        )
        rows = connection.execute(query).all()
        for row in rows:
            yield CurrentBadge(credential=_credential(row), document=_document(row, prefix="document__"))
        if len(rows) < page:
            return
        after = rows[-1].short_id


def load_badges(connection: Connection, short_ids: Sequence[str]) -> list[CurrentBadge]:
    """These badges with their newest signed versions, in the order of their ids."""
    query = sa.select(credentials).where(credentials.c.short_id.in_(short_ids)).order_by(credentials.c.short_id)
    newest = load_documents(connection, short_ids)
    return [
        CurrentBadge(credential=_credential(row), document=newest[row.short_id])
        for row in connection.execute(query)
        if row.short_id in newest
    ]


def all_short_ids(connection: Connection) -> Iterator[str]:
    """The ids of every badge, ascending."""
    yield from connection.scalars(sa.select(credentials.c.short_id).order_by(credentials.c.short_id))


def count_badges(connection: Connection) -> Mapping[State, int]:
    query = sa.select(credentials.c.state, sa.func.count()).group_by(credentials.c.state)
    counts = {State(row[0]): int(row[1]) for row in connection.execute(query)}
    return {state: counts.get(state, 0) for state in State}


def keep_achievement(connection: Connection, *, nzqa_ref: str, version: str, document: bytes, at: datetime) -> None:
    """Remember the achievement that badges point at, as last issued."""
    key = sa.and_(achievements.c.nzqa_ref == nzqa_ref, achievements.c.version == version)
    held = connection.scalar(sa.select(achievements.c.document).where(key))
    values = {"document": document, "updated_at": write_time(at)}
    if held is None:
        identity = {"nzqa_ref": nzqa_ref, "version": version}
        connection.execute(insert_or_ignore(connection, achievements), [identity | values])
    elif held != document:
        connection.execute(sa.update(achievements).where(key).values(**values))


def load_achievement(connection: Connection, *, nzqa_ref: str, version: str) -> bytes | None:
    """The JSON of one that a badge was issued for."""
    key = sa.and_(achievements.c.nzqa_ref == nzqa_ref, achievements.c.version == version)
    document = connection.scalar(sa.select(achievements.c.document).where(key))
    return None if document is None else bytes(document)


def load_achievements(connection: Connection) -> list[tuple[str, str, bytes]]:
    """(ref, version, JSON) of every achievement a badge was issued for."""
    query = sa.select(achievements.c.nzqa_ref, achievements.c.version, achievements.c.document)
    rows = connection.execute(query.order_by(achievements.c.nzqa_ref, achievements.c.version))
    return [(row.nzqa_ref, row.version, bytes(row.document)) for row in rows]


def _learner_values(learner: Learner) -> dict[str, Any]:
    return {name: getattr(learner, name) for name in Learner.__slots__}


def _credential(row: Row[Any]) -> StoredCredential:
    return StoredCredential(
        short_id=row.short_id,
        provider=row.provider,
        row_key=row.row_key,
        nzqa_ref=row.nzqa_ref,
        listing_version=row.listing_version,
        achieved_on=date.fromisoformat(row.achieved_on),
        state=State(row.state),
        version=row.version,
        created_at=parse_time(row.created_at),
        batch_id=row.batch_id,
        unconfirmed_reason=row.unconfirmed_reason,
        revoked_at=None if row.revoked_at is None else parse_time(row.revoked_at),
        revocation_reason=row.revocation_reason,
        suspended_at=None if row.suspended_at is None else parse_time(row.suspended_at),
    )


def _document(row: Row[Any], *, prefix: str = "") -> StoredDocument:
    values = {name: row._mapping[prefix + name] for name in StoredDocument.__slots__}
    values["document"] = bytes(values["document"])
    values["valid_from"] = parse_time(values["valid_from"])
    if values["valid_until"] is not None:
        values["valid_until"] = parse_time(values["valid_until"])
    return StoredDocument(**values)
