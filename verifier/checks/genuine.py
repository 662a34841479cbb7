"""Did the named issuer sign exactly this? The checks of the first question, in the order in which they run."""

from __future__ import annotations

from typing import Any

from schemas import vocabulary as v
from schemas.errors import CanonicalizationLimit, DocumentError, Fault, InputError, UnpinnedContext, Unreachable
from schemas.inlineschema import validate_against
from schemas.jsontext import parse_object
from schemas.limits import MAX_CREDENTIAL_SCHEMAS
from schemas.lossless import find_losses
from schemas.nzqcf import format_nz_date
from verifier.checks.finding import FAILED, PASSED, SKIPPED, UNKNOWN, finding, notice
from verifier.documents import badge_faults, contexts_not_held, disguises_in, strange_schemas, unsigned
from verifier.inspection import Inspection
from verifier.intake import Subject
from verifier.proofs import Scene, Secured, Signature, findings_as_evidence, same_id
from verifier.register.binding import day_of
from verifier.report import Check, CheckId, Outcome
from verifier.signatures import examine
from verifier.wording import SENTENCES
from verifier.words import Sentence

_KIND_WORDS = {
    "json": Sentence("JSON file", "kōnae JSON"),
    "jws": Sentence("signed text (JWT)", "tuhinga kua hainatia (JWT)"),
    "png": Sentence("PNG picture", "pikitia PNG"),
    "svg": Sentence("SVG picture", "pikitia SVG"),
    "pdf": Sentence("PDF", "PDF"),
}
_MAX_FAULTS_SHOWN = 20


def check_intake(inspection: Inspection) -> Check:
    """One credential, read strictly."""
    subject = inspection.subject
    evidence = {"name": subject.name, "kind": subject.kind.value, "sha256": subject.sha256}
    fault = subject.fault
    if fault is None:
        return finding(CheckId.INTAKE, PASSED, "read", evidence=evidence, kind=_KIND_WORDS[subject.kind.value])
    reasons = (fault.slug,) if isinstance(fault, Unreachable) else (fault.extensions.get("reason"), fault.slug)
    worded = [
        (outcome, str(reason))
        for reason in reasons
        for outcome in (FAILED, UNKNOWN)
        if (CheckId.INTAKE, outcome, reason) in SENTENCES
    ]
    outcome, reason = worded[0] if worded else (FAILED, "not-a-badge")
    return finding(CheckId.INTAKE, outcome, reason, evidence=evidence, problem=fault, detail=fault.detail)


def check_conforms(inspection: Inspection) -> Check:
    """Reading the JSON is reading what was signed; the strict OB 3.0 schema passes; a JWT's claims agree."""
    if inspection.outcome(CheckId.INTAKE) is not Outcome.PASSED:
        return finding(CheckId.CONFORMS, SKIPPED, "not-reached")
    unheld = contexts_not_held(inspection.document)
    disguises = [fault for fault in disguises_in(inspection.document) if not _is_about(fault, unheld)]
    if disguises and all((fault.pointer or "").startswith("/@context") for fault in disguises):
        return _faulty(CheckId.CONFORMS, "contexts", tuple(disguises))
    if disguises:
        return _faulty(CheckId.CONFORMS, "disguised", tuple(disguises))
    if faults := badge_faults(inspection.document):
        return _faulty(CheckId.CONFORMS, "schema", faults)
    if inspection.subject.claims:
        return _faulty(CheckId.CONFORMS, "claims-differ", inspection.subject.claims)
    if unheld:
        return finding(CheckId.CONFORMS, UNKNOWN, "context-not-held", context=unheld[0][1][:200])
    if (unsure := _strange_schemas(inspection)) is not None:
        return unsure
    version = "1.1" if inspection.document["@context"][0] == v.CREDENTIALS_V1 else "2.0"
    schema = f"Open Badges 3.0 strict JSON Schema, VC Data Model {version}"
    return finding(CheckId.CONFORMS, PASSED, "conforms", evidence={"compared_with": schema})


def _strange_schemas(inspection: Inspection) -> Check | None:
    """OB 3.0, verification, step 1: the schemas that a badge names itself pass too. None when they do."""
    urls = strange_schemas(inspection.document)
    for url in urls[:MAX_CREDENTIAL_SCHEMAS]:
        shown: dict[str, Any] = {"schema": url[:200]}
        try:
            faults = validate_against(parse_object(inspection.fetch(url).body), inspection.document)
        except Unreachable as error:
            return finding(CheckId.CONFORMS, UNKNOWN, "schema-unreachable", evidence=shown, problem=error, **shown)
        except InputError as error:
            return finding(CheckId.CONFORMS, UNKNOWN, "schema-unreadable", evidence=shown, problem=error, **shown)
        if faults:
            return _faulty(CheckId.CONFORMS, "own-schema", faults)
    if len(urls) > MAX_CREDENTIAL_SCHEMAS:
        return finding(CheckId.CONFORMS, UNKNOWN, "too-many-schemas", count=len(urls), limit=MAX_CREDENTIAL_SCHEMAS)
    return None


