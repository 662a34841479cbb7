"""A learner's request settled by staff, once: what came of it as a code, with its audit entry; signs nothing itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from issuer import audit
from issuer.instance import Instance
from issuer.store import claims_rows


class Outcome(StrEnum):
    """What came of a request."""

    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    SETTLED = "settled"  # in another way: a talk, a new link, another class list


def settle(instance: Instance, request_id: str, *, outcome: Outcome, now: datetime, actor: str) -> bool:
    """True the first time; a request that is settled, or is none, stays as it is."""
    with instance.store.writing() as connection:
        if not claims_rows.settle_request(connection, request_id, outcome=outcome, by=actor, at=now):
            return False
        facts = {"request": request_id, "outcome": outcome.value}
        audit.append(connection, at=now, actor=actor, action=audit.REQUEST_SETTLED, facts=facts)
    return True
