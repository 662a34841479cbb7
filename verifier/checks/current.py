"""Is it in force today? The checks of the second question: dates, status lists, and a newer version of the badge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

from keys.resolve import Retrieved
from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.errors import NotPublished, Unreachable
from schemas.limits import MAX_REFRESH_SERVICES, MAX_STATUS_ENTRIES
from schemas.nzqcf import format_nz_date, nz_date
from verifier.checks.finding import FAILED, PASSED, SKIPPED, UNKNOWN, finding
from verifier.checks.genuine import is_genuine
from verifier.inspection import Inspection
from verifier.intake import fetch_badge, intake_bytes
from verifier.report import Check, CheckId, format_instant
from verifier.revocations import is_revocation_list, read_revocation_list
from verifier.statuses import EntryFinding, read_entry
from verifier.words import Sentence

# Status purposes of Bitstring Status List 1.0 (2.1) that take nothing away from a badge.
_HARMLESS_PURPOSES = frozenset({"message", "refresh"})
_SINCE_ISSUED = Sentence("it was issued", "te wā i tukuna ai")
_NO_EXPIRY = Sentence("; it has no expiry date", "; kāore ōna rā mutunga")


def check_dates(inspection: Inspection) -> Check:
    """VCDM 2.0, 4.9 (validity period); the skew is only ever given to a clock that runs ahead."""
    badge, at = inspection.credential, inspection.at
    start, end = badge.valid_from, badge.valid_until
    evidence = {
        "valid_from": None if start is None else format_instant(start),
        "valid_until": None if end is None else format_instant(end),
        "at": format_instant(at),
    }
    if start is not None and at + inspection.policy.clock_skew < start:
        return finding(CheckId.DATES, FAILED, "not-yet-valid", evidence=evidence, valid_from=_day(start))
    if end is not None and at > end:
        return finding(CheckId.DATES, FAILED, "expired", evidence=evidence, valid_until=_day(end))
    return finding(
        CheckId.DATES,
        PASSED,
        "in-force",
        evidence=evidence,
        valid_from=_SINCE_ISSUED if start is None else _day(start),
        valid_until=_NO_EXPIRY if end is None else _until(end),
    )


def check_revocation(inspection: Inspection) -> Check:
    """Has the issuer withdrawn it? 1EdTech's own lists are read here too, and entries of an unknown kind counted."""
    entries = inspection.credential.status_entries
    if len(entries) > MAX_STATUS_ENTRIES:
        facts: dict[str, Any] = {"count": len(entries), "limit": MAX_STATUS_ENTRIES}
        return finding(CheckId.REVOCATION, UNKNOWN, "too-many-status-entries", evidence=facts, **facts)
    strange: list[EntryFinding] = []
    for entry in entries:
        if is_revocation_list(entry):
            strange.append(read_revocation_list(entry, badge=inspection.credential, scene=inspection.scene))
            continue
        kind = entry.get("type") if isinstance(entry, dict) else None
        names = kind if isinstance(kind, list) else [kind]
        if v.BITSTRING_ENTRY not in names:
            strange.append(EntryFinding(outcome=UNKNOWN, reason="status-type-unknown", facts={"type": str(kind)[:80]}))
            continue
        purpose = entry.get("statusPurpose")
        if purpose not in (v.REVOCATION, v.SUSPENSION, *_HARMLESS_PURPOSES):  # a tuple: it may be a list
            strange.append(
                EntryFinding(outcome=UNKNOWN, reason="status-purpose-unknown", facts={"purpose": str(purpose)[:80]})
            )
    return _status(inspection, CheckId.REVOCATION, v.REVOCATION, "withdrawn", "not-revoked", strange)


def check_suspension(inspection: Inspection) -> Check:
    """Has the issuer put it on hold?"""
    if len(inspection.credential.status_entries) > MAX_STATUS_ENTRIES:
        facts: dict[str, Any] = {"count": len(inspection.credential.status_entries), "limit": MAX_STATUS_ENTRIES}
        return finding(CheckId.SUSPENSION, UNKNOWN, "too-many-status-entries", evidence=facts, **facts)
    return _status(inspection, CheckId.SUSPENSION, v.SUSPENSION, "suspended", "not-suspended", ())


def _status(
    inspection: Inspection,
    check_id: CheckId,
    purpose: str,
    set_reason: str,
    clear_reason: str,
    strange: Iterable[EntryFinding],
) -> Check:
    """A bit that is set decides; else one answer that is missing leaves it open."""
    found = [
        read_entry(entry, purpose=purpose, badge=inspection.credential, scene=inspection.scene)
        for entry in inspection.credential.status_entries
        if isinstance(entry, dict) and entry.get("statusPurpose") == purpose and _is_bitstring(entry)
    ]
    found.extend(strange)
    if not found:
        return finding(check_id, SKIPPED, "no-status")
    evidence = {"entries": [_entry_evidence(one) for one in found]}
    for outcome, reason in ((FAILED, set_reason), (UNKNOWN, None), (PASSED, clear_reason)):
        for one in found:
            if one.outcome is outcome:
                return finding(
                    check_id, outcome, reason or one.reason, evidence=evidence, problem=one.problem, **one.facts
                )
    raise AssertionError("an entry is passed, failed or unknown")


def _is_bitstring(entry: Mapping[str, Any]) -> bool:
    kind = entry.get("type")
    return v.BITSTRING_ENTRY in (kind if isinstance(kind, list) else [kind])


def _entry_evidence(one: EntryFinding) -> dict[str, Any]:
    return {"outcome": one.outcome.value, "reason": one.reason, **one.evidence}


