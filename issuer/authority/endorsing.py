"""The authority's statements for badges to carry: what an edition says of one provider, signed so as to stand alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from issuer.authority.entitlement import Stretch, open_stretches, refs_with_a_right
from issuer.authority.office import method_of, office_anchor, office_keyring, signing_key
from issuer.minting import whole
from keys.did import canonical_id
from keys.signing import Signer, add_proof
from schemas import vocabulary as v
from schemas.errors import IssuingError, RegisterError
from schemas.jsontext import JsonObject
from schemas.limits import MAX_STAPLED_KEYS
from schemas.nzqcf import format_nz_date, level_name, nz_date, start_of_nz_day
from schemas.times import write_time
from verifier.checks.accredited import provider_name
from verifier.register.anchor import Anchor
from verifier.register.binding import end_of_day
from verifier.register.decision import decide
from verifier.register.edition import Edition, parse_edition
from verifier.register.reasons import Reason
from verifier.register.records import Issuer, KeyPurpose, KeyRow, Register
from verifier.register.statement import decision_sentence
from verifier.staple import NAME, OPEN_END, SUBJECT_TYPES, TYPES, VERSION, StapledKey, edition_name
from verifier.stapling import believe

_RIGHTS = {
    Reason.ACCREDITED: "Accreditation",
    Reason.APPROVED_INSTITUTION: "Approval",
    Reason.AWARDED_BY_DEVELOPER: "Awarded by its developer",
    Reason.AWARDED_BY_NZQA: "Awarded by NZQA",
    Reason.ACCREDITED_THROUGH_PREDECESSOR: "Accreditation through a predecessor",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed:
    """The signed statements, and what a person should know of those that were not made."""

    edition: Edition
    provider: str
    endorsements: tuple[JsonObject, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who states, by which edition."""

    anchor: Anchor
    edition: Edition
    method: str
    signer: Signer
    created: datetime


def endorse(
    folder: Path,
    edition_data: bytes,
    *,
    moe_number: str,
    refs: Sequence[str] = (),
    created: datetime,
    key_id: str | None = None,
) -> Endorsed:
    """A statement for every issuer of the provider and every stretch of award days still open in the edition.

    `refs` names the references wanted; then one that cannot be stated is refused. Raises RegisterError,
    IssuingError, and what `parse_edition` raises.
    """
    anchor = office_anchor(folder)
    edition = parse_edition(edition_data, anchor=anchor)
    keyring = office_keyring(folder)
    entry = signing_key(keyring, anchor, key_id, on=nz_date(created))
    desk = Desk(
        anchor=anchor, edition=edition, method=method_of(entry), signer=keyring.signer(entry.id), created=created
    )
    issuers = tuple(bound_issuers(edition, moe_number))
    if not issuers:
        raise RegisterError(f"Edition {edition.number} binds no issuer with a key to provider {moe_number}.")
    wanted = tuple(dict.fromkeys(refs)) or refs_with_a_right(edition.register, moe_number)
    made: list[JsonObject] = []
    notes: list[str] = []
    for ref in wanted:
        stretches = open_stretches(edition, moe_number=moe_number, ref=ref)
        fault = _fault(edition, moe_number, ref, stretches)
        if fault and refs:
            raise RegisterError(fault)
        notes += [fault] if fault else []
        for stretch in () if fault else stretches:
            for did, keys in issuers:
                signed = state(stretch, did=did, keys=keys, desk=desk)
                believe(signed, anchor=anchor)  # what verifiers will do, before they have to
                made.append(signed)
    if not made:
        raise RegisterError(f"Edition {edition.number} gives provider {moe_number} nothing to award.")
    return Endorsed(edition=edition, provider=moe_number, endorsements=tuple(made), notes=tuple(notes))


def bound_issuers(edition: Edition, moe_number: str) -> Iterator[tuple[str, tuple[StapledKey, ...]]]:
    """Each DID that speaks for the provider on the edition's day or later, with the keys that may sign its badges."""
    register = edition.register
    for issuer in register.issuers:
        if issuer.moe_number == moe_number and (issuer.to_day is None or issuer.to_day >= edition.as_at):
            keys = tuple(_bound_keys(register, issuer, edition.as_at))[:MAX_STAPLED_KEYS]
            if keys:
                yield issuer.did, keys


def state(stretch: Stretch, *, did: str, keys: Sequence[StapledKey], desk: Desk) -> JsonObject:
    """One signed statement."""
    return add_proof(
        statement_document(stretch, did=did, keys=keys, desk=desk),
        signer=desk.signer,
        cryptosuite=v.EDDSA_RDFC_2022,  # it must survive inside a badge whose own proof covers it
        verification_method=desk.method,
        created=desk.created,
    )


