"""`python -m benchmarks.republish FOLDER [SITE]`: withdraws a badge in each status list, and times signing them again.

Run in a process of its own, as `publish` would be; with SITE the lists and did.json are also written there.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.endtoend import database_of
from issuer.instance import open_instance
from issuer.profile import did_document
from issuer.status import revoke, signed_lists
from schemas.jsontext import write_json


def main(folder: Path, site: Path | None) -> int:
    """Print {lists, milliseconds of CPU, milliseconds of wall}."""
    with open_instance(folder) as instance:
        signed_lists(instance, now=datetime.now(UTC))
        for short_id in _one_of_each_list(folder) if site is None else ():
            revoke(instance, short_id, now=datetime.now(UTC), actor="benchmark")
        began, cpu = time.monotonic(), time.process_time()
        signed = signed_lists(instance, now=datetime.now(UTC))
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
        if site is not None:
            _write(site, {instance.list_url(one.number): one.document for one in signed})
            (site / "did.json").write_bytes(write_json(did_document(instance)))
    print(json.dumps({"lists": len(signed), "republish_cpu_ms": cpu * 1000, "republish_ms": wall * 1000}))
    return 0


def _write(site: Path, lists: dict[str, bytes]) -> None:
    """The lists, and a did-map that leads to them."""
    site.mkdir(parents=True, exist_ok=True)
    for number, (url, document) in enumerate(lists.items()):
        (site / f"list-{number}.json").write_bytes(document)
        lists[url] = f"list-{number}.json".encode()
    places = {url: name.decode() for url, name in lists.items()}
    places["https://b.example/.well-known/did.json"] = "did.json"
    (site / "did-map.json").write_text(json.dumps(places))


def _one_of_each_list(folder: Path) -> list[str]:
    with sqlite3.connect(f"file:{database_of(folder)}?mode=ro", uri=True) as connection:
        return [
            short_id
            for (number,) in connection.execute("SELECT number FROM status_lists").fetchall()
            for (short_id,) in connection.execute(
                "SELECT short_id FROM documents WHERE list_number = ? LIMIT 1", (number,)
            )
        ]


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
