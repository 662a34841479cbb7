"""A test mail, sent at once to whoever asks for it, so that what is wrong with the settings is told there and then."""

from __future__ import annotations

import secrets
from datetime import datetime

from issuer import audit
from issuer.instance import Instance
from issuer.mail.compose import Envelope, Facts, compose
from issuer.mail.sending import end_pause, open_transport
from issuer.mail.transport import Refused, ServerDown, TryLater
from issuer.staff.choices import Choices
from issuer.store.outbox_rows import MailKind
from schemas.errors import InputError

_PATIENCE_SECONDS = 10.0  # somebody waits for the page


def send_test(
    instance: Instance,
    choices: Choices,
    recipient: str,
    *,
    language: str,
    now: datetime,
    actor: str,
    demonstration: bool = False,
) -> str | None:
    """None when the mail server took the mail, else the code of why not. A yes ends a pause of the queue.

    Raises InputError when there is no mail server.
    """
    if choices.mail is None:
        raise InputError("There is no mail server yet.")
    facts = Facts(kind=MailKind.TEST, provider=instance.config.name, language=language, demonstration=demonstration)
    envelope = Envelope(
        settings=choices.mail,
        recipient=recipient,
        mail_id=secrets.token_hex(16),
        base_url=instance.config.base_url,
        provider=instance.config.name,
        reply_to=choices.contact_email,
        at=now,
    )
    message = compose(facts, envelope)
    transport = open_transport(instance, choices.mail)
    transport.timeout = _PATIENCE_SECONDS
    code = None
    try:
        with transport:
            transport.send(message)
    except (Refused, TryLater, ServerDown) as fault:
        code = fault.code
    with instance.store.writing() as connection:
        if code is None:
            end_pause(connection, now=now)
        audit.append(connection, at=now, actor=actor, action=audit.MAIL_TEST, facts={"outcome": code or "sent"})
    return code
