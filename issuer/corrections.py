"""Signing a badge again: same id, newer validFrom, new status index, old index revoked; old bytes stay as history."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Candidate, Gate
from issuer.instance import ROW_KEY_SECRET, Instance
from issuer.issuing import order_for
from issuer.making import Made, Workshop, issuer_facts, signing_kit
from issuer.minting import NameDisplay
from issuer.results import RowResult
from issuer.rowkeys import default_row_key
from issuer.rows import read_one_name, read_one_reference
from issuer.selfcheck import OwnWeb, check_badge
from issuer.status import load_held, refuse_closed, reserve_places, sign_lists, strictly_after
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store import nzroa_rows
from issuer.store.credentials import Learner, State, StoredCredential, StoredDocument
from issuer.store.lists import Places, Slot
from issuer.store.setups import load_setup
from issuer.trust.staples import load_staples
from schemas.errors import IssuingError
from schemas.jsontext import write_json
from schemas.nzqcf import format_nz_date, nz_date
from verifier.register.edition import Edition

_SIGNING_MEMBERS = ("validFrom", "credentialStatus", "proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is to be otherwise; None leaves a fact as it is. Level, credits and title come from the register anew."""

    name: str | None = None
    preferred_name: str | None = None
    name_display: NameDisplay | None = None
    achieved_on: date | None = None
    nzqa_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The badge as it is signed now."""

    short_id: str
    version: int
    valid_from: datetime
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredRow:
    """A badge's facts in the shape of a class-list row, for the same gate and the same workshop."""

    line: int
    learner_name: str
    nzqa_ref: str
    achieved_on: date
    learner_email: str | None
    row_key: str | None
    nsn: str | None
    preferred_name: str | None
    name_display: str | None
    language: str | None
    result: str | None
    evidence_url: str | None
    replaces: str | None = None

    def __repr__(self) -> str:
        return "_StoredRow(…)"


def correct(
    instance: Instance,
    short_id: str,
    correction: Correction,
    *,
    edition: Edition | None,
    now: datetime,
    actor: str,
    accept_unconfirmed: str | None = None,
) -> Corrected:
    """Sign the badge anew with the correction, in one transaction.

    Raises IssuingError when there is no such badge, it is withdrawn, nothing would change, or the gate refuses.
    """
    with instance.store.writing() as connection:
        refuse_closed(connection)
        held = load_held(connection, short_id)
        _refuse_ended(held)
        learner, old = load_parts(connection, short_id)
        corrected = _corrected_learner(learner, correction)
        candidate = admit_again(instance, held, corrected, correction, edition, now, accept_unconfirmed)
        slot = reserve_places(instance, connection, 1, at=now)[0]
        valid_from = strictly_after(old.valid_from, now=now)
        made, subject_urn = make_again(instance, candidate, corrected, slot, old=old, valid_from=valid_from)
        corrected = replace(corrected, subject_urn=subject_urn)
        if old.suspension_slot is not None or slot.suspension is None:  # else it gains the entry that suspends it
            _refuse_unchanged(old, made, short_id)
        list_store.set_bits(connection, [Slot(list_number=old.list_number, list_index=old.list_index)], at=now)
        version = held.version + 1
        document = StoredDocument(
            short_id=short_id,
            version=version,
            document=made.document,
            document_sha256=made.document_sha256,
            jwt=made.jwt,
            valid_from=valid_from,
            list_number=slot.revocation.list_number,
            list_index=slot.revocation.list_index,
            suspension_list=slot.suspension_list,
            suspension_index=slot.suspension_index,
            valid_until=candidate.valid_until,
        )
        _store(instance, connection, held, candidate, corrected, document, now=now)
        _self_check(instance, connection, document, edition, accept_unconfirmed=accept_unconfirmed is not None)
        facts: dict[str, object] = {
            "documents": audit.document_facts({(short_id, version): made.document_sha256}),
            "replaces": old.document_sha256,
            "list": old.list_number,
            "index": old.list_index,
        }
        if candidate.unconfirmed_reason is not None:
            facts["unconfirmed"] = [short_id]
        audit.append(connection, at=now, actor=actor, action=audit.CORRECT, facts=facts)
    return Corrected(short_id=short_id, version=version, valid_from=valid_from, document=made.document)


def _refuse_ended(held: StoredCredential) -> None:
    if held.state is State.SUSPENDED:
        raise IssuingError(
            f"Badge {held.short_id} is on hold; reinstate it first (badge-issuer reinstate), then correct it.",
            reason="suspended",
        )
    if held.state is State.REVOKED:
        when = f" on {format_nz_date(nz_date(held.revoked_at))}" if held.revoked_at else ""
        raise IssuingError(
            f"Badge {held.short_id} was withdrawn{when}; a withdrawn badge cannot be corrected. Issue a new one from a "
            "class list, with a row_key of its own.",
            reason="withdrawn",
        )


def load_parts(connection: Connection, short_id: str) -> tuple[Learner, StoredDocument]:
    """What a badge is made of again: the learner's facts and the version in force. Raises IssuingError."""
    learner = credential_store.load_learner(connection, short_id)
    document = credential_store.load_document(connection, short_id)
    if learner is None or document is None:
        raise IssuingError(f"The facts of badge {short_id} are no longer stored; it cannot be corrected.")
    return learner, document


