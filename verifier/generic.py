"""Any W3C credential or presentation, by the generic policy: for the VC-API endpoints alone, never for a badge page.

What is found is a list of errors; without one it is valid. There is no "unconfirmed": whatever could not be checked
is an error too, and nothing is asked of any register.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote

from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.datamodel import credential_faults, envelope_faults, is_envelope, presentation_faults
from schemas.errors import BadgeError, DocumentError, Fault, ProofInvalid, Unreachable
from schemas.jsontext import JsonObject, JsonValue
from schemas.limits import MAX_PRESENTED, MAX_STATUS_ENTRIES
from schemas.lossless import find_losses
from schemas.problem import problem_document
from schemas.relatedresource import held_faults, is_held, related_resources
from verifier.documents import badge_faults
from verifier.intake import Kind, intake_bytes
from verifier.proofs import ASSERTION, Expected, ProofFinding, Scene, Secured, Signature, same_id
from verifier.report import Outcome
from verifier.revocations import is_revocation_list, read_revocation_list
from verifier.signatures import examine
from verifier.statuses import EntryFinding, read_entry

_VC: Final = "https://www.w3.org/TR/vc-data-model#"
_SECURITY: Final = "https://w3id.org/security#"
_STATUS: Final = "https://www.w3.org/ns/credentials/status-list#"
_BADGE_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_ENVELOPE_MEDIA_TYPES: Final = frozenset({"application/vc+jwt", "application/vc-ld+jwt", "application/jwt"})

# What a proof that did not pass is called in Data Integrity 1.0 (4.7) and Controlled Identifiers 1.0 (3.5).
_PROOF_TYPES: Final = {
    "proof-purpose": "INVALID_PROOF_PURPOSE",
    "proof-domain": "INVALID_DOMAIN_ERROR",
    "proof-challenge": "INVALID_CHALLENGE_ERROR",
    "key-not-authorised": "INVALID_VERIFICATION_METHOD",
    "key-unreachable": "INVALID_VERIFICATION_METHOD",
    "key-refused": "INVALID_VERIFICATION_METHOD",
}
_STATUS_TYPES: Final = {
    "status-unreachable": "STATUS_RETRIEVAL_ERROR",
    "status-list-short": "STATUS_LIST_LENGTH_ERROR",
    "status-index-out-of-range": "RANGE_ERROR",
    "status-entry-malformed": "MALFORMED_VALUE_ERROR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What whoever calls wants looked at. The proof always is; its status unless left out."""

    status: bool = True
    expected: Expected = ASSERTION


@dataclass(slots=True, kw_only=True)
class Findings:
    """`errors` and `warnings` are RFC 9457 problem details; `checks` says what was looked at."""

    errors: list[JsonObject] = field(default_factory=list)
    warnings: list[JsonObject] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.errors

    def fault(self, kind: str, title: str, detail: str, **facts: Any) -> None:
        self.errors.append(_problem(kind, title, detail, **facts))

    def faults(self, found: Iterable[Fault], *, kind: str = _VC + "MALFORMED_VALUE_ERROR", where: str = "") -> None:
        for one in found:
            place = where + (one.pointer or "")
            self.fault(kind, "Not what the data model asks for", f"{place or '/'} {one.message}", pointer=place)

    def merge(self, other: Findings) -> None:
        self.errors += other.errors
        self.warnings += other.warnings
        self.checks = list(dict.fromkeys((*self.checks, *other.checks)))


def verify_credential(value: JsonValue, *, scene: Scene, asked: Asked, where: str = "") -> Findings:
    """Everything wrong with a credential: an object with proofs, an envelope around a JWT, or the JWT itself."""
    findings = Findings()
    if isinstance(value, str):
        return _enveloped(value, findings, scene=scene, asked=asked)
    if not isinstance(value, dict):
        findings.fault(_VC + "PARSING_ERROR", "Not a credential", "A credential is an object.", pointer=where)
        return findings
    if is_envelope(value):
        findings.faults(envelope_faults(value), where=where)
        return findings if findings.errors else _data_url(value["id"], findings, scene=scene, asked=asked)
    findings.faults(credential_faults(value, secured=True), where=where)
    if not findings.errors:
        _examine(Secured(document=value), findings, scene=scene, asked=asked)
    return findings


