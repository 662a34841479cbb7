"""One status entry -> what the issuer's list says of it (Bitstring Status List 1.0, 3.2), if it is the issuer's.

Every doubt about a list is `unknown`: a list that anybody could serve must neither clear a badge nor condemn it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from keys.resolve import Retrieved
from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.errors import BadgeError, DocumentError, StatusListError, TooLarge, Unreachable
from schemas.jsontext import JsonObject
from schemas.limits import MIN_BITSTRING_ENTRIES
from schemas.loader import held
from schemas.lossless import find_losses
from schemas.nzqcf import NZ_TIME, format_nz_date
from schemas.statuslist import decode, parse_index
from verifier.documents import disguises_in, unsigned
from verifier.highwater import SeenList, said_digest
from verifier.intake import intake_bytes
from verifier.proofs import Scene, Secured, Signature, same_id
from verifier.register.binding import bind, day_of
from verifier.register.records import KeyPurpose, Register
from verifier.report import Outcome, format_instant
from verifier.signatures import examine


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFinding:
    """`passed`: the bit is clear; `failed`: it is set. `facts` fill the sentence, `evidence` goes into the report."""

    outcome: Outcome
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    problem: BadgeError | None = None


class _Doubt(Exception):
    """Why a list says nothing about this badge."""

    def __init__(self, reason: str, *, problem: BadgeError | None = None, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem
        self.facts = facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """A list that its own issuer proved; whether that issuer may speak for a badge is asked badge by badge."""

    view: Credential
    signature: Signature
    evidence: Mapping[str, Any]
    sources: tuple[str, ...]


def read_entry(entry: JsonObject, *, purpose: str, badge: Credential, scene: Scene) -> EntryFinding:
    """What the list behind a BitstringStatusListEntry says of the badge, for one purpose."""
    evidence: dict[str, Any] = {"purpose": purpose}
    try:
        url, index = _address(entry)
        evidence |= {"list": url, "index": index}
        retrieved = _retrieve(url, scene)
        evidence |= {"retrieved_at": format_instant(retrieved.retrieved_at), "sha256": retrieved.sha256}
        listed = _proved_list(retrieved, scene)
        evidence |= listed.evidence
        _check_age(listed.view, retrieved, scene)
        _check_issuer(listed, badge=badge, scene=scene)
        _check_dates(listed.view, retrieved, scene=scene)
        _check_newest(listed, scene)
        is_set = _bit(listed.view, purpose=purpose, index=index)
    except _Doubt as doubt:
        return EntryFinding(
            outcome=Outcome.UNKNOWN, reason=doubt.reason, facts=doubt.facts, evidence=evidence, problem=doubt.problem
        )
    when = listed.view.valid_from
    facts = {"list_valid_from": None if when is None else day_of(when)}
    outcome = Outcome.FAILED if is_set else Outcome.PASSED
    return EntryFinding(outcome=outcome, reason="bit-set" if is_set else "bit-clear", facts=facts, evidence=evidence)


def _address(entry: JsonObject) -> tuple[str, int]:
    url = entry.get("statusListCredential")
    if not isinstance(url, str) or not url:
        raise _Doubt("status-entry-malformed", detail="It names no list.")
    if entry.get("statusSize", 1) != 1:
        raise _Doubt("status-entry-malformed", detail="It uses more than one bit for a badge.")
    try:
        return url, parse_index(entry.get("statusListIndex"))
    except StatusListError as error:
        raise _Doubt("status-entry-malformed", detail=error.detail, problem=error) from None


def _retrieve(url: str, scene: Scene) -> Retrieved:
    try:
        return scene.fetch(url)
    except Unreachable as error:
        raise _Doubt("status-unreachable", detail=error.detail, problem=error) from None


def _check_age(listed: Credential, retrieved: Retrieved, scene: Scene) -> None:
    """An old copy says nothing of today, unless its issuer has closed and signed it as the last there will be."""
    if not is_final(listed) and scene.at - retrieved.retrieved_at > scene.policy.max_status_age:
        raise _Doubt("status-list-stale", retrieved_on=day_of(retrieved.retrieved_at))


def is_final(listed: Credential) -> bool:
    """Whether a list says in its own name that none follows, and neither ends nor asks to be fetched again."""
    subject = listed.subjects[0]
    return listed.valid_until is None and "ttl" not in subject and listed.document.get("name") == v.FINAL_LIST_NAME


def _proved_list(retrieved: Retrieved, scene: Scene) -> _List:
    """The list in what was retrieved. A class of badges shares one list, so it is proved once per surroundings."""
    edition = None if scene.edition is None else scene.edition.sha256
    key = (retrieved.url, retrieved.sha256, scene.policy.name, edition)
    known = scene.memory.recall(key, at=scene.at)
    if known is None:
        asked: list[str] = []

        def fetch(url: str) -> Retrieved:
            asked.append(url)
            return scene.fetch(url)

        try:
            known = _prove(retrieved, replace(scene, fetch=fetch), asked)
        except _Doubt as doubt:
            known = doubt
        scene.memory.keep(key, known, at=scene.at, lasting=isinstance(known, _List))
    if not isinstance(known, _List):
        raise known.with_traceback(None)
    for url in known.sources:
        with suppress(Unreachable):  # so that this report, too, names what its answer rests on
            scene.fetch(url)
    return known


def _prove(retrieved: Retrieved, scene: Scene, asked: list[str]) -> _List:
    subject = intake_bytes(retrieved.body, name=retrieved.url)
    document = subject.document
    if document is None or subject.claims:
        detail = subject.fault.detail if subject.fault is not None else str(subject.claims[0])
        raise _Doubt("status-list-malformed", detail=detail, problem=subject.fault)
    view = Credential.parse(document)
    _check_shape(document, view, url=retrieved.url)
    try:
        if subject.jws is None and find_losses(unsigned(document)):
            raise _Doubt("status-list-malformed", detail="It holds something that its signature would not cover.")
    except DocumentError as error:
        raise _Doubt("status-list-malformed", detail=error.detail, problem=error) from None
    secured = Secured(document=document, jws=subject.jws, text=subject.text)
    signature = examine(secured, scene=scene, purpose=KeyPurpose.STATUS)
    by_issuer = signature.by_issuer
    if signature.outcome is not Outcome.PASSED or by_issuer is None:
        passed = signature.outcome is Outcome.PASSED
        detail = "It was signed by somebody else than its issuer." if passed else f"({signature.reason})"
        raise _Doubt("status-list-unproven", detail=detail, problem=signature.decided_by.problem)
    evidence = {
        "list_issuer": view.issuer_id,
        "verification_method": by_issuer.method,
        "list_valid_from": None if view.valid_from is None else format_instant(view.valid_from),
        "list_valid_until": None if view.valid_until is None else format_instant(view.valid_until),
    }
    return _List(view=view, signature=signature, evidence=evidence, sources=tuple(asked))


def _check_shape(document: JsonObject, listed: Credential, *, url: str) -> None:
    """2.2: a credential of the right type, under contexts held here, written plainly, and at its own address."""
    contexts = document.get("@context")
    if (
        not isinstance(contexts, list)
        or not contexts
        or not all(isinstance(one, str) and held(one) for one in contexts)
    ):
        raise _Doubt("status-list-malformed", detail="Its contexts are not ones that this verifier holds.")
    if contexts[0] not in {v.CREDENTIALS_V2, v.CREDENTIALS_V1}:
        raise _Doubt("status-list-malformed", detail="Its first context is not that of Verifiable Credentials.")
    plain = [fault for fault in disguises_in(document) if not (fault.pointer or "").startswith("/@context")]
    if plain:
        raise _Doubt("status-list-malformed", detail=f"{plain[0]}.")
    if v.BITSTRING_CREDENTIAL not in listed.types or "VerifiableCredential" not in listed.types:
        raise _Doubt("status-list-malformed", detail=f"It is not a {v.BITSTRING_CREDENTIAL}.")
    if listed.id != url:
        raise _Doubt("status-list-elsewhere", list_id=str(listed.id)[:200])
    if len(listed.subjects) != 1 or v.BITSTRING_LIST not in as_list(listed.subjects[0].get("type")):
        raise _Doubt("status-list-malformed", detail=f"It does not hold one {v.BITSTRING_LIST}.")


def _check_issuer(listed: _List, *, badge: Credential, scene: Scene) -> None:
    """The list is the badge's issuer's own, or the register has both as one provider."""
    signature = listed.signature
    register = None if scene.edition is None else scene.edition.register
    if not same_id(signature.issuer, badge.issuer_id):
        if register is None or not signature.is_bound or not _same_provider(signature, badge, register):
            raise _Doubt("status-list-foreign", list_issuer=signature.issuer[:200])
    elif register is not None and not signature.is_bound and keeps_status_keys(register, signature.issuer):
        # Whoever took over the issuer's domain could otherwise serve a list of their own and clear a withdrawn badge.
        raise _Doubt("status-list-unproven", detail="The register does not have its key as one of this issuer's.")


def _same_provider(signature: Signature, badge: Credential, register: Register) -> bool:
    """Whether the register has both issuers as one provider at the time the list was signed."""
    signed_at = signature.by_issuer.signed_at if signature.by_issuer else None
    if signed_at is None or badge.issuer_id is None:
        return False
    listed = bind(register, did=signature.issuer, method=None, signed_at=signed_at).moe_number
    own = bind(register, did=badge.issuer_id, method=None, signed_at=signed_at).moe_number
    own = own or bind(register, did=badge.issuer_id, method=None, signed_at=badge.valid_from or signed_at).moe_number
    return listed is not None and listed == own


def keeps_status_keys(register: Register, did: str) -> bool:
    """Whether the register has a key of this issuer's that signs its status lists."""
    return any(row.purpose is KeyPurpose.STATUS and same_id(row.did, did) for row in register.keys)