def statement_document(stretch: Stretch, *, did: str, keys: Sequence[StapledKey], desk: Desk) -> JsonObject:
    """The statement before it is signed. No member repeats one of the badge's issuer word for word.

    In linked data the subject and the badge's issuer are one node: a name that stood on both could be taken from one
    without the badge's own proof noticing.
    """
    listing, provider, edition, anchor = stretch.listing, stretch.provider, desk.edition, desk.anchor
    if listing is None or provider is None or listing.level is None or listing.credits is None:
        raise IssuingError("A statement needs a provider, and a listing with its level and credits.")
    name = provider_name(provider)
    kind = "the demonstration register" if edition.demonstration else "the register"
    source = f"edition {edition.number} of {kind} of {anchor.name}, as at {format_nz_date(edition.as_at)}"
    comment = (
        f"By {source}: {name} (provider {provider.moe_number}) may award “{listing.title}” [Ref: {listing.nzqa_ref}], "
        f"level {listing.level}, {listing.credits:g} credits, on the days from {format_nz_date(stretch.first_day)} to "
        f"{format_nz_date(stretch.last_day)}. This is not a statement of NZQA."
    )
    seed = f"{edition.sha256} {did} {listing.nzqa_ref} {stretch.first_day} {desk.method} {write_time(desk.created)}"
    return {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": uuid5(NAMESPACE_URL, seed).urn,
        "type": list(TYPES),
        "name": f"Who may award {listing.nzqa_ref}: a statement of {anchor.name}",
        "description": f"Made from {source}. Whether it was withdrawn since, only a newer edition tells.",
        # Each authority key is its own did:key, so that anybody's verifier can check the proof.
        "issuer": {"id": desk.method.partition("#")[0], "type": ["Profile"], "name": anchor.name},
        "validFrom": write_time(start_of_nz_day(stretch.first_day)),
        "validUntil": write_time(end_of_day(stretch.last_day)),
        "credentialSubject": {
            "id": did,
            "type": list(SUBJECT_TYPES),
            "otherIdentifier": [
                {
                    "type": "IdentifierEntry",
                    "identifierType": v.EXT_MOE_NUMBER,
                    "identifier": provider.moe_number,
                },
                {"type": "IdentifierEntry", "identifierType": NAME, "identifier": name},
            ],
            "alignment": [*_facts(stretch), _source(edition, anchor), *map(_key_fact, keys)],
            "endorsementComment": comment,
        },
    }


def _facts(stretch: Stretch) -> Iterator[JsonObject]:
    listing, decision = stretch.listing, stretch.decision
    if listing is None:
        return
    credit_value = f"{whole(listing.credits or 0)}"
    yield _fact(v.EXT_NZQA_LISTING, listing.nzqa_ref, listing.title, listing.nzqa_page, VERSION + listing.version)
    level = int(listing.level or 0)
    yield _fact(v.EXT_NZQCF_LEVEL, str(level), level_name(level), v.NZQCF_PAGE)
    yield _fact(v.EXT_NZQCF_CREDITS, credit_value, f"{credit_value} credits", v.NZQCF_PAGE)
    caveats = " ".join(caveat.value for caveat in decision.caveats)
    yield _fact(v.EXT_AWARDING_RIGHT, decision.reason.value, _RIGHTS[decision.reason], listing.nzqa_page, caveats)


def _source(edition: Edition, anchor: Anchor) -> JsonObject:
    return _fact(
        v.EXT_DEMONSTRATION_EDITION if edition.demonstration else v.EXT_REGISTER_EDITION,
        str(edition.number),
        f"Edition {edition.number} of the register of {anchor.name}",
        edition_name(edition.sha256),
        edition.as_at.isoformat(),
    )


def _key_fact(key: StapledKey) -> JsonObject:
    last = OPEN_END if key.to_day is None else key.to_day.isoformat()
    interval = f"{key.from_day.isoformat()}/{last}"
    return _fact(v.EXT_SIGNING_KEY, key.public_key_multibase, "Key that signs badges", key.method, interval)


def _fact(kind: str, code: str, name: str, url: str, description: str = "") -> JsonObject:
    fact: JsonObject = {
        "type": ["Alignment"],
        "targetType": kind,
        "targetCode": code,
        "targetName": name,
        "targetUrl": url,
    }
    return fact | ({"targetDescription": description} if description else {})


def _bound_keys(register: Register, issuer: Issuer, as_at: date) -> Iterator[StapledKey]:
    for key in register.keys:
        first = max(key.from_day, issuer.from_day)
        last = min((day for day in (key.to_day, issuer.to_day) if day is not None), default=None)
        if _may_be_bound(register, key, issuer) and (last is None or last >= max(as_at, first)):
            yield StapledKey(
                method=key.verification_method,
                public_key_multibase=key.public_key_multibase,
                from_day=first,
                to_day=last,
            )


def _may_be_bound(register: Register, key: KeyRow, issuer: Issuer) -> bool:
    """A key that was ever reported stolen is left out: whom it still serves, only an edition can tell."""
    return (
        key.purpose is KeyPurpose.CREDENTIAL
        and canonical_id(key.did) == canonical_id(issuer.did)
        and key.public_key_multibase not in register.compromised_keys
    )


def _fault(edition: Edition, moe_number: str, ref: str, stretches: Sequence[Stretch]) -> str | None:
    if not stretches:
        decision = decide(edition, provider=moe_number, ref=ref, on=edition.as_at)
        return f"Nothing is stated for {ref}: {decision_sentence(decision, edition)}"
    if any(it.listing is None or it.listing.level is None or it.listing.credits is None for it in stretches):
        return f"Nothing is stated for {ref}: the register does not hold its level or its credits."
    return None
