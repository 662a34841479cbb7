"""What need not be found out again for the next badge, such as that a status list is proved; knows not what it keeps.

Of one run: for the same moment alone. Of a service: for a minute, as long as its caches keep a list or a key anyway.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any, Final

KEPT_FOR: Final = timedelta(seconds=60)
MAX_KEPT: Final = 128  # each may hold a status list of a megabyte


class Memory:
    """Of one run: what was found out for a moment serves for that moment."""

    def __init__(self) -> None:
        self._known: dict[tuple[Hashable, datetime], Any] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __bool__(self) -> bool:
        return True

    def recall(self, key: Hashable, *, at: datetime) -> Any:
        """What was kept under `key`, or None."""
        return self._known.get((key, at))

    def keep(self, key: Hashable, value: Any, *, at: datetime, lasting: bool) -> None:
        """`lasting`: it may serve for another moment soon after; a doubt may not."""
        del lasting
        self._known[key, at] = value


class LastingMemory(Memory):
    """Of a service: shared by its threads, bounded in number and age; a moment before the one it was found for is
    another question and finds nothing."""

    def __init__(self, *, kept_for: timedelta = KEPT_FOR, most: int = MAX_KEPT) -> None:
        super().__init__()
        self._kept_for = kept_for
        self._most = most
        self._lasting: OrderedDict[Hashable, tuple[datetime, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._lasting)

    def recall(self, key: Hashable, *, at: datetime) -> Any:
        with self._lock:
            since, value = self._lasting.get(key, (at, None))
            if value is None or not timedelta() <= at - since <= self._kept_for:
                return None
            self._lasting.move_to_end(key)
            return value

    def keep(self, key: Hashable, value: Any, *, at: datetime, lasting: bool) -> None:
        if not lasting:
            return
        with self._lock:
            self._lasting[key] = (at, value)
            self._lasting.move_to_end(key)
            while len(self._lasting) > self._most:
                self._lasting.popitem(last=False)
