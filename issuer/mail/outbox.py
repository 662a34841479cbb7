"""The outbox as staff and the issuing of badges use it: hold, release, cancel, remind, take bounces; sends nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from issuer import audit
from issuer.instance import Instance
from issuer.staff.choices import load_choices
from issuer.store import outbox_rows
from issuer.store.outbox_rows import MailKind, MailState, NewMail, insert_mails, reminder_id
from schemas.errors import InputError

__all__ = [
    "MailKind",
    "MailState",
    "NewMail",
    "cancel_mails",
    "erase_addresses",
    "hold_mails",
    "insert_mails",
    "queue_reminders",
    "record_bounces",
    "release_mails",
]

BOUNCED: Final = "bounced"  # why a mail that was sent counts as refused after all
_KEPT_FOR: Final = timedelta(days=30)  # addresses of mail that ended; the learner's own row keeps theirs
_BOUNCES_FOR: Final = timedelta(days=60)
_MOST_ADDRESSES: Final = 2_000
_MAX_PASTE_CHARS: Final = 1_000_000
_REMINDERS_AT_ONCE: Final = 500
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"'=]{1,64}@[^\s@<>()\[\],;:\\\"'=/]+\.[^\s@<>()\[\],;:\\\"'=/.]+")
WORKER: Final = "worker"  # the actor of what happens by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounces:
    """What a paste of addresses did. `repr` shows counts alone."""

    mails: int
    addresses: int
    unknown: tuple[str, ...]  # nothing was sent there lately

    def __repr__(self) -> str:
        return f"Bounces(mails={self.mails}, addresses={self.addresses}, unknown={len(self.unknown)})"


def release_mails(
    instance: Instance,
    *,
    now: datetime,
    actor: str,
    batch_id: str | None = None,
    mail_ids: Sequence[str] | None = None,
) -> int:
    """Held mail of a batch, or these mails, to be sent. Returns how many; again releases none."""
    with instance.store.writing() as connection:
        count = outbox_rows.release(connection, now=now, batch_id=batch_id, mail_ids=mail_ids)
        if count:
            facts = _facts(count, batch_id, mail_ids)
            audit.append(connection, at=now, actor=actor, action=audit.MAIL_RELEASE, facts=facts)
    return count


def hold_mails(
    instance: Instance,
    *,
    now: datetime,
    actor: str,
    batch_id: str | None = None,
    mail_ids: Sequence[str] | None = None,
) -> int:
    """What waits to be sent waits for a release instead. Returns how many; what is being sent goes out."""
    with instance.store.writing() as connection:
        count = outbox_rows.hold(connection, batch_id=batch_id, mail_ids=mail_ids)
        if count:
            facts = _facts(count, batch_id, mail_ids)
            audit.append(connection, at=now, actor=actor, action=audit.MAIL_HOLD, facts=facts)
    return count


def cancel_mails(
    instance: Instance,
    *,
    now: datetime,
    actor: str,
    batch_id: str | None = None,
    mail_ids: Sequence[str] | None = None,
) -> int:
    """What was not sent never will be. Returns how many; what is being sent goes out."""
    if batch_id is None and mail_ids is None:
        raise InputError("Say which mail is to be cancelled.")
    with instance.store.writing() as connection:
        count = outbox_rows.cancel(connection, reason="by-staff", batch_id=batch_id, mail_ids=mail_ids)
        if count:
            facts = _facts(count, batch_id, mail_ids)
            audit.append(connection, at=now, actor=actor, action=audit.MAIL_CANCEL, facts=facts)
    return count


def queue_reminders(instance: Instance, *, now: datetime, limit: int = _REMINDERS_AT_ONCE) -> int:
    """Remind those who were written to long enough ago and have not taken their badge: each badge once, ever."""
    with instance.store.reading() as connection:
        days = load_choices(connection).reminder_days
        if days == 0:
            return 0
        before = now - timedelta(days=days)
        if not outbox_rows.load_unclaimed(connection, sent_before=before, now=now, limit=1):
            return 0
    with instance.store.writing() as connection:
        found = outbox_rows.load_unclaimed(connection, sent_before=before, now=now, limit=limit)
        insert_mails(
            connection,
            [
                NewMail(
                    mail_id=reminder_id(each.short_id),
                    kind=MailKind.REMINDER,
                    recipient=each.email,
                    short_id=each.short_id,
                    batch_id=each.batch_id,
                    language=each.language,
                    state=MailState.QUEUED,
                    made_at=now,
                )
                for each in found
            ],
        )
        if found:
            facts = {"credentials": [each.short_id for each in found]}
            audit.append(connection, at=now, actor=WORKER, action=audit.MAIL_REMINDERS, facts=facts)
    return len(found)


def record_bounces(instance: Instance, pasted: str, *, now: datetime, actor: str) -> Bounces:
    """Mail that came back, by the addresses in whatever was pasted. Raises InputError when there is none in it.

    The last mail about each badge that went there is refused after all, and nobody is reminded there.
    """
    addresses = parse_addresses(pasted)
    with instance.store.writing() as connection:
        marked = outbox_rows.mark_bounced(connection, addresses, sent_after=now - _BOUNCES_FOR, reason=BOUNCED)
        count = sum(marked.values())
        if count:
            facts = {"mails": count, "addresses": len(marked)}
            audit.append(connection, at=now, actor=actor, action=audit.MAIL_BOUNCES, facts=facts)
    unknown = tuple(address for address in addresses if address not in marked)
    return Bounces(mails=count, addresses=len(marked), unknown=unknown)


def parse_addresses(pasted: str) -> tuple[str, ...]:
    """The e-mail addresses in a text, in lower case, each once. Raises InputError."""
    if len(pasted) > _MAX_PASTE_CHARS:
        raise InputError(f"The text has {len(pasted):,} characters; the limit is {_MAX_PASTE_CHARS:,}.")
    found = tuple(dict.fromkeys(match.rstrip(".").lower() for match in _ADDRESS.findall(pasted)))
    if not found:
        raise InputError("There is no e-mail address in this text.")
    if len(found) > _MOST_ADDRESSES:
        raise InputError(f"There are {len(found):,} addresses in this text; the limit is {_MOST_ADDRESSES:,} at once.")
    return found


def erase_addresses(instance: Instance, *, now: datetime) -> int:
    """Forget the addresses of mail that ended thirty days ago. Returns of how many."""
    with instance.store.writing() as connection:
        count = outbox_rows.erase_recipients(connection, ended_before=now - _KEPT_FOR)
        if count:
            facts = {"mails": count}
            audit.append(connection, at=now, actor=WORKER, action=audit.MAIL_ERASED, facts=facts)
    return count


def _facts(count: int, batch_id: str | None, mail_ids: Sequence[str] | None) -> dict[str, object]:
    facts: dict[str, object] = {"mails": count}
    if batch_id is not None:
        facts["batch"] = batch_id
    if mail_ids is not None:
        facts["ids"] = sorted(mail_ids)
    return facts
