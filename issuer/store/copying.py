"""A consistent copy of a SQLite database that may be in use, as one file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def copy_sqlite(source: Path, target: Path) -> str:
    """Copy by SQLite's own online backup, whoever writes meanwhile. Returns the end of the audit log in the copy."""
    target.touch(mode=0o600)
    address = f"{source.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as before, closing(sqlite3.connect(target)) as after:
        before.backup(after)
        after.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        head = after.execute("SELECT entry_sha256 FROM audit_head").fetchone()
    return str(head[0]) if head else ""
