"""What every process that a run starts for itself does: it ends when the one that started it has ended."""

from __future__ import annotations

import signal
import threading
from multiprocessing import connection, parent_process
from os import _exit


def follow_parent() -> None:
    """End with the parent, however it ends; leave Ctrl-C to it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent finishes its chunk with us


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        _exit(1)
