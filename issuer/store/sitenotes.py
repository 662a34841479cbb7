"""What `publish` wrote into one folder, and of what: a small database of its own in the instance, never in the folder.

A key stands for what is published together: a badge's id, or an achievement's place. Its names are noted before the
first of its files is written, with no fingerprint; the fingerprint comes when the last one is: whatever kills a run in
between, the next one makes those files again and knows every name there may be.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from zlib import crc32

from schemas.errors import IssuingError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS shapes (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS items (
    key TEXT PRIMARY KEY, fingerprint BLOB, shape INTEGER NOT NULL, share TEXT,
    files INTEGER NOT NULL, entries INTEGER NOT NULL, entries_sum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS singles (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changed (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_KEY, _SHARE = "\x01", "\x02"  # in a shape, for the key and the share key: most badges then have the same names
_WAIT_SECONDS = 60
_PAGE = 5_000
COUNTED = ("badges", "s")  # the folders that hold a badge's files side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is in the folder under one key; no fingerprint where a run was killed while it wrote."""

    fingerprint: bytes | None
    names: tuple[str, ...]


class SiteNotes:
    """The notes of one folder. Opening takes them for this process alone; a second run waits, then is refused."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # share keys are secrets; SQLite keeps the mode
        self._path = path
        self._shapes: dict[int, str] = {}

    def __enter__(self) -> Self:
        self._db = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            # The lock is taken with the first write and held to the end.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("BEGIN EXCLUSIVE")
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._db.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise IssuingError("Another process is publishing into this folder at this moment.") from None
            raise IssuingError(f"The notes in {self._path} cannot be used: {error}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._db.execute("DELETE FROM shapes WHERE id NOT IN (SELECT shape FROM items)")
        finally:
            self._db.close()  # what was under way is rolled back
        if isinstance(error, sqlite3.Error):
            raise IssuingError(f"The notes in {self._path} cannot be written ({error}). Mend that, and publish again.")

    # --- what is published together -------------------------------------------------------------------------------
    def recall(self, keys: Sequence[str]) -> dict[str, Note]:
        """What is noted of these keys."""
        marks = ",".join("?" * len(keys))
        rows = self._db.execute(f"SELECT key, fingerprint, shape, share FROM items WHERE key IN ({marks})", list(keys))  # noqa: S608 - question marks
        return {
            key: Note(fingerprint=fingerprint, names=self._names(key, shape, share))
            for key, fingerprint, shape, share in rows
        }

    def begin(self, names_by_key: Mapping[str, Sequence[str]]) -> None:
        """Files of these names are about to be written, or taken out."""
        self._db.execute("BEGIN")
        for key, names in names_by_key.items():
            self._keep(key, None, names)
            self._db.executemany("INSERT OR IGNORE INTO pending VALUES (?)", [(name,) for name in names])
        self._db.execute("COMMIT")

    def finish(self, done: Mapping[str, tuple[bytes, Sequence[str]]], *, changed: Sequence[str] | None) -> None:
        """key -> (fingerprint, names): all of it is written. `changed` is kept for `take_changed`, if anybody asks."""
        self._db.execute("BEGIN")
        for key, (fingerprint, names) in done.items():
            self._keep(key, fingerprint, names)
        self._note_changed(changed)
        self._db.execute("COMMIT")

    def forget(self, key: str, *, changed: Sequence[str] | None) -> None:
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM items WHERE key = ?", (key,))
        self._note_changed(changed)
        self._db.execute("COMMIT")

    def pages_of_keys(self) -> Iterator[list[str]]:
        """Every key, some at a time."""
        after = ""
        while True:
            rows = self._db.execute("SELECT key FROM items WHERE key > ? ORDER BY key LIMIT ?", (after, _PAGE))
            page = [row[0] for row in rows]
            if page:
                yield page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def totals(self) -> tuple[int, int]:
        """(keys, their files)."""
        keys, files = self._db.execute("SELECT count(*), coalesce(sum(files), 0) FROM items").fetchone()
        return keys, files

    def entries(self) -> tuple[int, int]:
        """(number, sum of checksums) of the directory entries that should be in the COUNTED folders."""
        row = self._db.execute("SELECT coalesce(sum(entries), 0), coalesce(sum(entries_sum), 0) FROM items").fetchone()
        return row[0], row[1]

    # --- single files ---------------------------------------------------------------------------------------------
    def singles(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT name FROM singles")}

    def add_single(self, name: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO singles VALUES (?)", (name,))

    def drop_single(self, name: str) -> None:
        self._db.execute("DELETE FROM singles WHERE name = ?", (name,))

    # --- what changed ---------------------------------------------------------------------------------------------
    def begin_listing(self) -> None:
        """From now on changes are kept for `changed_names`; what a killed run may have changed is among them."""
        self._db.execute("INSERT OR IGNORE INTO changed SELECT name FROM pending")

    def add_changed(self, names: Sequence[str]) -> None:
        self._db.executemany("INSERT OR IGNORE INTO changed VALUES (?)", [(name,) for name in names])

    def changed_names(self) -> Iterator[str]:
        for row in self._db.execute("SELECT name FROM changed ORDER BY name"):
            yield row[0]

    def forget_changed(self) -> None:
        """They were handed over."""
        self._db.execute("DELETE FROM changed")

    # --- rows -----------------------------------------------------------------------------------------------------
    def _note_changed(self, names: Sequence[str] | None) -> None:
        if names is not None:
            self.add_changed(names)
        self._db.execute("DELETE FROM pending")

    def _keep(self, key: str, fingerprint: bytes | None, names: Sequence[str]) -> None:
        share = next((name[2:18] for name in names if name.startswith("s/")), None)
        text = "\n".join(names).replace(key, _KEY)
        if share is not None:
            text = text.replace(share, _SHARE)
        found = self._db.execute("SELECT id FROM shapes WHERE names = ?", (text,)).fetchone()
        shape = found[0] if found else self._db.execute("INSERT INTO shapes (names) VALUES (?)", (text,)).lastrowid
        entries = {entry for name in names if (entry := counted_entry(name)) is not None}
        self._db.execute(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, fingerprint, shape, share, len(names), len(entries), sum(map(entry_sum, entries))),
        )

    def _names(self, key: str, shape: int, share: str | None) -> tuple[str, ...]:
        text = self._shapes.get(shape)
        if text is None:
            (text,) = self._db.execute("SELECT names FROM shapes WHERE id = ?", (shape,)).fetchone()
            if len(self._shapes) < _PAGE:
                self._shapes[shape] = text
        if not text:
            return ()
        return tuple(text.replace(_KEY, key).replace(_SHARE, share or "").split("\n"))


def counted_entry(name: str) -> str | None:
    """`badges/abc` of `badges/abc/mi/index.html`: the entry of a COUNTED folder that leads to the file."""
    folder, _, rest = name.partition("/")
    return f"{folder}/{rest.partition('/')[0]}" if folder in COUNTED and rest else None


def entry_sum(entry: str) -> int:
    return crc32(entry.encode())
