"""Working off the outbox: each mail at least once, always under the same message id, whoever dies meanwhile.

A row is taken with a lease in one short transaction, sent outside any, and marked in another. A worker that dies
between the server's yes and that mark leaves a row that is sent once more when the lease has ended: mail cannot be
sent exactly once, but mail programs know the second copy by its message id.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection

from issuer.instance import Instance
from issuer.mail.compose import Envelope, compose
from issuer.mail.facts import Moot, Sender, load_facts
from issuer.mail.transport import Refused, ServerDown, SmtpTransport, Transport, TryLater
from issuer.staff.choices import Choices, MailSettings, SecretName, load_choices, unseal_secret
from issuer.store import outbox_rows, settings_rows
from issuer.store.outbox_rows import StoredMail
from schemas.errors import InputError
from schemas.jsontext import write_json
from schemas.times import parse_time, write_time

LEASE: Final = timedelta(minutes=10)  # longer than one mail's time-outs add up to
_BACK_OFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
_BACK_OFF_AFTER: Final = timedelta(hours=3)
MAX_ATTEMPTS: Final = 28  # about three days
_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))
_FAULTS_IN_A_ROW: Final = 3  # that many mails not taken, one after the other, are the server's fault and not theirs
_PAUSE: Final = "mail_pause"  # among the settings: all workers heed it, and the desk shows it
_WORKER: Final = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The queue rests: since the server cannot be used, and until when."""

    until: datetime
    failures: int
    code: str


@dataclass(slots=True, kw_only=True)
class Sent:
    """What a run did."""

    sent: int = 0
    refused: int = 0
    later: int = 0
    cancelled: int = 0
    paused_until: datetime | None = None

    @property
    def count(self) -> int:
        return self.sent + self.refused + self.later + self.cancelled


