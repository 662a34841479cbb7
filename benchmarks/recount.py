"""Counting what a killed and resumed run left, straight from the database and the signed documents: no code of ours."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

_PLACES = 131_072
_FIRST_LINE = 2  # of a CSV file with a header


def recount(database: Path, class_list: Path) -> dict[str, int]:
    """Everything that must be equal to the number of rows, and everything that must be zero, in two passes."""
    counts: dict[str, int] = {}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.execute("PRAGMA temp_store = FILE")
        counts["rows of the file"] = sum(1 for _ in _rows(class_list))
        counts["credentials"] = _count(connection, "SELECT count(*) FROM credentials")
        counts["distinct row keys"] = _count(connection, "SELECT count(DISTINCT row_key) FROM credentials")
        counts["distinct lines of the file"] = _count(connection, "SELECT count(DISTINCT line) FROM credentials")
        counts["documents"] = _count(connection, "SELECT count(*) FROM documents")
        pairs = "SELECT count(*) FROM (SELECT DISTINCT list_number, list_index FROM documents)"
        counts["distinct places in the database"] = _count(connection, pairs)
        counts |= _by_document(connection, class_list)
    return counts


EQUAL = (
    "rows of the file",
    "credentials",
    "distinct row keys",
    "distinct lines of the file",
    "documents",
    "distinct places in the database",
    "distinct places in the signed documents",
    "distinct ids in the signed documents",
    "rows whose own badge was found, by name, reference and day",
)


def is_exact(counts: dict[str, int]) -> bool:
    """As many of everything as there are rows, and nothing that must not be."""
    rows = counts["rows of the file"]
    zero = [what for what in counts if what not in EQUAL]
    return all(counts[what] == rows for what in EQUAL) and not any(counts[what] for what in zero)


def _by_document(connection: sqlite3.Connection, class_list: Path) -> dict[str, int]:
    """One pass over the signed documents in the order of their lines, beside one pass over the file."""
    seen: dict[str, bytearray] = {}
    places = twice = differing = found = 0
    ids: set[bytes] = set()
    rows = _rows(class_list)
    documents = connection.cursor()
    for line, short_id in connection.execute("SELECT line, short_id FROM credentials ORDER BY line"):
        text, list_index = documents.execute(
            "SELECT document, list_index FROM documents WHERE short_id = ?", (short_id,)
        ).fetchone()
        document = json.loads(text)
        status = document["credentialStatus"]
        index, url = int(status["statusListIndex"]), status["statusListCredential"]
        differing += index != list_index
        bits = seen.setdefault(url, bytearray(_PLACES))
        twice += bits[index]
        places += not bits[index]
        bits[index] = 1
        ids.add(document["id"].rpartition("/")[2].encode())
        differing += not document["id"].endswith(short_id)
        wanted = next(rows, None)
        found += wanted is not None and wanted == (line, *_facts(document))
    return {
        "distinct places in the signed documents": places,
        "places taken twice": twice,
        "documents that differ from their row": differing,
        "distinct ids in the signed documents": len(ids),
        "rows whose own badge was found, by name, reference and day": found,
    }


def _facts(document: dict[str, object]) -> tuple[str, str, str]:
    subject = document["credentialSubject"]
    name = subject["identifier"][0]["identityHash"]  # type: ignore[index]  # a document of ours
    ref = subject["achievement"]["humanCode"]  # type: ignore[index]
    return str(name), str(ref), str(document["awardedDate"])[:10]


def _rows(class_list: Path) -> Iterator[tuple[int, str, str, str]]:
    """(line, name, reference, day)."""
    with class_list.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for line, (name, ref, day, *_) in enumerate(rows, start=_FIRST_LINE):
            yield line, name, ref, day


def _count(connection: sqlite3.Connection, question: str) -> int:
    (number,) = connection.execute(question).fetchone()
    return int(number)
