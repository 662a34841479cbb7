"""A real mail server of the tests' own, on loopback: it keeps what it takes, and answers as a test wants it to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.patience import PATIENCE

OK = "250 OK"


def always_ok(_address: str) -> str:
    return OK


@dataclass
class Sink:
    """What arrived, and how the server answers. `answers` are functions of the recipient's address."""

    at_rcpt: Callable[[str], str] = always_ok
    at_data: Callable[[str], str] = always_ok  # "drop" ends the connection without an answer
    at_mail: Callable[[str], str] = always_ok
    seconds: float = 0.0  # how long it takes over each message
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    hang_up: bool = False  # after each message
    sessions: dict[int, Session] = field(default_factory=dict)  # kept, so that no id is used again
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions[id(session)] = session
        answer = self.at_mail(address)
        if answer == OK:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_rcpt(address)
        if answer == OK:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.seconds:
            await asyncio.sleep(self.seconds)
        (recipient,) = envelope.rcpt_tos
        answer = self.at_data(recipient)
        if answer in {"drop", "take and drop"}:
            if answer == "take and drop":
                self._keep(recipient, envelope.content)
            server.transport.abort()
            return OK
        if answer == OK:
            self._keep(recipient, envelope.content)
        if self.hang_up:
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return answer

    def _keep(self, recipient: str, content: Any) -> None:
        with self._lock:
            self.taken.append((recipient, content if isinstance(content, bytes) else str(content).encode()))

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    @property
    def messages(self) -> list[EmailMessage]:
        return [email.message_from_bytes(data, policy=email.policy.default) for _, data in self.taken]

    @property
    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.messages]


@contextmanager
def served(sink: Sink, *, port: int = 0, **options: Any) -> Iterator[Sink]:
    """The sink behind a port of loopback."""
    controller = Controller(sink, hostname="127.0.0.1", port=port or free_port(), ready_timeout=PATIENCE, **options)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found
