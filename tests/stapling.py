"""Statements of the demonstration authority, and badges that carry them, in the simulator's world."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from issuer.authority.endorsing import Desk, bound_issuers, state
from issuer.authority.entitlement import open_stretches
from keys.did import did_key_of
from schemas.jsontext import JsonObject
from tests.simulator import MOE_NUMBER, REF, SIGNED, Simulator, signed_edition, signer
from verifier.register.anchor import Anchor, AnchorKey
from verifier.register.edition import Edition
from verifier.register.records import Register

AS_AT = date(2026, 5, 1)  # the statement is older than the badge that carries it
STATED = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)


def office_key(name: str) -> AnchorKey:
    public_key = signer(name).public_key
    did = did_key_of(public_key)
    return AnchorKey(id=f"{did}#{did.removeprefix('did:key:')}", public_key=public_key, from_day=date(2025, 1, 1))


OFFICE = Anchor(
    name="Demonstration Register Office",
    did=office_key("ed25519 office 1").id.partition("#")[0],
    keys=(office_key("ed25519 office 1"), office_key("ed25519 office 2")),
)
STRANGER = Anchor(name=OFFICE.name, did=office_key("ed25519 stranger").id.partition("#")[0], keys=(office_key("ed25519 stranger"),))  # fmt: skip


def desk(edition: Edition, *, key: str = "ed25519 office 1", created: datetime = STATED, anchor: Anchor = OFFICE) -> Desk:  # fmt: skip
    return Desk(anchor=anchor, edition=edition, method=office_key(key).id, signer=signer(key), created=created)


def statement(
    register: Register, *, ref: str = REF, moe_number: str = MOE_NUMBER, as_at: date = AS_AT, **who: Any
) -> JsonObject:
    """What the authority states from a register as at a day: the last open stretch, for the provider's first DID."""
    edition = signed_edition(register, as_at=as_at)
    stretch = open_stretches(edition, moe_number=moe_number, ref=ref)[-1]
    did, keys = next(iter(bound_issuers(edition, moe_number)))
    return state(stretch, did=did, keys=keys, desk=desk(edition, **who))


def stapled_badge(simulator: Simulator, *statements: JsonObject, created: datetime = SIGNED, **changes: Any) -> JsonObject:  # fmt: skip
    """A good badge that carries the statements; without any, the authority's own."""
    carried = list(statements) or [statement(simulator.register)]
    return simulator.sign(simulator.badge(endorsement=carried, **changes), created=created)