def _check_dates(listed: Credential, retrieved: Retrieved, *, scene: Scene) -> None:
    start, end = listed.valid_from, listed.valid_until
    # A list may be younger than the moment asked about (`--at`), but not than the moment it was retrieved.
    if start is not None and start > max(scene.at, retrieved.retrieved_at) + scene.policy.clock_skew:
        raise _Doubt("status-list-not-yet", list_valid_from=day_of(start))
    if end is not None and scene.at > end:
        raise _Doubt("status-list-expired", list_valid_until=day_of(end))


def _check_newest(listed: _List, scene: Scene) -> None:
    """Not older than the newest list seen here: whoever serves an old one hides what was withdrawn since."""
    by_issuer = listed.signature.by_issuer
    moment = listed.view.valid_from or (by_issuer.signed_at if by_issuer else None)
    if scene.lists is None or moment is None:
        return
    shown = SeenList(
        url=listed.view.id or "",
        issuer=listed.signature.issuer,
        valid_from=moment,
        sha256=said_digest(listed.view.subjects[0]),
    )
    newest = scene.lists.compare(shown)
    if newest is not None:
        when = _moment(newest.valid_from)
        if newest.valid_from == moment:
            raise _Doubt("list-forked", list_valid_from=when)
        raise _Doubt("list-rolled-back", list_valid_from=_moment(moment), newest_valid_from=when)


def _moment(instant: datetime) -> str:
    here = instant.astimezone(NZ_TIME)
    return f"{here:%H:%M:%S} on {format_nz_date(here.date())}"


def _bit(listed: Credential, *, purpose: str, index: int) -> bool:
    subject = listed.subjects[0]
    purposes = as_list(subject.get("statusPurpose"))
    if purpose not in purposes:
        raise _Doubt("status-purpose-differs", list_purpose=", ".join(str(one) for one in purposes)[:80])
    if subject.get("statusSize", 1) != 1:
        raise _Doubt("status-list-malformed", detail="It uses more than one bit for a badge.")
    try:
        bits = decode(subject.get("encodedList"), minimum=MIN_BITSTRING_ENTRIES)
        return bits.is_set(index)
    except TooLarge as error:
        raise _Doubt("status-list-malformed", detail=error.detail, problem=error) from None
    except StatusListError as error:
        reason = {
            "list-too-short": "status-list-short",
            "index-out-of-range": "status-index-out-of-range",
        }.get(str(error.extensions.get("reason")), "status-list-malformed")
        raise _Doubt(reason, detail=error.detail, problem=error) from None
