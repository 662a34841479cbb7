"""Putting a badge on hold and taking it off again: a bit that is set and cleared, each time as an act in the log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Instance
from issuer.status import load_held, refuse_closed
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store.credentials import State, StoredCredential
from issuer.store.lists import Slot
from schemas.errors import IssuingError
from schemas.nzqcf import format_nz_date, nz_date


class SuspensionReason(StrEnum):
    """Why a badge was put on hold: a code for staff. It is never published."""

    UNSPECIFIED = "unspecified"
    UNDER_REVIEW = "under-review"
    LEARNER_REQUEST = "learner-request"


class ReinstatementReason(StrEnum):
    """Why it was taken off hold again: a code for staff."""

    UNSPECIFIED = "unspecified"
    SETTLED = "settled"
    SUSPENDED_IN_ERROR = "suspended-in-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A badge that was put on hold, or reinstated, and whether it had been before."""

    short_id: str
    at: datetime
    already: bool


def suspend(
    instance: Instance,
    short_id: str,
    *,
    reason: SuspensionReason = SuspensionReason.UNSPECIFIED,
    now: datetime,
    actor: str,
) -> Suspended:
    """Put a badge on hold, in one transaction with its audit entry. Twice is once.

    Raises IssuingError when there is no such badge, it is withdrawn, or it was signed without the entry for it.
    """
    with instance.store.writing() as connection:
        refuse_closed(connection)
        held = load_held(connection, short_id)
        _refuse_revoked(held, done="put on hold")
        if held.state is State.SUSPENDED:
            return Suspended(short_id=short_id, at=held.suspended_at or now, already=True)
        slot = _slot_of_suspension(instance, connection, short_id)
        list_store.set_bits(connection, [slot], at=now)
        credential_store.mark_suspended(connection, short_id, at=now)
        facts = {"credential": short_id, "list": slot.list_number, "index": slot.list_index, "reason": reason}
        audit.append(connection, at=now, actor=actor, action=audit.SUSPEND, facts=facts)
    return Suspended(short_id=short_id, at=now, already=False)


def reinstate(
    instance: Instance,
    short_id: str,
    *,
    reason: ReinstatementReason = ReinstatementReason.UNSPECIFIED,
    now: datetime,
    actor: str,
) -> Suspended:
    """Take a badge off hold, in one transaction with its audit entry. A badge that is not on hold stays as it is.

    Raises IssuingError when there is no such badge, or it is withdrawn: that is for good.
    """
    with instance.store.writing() as connection:
        refuse_closed(connection)
        held = load_held(connection, short_id)
        _refuse_revoked(held, done="reinstated")
        if held.state is not State.SUSPENDED:
            return Suspended(short_id=short_id, at=now, already=True)
        slot = _slot_of_suspension(instance, connection, short_id)
        list_store.clear_bit(connection, slot)
        credential_store.mark_reinstated(connection, short_id)
        facts = {"credential": short_id, "list": slot.list_number, "index": slot.list_index, "reason": reason}
        audit.append(connection, at=now, actor=actor, action=audit.REINSTATE, facts=facts)
    return Suspended(short_id=short_id, at=now, already=False)


def set_suspension(instance: Instance, *, on: bool, now: datetime, actor: str) -> bool:
    """Whether badges signed from now on can be put on hold. Returns whether the setting changed; no badge does."""
    if instance.config.suspension == on:
        return False
    with instance.store.writing() as connection:
        refuse_closed(connection)
        instance.save_config(replace(instance.config, suspension=on))
        audit.append(connection, at=now, actor=actor, action=audit.SUSPENSION_SETTING, facts={"on": on})
    return True


def _refuse_revoked(held: StoredCredential, *, done: str) -> None:
    if held.state is State.REVOKED:
        when = f" on {format_nz_date(nz_date(held.revoked_at))}" if held.revoked_at else ""
        raise IssuingError(
            f"Badge {held.short_id} was withdrawn{when}, and that is for good: it cannot be {done}.",
            reason="withdrawn",
        )


def _slot_of_suspension(instance: Instance, connection: Connection, short_id: str) -> Slot:
    document = credential_store.load_document(connection, short_id)
    slot = None if document is None else document.suspension_slot
    if slot is not None:
        return slot
    first = "" if instance.config.suspension else "badge-issuer suspension on, then "
    raise IssuingError(
        f"Badge {short_id} was signed without the entry that lets it be put on hold. To give it one: {first}"
        f"badge-issuer correct {short_id}, which signs it anew. Or withdraw it for good: badge-issuer revoke.",
        reason="no-suspension-entry",
    )
