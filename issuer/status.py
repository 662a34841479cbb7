"""Withdrawing badges, and the status lists that say so: bits are rows, a list is built from them and signed."""

from __future__ import annotations

import hashlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Instance
from issuer.store import credentials as credential_store
from issuer.store import endings
from issuer.store import lists as list_store
from issuer.store.credentials import State, StoredCredential
from issuer.store.lists import Places, SignedList, Slot, StatusList
from issuer.suites import suite_of
from keys.signing import add_proof
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject, write_json
from schemas.nzqcf import format_nz_date, nz_date
from schemas.statuslist import encode, status_list_document
from schemas.vocabulary import FINAL_LIST_NAME, SUSPENSION

LIST_VALID_FOR = timedelta(days=30)
LIST_SIGNED_AGAIN_AFTER = timedelta(days=1)
LISTS_AT_ONCE = 20  # signed in one transaction: some 50 ms for whoever waits to write
LIST_TTL_MS = 3_600_000  # an hour: how long a verifier may keep a copy (Bitstring Status List 1.0, 2.2, milliseconds)


class RevocationReason(StrEnum):
    """Why a badge was withdrawn: a code for staff. It is never published, and never a story."""

    UNSPECIFIED = "unspecified"
    ISSUED_IN_ERROR = "issued-in-error"
    DUPLICATE = "duplicate"
    REQUIREMENTS_NOT_MET = "requirements-not-met"
    WRONG_PERSON = "wrong-person"
    LEARNER_REQUEST = "learner-request"
    KEY_COMPROMISED = "key-compromised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A badge that was withdrawn, and whether it had been before."""

    short_id: str
    at: datetime
    already: bool


def revoke(
    instance: Instance,
    short_id: str,
    *,
    reason: RevocationReason = RevocationReason.UNSPECIFIED,
    now: datetime,
    actor: str,
) -> Withdrawn:
    """Withdraw a badge for good, in one transaction with its audit entry. Twice is once.

    Raises IssuingError when there is no such badge.
    """
    with instance.store.writing() as connection:
        refuse_closed(connection)
        held = load_held(connection, short_id)
        if held.state is State.REVOKED:
            return Withdrawn(short_id=short_id, at=held.revoked_at or now, already=True)
        slot = slot_in_force(connection, short_id)
        list_store.set_bits(connection, [slot], at=now)
        credential_store.mark_revoked(connection, short_id, at=now, reason=reason)
        facts = {
            "credential": short_id,
            "list": slot.list_number,
            "index": slot.list_index,
            "reason": reason,
        }
        audit.append(connection, at=now, actor=actor, action=audit.REVOKE, facts=facts)
    return Withdrawn(short_id=short_id, at=now, already=False)


def refuse_closed(connection: Connection) -> None:
    """Raises IssuingError when the instance has closed; it does not close before this transaction ends."""
    closed_at = endings.load_closed_at(connection, for_writing=True)
    if closed_at is not None:
        raise IssuingError(
            f"This instance closed on {format_nz_date(nz_date(closed_at))}: its status lists are final, so nothing is "
            "issued, corrected or withdrawn any more. Publishing, exporting and archiving still work.",
            reason="closed",
        )


def load_held(connection: Connection, short_id: str) -> StoredCredential:
    """The badge, kept from changing until the transaction ends. Raises IssuingError when there is none."""
    held = credential_store.load_credential(connection, short_id, for_update=True)
    if held is None:
        raise IssuingError(f"This instance has issued no badge {short_id}.", reason="unknown-credential")
    return held


def slot_in_force(connection: Connection, short_id: str) -> Slot:
    """Where the newest version of a badge stands in the status lists."""
    document = credential_store.load_document(connection, short_id)
    if document is None:
        raise IssuingError(f"The signed document of badge {short_id} is missing; restore the database from a backup.")
    return Slot(list_number=document.list_number, list_index=document.list_index)


def reserve_places(
    instance: Instance, connection: Connection, count: int, *, at: datetime, can_be_held: bool = False
) -> tuple[Places, ...]:
    """New places for so many badges: in a list of suspension too, where the instance's setting or the caller says."""
    store = instance.store
    revocation = list_store.reserve(store, connection, count, at=at)
    if not (instance.config.suspension or can_be_held):
        return tuple(Places(revocation=slot) for slot in revocation)
    suspension = list_store.reserve(store, connection, count, at=at, purpose=SUSPENSION)
    return tuple(
        Places(revocation=first, suspension=second) for first, second in zip(revocation, suspension, strict=True)
    )


