"""What a reader may like to know and that decides nothing: whose badge it is, and who has endorsed it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any

from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.errors import BadgeError, DocumentError
from schemas.jsontext import JsonObject, JsonValue, write_json
from schemas.limits import MAX_ENDORSEMENTS, MAX_STATUS_ENTRIES
from schemas.lossless import find_losses
from schemas.validate import in_array_form, validate_endorsement
from verifier.checks.finding import FAILED, PASSED, SKIPPED, UNKNOWN, finding
from verifier.checks.stapled import compare_staple, staple_evidence
from verifier.documents import disguises_in, unsigned
from verifier.inspection import Inspection
from verifier.intake import intake_bytes
from verifier.proofs import Secured
from verifier.report import Check, CheckId, Outcome
from verifier.revocations import is_revocation_list, read_revocation_list
from verifier.signatures import examine
from verifier.staple import read_staple
from verifier.stapling import believe
from verifier.statuses import read_entry

_IDENTITY_HASH = re.compile(r"(md5|sha256)\$([0-9A-Fa-f]+)")


def check_recipient(inspection: Inspection) -> Check:
    """OB 3.0, 9.1.5: the identifier given, against the subject's id and identifiers. Never repeats what was given."""
    given = inspection.recipient
    if given is None:
        return finding(CheckId.RECIPIENT, SKIPPED, "not-asked")
    subject: JsonObject = next(iter(inspection.credential.subjects), {})
    results = list(_comparisons(subject, given.strip()))
    if True in results:
        return finding(CheckId.RECIPIENT, PASSED, "same-recipient")
    if None in results:
        return finding(CheckId.RECIPIENT, UNKNOWN, "hash-unknown")
    if results:
        return finding(CheckId.RECIPIENT, FAILED, "other-recipient")
    return finding(CheckId.RECIPIENT, SKIPPED, "nothing-to-compare")


def _comparisons(subject: JsonObject, given: str) -> Iterator[bool | None]:
    """Whether each identifier is the one given; None where it cannot be told."""
    own_id = subject.get("id")
    if isinstance(own_id, str) and not own_id.startswith("urn:uuid:"):
        # A mailto: subject is an address; anything else is compared as it is.
        yield own_id == given or own_id.casefold() == f"mailto:{given}".casefold()
    for identity in as_list(subject.get("identifier")):
        if not isinstance(identity, dict) or identity.get("identityType") == "name":
            continue
        text, salt = identity.get("identityHash"), identity.get("salt", "")
        if not isinstance(text, str) or not isinstance(salt, str):
            yield None
        elif identity.get("hashed"):
            yield _hash_matches(text, salt, given)
        else:
            yield text == given or text.casefold() == given.casefold()


def _hash_matches(identity_hash: str, salt: str, given: str) -> bool | None:
    """IdentityHash is `alg$hex` over identifier || salt; issuers lower-case an e-mail address first, mostly."""
    parts = _IDENTITY_HASH.fullmatch(identity_hash)
    if parts is None:
        return None
    for form in (given, given.lower()):
        digest = hashlib.new(parts[1], (form + salt).encode(), usedforsecurity=False).hexdigest()
        if hmac.compare_digest(digest, parts[2].lower()):
            return True
    return False


def check_endorsements(inspection: Inspection) -> Check:
    """Each endorsement inside the badge, by the same rules: shape, nothing lost, signature, issuer, dates."""
    found = list(_endorsements(inspection.document))
    if not found:
        return finding(CheckId.ENDORSEMENTS, SKIPPED, "none")
    results = [_examine_endorsement(one, inspection) for one in found[:MAX_ENDORSEMENTS]]
    results += [{"outcome": UNKNOWN.value, "reason": "too-many"}] * (len(found) - len(results))
    evidence = {"endorsements": results}
    notices = compare_staple(inspection)
    bad = sum(result["outcome"] == FAILED for result in results)
    unsure = sum(result["outcome"] == UNKNOWN for result in results)
    if bad:
        return finding(
            CheckId.ENDORSEMENTS,
            FAILED,
            "endorsement-invalid",
            evidence=evidence,
            notices=notices,
            bad=bad,
            count=len(results),
        )
    if unsure:
        return finding(
            CheckId.ENDORSEMENTS,
            UNKNOWN,
            "endorsement-unconfirmed",
            evidence=evidence,
            notices=notices,
            unsure=unsure,
            count=len(results),
        )
    return finding(CheckId.ENDORSEMENTS, PASSED, "endorsed", evidence=evidence, notices=notices, count=len(results))