def verify_presentation(value: JsonValue, *, scene: Scene, asked: Asked) -> Findings:
    """Everything wrong with a presentation and the credentials in it.

    A credential without a proof of its own is only the holder's own claim: it is taken from a holder who is named,
    who issued it, and who signed the presentation (VCDM 2.0, 4.13.4).
    """
    findings = Findings()
    if not isinstance(value, dict):
        findings.fault(_VC + "PARSING_ERROR", "Not a presentation", "A presentation is an object.")
        return findings
    findings.faults(presentation_faults(value, secured=True))
    if findings.errors:
        return findings
    inside = as_list(value.get("verifiableCredential"))
    if len(inside) > MAX_PRESENTED:
        findings.fault(_VC + "MALFORMED_VALUE_ERROR", "Too many credentials", f"At most {MAX_PRESENTED} are read.")
        return findings
    _lossless(value, findings)
    holder = _id_of(value.get("holder"))
    signature = _presentation_signature(value, holder, scene=scene, asked=asked)
    _judge(signature, findings)
    within = replace(asked, expected=ASSERTION)
    for index, one in enumerate(inside):
        where = f"/verifiableCredential/{index}"
        plain = isinstance(one, dict) and not is_envelope(one) and "proof" not in one
        if plain:
            _self_asserted(one, holder, findings, where=where)
        else:
            findings.merge(verify_credential(one, scene=scene, asked=within, where=where))
    return findings


# --- the parts of a credential --------------------------------------------------------------------------------------
def _examine(secured: Secured, findings: Findings, *, scene: Scene, asked: Asked) -> None:
    document = secured.document
    view = Credential.parse(document)
    if _BADGE_TYPES & set(view.types) and any(str(one).startswith(v.OB3) for one in as_list(document.get("@context"))):
        findings.faults(badge_faults(document))
    _related(document, findings, scene)
    if secured.jws is None:
        _lossless(document, findings)
    if findings.errors:
        return
    findings.checks.append("proof")
    _judge(examine(secured, scene=scene, expected=asked.expected), findings)
    _dates(view, findings, scene)
    if asked.status and view.status_entries and not findings.errors:
        findings.checks.append("credentialStatus")
        _status(view, findings, scene)


def _lossless(document: JsonObject, findings: Findings) -> None:
    """Data Integrity 1.0, 4.2: data that JSON-LD would drop is an error."""
    try:
        losses = find_losses(document)
    except DocumentError as error:
        findings.errors.append(problem_document(error))
        return
    findings.faults(losses, kind=_SECURITY + "DATA_LOSS_DETECTION_ERROR")


def _judge(signature: Signature, findings: Findings) -> None:
    """Every proof passes, and one of them is by whoever the document says it is from."""
    for one in signature.findings:
        if one.outcome is not Outcome.PASSED:
            findings.errors.append(_proof_problem(one))
    if not findings.errors and signature.by_issuer is None:
        controller = signature.decided_by.controller or "somebody else"
        findings.fault(
            _SECURITY + "INVALID_VERIFICATION_METHOD",
            "Signed by somebody else",
            f"The key is {controller[:200]}'s, which is not {signature.issuer[:200] or 'anybody that is named'}.",
        )


def _dates(view: Credential, findings: Findings, scene: Scene) -> None:
    if view.valid_from is not None and scene.at + scene.policy.clock_skew < view.valid_from:
        findings.fault(_VC + "MALFORMED_VALUE_ERROR", "Not valid yet", "The credential only begins later.")
    if view.valid_until is not None and scene.at > view.valid_until:
        findings.fault(_VC + "MALFORMED_VALUE_ERROR", "Expired", "The credential has expired.")


def _status(view: Credential, findings: Findings, scene: Scene) -> None:
    """A bit that is set, and a list that cannot be believed, are errors alike; other purposes take nothing away."""
    if len(view.status_entries) > MAX_STATUS_ENTRIES:
        detail = f"At most {MAX_STATUS_ENTRIES} status entries are read."
        findings.fault(_STATUS + "STATUS_VERIFICATION_ERROR", "Too many status entries", detail)
        return
    for entry in view.status_entries:
        if isinstance(entry, dict) and is_revocation_list(entry):
            _tell_status(read_revocation_list(entry, badge=view, scene=scene), v.REVOCATION, findings)
            continue
        kinds = as_list(entry.get("type")) if isinstance(entry, dict) else []
        if not isinstance(entry, dict) or v.BITSTRING_ENTRY not in kinds:
            detail = f"A status of the type {str(kinds)[:80]} is not read here."
            findings.fault(_STATUS + "STATUS_VERIFICATION_ERROR", "Unknown status type", detail)
            continue
        purpose = entry.get("statusPurpose")
        if purpose in (v.REVOCATION, v.SUSPENSION):  # a tuple: it may be a list
            _tell_status(read_entry(entry, purpose=str(purpose), badge=view, scene=scene), str(purpose), findings)
        elif not isinstance(purpose, str):
            detail = "A status entry has no statusPurpose."
            findings.fault(_STATUS + "MALFORMED_VALUE_ERROR", "Malformed status entry", detail)


