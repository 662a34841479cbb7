"""Which provider a DID and a key stood for when something was signed; the register's word, never a website's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from keys.did import canonical_id
from schemas.nzqcf import nz_date, start_of_nz_day
from verifier.register.records import Issuer, KeyPurpose, KeyRow, Provider, Register


class BindingReason(StrEnum):
    BOUND = "bound"
    ISSUER_NOT_BOUND = "issuer-not-bound"
    KEY_NOT_BOUND = "key-not-bound"
    KEY_COMPROMISED = "key-compromised"


_OUTCOMES = {
    BindingReason.BOUND: "passed",
    BindingReason.ISSUER_NOT_BOUND: "failed",
    BindingReason.KEY_NOT_BOUND: "unknown",
    BindingReason.KEY_COMPROMISED: "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What the register says of a DID, and of one of its keys, at the moment of signing.

    `key_multibase` is set exactly when the register binds the method on the signing day: then the proof must verify
    with that key and no other. `compromised_from` is set whenever the method's key was ever reported stolen; signed
    before it, `reason` may still be `bound`, and only an anchor can show that it really was before.
    """

    reason: BindingReason
    did: str
    method: str | None
    signed_on: date
    moe_number: str | None = None
    provider: Provider | None = None
    issuer: Issuer | None = None
    key: KeyRow | None = None
    compromised_from: datetime | None = None

    @property
    def outcome(self) -> str:
        """`passed`, `failed` or `unknown`, as the check `register.issuer` words it."""
        return _OUTCOMES[self.reason]

    @property
    def key_multibase(self) -> str | None:
        return None if self.key is None else self.key.public_key_multibase

    def __bool__(self) -> bool:
        return self.reason is BindingReason.BOUND


def bind(
    register: Register,
    *,
    did: str,
    method: str | None,
    signed_at: datetime,
    purpose: KeyPurpose = KeyPurpose.CREDENTIAL,
) -> Binding:
    """Contract, "Binding the issuer". `method` None asks about the DID alone. `signed_at` is aware."""
    signed_on = day_of(signed_at)
    issuer = _issuer_on(register, did, signed_on)
    rows = () if method is None else register.keys_by_method.get(canonical_id(method), ())
    rows = tuple(row for row in rows if canonical_id(row.did) == canonical_id(did))
    key = next((row for row in rows if row.purpose is purpose and _covers(row, signed_on)), None)
    compromised_from = _compromised_from(register, rows if key is None else (key,))
    if compromised_from is not None and signed_at >= compromised_from:
        reason = BindingReason.KEY_COMPROMISED
    elif issuer is None:
        reason = BindingReason.ISSUER_NOT_BOUND
    elif method is not None and key is None:
        reason = BindingReason.KEY_NOT_BOUND
    else:
        reason = BindingReason.BOUND
    return Binding(
        reason=reason,
        did=did,
        method=method,
        signed_on=signed_on,
        moe_number=None if issuer is None else issuer.moe_number,
        provider=None if issuer is None else register.provider_named(issuer.moe_number, signed_on),
        issuer=issuer,
        key=key,
        compromised_from=compromised_from,
    )


def day_of(instant: datetime) -> date:
    """The day in New Zealand; an instant at the very edge of the calendar keeps its own date."""
    try:
        return nz_date(instant)
    except OverflowError:
        return instant.date()


def end_of_day(day: date) -> datetime:
    """The last instant of a day in New Zealand: what a signing *day* means when a key was stolen during it."""
    try:
        return start_of_nz_day(day + timedelta(days=1)) - timedelta(microseconds=1)
    except OverflowError:
        return start_of_nz_day(day)


def _issuer_on(register: Register, did: str, day: date) -> Issuer | None:
    for row in register.issuers_by_did.get(canonical_id(did), ()):
        if row.from_day <= day and (row.to_day is None or day <= row.to_day):
            return row
    return None


def _covers(row: KeyRow, day: date) -> bool:
    return row.from_day <= day and (row.to_day is None or day <= row.to_day)


def _compromised_from(register: Register, rows: tuple[KeyRow, ...]) -> datetime | None:
    stolen = register.compromised_keys
    moments = [stolen[row.public_key_multibase] for row in rows if row.public_key_multibase in stolen]
    return min(moments, default=None)
