"""The public site at size: the first publication, one over an unchanged instance, and one after a few changes."""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from issuer.instance import Instance, init_instance, open_instance
from issuer.publish import Published, publish, publisher_of
from issuer.store.service_tables import claims
from issuer.store.tables import achievements, credentials, documents, status_lists
from schemas.jsontext import write_json
from schemas.limits import MIN_BITSTRING_ENTRIES
from schemas.times import write_time
from schemas.vocabulary import REVOCATION

NOW = datetime(2026, 11, 25, tzinfo=UTC)
_CREDENTIAL = Path(__file__).with_name("credential.json")
_SHORT_ID = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
_PROOF_CHARS = 900  # of a signed document, and of what is stapled to it; nobody verifies here
_CHUNK = 5_000
_WITHDRAWN = 100


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000], help="how many badges")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--hidden", action="store_true", help="every page private: what the rows alone cost")
    parser.add_argument("--database", help="an empty PostgreSQL database; default: SQLite")
    chosen = parser.parse_args()
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory() as folder:
            _measure_size(Path(folder), size, workers=chosen.workers, database=chosen.database, is_hidden=chosen.hidden)


def _measure_size(folder: Path, size: int, *, workers: int, database: str | None, is_hidden: bool) -> None:
    path, site = folder / "instance", folder / "site"
    init_instance(path, name="Size", provider="9990", base_url="https://badges.example", database=database, now=NOW)
    with open_instance(path) as instance:
        _fill(instance, size, visibility="private" if is_hidden else None)
        print(f"{size:,} badges, {workers} process(es)")
        _measure(instance, site, "first", size, workers=workers)
        _measure(instance, site, "nothing changed", size)
        _withdraw(instance, _WITHDRAWN)
        _measure(instance, site, f"{_WITHDRAWN} withdrawn", size)
        if size <= 10_000:
            _measure(instance, site, "every file verified", size, verify_files=True)


def _measure(instance: Instance, site: Path, name: str, size: int, **options: Any) -> Published:
    publisher = publisher_of(instance, demonstration=False)
    begun, used = time.perf_counter(), time.process_time()
    done = publish(instance, site, publisher=publisher, now=NOW + timedelta(hours=1), **options)
    taken, cpu = time.perf_counter() - begun, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"  {name:20} {taken:9.2f} s  {taken / size * 1e6:9.1f} µs a badge (processor {cpu / size * 1e6:8.1f})"
        f"  {done.written:8,} of {done.files:,} files written  {memory:5} MiB at most",
        flush=True,
    )
    return done


def _fill(instance: Instance, size: int, *, visibility: str | None = None) -> None:
    text = _CREDENTIAL.read_text(encoding="utf-8")
    achievement = json.loads(text)["credentialSubject"]["achievement"]
    ref, at = achievement["humanCode"], write_time(NOW)
    lists = -(-size // MIN_BITSTRING_ENTRIES)
    with instance.store.writing() as connection:
        connection.execute(
            sa.insert(achievements),
            [{"nzqa_ref": ref, "version": "1", "document": write_json(achievement), "updated_at": at}],
        )
        connection.execute(
            sa.insert(status_lists),
            [
                {
                    "number": number,
                    "purpose": REVOCATION,
                    "length": MIN_BITSTRING_ENTRIES,
                    "taken": MIN_BITSTRING_ENTRIES,
                    "created_at": at,
                }
                for number in range(1, lists + 1)
            ],
        )
    for start in range(0, size, _CHUNK):
        rows = [
            row | {"visibility": visibility} for row in _rows(text, ref, at, range(start, min(size, start + _CHUNK)))
        ]
        with instance.store.writing() as connection:
            for table in (credentials, documents, claims):
                connection.execute(sa.insert(table), [{c.name: row.get(c.name) for c in table.c} for row in rows])


def _rows(text: str, ref: str, at: str, numbers: range) -> Iterator[dict[str, Any]]:
    document = json.loads(text)
    for number in numbers:
        short_id = secrets.token_hex(13)
        document["id"] = f"https://badges.example/badges/{short_id}"
        document["proof"] = [{"type": "DataIntegrityProof", "proofValue": "z" + secrets.token_hex(_PROOF_CHARS // 2)}]
        signed = write_json(document)
        yield {
            "short_id": short_id,
            "provider": "9990",
            "row_key": f"{number}",
            "nzqa_ref": ref,
            "listing_version": "1",
            "achieved_on": "2026-11-20",
            "state": "issued",
            "version": 1,
            "created_at": at,
            "document": signed,
            "document_sha256": hashlib.sha256(signed).hexdigest(),
            "valid_from": at,
            "list_number": 1 + number // MIN_BITSTRING_ENTRIES,
            "list_index": number % MIN_BITSTRING_ENTRIES,
            "link_sha256": secrets.token_hex(32),
            "link_serial": 1,
            "link_expires_at": at,
            "delivery": "mail",
            "share_serial": 1,
            "updated_at": at,
        }


def _withdraw(instance: Instance, count: int) -> None:
    with instance.store.writing() as connection:
        some = connection.scalars(sa.select(credentials.c.short_id).limit(count)).all()
        connection.execute(sa.update(credentials).where(credentials.c.short_id.in_(some)).values(state="revoked"))


if __name__ == "__main__":
    main()
