"""Which statement of the pinned authority a badge carries, proved; a stranger's endorsement never counts as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from keys.suites import suite_of
from schemas import vocabulary as v
from schemas.credential import as_list
from schemas.errors import (
    BadgeError,
    DroppedTerm,
    InputError,
    NotAuthorised,
    ProofInvalid,
    ProofUnsupported,
    SchemaInvalid,
)
from schemas.jsontext import JsonObject, JsonValue
from schemas.limits import MAX_ENDORSEMENTS
from schemas.loader import CURRENT
from schemas.lossless import find_losses
from schemas.times import parse_time
from schemas.validate import validate_endorsement
from verifier.documents import disguises_in, unsigned
from verifier.proofs import same_id
from verifier.register.anchor import Anchor, AnchorKey
from verifier.register.binding import day_of
from verifier.signatures import texts_that_verify
from verifier.staple import Staple, read_staple


@dataclass(frozen=True, slots=True, kw_only=True)
class Stapled:
    """What was found in a badge: a statement that speaks for this very award, or why those there are do not."""

    staple: Staple | None = None
    doubt: str | None = None


def find_staple(
    endorsements: Iterable[JsonValue], *, anchor: Anchor, issuer: str, references: tuple[str, ...], on: date | None
) -> Stapled:
    """The statement about this issuer, this reference and this award day; only statements of `anchor` are looked at."""
    doubt: str | None = None
    for endorsement in _claimed(endorsements, anchor):
        try:
            staple = believe(endorsement, anchor=anchor)
        except BadgeError as error:
            doubt = doubt or f"the one it carries is not genuine or cannot be read ({error.detail.rstrip('.')})"
            continue
        fault = misfit(staple, issuer=issuer, references=references, on=on)
        if fault is None:
            return Stapled(staple=staple)
        doubt = fault
    return Stapled(doubt=doubt)


def misfit(staple: Staple, *, issuer: str, references: tuple[str, ...], on: date | None) -> str | None:
    """Why a statement, however genuine, says nothing about this award; None when it does."""
    if not same_id(staple.did, issuer):
        return "the one it carries is about another issuer"
    if references != (staple.ref,):
        return "the one it carries is about another micro-credential"
    if on is None or not staple.covers(on):
        return "the one it carries does not speak for the award day"
    return None


def believe(endorsement: JsonObject, *, anchor: Anchor) -> Staple:
    """The statement in an endorsement, signed by a pinned key within its window.

    Raises BadgeError: for another's key NotAuthorised, for an edited one ProofInvalid, for what it says InputError.
    """
    # 1. Written so that reading its JSON is reading what was signed. Strict: it is the authority's own form.
    faults = disguises_in(endorsement) or validate_endorsement(endorsement)
    if faults:
        raise SchemaInvalid(str(faults[0]), faults=faults)
    # 2. One proof, by a pinned key, made for this purpose on a day on which the key may sign.
    proof = _only_proof(endorsement)
    key = _pinned_key(proof, anchor)
    issuer = endorsement["issuer"]
    named = issuer.get("id") if isinstance(issuer, dict) else None
    if not (same_id(named, anchor.did) or same_id(named, key.id.partition("#")[0])):
        raise NotAuthorised("It names another issuer than the pinned authority.")
    # 3. The signature, over all of it.
    texts = texts_that_verify(endorsement, proof, key.public_key, suite=v.EDDSA_RDFC_2022)
    if texts == CURRENT.name and (losses := find_losses(unsigned(endorsement))):
        raise DroppedTerm(str(losses[0]), losses=[str(loss) for loss in losses])
    # 4. Only then what it says.
    return replace(read_staple(endorsement), authority_name=anchor.name)


def _claimed(endorsements: Iterable[JsonValue], anchor: Anchor) -> Iterator[JsonObject]:
    """The endorsements that claim to be signed with a pinned key: the others need not cost anything."""
    methods = {key.id for key in anchor.keys}
    for one in list(endorsements)[:MAX_ENDORSEMENTS]:
        proofs = as_list(one.get("proof")) if isinstance(one, dict) else []
        if any(isinstance(proof, dict) and proof.get("verificationMethod") in methods for proof in proofs):
            yield one


def _only_proof(endorsement: JsonObject) -> JsonObject:
    proofs: list[Any] = as_list(endorsement.get("proof"))
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise ProofInvalid("It carries no proof, or more than one.")
    proof: JsonObject = proofs[0]
    if suite_of(proof).name != v.EDDSA_RDFC_2022:
        raise ProofUnsupported(f"A statement of an authority is signed with {v.EDDSA_RDFC_2022} only.")
    if proof.get("proofPurpose") != v.ASSERTION_METHOD:
        raise ProofInvalid(f"Its proof was not made for {v.ASSERTION_METHOD}.")
    if "expires" in proof:
        raise InputError("its proof has an end, which this program does not weigh")
    return proof


def _pinned_key(proof: JsonObject, anchor: Anchor) -> AnchorKey:
    key = anchor.key(str(proof.get("verificationMethod")))
    if key is None:
        raise NotAuthorised("It is signed with a key that is not pinned.")
    if not key.covers(day_of(parse_time(proof.get("created")))):
        raise NotAuthorised("It is signed outside the window of its key.")
    return key
