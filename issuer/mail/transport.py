"""The way to the mail server: one connection for many mails, and what its answers mean; logs nothing of a mail."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Final, Protocol, Self

from issuer.staff.choices import MailSettings, Security

TIMEOUT_SECONDS: Final = 20.0
_FAULTS: Final = (OSError, smtplib.SMTPServerDisconnected, UnicodeError)  # ssl's and time-outs are OSErrors
_CLOSING: Final = 421  # RFC 5321, 3.8: the server ends the connection
_NOT_SIGNED_IN: Final = frozenset({530, 534, 535, 538})  # RFC 4954, 6: about us, whatever mail they answer


class Refused(Exception):
    """The server will never take this mail: its answer's code, or a code of ours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryLater(Exception):
    """This mail was not taken now; another may be."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ServerDown(Exception):
    """No mail can be sent at all: not reached, no encryption, wrong password, sender refused."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Transport(Protocol):
    """Where mail goes. As a context it holds what it holds open, and closes it at the end."""

    def send(self, message: EmailMessage) -> None:
        """Returns when the server has taken the mail over. Raises Refused, TryLater, ServerDown."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(slots=True)
class SmtpTransport:
    """The provider's mail server, by the settings of the desk. Connects when first needed, and again when dropped."""

    settings: MailSettings
    password: str | None = None
    hello: str | None = None  # how we name ourselves; None: as the machine is called
    timeout: float = TIMEOUT_SECONDS
    trust: ssl.SSLContext | None = None  # None: the machine's certificates
    _server: smtplib.SMTP | None = None

    def __repr__(self) -> str:
        return f"SmtpTransport({self.settings.host}:{self.settings.port})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, message: EmailMessage) -> None:
        """Hand one mail over. Raises Refused, TryLater, ServerDown."""
        server = self._connected()
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            raise self._answered(*next(iter(refusal.recipients.values()))) from None
        except smtplib.SMTPSenderRefused as refusal:
            raise self._sender_refused(refusal.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise Refused("no-smtputf8") from None  # an address with letters that this server does not know
        except smtplib.SMTPResponseException as refusal:
            raise self._answered(refusal.smtp_code, refusal.smtp_error) from None
        except (*_FAULTS, smtplib.SMTPException) as fault:
            self._drop()
            raise TryLater(_code_of(fault)) from None

    def probe(self) -> None:
        """Connect and sign in, and send nothing. Raises ServerDown."""
        self._connected()

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            if self._answers(self._server):
                return self._server
            self._drop()
        try:
            self._server = self._connect()
        except smtplib.SMTPAuthenticationError as refusal:
            raise ServerDown(f"sign-in-{refusal.smtp_code}") from None
        except smtplib.SMTPNotSupportedError:
            raise ServerDown("not-offered") from None  # no STARTTLS, or no way to sign in that we know
        except smtplib.SMTPResponseException as refusal:
            raise ServerDown(f"greeting-{refusal.smtp_code}") from None
        except ssl.SSLCertVerificationError:
            raise ServerDown("certificate") from None
        except (*_FAULTS, smtplib.SMTPException) as fault:
            raise ServerDown(_code_of(fault)) from None
        return self._server

    def _connect(self) -> smtplib.SMTP:
        mail = self.settings
        trust = self.trust or ssl.create_default_context()
        server: smtplib.SMTP
        if mail.security is Security.TLS:
            server = smtplib.SMTP_SSL(mail.host, mail.port, self.hello, timeout=self.timeout, context=trust)
        else:
            server = smtplib.SMTP(mail.host, mail.port, self.hello, timeout=self.timeout)
        try:
            if mail.security is Security.STARTTLS:
                server.starttls(context=trust)
            if mail.user is not None:
                server.login(mail.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server

    @staticmethod
    def _answers(server: smtplib.SMTP) -> bool:
        """Whether a connection that was kept is still one; servers end idle ones, and ones that sent much."""
        try:
            return server.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _answered(self, code: int, text: bytes | str) -> Refused | TryLater | ServerDown:
        """What an answer about one mail means: 5xx is for good, unless it is about us."""
        if code == _CLOSING:
            self._drop()
        if code in _NOT_SIGNED_IN:
            return ServerDown(f"sign-in-{code}")
        if 500 <= code < 600:
            words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
            return ServerDown(f"relay-{code}") if "relay" in words.lower() else Refused(str(code))
        return TryLater(str(code))

    def _sender_refused(self, code: int) -> TryLater | ServerDown:
        if code == _CLOSING:
            self._drop()
        if code in _NOT_SIGNED_IN:
            return ServerDown(f"sign-in-{code}")
        return ServerDown(f"sender-refused-{code}") if 500 <= code < 600 else TryLater(str(code))

    def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _drop(self) -> None:
        """Let a connection go that is not worth a goodbye."""
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _code_of(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "timeout"
    if isinstance(fault, ConnectionRefusedError):
        return "not-reached"
    if isinstance(fault, smtplib.SMTPServerDisconnected):
        return "dropped"
    if isinstance(fault, ssl.SSLError):
        return "encryption"
    return "not-reached"