def send_waiting(
    instance: Instance,
    *,
    link_base: str,
    clock: Callable[[], datetime],
    limit: int = 100,
    demonstration: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Sent:
    """Send what is due through the mail server of the settings; without one, mail waits."""
    with instance.store.reading() as connection:
        due = outbox_rows.is_due(connection, now=clock())
        choices = load_choices(connection)
    if not due or choices.mail is None:
        return Sent()
    with open_transport(instance, choices.mail) as transport:
        return send_due(
            instance,
            transport=transport,
            link_base=link_base,
            clock=clock,
            limit=limit,
            demonstration=demonstration,
            should_stop=should_stop,
        )


def open_transport(instance: Instance, mail: MailSettings) -> SmtpTransport:
    """The way to the mail server of these settings; nothing is connected yet."""
    sealed = mail.password_sealed
    password = None if sealed is None else unseal_secret(instance, sealed, SecretName.SMTP_PASSWORD)
    return SmtpTransport(settings=mail, password=password, hello=urlsplit(instance.config.base_url).hostname)


def send_due(
    instance: Instance,
    *,
    transport: Transport,
    link_base: str,
    clock: Callable[[], datetime],
    limit: int = 100,
    demonstration: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Sent:
    """Send up to `limit` mails that are due. Safe with several workers at once."""
    with instance.store.reading() as connection:
        if not outbox_rows.is_due(connection, now=clock()):
            return Sent()
    run = _Run(instance, transport, link_base=link_base, clock=clock, demonstration=demonstration)
    for _ in range(limit):
        if should_stop() or not run.one():
            break
    return run.result


def load_pause(connection: Connection, *, now: datetime) -> Pause | None:
    """Why and until when nothing is sent, or None."""
    pause = _last_pause(connection)
    return pause if pause is not None and pause.until > now else None


def end_pause(connection: Connection, *, now: datetime) -> None:
    """Try again at once: the settings were changed, or somebody says so."""
    if _last_pause(connection) is not None:
        settings_rows.save_values(connection, {_PAUSE: "null"}, at=now, by=_WORKER)


class _Run:
    """One run through the outbox, with what it must remember from mail to mail."""

    def __init__(
        self,
        instance: Instance,
        transport: Transport,
        *,
        link_base: str,
        clock: Callable[[], datetime],
        demonstration: bool,
    ) -> None:
        self.result = Sent()
        self._instance = instance
        self._transport = transport
        self._clock = clock
        self._faults = 0
        self._had_pause = False
        with instance.store.reading() as connection:
            self._choices = load_choices(connection)
        self._sender = Sender(
            instance=instance, choices=self._choices, link_base=link_base, demonstration=demonstration
        )

    def one(self) -> bool:
        """Take and settle one mail. False when none is due, or nothing can be sent now."""
        if self._choices.mail is None or self.result.paused_until is not None:
            return False
        mail = self._take()
        if mail is None:
            return False
        try:
            self._deliver(mail)
        except Refused as refusal:
            self._faults = 0
            self._refuse(mail, refusal.code)
        except TryLater as fault:
            self._put_off(mail, fault.code)
        except ServerDown as fault:
            self._pause(mail, fault.code)
        except Exception:  # a fault of ours: this mail waits, the others do not
            self._put_off(mail, "fault")
            raise
        return True

    def _take(self) -> StoredMail | None:
        now = self._clock()
        with self._instance.store.writing() as connection:
            pause = _last_pause(connection)
            self._had_pause = pause is not None
            if pause is not None and pause.until > now:
                self.result.paused_until = pause.until
                return None
            taken = outbox_rows.take_due(connection, now=now, lease_until=now + LEASE)
        return taken[0] if taken else None

    def _deliver(self, mail: StoredMail) -> None:
        now = self._clock()
        if mail.recipient is None:
            return self._cancel(mail, "no-address")
        if mail.attempts > MAX_ATTEMPTS:
            raise Refused("gave-up")
        with self._instance.store.reading() as connection:
            facts = load_facts(connection, mail, self._sender, now=now)
        if isinstance(facts, Moot):
            return self._cancel(mail, facts.reason)
        try:
            message = compose(facts, make_envelope(self._instance, self._choices, mail, at=now))
        except InputError:
            raise Refused("unfit") from None
        self._transport.send(message)
        self._faults = 0
        self.result.sent += 1
        with self._instance.store.writing() as connection:
            outbox_rows.mark_sent(connection, mail.mail_id, at=self._clock())
            if self._had_pause:
                end_pause(connection, now=now)
        return None

    def _cancel(self, mail: StoredMail, reason: str) -> None:
        self.result.cancelled += 1
        with self._instance.store.writing() as connection:
            outbox_rows.mark_cancelled(connection, mail.mail_id, reason=reason)

    def _refuse(self, mail: StoredMail, code: str) -> None:
        self.result.refused += 1
        with self._instance.store.writing() as connection:
            outbox_rows.mark_refused(connection, mail.mail_id, reason=code)

    def _put_off(self, mail: StoredMail, code: str) -> None:
        if mail.attempts >= MAX_ATTEMPTS:
            return self._refuse(mail, "gave-up")
        self.result.later += 1
        self._faults += 1
        now = self._clock()
        with self._instance.store.writing() as connection:
            outbox_rows.put_back(
                connection, mail.mail_id, next_at=now + back_off(mail.attempts), reason=code, counted=True
            )
            if self._faults >= _FAULTS_IN_A_ROW:
                self._write_pause(connection, code, now=now)
        return None

    def _pause(self, mail: StoredMail, code: str) -> None:
        """No mail can be sent: this one is put back as if it had not been tried, and the others are not tried."""
        self.result.later += 1
        now = self._clock()
        with self._instance.store.writing() as connection:
            until = self._write_pause(connection, code, now=now)
            outbox_rows.put_back(connection, mail.mail_id, next_at=until, reason=code, counted=False)

    def _write_pause(self, connection: Connection, code: str, *, now: datetime) -> datetime:
        last = _last_pause(connection)
        failures = 1 if last is None else last.failures + 1
        until = now + _PAUSES[min(failures, len(_PAUSES)) - 1]
        value = {"until": write_time(until), "failures": failures, "code": code}
        settings_rows.save_values(connection, {_PAUSE: write_json(value).decode()}, at=now, by=_WORKER)
        self.result.paused_until = until
        return until


def make_envelope(instance: Instance, choices: Choices, mail: StoredMail, *, at: datetime) -> Envelope:
    """Whom this mail is from and to. Raises InputError when there is no mail server, or no address."""
    if choices.mail is None or mail.recipient is None:
        raise InputError("There is no mail server yet, or no address to write to.")
    return Envelope(
        settings=choices.mail,
        recipient=mail.recipient,
        mail_id=mail.mail_id,
        base_url=instance.config.base_url,
        provider=instance.config.name,
        reply_to=choices.contact_email,
        at=at,
    )


def back_off(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts."""
    return _BACK_OFF[attempts - 1] if attempts <= len(_BACK_OFF) else _BACK_OFF_AFTER


def _last_pause(connection: Connection) -> Pause | None:
    value = json.loads(settings_rows.load_values(connection).get(_PAUSE, "null"))
    if value is None:
        return None
    return Pause(until=parse_time(value["until"]), failures=value["failures"], code=value["code"])
