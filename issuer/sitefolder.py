"""A folder being filled with the site: what is written is noted first, in the instance, and taken out when it is over.

The notes are never in the folder: names in it are nobody else's to know.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from issuer.files import write_if_different
from issuer.instance import Identity
from issuer.store.sitenotes import COUNTED, Note, SiteNotes, entry_sum

WRITTEN_FOLDER: Final = "published"  # in the instance
_OUR_SUFFIXES: Final = frozenset({"", "json", "png", "svg", "jwt", "qr.svg", "anchor.json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a run did: files in the folder that are ours, how many of them it wrote, and how many it took out."""

    files: int
    written: int
    badges: int
    removed: int = 0


class Place(Protocol):
    """What a site is written into."""

    @property
    def files(self) -> int: ...
    @property
    def written(self) -> int: ...
    def write(self, name: str, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The files of one badge or achievement, and the fingerprint of what they were made from."""

    key: str
    fingerprint: bytes
    files: tuple[tuple[str, bytes], ...]


class SiteFolder:
    """A folder and its notes. With `lists_changes`, the names of changed files are kept until they are handed over."""

    def __init__(self, folder: Path, instance: Identity, *, lists_changes: bool = False) -> None:
        self.folder = folder
        self.written = 0
        self.removed = 0
        digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
        self.notes = SiteNotes(instance.folder / WRITTEN_FOLDER / f"{digest[:16]}.sqlite3")
        self._lists_changes = lists_changes
        self._singles: set[str] = set()

    def __enter__(self) -> Self:
        self.notes.__enter__()
        self._singles_before = self.notes.singles()
        if self._lists_changes:
            self.notes.begin_listing()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.notes.__exit__(kind, error, trace)

    @property
    def files(self) -> int:
        return len(self._singles) + self.notes.totals()[1]

    # --- single files ---------------------------------------------------------------------------------------------
    def write(self, name: str, data: bytes) -> None:
        """A file that is made again in every run, and written when it differs."""
        if name not in self._singles_before and name not in self._singles:
            self.notes.add_single(name)
        self._singles.add(name)
        if write_if_different(self.folder / name, data):
            self.written += 1
            self._tell([name])

    def take_out_other_singles(self) -> None:
        """Remove those that earlier runs wrote and this one did not."""
        for name in sorted(self._singles_before - self._singles, reverse=True):
            if self._remove(name):
                self._tell([name])
            self.notes.drop_single(name)

    # --- what is published together -------------------------------------------------------------------------------
    def put(self, made: Sequence[Made], known: Mapping[str, Note]) -> None:
        """Write these, and take out what belonged to them before and does not any more."""
        before = {one.key: known[one.key].names if one.key in known else () for one in made}
        now = {one.key: tuple(name for name, _ in one.files) for one in made}
        self.notes.begin({key: tuple(dict.fromkeys((*now[key], *before[key]))) for key in now})
        changed = []
        for one in made:
            for name, data in one.files:
                if write_if_different(self.folder / name, data):
                    changed.append(name)
        self.written += len(changed)
        changed += [name for key in now for name in self._remove_all(set(before[key]) - set(now[key]))]
        done = {one.key: (one.fingerprint, now[one.key]) for one in made}
        self.notes.finish(done, changed=changed if self._lists_changes else None)

    def take_out(self, keys: Mapping[str, Note]) -> None:
        """Everything of these is over."""
        for key, note in keys.items():
            changed = self._remove_all(set(note.names))
            self.notes.forget(key, changed=changed if self._lists_changes else None)

    def looks_whole(self) -> bool:
        """Whether the folders that hold badges' files side by side have the entries they should, by number and sum.

        One pass over the folders' own lists of names: no file is looked at, and nothing is held. What is missing
        deeper, in a page's own folder, is not seen here.
        """
        number = total = 0
        for name in COUNTED:
            try:
                with os.scandir(self.folder / name) as entries:
                    for entry in entries:
                        if entry.name.partition(".")[2] in _OUR_SUFFIXES:
                            number += 1
                            total += entry_sum(f"{name}/{entry.name}")
            except (FileNotFoundError, NotADirectoryError):
                continue
        return (number, total) == self.notes.entries()

    def has_all(self, names: Iterable[str]) -> bool:
        return all((self.folder / name).is_file() for name in names)

    # --- taking out -----------------------------------------------------------------------------------------------
    def _remove_all(self, names: set[str]) -> list[str]:
        return [name for name in sorted(names, reverse=True) if self._remove(name)]

    def _remove(self, name: str) -> bool:
        """Remove a file, and the folders that are empty then. False when it was not there."""
        path = self.folder / name
        there = path.is_file() or path.is_symlink()
        if there:
            path.unlink()
            self.removed += 1
        for parent in list(path.parents)[: name.count("/")]:
            if not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()
        return there

    def _tell(self, names: Sequence[str]) -> None:
        if self._lists_changes:
            self.notes.add_changed(names)
