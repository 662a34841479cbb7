"""A mail that tells a learner what was done to their badge; only where there is an address that is theirs alone."""

from __future__ import annotations

from datetime import datetime

from issuer import audit
from issuer.instance import Instance
from issuer.store import claims_rows, outbox_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import Delivery
from issuer.store.outbox_rows import MailKind, MailState, NewMail, insert_mails


def tell_learner(instance: Instance, short_id: str, kind: MailKind, *, now: datetime, actor: str) -> bool:
    """Queue the mail, with its audit entry. False where nobody can be written to; one that waits is not doubled."""
    with instance.store.writing() as connection:
        claim = claims_rows.load_claim(connection, short_id, for_update=True)
        learner = credential_store.load_learner(connection, short_id)
        if claim is None or claim.delivery is not Delivery.MAIL or learner is None or learner.email is None:
            return False
        waiting = outbox_rows.list_mails(connection, states=(MailState.HELD, MailState.QUEUED), short_id=short_id)
        if any(mail.kind is kind for mail in waiting):
            return False
        mail = NewMail(
            kind=kind,
            recipient=learner.email,
            short_id=short_id,
            language=learner.language,
            state=MailState.QUEUED,
            made_at=now,
        )
        insert_mails(connection, [mail])
        facts = {"credential": short_id, "mail": mail.mail_id, "kind": kind.value}
        audit.append(connection, at=now, actor=actor, action=audit.LEARNER_TOLD, facts=facts)
    return True