def check_lossless(inspection: Inspection) -> Check:
    """Every term and value reaches what is signed (Data Integrity 1.0, 4.2). A JWT signs the text itself."""
    if inspection.outcome(CheckId.INTAKE) is not Outcome.PASSED:
        return finding(CheckId.LOSSLESS, SKIPPED, "not-reached")
    if inspection.subject.jws is not None and "proof" not in inspection.document:
        return finding(CheckId.LOSSLESS, SKIPPED, "signed-as-text")
    try:
        losses = find_losses(unsigned(inspection.document))
    except UnpinnedContext as error:
        context = str(error.extensions.get("url", error.detail))[:200]
        return finding(CheckId.LOSSLESS, UNKNOWN, "context-not-held", problem=error, context=context)
    except CanonicalizationLimit as error:
        return finding(CheckId.LOSSLESS, FAILED, "canonicalization-limit", problem=error)
    except DocumentError as error:
        return finding(CheckId.LOSSLESS, FAILED, "malformed", problem=error, detail=error.detail)
    if losses:
        return _faulty(CheckId.LOSSLESS, "term-dropped", losses)
    return finding(CheckId.LOSSLESS, PASSED, "nothing-lost", evidence={"method": "JSON-LD expansion, pinned contexts"})


def check_proof(inspection: Inspection) -> Check:
    """Every proof that can be checked passes, with the register's key where the register binds one."""
    if not _may_look_at_proof(inspection):
        return finding(CheckId.PROOF, SKIPPED, "not-reached")
    signature = inspection.signature
    decided_by = signature.decided_by
    signed_on = Sentence("", "")
    if decided_by.signed_at is not None:
        day = day_of(decided_by.signed_at)
        signed_on = Sentence(f" on {format_nz_date(day)}", f" i te {format_nz_date(day, language='mi')}")
    return finding(
        CheckId.PROOF,
        signature.outcome,
        signature.reason,
        evidence={"proofs": findings_as_evidence(signature.findings)},
        notices=[notice(CheckId.PROOF, code, **facts) for code, facts in signature.notices],
        problem=decided_by.problem,
        **{"signed_on": signed_on, **decided_by.facts},
    )


def check_identity(inspection: Inspection) -> Check:
    """The key that signed is controlled by the issuer that the badge names; OB 3.0 leaves this open, we do not."""
    if not _may_look_at_proof(inspection):
        return finding(CheckId.IDENTITY, SKIPPED, "not-reached")
    signature, issuer = inspection.signature, inspection.issuer
    by_issuer = signature.by_issuer
    if by_issuer is not None:
        others = dict.fromkeys(
            one.controller
            for one in signature.findings
            if one.outcome is PASSED and one.controller and not same_id(one.controller, issuer)
        )
        return finding(
            CheckId.IDENTITY,
            PASSED,
            "controller-is-issuer",
            evidence={"issuer": issuer, "controller": by_issuer.controller, "verification_method": by_issuer.method},
            notices=[notice(CheckId.IDENTITY, "co-signed", controller=other) for other in others],
            issuer=issuer,
        )
    named = [one for one in signature.findings if one.method and same_id(_owner(one.method), issuer)]
    if any(one.outcome is UNKNOWN for one in named) or (not named and _unsure(signature)):
        return finding(CheckId.IDENTITY, UNKNOWN, "issuer-proof-unchecked", evidence={"issuer": issuer})
    strangers = [one.controller or _owner(one.method) for one in signature.findings if one.method]
    strangers = [one for one in strangers if not same_id(one, issuer)]
    if strangers and not named:
        return finding(
            CheckId.IDENTITY,
            FAILED,
            "controller-not-issuer",
            evidence={"issuer": issuer, "controller": strangers[0]},
            issuer=issuer[:200] or "nobody",
            controller=strangers[0][:200],
        )
    return finding(CheckId.IDENTITY, SKIPPED, "not-reached")


# --- the same questions about another document: a newer version of the badge, an endorsement ----------------------
def is_genuine(subject: Subject, scene: Scene) -> Signature | None:
    """The signature of another badge when all that the first question asks of it is good; else None."""
    document = subject.document
    if document is None or subject.claims or contexts_not_held(document):
        return None
    if disguises_in(document) or badge_faults(document):
        return None
    try:
        if subject.jws is None and find_losses(unsigned(document)):
            return None
    except DocumentError:
        return None
    secured = Secured(document=document, jws=subject.jws, text=subject.text, anchor=subject.anchor)
    signature = examine(secured, scene=scene)
    return signature if signature.outcome is PASSED and signature.by_issuer is not None else None


def _is_about(fault: Fault, unheld: list[tuple[int, str]]) -> bool:
    return any(fault.pointer == f"/@context/{place}" for place, _ in unheld)


def _faulty(check_id: CheckId, reason: str, faults: tuple[Fault, ...]) -> Check:
    listed = [{"pointer": fault.pointer, "message": fault.message} for fault in faults[:_MAX_FAULTS_SHOWN]]
    return finding(check_id, FAILED, reason, evidence={"faults": listed}, detail=str(faults[0]))


def _may_look_at_proof(inspection: Inspection) -> bool:
    """A disguised document is not put through canonicalisation: what it says is not what it seems to say."""
    conforms = inspection.found.get(CheckId.CONFORMS)
    if inspection.outcome(CheckId.INTAKE) is not Outcome.PASSED or conforms is None:
        return False
    return conforms.reason not in {"disguised", "contexts"}


def _owner(method: str | None) -> str:
    return (method or "").partition("#")[0]


def _unsure(signature: Signature) -> bool:
    """Whether a proof that could not be checked might still be the issuer's: it does not say whose key it uses."""
    return any(one.outcome is UNKNOWN and not one.method for one in signature.findings)
