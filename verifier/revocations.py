"""A 1EdTechRevocationList -> what it says of a badge (1EdTech VCRL 1.0; W3C's replaces it since 2025).

The list is plain JSON and nobody signs it: all that speaks for it is that the signed badge names its https address. So
a badge in it is withdrawn; but it clears none of an issuer for whom the register has keys that sign its lists.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.errors import InputError, Unreachable
from schemas.jsontext import JsonObject, JsonValue, parse_object
from schemas.nzqcf import format_nz_date
from verifier.proofs import Scene, same_id
from verifier.register.binding import day_of
from verifier.report import Outcome, format_instant
from verifier.statuses import EntryFinding, keeps_status_keys


def is_revocation_list(entry: JsonValue) -> bool:
    """Whether a status entry is of this kind."""
    return isinstance(entry, dict) and v.REVOCATION_LIST_1EDTECH in as_list(entry.get("type"))


def read_revocation_list(entry: JsonObject, *, badge: Credential, scene: Scene) -> EntryFinding:
    """`failed`: the list has the badge as withdrawn; `passed`: it has not; else what is wrong with the list."""
    evidence: dict[str, Any] = {"purpose": v.REVOCATION}
    url = entry.get("id")
    if not isinstance(url, str) or not url or not badge.id:
        detail = "It names no list." if badge.id else "The badge has no id to be looked for."
        return _doubt("status-entry-malformed", evidence, detail=detail)
    evidence |= {"list": url}
    try:
        retrieved = scene.fetch(url)
    except Unreachable as error:
        return _doubt("status-unreachable", evidence, problem=error, detail=error.detail)
    evidence |= {"retrieved_at": format_instant(retrieved.retrieved_at), "sha256": retrieved.sha256}
    on = format_nz_date(day_of(retrieved.retrieved_at))
    if scene.at - retrieved.retrieved_at > scene.policy.max_status_age:
        return _doubt("status-list-stale", evidence, retrieved_on=on)
    try:
        listed = parse_object(retrieved.body)
        revoked = _is_revoked(listed.get("revokedCredential"), _name(badge.id))
    except InputError as error:
        return _doubt("status-list-malformed", evidence, problem=error, detail=error.detail)
    issuer = listed.get("issuer")
    issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
    if _name(listed.get("id")) != _name(url):
        return _doubt("status-list-elsewhere", evidence, list_id=str(listed.get("id"))[:200])
    if not isinstance(issuer_id, str) or not same_id(_name(issuer_id), _name(badge.issuer_id)):
        return _doubt("status-list-foreign", evidence, list_issuer=str(issuer_id)[:200])
    facts = {"list_valid_from": on}
    if revoked:
        return EntryFinding(outcome=Outcome.FAILED, reason="listed", facts=facts, evidence=evidence)
    if scene.edition is not None and keeps_status_keys(scene.edition.register, badge.issuer_id or ""):
        return _doubt(
            "status-list-unproven", evidence, detail="Nobody signed it, and the register has keys for this issuer's."
        )
    return EntryFinding(outcome=Outcome.PASSED, reason="not-listed", facts=facts, evidence=evidence)


def _is_revoked(members: JsonValue, name: str) -> bool:
    """Listed, and not said to be `revoked: false`. Raises InputError for what is no list of credentials."""
    if not isinstance(members, list):
        raise InputError("It has no list of revoked credentials.")
    found = False
    for member in members:
        if not isinstance(member, dict) or not isinstance(member.get("id"), str):
            raise InputError("One of its entries names no credential.")
        revoked = member.get("revoked", True)
        if not isinstance(revoked, bool):
            raise InputError("One of its entries says neither that it is revoked nor that it is not.")
        found = found or (revoked and _name(member["id"]) == name)
    return found


def _name(identifier: JsonValue) -> str:
    """Ids are compared percent-unescaped and trimmed (Open Badges 3.0, equality)."""
    return unquote(identifier).strip() if isinstance(identifier, str) else ""


def _doubt(reason: str, evidence: dict[str, Any], *, problem: Any = None, **facts: Any) -> EntryFinding:
    return EntryFinding(outcome=Outcome.UNKNOWN, reason=reason, facts=facts, evidence=evidence, problem=problem)
