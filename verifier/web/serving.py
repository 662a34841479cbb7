"""Running the verifier: gunicorn over its application."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from verifier.web.service import EXTENSION, Service

# More than `BoundedFetch.at_once`: whoever waits for slow hosts leaves threads for everybody else.
THREADS: Final = 40
_M_ARENA_MAX: Final = -8  # malloc.h; other C libraries have no mallopt, and no such heaps


class Server(BaseApplication):
    """gunicorn over the application. Requests are not logged: addresses of badges are nobody's business."""

    def __init__(self, app: Flask, *, bind: str, tls: tuple[Path, Path] | None, address: str) -> None:
        self._app = app
        self._service: Service = app.extensions[EXTENSION]
        self._address = address
        self._settings: dict[str, Any] = {
            "bind": bind,
            "workers": 2,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "keepalive": 65,  # longer than most clients and proxies keep a connection: it is they who end it
            "accesslog": None,
            "loglevel": "warning",
            "proc_name": "badge-verifier",
            "preload_app": True,
            "control_socket_disable": True,
        }
        if tls:
            self._settings |= {"certfile": str(tls[0]), "keyfile": str(tls[1])}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("post_fork", self._take_row)
        self.cfg.set("when_ready", self._settle_down)

    def _settle_down(self, _server: Any) -> None:
        """Before there are other processes: what is there, the register above all, is never gone over for garbage."""
        gc.collect()
        gc.freeze()
        _keep_to_few_arenas()
        click.echo(f"Serving {self._address}  Ctrl-C ends it.")

    def _take_row(self, _server: Any, worker: Any) -> None:
        """Each process counts in a row of its own."""
        self._service.shared.counters.row = worker.age

    def load(self) -> Any:
        return self._app.wsgi_app


def _keep_to_few_arenas() -> None:
    """glibc gives many threads many heaps, each of which keeps what its largest request took; two are enough."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
