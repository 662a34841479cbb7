"""Hand-over slips: the claim links of learners without an e-mail of their own; drawn elsewhere, never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from issuer import audit
from issuer.instance import Instance
from issuer.learner.claims import claim_token
from issuer.store import batch_work, claims_rows
from issuer.store.claims_rows import Delivery
from issuer.store.credentials import State, load_credential

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One learner's. `repr` shows the badge's id alone."""

    short_id: str
    line: int | None
    name: str
    nzqa_ref: str
    achieved_on: date
    token: str = field(repr=False)
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Slip(short_id={self.short_id!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipSheet:
    """Slips to print, in the order of the class list; and the badges whose links have run out, by their ids."""

    slips: tuple[Slip, ...]
    expired: tuple[str, ...]
    claimed: int


def print_slips(instance: Instance, batch_id: str, *, now: datetime, actor: str) -> SlipSheet:
    """The links nobody has used yet of badges that stand; that somebody took them is written down."""
    slips: list[Slip] = []
    expired: list[str] = []
    claimed = 0
    with instance.store.writing() as connection:
        rows = batch_work.issued_rows(connection, batch_id)
        claims: dict[str, claims_rows.StoredClaim] = {}
        for start in range(0, len(rows), _AT_ONCE):
            claims |= claims_rows.load_claims(connection, [row.short_id for row in rows[start : start + _AT_ONCE]])
        for row in rows:
            claim, held = claims.get(row.short_id), load_credential(connection, row.short_id)
            if claim is None or held is None or claim.delivery is not Delivery.HAND_OVER or held.state == State.REVOKED:
                continue
            if claim.claimed_at is not None:
                claimed += 1
            elif claim.link_expires_at <= now:
                expired.append(row.short_id)
            else:
                slips.append(
                    Slip(
                        short_id=row.short_id,
                        line=row.line,
                        name=row.name or "",
                        nzqa_ref=row.nzqa_ref,
                        achieved_on=held.achieved_on,
                        token=claim_token(instance, row.short_id, serial=claim.link_serial),
                        expires_at=claim.link_expires_at,
                    )
                )
        if slips:
            facts = {"batch": batch_id, "links": len(slips)}
            audit.append(connection, at=now, actor=actor, action=audit.LINKS_PRINTED, facts=facts)
    return SlipSheet(slips=tuple(slips), expired=tuple(expired), claimed=claimed)
