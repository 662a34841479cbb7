"""Withdrawing a whole batch: its mails first, then its badges by the chunk; killed anywhere, it is run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Instance
from issuer.running import Step
from issuer.status import RevocationReason, refuse_closed
from issuer.store import batches as batch_store
from issuer.store import lists as list_store
from issuer.store import withdrawals
from schemas.errors import IssuingError

CHUNK_BADGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnBatch:
    """How many badges this run withdrew, how many had been before, and how many mails it cancelled."""

    count: int
    already: int
    mails_cancelled: int


def withdraw_batch(
    instance: Instance,
    batch_id: str,
    *,
    reason: RevocationReason,
    now: datetime,
    actor: str,
    chunk_badges: int = CHUNK_BADGES,
    on_progress: Callable[[int], None] = lambda _done: None,
    on_step: Step = lambda _name: None,
) -> WithdrawnBatch:
    """Withdraw every badge of the batch for good, each chunk in one transaction with its audit entry. Twice is once.

    Raises IssuingError when there is no such batch, or a worker is issuing it at this moment.
    """
    # 1. The mails: none may tell a learner of a badge that is being withdrawn.
    with instance.store.writing() as connection:
        refuse_closed(connection)
        _refuse_unready(connection, batch_id, now=now)
        mails = withdrawals.cancel_mails(connection, batch_id)
        already = withdrawals.count_withdrawn(connection, batch_id)
    on_step("mails")
    # 2. The badges.
    count = 0
    while withdrew := _withdraw_chunk(instance, batch_id, reason, now=now, actor=actor, limit=chunk_badges):
        count += withdrew
        on_progress(count)
        on_step("chunk")
    # 3. The batch itself, and what was put into the outbox meanwhile.
    with instance.store.writing() as connection:
        mails += withdrawals.cancel_mails(connection, batch_id)
        withdrawals.mark_withdrawn(connection, batch_id, at=now)
        if count or mails:
            facts = {"batch": batch_id, "badges": count, "mails": mails, "reason": reason}
            audit.append(connection, at=now, actor=actor, action=audit.BATCH_WITHDRAWN, facts=facts)
    return WithdrawnBatch(count=count, already=already, mails_cancelled=mails)


def _refuse_unready(connection: Connection, batch_id: str, *, now: datetime) -> None:
    if batch_store.load_batch(connection, batch_id) is None:
        raise IssuingError(f"This instance has no batch {batch_id[:80]}.", reason="unknown-batch")
    lease = withdrawals.lease_end(connection, batch_id)
    if lease is not None and lease > now:
        raise IssuingError(
            f"Batch {batch_id} is being issued at this moment; stop it or wait for its end. Nothing was withdrawn.",
            reason="batch-running",
        )


def _withdraw_chunk(
    instance: Instance, batch_id: str, reason: RevocationReason, *, now: datetime, actor: str, limit: int
) -> int:
    """One transaction: bits, states and the log, all of them or none. Returns how many badges it withdrew."""
    with instance.store.writing() as connection:
        refuse_closed(connection)
        standing = withdrawals.standing_badges(connection, batch_id, limit=limit)
        if not standing:
            return 0
        list_store.set_bits(connection, standing.values(), at=now)
        withdrawals.mark_all_revoked(connection, list(standing), at=now, reason=reason)
        facts = {
            "batch": batch_id,
            "reason": reason,
            "credentials": sorted(standing),
            "bits": sorted([slot.list_number, slot.list_index] for slot in standing.values()),
        }
        audit.append(connection, at=now, actor=actor, action=audit.WITHDRAW_BATCH, facts=facts)
    return len(standing)
