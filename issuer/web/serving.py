"""Running the service: gunicorn over the application, and the worker process kept alive beside it."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from issuer.web.app import make_app
from issuer.web.site import ServeOptions

THREADS = 8
REQUEST_SECONDS = 60
SILENT_SECONDS = (
    20  # of a caller in the middle of a request: a phone that went out of reach, or one who means to hinder
)
_RESTART_SECONDS = 2.0  # a worker that ends at once is not started again in a tight loop
_STOP_SECONDS = 30.0  # a chunk under way is finished first


class DiscreetLogger(Logger):
    """Gunicorn's own, without addresses: it would name the page a fault happened on, and a claim link is a secret."""

    def exception(self, msg: Any, *_args: Any, **_kwargs: Any) -> None:  # noqa: ARG002 - what it says is what is kept out
        kind = sys.exc_info()[0]
        self.error_log.error("fault %s while answering", kind.__name__ if kind else "?")

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Invalid request"):
            self.error_log.warning("a request that cannot be read was refused")
        else:
            super().warning(msg, *args, **kwargs)


class Service(BaseApplication):
    """One instance served on one address. Requests are not logged: addresses of claim pages are secrets."""

    def __init__(
        self,
        folder: Path,
        *,
        bind: str,
        options: ServeOptions,
        tls: tuple[Path, Path] | None = None,
        processes: int,
        with_worker: bool = True,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._options = options
        self._on_ready = on_ready
        self._worker = WorkerProcess(folder, origin=options.origin) if with_worker else None
        self._settings: dict[str, Any] = {
            "bind": bind,
            "workers": processes,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": REQUEST_SECONDS,
            "graceful_timeout": 10,
            "keepalive": 5,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "logger_class": DiscreetLogger,
            "forwarder_headers": "",  # no header may say what path was asked for: a proxy's rules go by the address
            "limit_request_line": 4094,
            "proc_name": "badge-issuer",
            "control_socket_disable": True,
        }
        if tls is not None:
            self._settings |= {"certfile": str(tls[0]), "keyfile": str(tls[1])}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("when_ready", self._started)
        self.cfg.set("on_exit", lambda _server: self._stopped())

    def load(self) -> Any:
        return make_app(self._folder, options=self._options).wsgi_app

    def _started(self, server: Any) -> None:
        for listener in server.LISTENERS:
            bound_waiting(listener.sock)
        if self._worker is not None:
            self._worker.start()
        self._on_ready()

    def _stopped(self) -> None:
        if self._worker is not None:
            self._worker.stop()


def bound_waiting(listener: socket.socket, *, seconds: int = SILENT_SECONDS) -> None:
    """No connection taken from `listener` keeps a thread that waits for its next byte for longer than this."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))


class WorkerProcess:
    """`badge-issuer worker` as a child: started again when it dies, told to finish its chunk when the service ends."""

    def __init__(self, folder: Path, *, origin: str | None = None) -> None:
        start = "from issuer.cli import main; main()"
        self._command = [sys.executable, "-c", start, "--instance", str(folder), "worker"]
        if origin:
            self._command += ["--origin", origin]
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _keep_alive(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = subprocess.Popen(self._command)  # noqa: S603 - our own program
            self._process.wait()
            if not self._stopping.is_set():
                self._stopping.wait(max(0.0, _RESTART_SECONDS - (time.monotonic() - started)))