def check_lineage(inspection: Inspection) -> Check:
    """Looks for a genuine one of the same issuer and id that is newer: at the badge's own address (OB 3.0, equality),
    and where its refresh service says (OB 3.0, verification, step 3).
    """
    badge = inspection.credential
    address = badge.id or ""
    own = [_own_address(address, inspection)] if address.startswith(("https://", "http://")) else []
    refreshed = list(_refresh_services(inspection))
    # A newer one decides; then what the issuer's own refresh service left open; then that there is none.
    order = (
        *(one for one in (*own, *refreshed) if one.outcome is FAILED),
        *(one for one in refreshed if one.outcome is UNKNOWN),
        *(one for one in (*own, *refreshed) if one.outcome is PASSED),
        *own,
    )
    return order[0] if order else finding(CheckId.LINEAGE, SKIPPED, "no-address")


def _refresh_services(inspection: Inspection) -> Iterator[Check]:
    """Each service is asked once, and whatever it answers is not asked again (verification, step 3)."""
    services = as_list(inspection.document.get("refreshService"))
    for service in services[:MAX_REFRESH_SERVICES]:
        kinds = as_list(service.get("type")) if isinstance(service, dict) else []
        url = service.get("id") if isinstance(service, dict) else None
        if v.CREDENTIAL_REFRESH not in kinds or not isinstance(url, str):
            kind = str(kinds[0] if kinds else "none")[:80]
            yield finding(CheckId.LINEAGE, UNKNOWN, "refresh-type-unknown", evidence={"type": kind}, type=kind)
            continue
        evidence: dict[str, Any] = {"refresh_service": url}
        try:
            retrieved = fetch_badge(url, fetch=inspection.fetch)
        except Unreachable as error:
            yield finding(CheckId.LINEAGE, UNKNOWN, "refresh-unreachable", evidence=evidence, problem=error)
            continue
        yield _compared(url, retrieved, inspection, evidence)


def _own_address(address: str, inspection: Inspection) -> Check:
    evidence: dict[str, Any] = {"address": address}
    try:
        retrieved = fetch_badge(address, fetch=inspection.fetch)
    except Unreachable as error:
        if isinstance(error, NotPublished) and inspection.outcome(CheckId.REVOCATION) is PASSED:
            # A learner may keep a badge private; the issuer's list has spoken for it.
            return finding(CheckId.LINEAGE, SKIPPED, "not-published", evidence=evidence)
        if isinstance(error, NotPublished) and inspection.outcome(CheckId.REVOCATION) is FAILED:
            return finding(CheckId.LINEAGE, UNKNOWN, "address-unpublished", evidence=evidence, problem=error)
        return finding(CheckId.LINEAGE, UNKNOWN, "address-unreachable", evidence=evidence, problem=error)
    return _compared(address, retrieved, inspection, evidence)


def _compared(address: str, retrieved: Retrieved, inspection: Inspection, evidence: dict[str, Any]) -> Check:
    """What stands at an address, against the badge in hand."""
    badge = inspection.credential
    evidence = evidence | {"retrieved_at": format_instant(retrieved.retrieved_at), "sha256": retrieved.sha256}
    subject = intake_bytes(retrieved.body, name=address)
    if subject.document is None:
        return finding(CheckId.LINEAGE, UNKNOWN, "address-unreadable", evidence=evidence, problem=subject.fault)
    if subject.text == inspection.subject.text:
        return finding(CheckId.LINEAGE, PASSED, "newest", evidence=evidence | {"same_copy": True})
    other = Credential.parse(subject.document)
    if _name(other.id) != _name(badge.id) or _name(other.issuer_id) != _name(badge.issuer_id):
        return finding(CheckId.LINEAGE, UNKNOWN, "address-holds-another", evidence=evidence)
    if not _is_newer(other, badge, at=inspection.at + inspection.policy.clock_skew):
        return finding(CheckId.LINEAGE, PASSED, "newest", evidence=evidence)
    newer = other.valid_from
    signature = is_genuine(subject, inspection.scene)
    # A badge under a key of the register is only outranked by another: whoever took over the domain has none.
    if newer is None or signature is None or (inspection.signature.is_bound and not signature.is_bound):
        return finding(CheckId.LINEAGE, UNKNOWN, "newer-not-genuine", evidence=evidence)
    return finding(
        CheckId.LINEAGE,
        FAILED,
        "replaced",
        evidence=evidence | {"newer_valid_from": format_instant(newer)},
        newer_valid_from=_day(newer),
        address=address,
    )


def _is_newer(other: Credential, badge: Credential, *, at: datetime) -> bool:
    """Newer by `validFrom`, and already in force: a badge dated ahead replaces nothing yet."""
    if other.valid_from is None or badge.valid_from is None:
        return False
    return badge.valid_from < other.valid_from <= at


def _name(identifier: str | None) -> str:
    """Equality of ids as OB 3.0 has it: percent-unescaped and trimmed."""
    return unquote(identifier or "").strip()


def _until(end: datetime) -> Sentence:
    day = _day(end)
    english, maori = (day, day) if isinstance(day, str) else (format_nz_date(day, language=one) for one in ("en", "mi"))
    return Sentence(f", until {english}", f", tae noa ki te {maori}")


def _day(instant: datetime) -> date | str:
    """The day in New Zealand, for people."""
    try:
        return nz_date(instant)
    except OverflowError:
        return instant.date().isoformat()  # at the very edge of the calendar New Zealand's day has no name