def signed_lists(instance: Instance, *, now: datetime) -> tuple[SignedList, ...]:
    """Every status list, signed: as kept when nothing changed and it is fresh, else signed anew and kept."""
    refresh_lists(instance, now=now)
    with instance.store.reading() as connection:
        return tuple(list_store.load_signed_lists(connection))


def refresh_lists(instance: Instance, *, now: datetime) -> int:
    """Sign every list that changed, grew old or is by another key. Returns how many there were to look at.

    Which they are is asked without reading one; those alone are read, in transactions of a few lists each.
    """
    method = instance.method_of(instance.config.status_key)
    signed_before = (now - LIST_SIGNED_AGAIN_AFTER).replace(microsecond=0)
    with instance.store.reading() as connection:
        stale = list_store.find_stale(connection, method=method, signed_before=signed_before)
    for start in range(0, len(stale), LISTS_AT_ONCE):
        with instance.store.writing() as connection:
            endings.load_closed_at(connection, for_writing=True)  # so that no list of before overwrites a final one
            for status_list in list_store.load_some_lists(connection, stale[start : start + LISTS_AT_ONCE]):
                _refresh(instance, connection, status_list, method=method, now=now)
    return len(stale)


def sign_lists(
    instance: Instance, connection: Connection, numbers: AbstractSet[int], *, valid_from: datetime
) -> list[SignedList]:
    """The lists of these numbers as `sign_list` signs them, for a self-check."""
    return [
        sign_list(instance, connection, status_list, valid_from=valid_from)
        for status_list in list_store.load_lists(connection)
        if status_list.number in numbers
    ]


def sign_list(
    instance: Instance, connection: Connection, status_list: StatusList, *, valid_from: datetime, final: bool = False
) -> SignedList:
    """The list as its rows are in this transaction, signed with the status key; it is not kept.

    A `final` one never expires and says so, in a credential's own `name` and `description` (VCDM 2.0, 4.6).
    """
    changes = list_store.load_changes(connection, status_list.number)  # before the bits
    bits = list_store.load_bits(connection, status_list.number)
    encoded = encode(bits, length=status_list.length)
    valid_until = None if final else valid_from + LIST_VALID_FOR
    unsigned: JsonObject = status_list_document(
        id=instance.list_url(status_list.number),
        issuer=instance.config.did,
        purpose=status_list.purpose,
        encoded=encoded,
        valid_from=valid_from,
        valid_until=valid_until,
        ttl_ms=None if final else LIST_TTL_MS,
    )
    if final:
        unsigned |= {"name": FINAL_LIST_NAME, "description": _final_description(instance, valid_from)}
    signer = instance.status_signer()
    method = instance.method_of(instance.config.status_key)
    signed = add_proof(
        unsigned,
        signer=signer,
        cryptosuite=suite_of(signer),
        verification_method=method,
        created=valid_from,
    )
    return SignedList(
        number=status_list.number,
        bits_sha256=_digest(encoded),
        document=write_json(signed),
        valid_from=valid_from,
        valid_until=valid_until,
        method=method,
        changes=changes,
    )


def _refresh(
    instance: Instance, connection: Connection, status_list: StatusList, *, method: str, now: datetime
) -> None:
    kept = list_store.load_signed_list(connection, status_list.number, for_update=True)
    if kept is not None and kept.is_final:
        return
    # A list outlives neither a rotation nor a theft of the key that signed it.
    if kept is not None and kept.method == method and now - kept.valid_from < LIST_SIGNED_AGAIN_AFTER:
        changes = list_store.load_changes(connection, status_list.number)
        if kept.changes == changes:
            return  # another process was first
        bits = list_store.load_bits(connection, status_list.number)
        if _digest(encode(bits, length=status_list.length)) == kept.bits_sha256:
            list_store.keep_changes(connection, status_list.number, changes)
            return
    valid_from = strictly_after(kept.valid_from if kept else None, now=now)
    signed = sign_list(instance, connection, status_list, valid_from=valid_from)
    list_store.keep_signed_list(connection, signed)


def _final_description(instance: Instance, at: datetime) -> str:
    day = format_nz_date(nz_date(at))
    return (
        f"Final list: {instance.config.name} closed on {day}. It withdraws nothing and issues nothing any more, so "
        "this list does not expire and no later one follows."
    )


def strictly_after(previous: datetime | None, *, now: datetime) -> datetime:
    """`now` to the second, or a second after `previous` when that is later: newer must look newer."""
    moment = now.replace(microsecond=0)
    return moment if previous is None else max(moment, previous + timedelta(seconds=1))


def _digest(encoded: str) -> str:
    return hashlib.sha256(encoded.encode("ascii")).hexdigest()
