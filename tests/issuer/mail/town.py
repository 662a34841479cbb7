"""Learners of the demonstration's provider with mail to be sent, and a clock that a test turns by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from issuer.instance import Instance
from issuer.learner.claims import claim_token
from issuer.mail.outbox import MailKind, MailState, NewMail, insert_mails
from issuer.mail.sending import Sent, send_due
from issuer.mail.transport import SmtpTransport
from issuer.staff.choices import Choices, MailSettings, Security, load_choices, save_choices
from issuer.store import claims_rows, outbox_rows
from issuer.store.claims_rows import Delivery, Visibility
from issuer.vault import token_sha256
from tests.issuer.provider import BASE_URL, NOW, Completion, Completions, issue, short_ids
from tests.patience import PATIENCE

CLAIM_DAYS = timedelta(days=180)


@dataclass
class Clock:
    """The time, as a test says."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


def address(number: int) -> str:
    return f"learner{number}@ako.example"


def learners(instance: Instance, count: int, **facts: Any) -> list[str]:
    """So many badges, each of a learner with an address of their own and a claim link. Nothing waits to be sent."""
    rows = tuple(
        Completion(
            line=number + 2,
            **({"learner_name": f"Mere Āwhina {number}", "learner_email": address(number)} | facts),
        )
        for number in range(count)
    )
    badges = list(short_ids(issue(instance, Completions(rows=rows))))
    with instance.store.writing() as connection:
        for short_id in badges:
            claims_rows.change_delivery(connection, short_id, Delivery.MAIL, at=NOW)
            claims_rows.change_visibility(connection, short_id, Visibility.PRIVATE, at=NOW)
            claims_rows.change_link(
                connection,
                short_id,
                link_sha256=token_sha256(claim_token(instance, short_id, serial=1)),
                link_serial=1,
                expires_at=NOW + CLAIM_DAYS,
                at=NOW,
            )
        outbox_rows.cancel(connection, reason="test")
    return badges


def queue(
    instance: Instance,
    badges: Sequence[str],
    *,
    kind: MailKind = MailKind.CLAIM,
    state: MailState = MailState.QUEUED,
    at: datetime = NOW,
    recipients: Sequence[str] | None = None,
    **facts: Any,
) -> list[str]:
    """One mail for each of these badges. Returns the mails' ids."""
    to = recipients or [address(number) for number in range(len(badges))]
    mails = [
        NewMail(kind=kind, recipient=recipient, short_id=short_id, state=state, made_at=at, **facts)
        for short_id, recipient in zip(badges, to, strict=True)
    ]
    with instance.store.writing() as connection:
        insert_mails(connection, mails)
    return [mail.mail_id for mail in mails]


def settings_for(port: int, **changed: Any) -> MailSettings:
    members = {"host": "127.0.0.1", "port": port, "security": Security.NONE, "sender": "badges@kura.example"}
    return MailSettings(**(members | changed))


def use_server(instance: Instance, port: int, **changed: Any) -> None:
    choose(instance, mail=settings_for(port, **changed))


def choose(instance: Instance, **changed: Any) -> Choices:
    with instance.store.writing() as connection:
        return save_choices(instance, connection, replace(load_choices(connection), **changed), actor="test", now=NOW)


def send(instance: Instance, port: int, *, clock: Clock, limit: int = 1000, timeout: float = PATIENCE) -> Sent:
    """One run of a worker."""
    with SmtpTransport(settings=settings_for(port), hello="kura.example", timeout=timeout) as transport:
        return send_due(instance, transport=transport, link_base=BASE_URL, clock=clock, limit=limit)


def states(instance: Instance) -> dict[str, int]:
    with instance.store.reading() as connection:
        counted = outbox_rows.count_mails(connection)
    return {state.value: count for state, count in counted.items() if count and state is not MailState.CANCELLED}


def mail_of(instance: Instance, mail_id: str) -> outbox_rows.StoredMail:
    with instance.store.reading() as connection:
        found = outbox_rows.load_mail(connection, mail_id)
    assert found is not None
    return found
