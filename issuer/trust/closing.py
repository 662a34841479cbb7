"""An instance that ends: its last status lists are signed without an end, and from then on nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from issuer import audit
from issuer.instance import Instance
from issuer.status import sign_list, strictly_after
from issuer.store import endings
from issuer.store import lists as list_store
from schemas.errors import IssuingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """When the instance closed, with how many final lists."""

    at: datetime
    lists: int
    already: bool


def close_instance(instance: Instance, *, confirm: str, now: datetime, actor: str) -> Closed:
    """Close for good, in one transaction: every status list signed as the final one, and issuing refused.

    Withdrawals that are due must be made before. Twice is once. Raises IssuingError when `confirm` is not the
    provider's name.
    """
    if " ".join(confirm.split()) != instance.config.name:
        raise IssuingError(
            f"To close for good, give the provider's name as it is: --confirm “{instance.config.name}”. Nothing was "
            "changed."
        )
    with instance.store.writing() as connection:
        endings.lock_owner(connection)
        held = list_store.load_lists(connection)
        closed_at = endings.load_closed_at(connection)
        if closed_at is not None:
            return Closed(at=closed_at, lists=len(held), already=True)
        for status_list in held:
            kept = list_store.load_signed_list(connection, status_list.number)
            valid_from = strictly_after(kept.valid_from if kept else None, now=now)
            signed = sign_list(instance, connection, status_list, valid_from=valid_from, final=True)
            list_store.keep_signed_list(connection, signed)
        endings.mark_closed(connection, at=now)
        facts = {"lists": [status_list.number for status_list in held]}
        audit.append(connection, at=now, actor=actor, action=audit.CLOSE, facts=facts)
    return Closed(at=now, lists=len(held), already=False)