def _tell_status(found: EntryFinding, purpose: str, findings: Findings) -> None:
    if found.outcome is Outcome.FAILED:
        word = "withdrawn" if purpose == v.REVOCATION else "suspended"
        findings.fault(_STATUS + "STATUS_VERIFICATION_ERROR", f"Credential {word}", f"The issuer has {word} it.")
    elif found.outcome is not Outcome.PASSED:
        kind = _STATUS_TYPES.get(found.reason, "STATUS_VERIFICATION_ERROR")
        detail = str(found.facts.get("detail", "")) or f"The status list says nothing that counts: {found.reason}."
        findings.fault(_STATUS + kind, "The status could not be established", detail, reason=found.reason)


def _related(document: JsonObject, findings: Findings, scene: Scene) -> None:
    """VCDM 2.0, 5.3: a digest that is not that of the resource is an error; one that cannot be had is a warning."""
    resources, faults = related_resources(document)
    findings.faults((*faults, *held_faults(resources)))
    for one in resources:
        if is_held(one):
            continue
        try:
            body = scene.fetch(one.id).body
        except Unreachable as error:
            findings.warnings.append(problem_document(error))
            continue
        if not one.matches(body):
            findings.faults([Fault(pointer=one.place, message=f"the digest is not that of {one.id[:200]}")])


# --- envelopes and presentations ------------------------------------------------------------------------------------
def _data_url(url: str, findings: Findings, *, scene: Scene, asked: Asked) -> Findings:
    head, comma, text = url.removeprefix("data:").partition(",")
    media_type = head.split(";")[0].strip().lower()
    if not comma or media_type not in _ENVELOPE_MEDIA_TYPES:
        detail = f"An envelope of the kind {head[:80]!r} is not read; application/vc+jwt is."
        findings.fault(_VC + "MALFORMED_VALUE_ERROR", "Unknown envelope", detail, pointer="/id")
        return findings
    return _enveloped(unquote(text), findings, scene=scene, asked=asked)


def _enveloped(text: str, findings: Findings, *, scene: Scene, asked: Asked) -> Findings:
    subject = intake_bytes(text.encode("utf-8", "replace"), name="envelope")
    if subject.document is None or subject.kind is not Kind.JWS:
        problem: BadgeError = subject.fault or ProofInvalid("The envelope holds no JWT.")
        findings.errors.append(problem_document(problem))
        return findings
    findings.faults((*subject.claims, *credential_faults(subject.document, secured=False)))
    if not findings.errors:
        secured = Secured(document=subject.document, jws=subject.jws, text=subject.text)
        _examine(secured, findings, scene=scene, asked=asked)
    return findings


def _presentation_signature(document: JsonObject, holder: str | None, *, scene: Scene, asked: Asked) -> Signature:
    """The holder must have signed; where none is named, whoever's key it is."""
    first = next((one for one in as_list(document.get("proof")) if isinstance(one, dict)), {})
    method = first.get("verificationMethod")
    signer = holder or (method.partition("#")[0] if isinstance(method, str) else "")
    return examine(Secured(document=document), scene=scene, expected=asked.expected, signer=signer)


def _self_asserted(credential: JsonObject, holder: str | None, findings: Findings, *, where: str) -> None:
    findings.faults(credential_faults(credential, secured=False), where=where)
    issuer = Credential.parse(credential).issuer_id
    if not same_id(issuer, holder):
        findings.fault(
            _SECURITY + "PROOF_VERIFICATION_ERROR",
            "Not signed",
            "A credential without a proof must be issued by the holder that the presentation names.",
            pointer=where,
        )


def _id_of(value: JsonValue) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def _proof_problem(one: ProofFinding) -> JsonObject:
    kind = _SECURITY + _PROOF_TYPES.get(one.reason, "PROOF_VERIFICATION_ERROR")
    detail = "" if one.problem is None else one.problem.detail
    detail = detail or str(one.facts.get("detail", "")) or f"The proof does not stand: {one.reason}."
    return _problem(kind, "The proof is not right", detail, reason=one.reason)


def _problem(kind: str, title: str, detail: str, **facts: Any) -> JsonObject:
    return {"type": kind, "title": title, "status": 400, "detail": detail} | facts
