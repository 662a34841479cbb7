"""The rows of the hash-chained audit log: adding an entry and reading the chain; see issuer.audit for the hashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.dialect import insert_or_ignore
from issuer.store.tables import audit_head, audit_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the chain: how many entries, and the hash of the last."""

    seq: int
    entry_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act: who, when, what, and the ids and hashes it touched, as JSON text."""

    seq: int
    at: str
    actor: str
    action: str
    facts: str
    previous_sha256: str
    entry_sha256: str


def start_chain(connection: Connection, *, genesis: str) -> None:
    connection.execute(insert_or_ignore(connection, audit_head), [{"id": 1, "seq": 0, "entry_sha256": genesis}])


def lock_head(connection: Connection) -> Head:
    """The end of the chain, held until the transaction ends. Raises NoResultFound when the chain was never begun."""
    row = connection.execute(sa.select(audit_head).where(audit_head.c.id == 1).with_for_update()).one()
    return Head(seq=row.seq, entry_sha256=row.entry_sha256)


def load_head(connection: Connection) -> Head | None:
    row = connection.execute(sa.select(audit_head).where(audit_head.c.id == 1)).one_or_none()
    return None if row is None else Head(seq=row.seq, entry_sha256=row.entry_sha256)


def add_entry(connection: Connection, entry: Entry) -> None:
    """Append an entry whose place was taken with `lock_head`."""
    connection.execute(sa.insert(audit_log), [{name: getattr(entry, name) for name in Entry.__slots__}])
    connection.execute(
        sa.update(audit_head).where(audit_head.c.id == 1).values(seq=entry.seq, entry_sha256=entry.entry_sha256)
    )


def load_entries(connection: Connection, *, page: int = 200) -> Iterator[Entry]:
    """The chain from its beginning, a page of rows in memory at a time."""
    after = None
    while True:
        query = sa.select(audit_log).order_by(audit_log.c.seq).limit(page)
        rows = connection.execute(query if after is None else query.where(audit_log.c.seq > after)).all()
        yield from (_entry(row) for row in rows)
        if len(rows) < page:
            return
        after = rows[-1].seq


def _entry(row: Row[Any]) -> Entry:
    return Entry(**row._mapping)