def _endorsements(value: JsonValue) -> Iterator[JsonValue]:
    """Embedded endorsements wherever OB 3.0 lets them stand: on the badge, the achievement, a profile."""
    if isinstance(value, list):
        for member in value:
            yield from _endorsements(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key in {"endorsement", "endorsementJwt"}:
                yield from as_list(member)
            elif key != "proof":
                yield from _endorsements(member)


def _examine_endorsement(value: JsonValue, inspection: Inspection) -> dict[str, Any]:
    try:
        return _stated(value, inspection) or _examined(value, inspection)
    except BadgeError as error:
        return {"outcome": FAILED.value, "reason": error.slug, "detail": error.detail}


def _stated(value: JsonValue, inspection: Inspection) -> dict[str, Any] | None:
    """A statement of the pinned authority, told apart from what anybody else may say; None for everything else."""
    if inspection.anchor is None or not isinstance(value, dict):
        return None
    try:
        staple = believe(value, anchor=inspection.anchor)
    except BadgeError:
        return None
    return {
        "outcome": PASSED.value,
        "reason": "statement-of-authority",
        "issuer": staple.authority_id,
        **staple_evidence(staple),
    }


def _is_over(view: Credential, inspection: Inspection) -> bool:
    """Whether an endorsement has run out; a statement about days of award speaks for those days ever after."""
    if view.valid_until is None or inspection.at <= view.valid_until:
        return False
    try:
        staple = read_staple(view.document)
    except BadgeError:
        return True
    return inspection.award_day is None or not staple.covers(inspection.award_day)


def _examined(value: JsonValue, inspection: Inspection) -> dict[str, Any]:
    text = value.encode("utf-8", "replace") if isinstance(value, str) else write_json(value)
    subject = intake_bytes(text, name="endorsement")
    document, jws = subject.document, subject.jws
    if document is None:
        return {"outcome": FAILED.value, "reason": "not-an-endorsement"}
    view = Credential.parse(document)
    result: dict[str, Any] = {"issuer": view.issuer_id, "valid_from": document.get("validFrom")}
    faults = (*subject.claims, *disguises_in(document), *validate_endorsement(in_array_form(document)))
    if not faults and jws is None:
        try:
            faults = find_losses(unsigned(document))
        except DocumentError as error:
            return result | {"outcome": UNKNOWN.value, "reason": error.slug}
    if faults:
        return result | {"outcome": FAILED.value, "reason": "schema", "detail": str(faults[0])}
    signature = examine(Secured(document=document, jws=jws), scene=inspection.scene)
    if signature.outcome is not PASSED or signature.by_issuer is None:
        outcome = signature.outcome if signature.outcome is not PASSED else FAILED
        reason = signature.reason if signature.outcome is not PASSED else "controller-not-issuer"
        return result | {"outcome": outcome.value, "reason": reason}
    if _is_over(view, inspection):
        return result | {"outcome": UNKNOWN.value, "reason": "expired"}
    if view.valid_from is not None and inspection.at + inspection.policy.clock_skew < view.valid_from:
        return result | {"outcome": UNKNOWN.value, "reason": "not-yet-valid"}
    return result | _standing(view, inspection)


def _standing(view: Credential, inspection: Inspection) -> dict[str, str]:
    """What the endorser's own status lists say; a set bit decides, else one that is not known."""
    entries = view.status_entries[:MAX_STATUS_ENTRIES]
    outcomes = [_standing_by(entry, view, inspection) for entry in entries]
    if FAILED in outcomes:
        return {"outcome": FAILED.value, "reason": "withdrawn"}
    if UNKNOWN in outcomes or len(view.status_entries) > len(entries):
        return {"outcome": UNKNOWN.value, "reason": "status-unknown"}
    return {"outcome": PASSED.value, "reason": "verified"}


def _standing_by(entry: JsonValue, view: Credential, inspection: Inspection) -> Outcome:
    if not isinstance(entry, dict):
        return UNKNOWN
    if is_revocation_list(entry):
        return read_revocation_list(entry, badge=view, scene=inspection.scene).outcome
    if entry.get("statusPurpose") not in (v.REVOCATION, v.SUSPENSION):  # a tuple: it may be a list
        return UNKNOWN
    return read_entry(entry, purpose=entry["statusPurpose"], badge=view, scene=inspection.scene).outcome
