"""Writing a file whole or not at all, readable by everyone or by its owner alone."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

PRIVATE = 0o600
PUBLIC = 0o644


def write_whole(path: Path, data: bytes, *, mode: int = PUBLIC, durable: bool = False) -> None:
    """Put `data` at `path` in one step: whoever looks sees the old file or the new, never a part.

    `durable` also waits for the disk, for what cannot be made again. Raises OSError.
    """
    with _written_beside(path, mode=mode, durable=durable) as file:
        file.write(data)


@contextmanager
def writing_whole(path: Path, *, mode: int = PUBLIC) -> Iterator[TextIO]:
    """The same for text that is written bit by bit, as UTF-8, with its line ends as they are: there at the end."""
    with _written_beside(path, mode=mode, durable=False) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()


@contextmanager
def _written_beside(path: Path, *, mode: int, durable: bool) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # No part of the target's name is kept: a dot file that a crash leaves behind is no badge.
    beside = path.parent / f".{secrets.token_hex(8)}.part"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def write_if_different(path: Path, data: bytes) -> bool:
    """`write_whole`, unless the file holds exactly this already. Returns whether it wrote."""
    try:
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    write_whole(path, data)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
