"""How often an address tried links that open nothing: a brake for guessing, which never stops a link that is real."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
MOST = 20
_MAX_KEPT = 10_000


class Guesses:
    """Counts by caller, in this process's memory alone: several processes allow so many each, and a restart forgets.

    That is enough here: a link has 128 bits and a share key 80, so the count only keeps the noise down.
    """

    def __init__(self, *, most: int = MOST, window: timedelta = WINDOW) -> None:
        self._most = most
        self._window = window
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def is_too_many(self, caller: str, *, now: datetime) -> bool:
        """Note one more; whether that is more than is let pass."""
        with self._lock:
            began, count = self._seen.pop(caller, (now, 0))
            if now - began >= self._window:
                began, count = now, 0
            self._seen[caller] = (began, count + 1)
            while len(self._seen) > _MAX_KEPT:
                self._seen.popitem(last=False)
            return count + 1 > self._most
