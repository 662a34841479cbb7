"""Mail to those who may approve, when a class list waits for them; it names no learner, and does not wait itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer.staff.accounts import Role
from issuer.staff.choices import load_choices
from issuer.store import account_rows
from issuer.store.outbox_rows import MailKind, MailState, NewMail, insert_mails


def tell_approvers(connection: Connection, batch_id: str, *, but: Collection[str], now: datetime) -> int:
    """Queue one mail each, in the caller's transaction; nobody who is among the actors `but`. Returns how many.

    Without a mail server none is written: it would come days later, when the list is long approved.
    """
    if load_choices(connection).mail is None:
        return 0
    mails = [
        NewMail(
            kind=MailKind.APPROVAL,
            recipient=person.email,
            short_id=None,
            batch_id=batch_id,
            state=MailState.QUEUED,
            made_at=now,
        )
        for person in account_rows.list_accounts(connection)
        if Role.APPROVE in person.roles.split(",")
        and person.disabled_at is None
        and f"user:{person.account_id}" not in but
    ]
    insert_mails(connection, mails)
    return len(mails)
