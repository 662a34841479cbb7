"""Inclusion proofs (RFC 6962, 2.1): shows that a badge was in a tree whose root a register edition recorded."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime

from keys.did import canonical_id
from schemas.jsontext import JsonObject
from schemas.limits import MAX_INCLUSION_PATH
from verifier.register.binding import end_of_day
from verifier.register.records import Register

_DIGEST = re.compile(r"[0-9a-f]{64}")


def anchored_on(text: str, proof: JsonObject | None, *, did: str, register: Register, before: datetime) -> date | None:
    """The day on which the register recorded a tree that holds this badge, when that day was over before `before`.

    `text` is the signed document as stored; `proof` is `{root, index, count, path}`. None when nothing shows it.
    """
    if proof is None:
        return None
    root = recompute_root(text, proof)
    if root is None:
        return None
    days = [
        row.recorded_on
        for row in register.anchors_by_did.get(canonical_id(did), ())
        if row.merkle_root == root and row.count == proof.get("count") and end_of_day(row.recorded_on) < before
    ]
    return min(days, default=None)


def recompute_root(text: str, proof: JsonObject) -> str | None:
    """The root that an inclusion proof leads to, or None for one that is malformed or contradicts itself."""
    index, count, path = _whole(proof.get("index")), _whole(proof.get("count")), proof.get("path")
    if index is None or count is None or not isinstance(path, list) or len(path) > MAX_INCLUSION_PATH:
        return None
    if not 0 <= index < count or not all(isinstance(step, str) and _DIGEST.fullmatch(step) for step in path):
        return None
    # RFC 9162, 2.1.3.2 writes the verification out. Leaf = H(0x00 || d), node = H(0x01 || left || right).
    node = _hash(b"\x00", hashlib.sha256(text.encode("utf-8")).digest())
    here, last = index, count - 1
    for step in path:
        if last == 0:
            return None
        sibling = bytes.fromhex(step)
        if here & 1 or here == last:
            node = _hash(b"\x01", sibling, node)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            node = _hash(b"\x01", node, sibling)
        here, last = here >> 1, last >> 1
    root = node.hex()
    return root if last == 0 and proof.get("root") == root else None


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
