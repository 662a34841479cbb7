"""Where the files of badges are made from their documents: in this process, or in several; written by one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from issuer import settings
from issuer.childprocess import follow_parent
from issuer.instance import Instance, open_instance
from issuer.pages import Publisher
from issuer.publicface import Face, Shown
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject

Files = tuple[tuple[str, bytes], ...]
_TASK: Final = 4  # badges sent to a process at once


class Renderer:
    """Makes the files of some badges at a time. With several `workers`, each opens the instance for itself."""

    def __init__(self, instance: Instance, publisher: Publisher, *, workers: int = 1) -> None:
        self.face = Face(instance, publisher)
        self._pool = None
        if workers > 1:
            self._pool = ProcessPoolExecutor(
                workers,
                mp_context=get_context("spawn"),  # a connection to the database does not live through a fork
                initializer=_start,
                initargs=(instance.folder, settings.database_url(), publisher),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def render(self, badges: Sequence[tuple[Shown, JsonObject | None]]) -> list[Files]:
        """The files of each, in their order. Raises IssuingError when a process was lost."""
        if self._pool is None:
            return [_files(self.face, badge) for badge in badges]
        try:
            return list(self._pool.map(_render, badges, chunksize=_TASK))
        except BrokenProcessPool:
            raise IssuingError("A process that makes the pages was lost; publish again.", reason="worker") from None


class _Here:
    """What a process of the pool works with."""

    face: Face


def _start(folder: Path, database: str | None, publisher: Publisher) -> None:
    follow_parent()
    _Here.face = Face(open_instance(folder, database=database), publisher)


def _render(badge: tuple[Shown, JsonObject | None]) -> Files:
    return _files(_Here.face, badge)


def _files(face: Face, badge: tuple[Shown, JsonObject | None]) -> Files:
    shown, proof = badge
    return tuple(face.files(shown, proof=proof))
