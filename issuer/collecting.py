"""Python's garbage collector in a long run: it looks seldom, and not through what was there before."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (50_000, 20, 20)  # a chunk makes some hundred thousand objects, nearly all without circles


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """For as long as a run lasts: an eighth of its time would go into looking at contexts and tables again."""
    before = gc.get_threshold()
    begin_collecting_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def begin_collecting_seldom() -> None:
    """As `collecting_seldom`, for the life of a process."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
