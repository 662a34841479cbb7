"""Inclusion proofs (RFC 6962, 2.1): shows that a badge was in a tree whose root a register edition recorded."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime

from keys.did import canonical_id
from schemas.jsontext import JsonObject
from schemas.limits import MAX_INCLUSION_PATH, MAX_INCLUSION_PROOFS
from verifier.register.binding import end_of_day
from verifier.register.records import Register

_DIGEST = re.compile(r"[0-9a-f]{64}")


def anchored_on(text: str, proof: JsonObject | None, *, did: str, register: Register, before: datetime) -> date | None:
    """The day on which the register recorded a tree that holds this badge, when that day was over before `before`.

    `text` is the signed document as stored; `proof` is `{root, index, count, path}`, and in `others` it may hold such
    proofs of the badge's other versions and forms. None when nothing shows it.
    """
    days = [
        row.recorded_on
        for one in _proofs(proof)
        if (root := recompute_root(text, one)) is not None
        for row in register.anchors_by_did.get(canonical_id(did), ())
        if row.merkle_root == root and row.count == one.get("count") and end_of_day(row.recorded_on) < before
    ]
    return min(days, default=None)


def _proofs(proof: JsonObject | None) -> list[JsonObject]:
    """The proof and those beside it: an earlier copy of a corrected badge was in a tree of its own."""
    if proof is None:
        return []
    others = proof.get("others")
    further = others[: MAX_INCLUSION_PROOFS - 1] if isinstance(others, list) else []
    return [proof, *(one for one in further if isinstance(one, dict))]


def recompute_root(text: str, proof: JsonObject) -> str | None:
    """The root that an inclusion proof leads to, or None for one that is malformed or contradicts itself."""
    index, count, path = _whole(proof.get("index")), _whole(proof.get("count")), proof.get("path")
    if index is None or count is None or not isinstance(path, list) or len(path) > MAX_INCLUSION_PATH:
        return None
    if not 0 <= index < count or not all(isinstance(step, str) and _DIGEST.fullmatch(step) for step in path):
        return None
    # RFC 9162, 2.1.3.2 writes the verification out.
    node = leaf_hash(hashlib.sha256(text.encode("utf-8")).digest())
    here, last = index, count - 1
    for step in path:
        if last == 0:
            return None
        sibling = bytes.fromhex(step)
        if here & 1 or here == last:
            node = node_hash(sibling, node)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        here, last = here >> 1, last >> 1
    root = node.hex()
    return root if last == 0 and proof.get("root") == root else None


def leaf_hash(document_sha256: bytes) -> bytes:
    """RFC 6962, 2.1: what stands at the foot of the tree for a signed document of that SHA-256."""
    return hashlib.sha256(b"\x00" + document_sha256).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1: what stands above two nodes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
