"""Lists of plain tuples on disk while this process lives: a file without a name, which nobody else can open."""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Self

from schemas.errors import IssuingError

_LENGTH_BYTES: Final = 8
_PAGE_ITEMS: Final = 500

Item = tuple[str | int | bool | None, ...]


class Scratch(AbstractContextManager["Scratch"]):
    """A list of items that grows at its end; what is in it can be gone through any number of times.

    The system takes the file away with the process, however that ends. What it holds may be private.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """In `folder`, or where temporary files go. Raises IssuingError."""
        self._folder = folder or Path(tempfile.gettempdir())
        try:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by `close`; mode 0600, no name
        except OSError as error:
            raise self._full(error) from error
        self._waiting: list[Item] = []
        self._size = 0
        self.count = 0

    def append(self, item: Item) -> None:
        """Raises IssuingError when the disk is full."""
        self._waiting.append(item)
        self.count += 1
        if len(self._waiting) == _PAGE_ITEMS:
            self.end_page()

    def end_page(self) -> int:
        """Write what waits. Returns where the next page will begin. Raises IssuingError when the disk is full."""
        if not self._waiting:
            return self._size
        place = self._size
        page = marshal.dumps(self._waiting)
        self._waiting = []
        try:
            self._file.seek(place)
            self._file.write(len(page).to_bytes(_LENGTH_BYTES, "big") + page)
            self._file.flush()
        except OSError as error:
            raise self._full(error) from error
        self._size += _LENGTH_BYTES + len(page)
        return self._size

    def read_page(self, place: int) -> tuple[Sequence[Item], int]:
        """The items of the page that begins there, and the place of the next page."""
        start = place + _LENGTH_BYTES
        length = int.from_bytes(os.pread(self._file.fileno(), _LENGTH_BYTES, place), "big")
        # Only this process can have written it.
        items: list[Any] = marshal.loads(os.pread(self._file.fileno(), length, start))  # noqa: S302
        return items, start + length

    def __iter__(self) -> Iterator[Item]:
        """What is in it now, in order."""
        self.end_page()
        place, end = 0, self._size
        while place < end:
            items, place = self.read_page(place)
            yield from items

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _full(self, error: OSError) -> IssuingError:
        return IssuingError(
            f"The class list cannot be kept in {self._folder} while it is worked on ({error.strerror}). Make room "
            "there, or name another folder in TMPDIR, and run the same command again: nothing is issued twice.",
            reason="no-room",
        )
