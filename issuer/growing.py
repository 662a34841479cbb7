"""An instance that outgrows its database: moved from SQLite to PostgreSQL, and its documents spread over partitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from issuer import audit
from issuer.instance import Instance
from issuer.store import endings, moving, partitioning
from issuer.store.engine import open_store, parse_database_url
from schemas.errors import InputError, IssuingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What is in the new database; `head` is the end of its audit log before the move was noted in it."""

    place: str
    tables: int
    rows: int
    documents: int
    head: str


def move_database(
    instance: Instance,
    url: str,
    *,
    now: datetime,
    actor: str,
    on_table: Callable[[str, int], None] = lambda _name, _rows: None,
) -> Moved:
    """Copy everything to the PostgreSQL database at `url`, which must be empty, and use that one from now on.

    Nobody else can write meanwhile. The copy is believed when every table has as many rows and the audit log leads to
    every document; else nothing was changed. The old file stays, closed: nothing can be issued from it any more.
    Raises InputError, IssuingError.
    """
    if not instance.store.is_sqlite:
        raise InputError("This instance is on PostgreSQL already; move it with pg_dump and pg_restore.")
    if parse_database_url(url).drivername == "sqlite":
        raise InputError("The new database must be PostgreSQL: postgresql://user:password@host/database.")
    target = open_store(url, create=True)
    try:
        with instance.store.writing() as source:
            with target.writing() as copy:
                if not moving.is_empty(copy):
                    raise IssuingError(f"The database {target.place} is not empty; nothing was changed.")
                counts = {}
                for name, rows in moving.copy_tables(source, copy):
                    counts[name] = rows
                    on_table(name, rows)
                report = audit.verify_chain(copy)
                if not report or moving.count_rows(copy) != moving.count_rows(source):
                    raise IssuingError(
                        "What was copied is not what was here: run `badge-issuer audit verify` first. Nothing was "
                        "changed, and the new database is as empty as before.",
                        reason="copy-differs",
                    )
                rows = sum(counts.values())
                facts = {"rows": rows, "head": report.head_sha256}
                audit.append(copy, at=now, actor=actor, action=audit.DATABASE_MOVE, facts=facts)
            # The new database is whole. From here on the old one must not issue, whatever still has it open.
            endings.mark_closed(source, at=now)
        instance.save_config(replace(instance.config, database=url))
    finally:
        target.close()
    return Moved(place=target.place, tables=len(counts), rows=rows, documents=report.documents, head=report.head_sha256)


def partition_database(instance: Instance, *, parts: int, now: datetime, actor: str) -> int:
    """Spread the signed documents over so many partitions, for good; returns how many there are.

    Everybody else waits until it is done, and the audit log still leads to every document. Raises IssuingError on
    SQLite, where it was done before, and where a document is missing; nothing was changed then.
    """
    store = instance.store
    if store.is_sqlite:
        raise IssuingError("Partitions are PostgreSQL's: badge-issuer database move --to URL.", reason="no-partitions")
    with store.writing() as connection:
        endings.lock_owner(connection)
        if partitioning.is_partitioned(connection):
            raise IssuingError("The documents are in partitions already; nothing was changed.", reason="partitioned")
        count = partitioning.partition_documents(connection, parts=parts)
        report = audit.verify_chain(connection)
        if not report or report.documents != count:
            raise IssuingError(
                "The audit log does not lead to every document; nothing was changed.", reason="log-broken"
            )
        facts = {"parts": parts, "documents": count}
        audit.append(connection, at=now, actor=actor, action=audit.DATABASE_PARTITION, facts=facts)
    return count
