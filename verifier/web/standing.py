"""What a running service keeps up with: the register's file when a newer edition is put there, and status lists seen.

An edition that is not believed, or that may not come after those seen before, changes nothing: the one in use stays.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from schemas.errors import BadgeError, HighWaterError
from schemas.limits import MAX_SEEN_LISTS, MAX_SEEN_STRANGERS
from verifier.highwater import HighWater, ListKey, ListWatch, SeenList, admit_editions, follows, remember_lists
from verifier.highwater_file import change_high_water, load_high_water
from verifier.register.anchor import Anchor
from verifier.register.edition import Edition, load_edition
from verifier.report import Notice

_log = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 1.0  # how often a file's times are looked at
_Stamp = tuple[int, int, int]


class RegisterFile:
    """An edition in a file that may be replaced while the service runs. `fault` is why the newest one is not in use."""

    def __init__(
        self,
        path: Path,
        *,
        anchor: Anchor,
        high_water_file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises BadgeError for an edition that is not believed: a service does not start on one."""
        self._path, self._anchor, self._high_water_file = path, anchor, high_water_file
        self._monotonic = monotonic
        self._loading = threading.Lock()
        self._looked = monotonic()
        self._stamp = _stamp(path)
        self._current = self._load()
        self.fault: str | None = None

    def current(self) -> tuple[Edition, tuple[Notice, ...]]:
        """The edition in use, after a look at whether another stands there."""
        now = self._monotonic()
        if now - self._looked >= _LOOK_SECONDS and self._loading.acquire(blocking=False):
            try:
                self._looked = now
                self._look()
            finally:
                self._loading.release()
        return self._current

    def _look(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._current = self._load()
        except (BadgeError, OSError) as error:
            self.fault = error.detail if isinstance(error, BadgeError) else "It cannot be read."
            _log.warning("The edition put at %s is not used: %s", self._path, self.fault)
        else:
            self.fault = None
            _log.warning("Edition %s of the register is in use.", self._current[0].number)

    def _load(self) -> tuple[Edition, tuple[Notice, ...]]:
        edition = load_edition(self._path, anchor=self._anchor)
        if self._high_water_file is None:
            return edition, ()

        def change(seen: HighWater) -> tuple[HighWater, tuple[Notice, ...]]:
            admission = admit_editions(seen, [edition])
            return admission.high_water, admission.notices

        return edition, change_high_water(self._high_water_file, change)


class ServiceWatch(ListWatch):
    """Status lists seen by all threads of a process, and through the file by all processes.

    Written down are the lists of issuers whom the register knows; a stranger could otherwise name thousands until no
    place is left. Strangers' lists are remembered in memory, the longest unseen let go.
    """

    def __init__(
        self,
        path: Path,
        *,
        is_known: Callable[[str], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises HighWaterError."""
        seen = load_high_water(path)
        super().__init__(seen)
        self._path = path
        self._is_known = is_known
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._looked = monotonic()
        self._stamp = _stamp(path)
        self._strangers: OrderedDict[ListKey, SeenList] = OrderedDict()
        self.fault: str | None = None

    def compare(self, new: SeenList) -> SeenList | None:
        with self._lock:
            return self._compare(new)

    def _compare(self, new: SeenList) -> SeenList | None:
        known = self._is_known(new.issuer)
        mark = self._marks.get(new.key) or self._strangers.get(new.key)
        if mark is not None and not follows(mark, new):
            return mark
        if not known and new.key not in self._marks:
            self._strangers[new.key] = new
            self._strangers.move_to_end(new.key)
            while len(self._strangers) > MAX_SEEN_STRANGERS:
                self._strangers.popitem(last=False)
        elif mark != new and (new.key in self._marks or len(self._marks) < MAX_SEEN_LISTS):
            self._marks[new.key] = self.noticed[new.key] = new
        return None

    def settle(self) -> None:
        """Writes down what is new, and reads what other processes have seen. A fault is noted, and never raised."""
        now = self._monotonic()
        with self._lock:
            if not self.noticed and now - self._looked < _LOOK_SECONDS:
                return
            self._looked = now
            noticed, self.noticed = list(self.noticed.values()), {}
            try:
                if noticed:
                    change_high_water(self._path, lambda seen: remember_lists(seen, noticed))
                if noticed or _stamp(self._path) != self._stamp:
                    self._stamp = _stamp(self._path)
                    self._merge(load_high_water(self._path))
            except HighWaterError as error:
                self.noticed |= {one.key: one for one in noticed}
                self.fault = error.detail
                _log.warning("What was seen of status lists is not written down: %s", error.detail)
            else:
                self.fault = None

    def _merge(self, seen: HighWater) -> None:
        for one in seen.lists:
            mark = self._marks.get(one.key)
            if mark is None or one.valid_from > mark.valid_from:
                self._marks[one.key] = one


def _stamp(path: Path) -> _Stamp:
    """What changes when a file is replaced; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