def _corrected_learner(learner: Learner, correction: Correction) -> Learner:
    return replace(
        learner,
        name=learner.name if correction.name is None else read_one_name(correction.name),
        preferred_name=(
            learner.preferred_name if correction.preferred_name is None else read_one_name(correction.preferred_name)
        ),
        name_display=correction.name_display or learner.name_display,
    )


def _corrected_ref(held: StoredCredential, correction: Correction, edition: Edition | None) -> str:
    if correction.nzqa_ref is None:
        return held.nzqa_ref
    known = frozenset(edition.register.versions_by_ref) if edition else frozenset()
    return read_one_reference(correction.nzqa_ref, register_refs=known)


def admit_again(
    instance: Instance,
    held: StoredCredential,
    learner: Learner,
    correction: Correction,
    edition: Edition | None,
    now: datetime,
    accept_unconfirmed: str | None,
    *,
    act: str = "corrected",
) -> Candidate:
    """The facts of a badge pass the same gate as a new row. Raises IssuingError that says what was not done."""
    row = _StoredRow(
        line=0,
        learner_name=learner.name,
        nzqa_ref=_corrected_ref(held, correction, edition),
        achieved_on=correction.achieved_on or held.achieved_on,
        learner_email=learner.email,
        row_key=None,
        nsn=None,
        preferred_name=learner.preferred_name,
        name_display=learner.name_display,
        language=learner.language,
        result=learner.result,
        evidence_url=learner.evidence_url,
    )
    with instance.store.reading() as connection:
        setup = load_setup(connection, row.nzqa_ref)
    gate = Gate(
        edition,
        issuer=issuer_facts(instance),
        method=instance.method_of(instance.config.credential_key),
        now=now,
        accept_unconfirmed=accept_unconfirmed,
        staples=load_staples(instance, method=instance.method_of(instance.config.credential_key)),
        setups={} if setup is None else {row.nzqa_ref: setup},
    )
    admitted = gate.admit(row, row_key=held.row_key)
    if isinstance(admitted, RowResult):
        sentence = admitted.sentence.removeprefix("Line 0, ").removeprefix("column ")
        raise IssuingError(f"Badge {held.short_id} was not {act}. {sentence}", reason=admitted.reason)
    return admitted


def make_again(
    instance: Instance,
    candidate: Candidate,
    learner: Learner,
    slot: Places,
    *,
    old: StoredDocument,
    valid_from: datetime,
    act: str = "corrected",
) -> tuple[Made, str | None]:
    """(the badge signed with the keys in use, the subject's URN where it is nameless). Raises IssuingError."""
    order = order_for(candidate, learner.short_id, slot, instance=instance)
    nameless = order.award.name_display is NameDisplay.NONE
    subject_urn = (learner.subject_urn or uuid4().urn) if nameless else None
    order = order._replace(award=replace(order.award, subject_urn=subject_urn))
    workshop = Workshop(
        kit=signing_kit(instance, with_jwt=old.jwt is not None),
        issuer=issuer_facts(instance),
        valid_from=valid_from,
        known_nsns=frozenset(),
    )
    made = workshop([order])[0]
    if made.sentence is not None:
        raise IssuingError(f"Badge {learner.short_id} was not {act}. {made.sentence}", reason=made.reason)
    return made, subject_urn


def _refuse_unchanged(old: StoredDocument, made: Made, short_id: str) -> None:
    before, after = json.loads(old.document), json.loads(made.document)
    for member in _SIGNING_MEMBERS:
        before.pop(member, None)
        after.pop(member, None)
    if write_json(before) == write_json(after):
        raise IssuingError(f"Badge {short_id} says all this already; nothing was signed.", reason="nothing-to-correct")


def _store(
    instance: Instance,
    connection: Connection,
    held: StoredCredential,
    candidate: Candidate,
    learner: Learner,
    document: StoredDocument,
    *,
    now: datetime,
) -> None:
    row, achievement = candidate.row, candidate.achievement
    credential_store.insert_documents(connection, [document])
    credential_store.update_learner(connection, learner)
    credential_store.keep_achievement(
        connection,
        nzqa_ref=achievement.nzqa_ref,
        version=achievement.version,
        document=write_json(achievement.page),
        at=now,
    )
    credential_store.replace_version(
        connection,
        held.short_id,
        version=document.version,
        nzqa_ref=achievement.nzqa_ref,
        listing_version=achievement.version,
        achieved_on=row.achieved_on,
        unconfirmed_reason=candidate.unconfirmed_reason,
    )
    nzroa_rows.correct_entry(connection, held.short_id, nzqa_ref=achievement.nzqa_ref, achieved_on=row.achieved_on)
    # The class list will be corrected too: uploading it must find this badge.
    provider = instance.config.provider
    row_key = default_row_key(
        instance.secret(ROW_KEY_SECRET),
        provider=provider,
        name=learner.name,
        email=learner.email,
        ref=achievement.nzqa_ref,
        achieved_on=row.achieved_on,
    )
    if row_key != held.row_key:
        credential_store.add_alias(connection, provider=provider, row_key=row_key, short_id=held.short_id)


def _self_check(
    instance: Instance,
    connection: Connection,
    document: StoredDocument,
    edition: Edition | None,
    *,
    accept_unconfirmed: bool,
) -> None:
    lists = sign_lists(instance, connection, document.list_numbers, valid_from=document.valid_from)
    web = OwnWeb(instance, lists=lists, at=document.valid_from, edition=edition)
    check_badge(document, web=web, at=document.valid_from, accept_unconfirmed=accept_unconfirmed)
