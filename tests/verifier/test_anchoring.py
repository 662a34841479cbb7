"""Inclusion proofs against a tree built the other way round (RFC 6962, 2.1), for every size and place up to 20."""

from __future__ import annotations

import hashlib

import pytest

from schemas.limits import MAX_INCLUSION_PATH
from verifier.anchoring import recompute_root


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def tree_head(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return _sha256(b"\x00" + leaves[0])
    k = _split(len(leaves))
    return _sha256(b"\x01" + tree_head(leaves[:k]) + tree_head(leaves[k:]))


def path_to(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*path_to(index, leaves[:k]), tree_head(leaves[k:])]
    return [*path_to(index - k, leaves[k:]), tree_head(leaves[:k])]


TEXTS = [f'{{"badge":{number}}}' for number in range(20)]


@pytest.mark.parametrize("size", range(1, 21))
def test_every_leaf_of_a_tree_leads_to_its_root_and_no_other_does(size: int) -> None:
    leaves = [_sha256(text.encode()) for text in TEXTS[:size]]
    root = tree_head(leaves).hex()
    for index in range(size):
        path = [step.hex() for step in path_to(index, leaves)]
        proof = {"root": root, "index": index, "count": size, "path": path}
        assert recompute_root(TEXTS[index], proof) == root
        assert recompute_root("another badge", proof) is None
        assert recompute_root(TEXTS[index], proof | {"path": [*path, "0" * 64]}) is None
        assert recompute_root(TEXTS[index], proof | {"index": size}) is None
        assert recompute_root(TEXTS[index], proof | {"index": -1}) is None
        if path:
            assert recompute_root(TEXTS[index], proof | {"path": path[:-1]}) is None


def test_a_path_over_the_limit_is_not_followed() -> None:
    """A chain of left siblings so long is a sound proof of a tree too large to be honest."""
    node = _sha256(b"\x00" + _sha256(TEXTS[0].encode()))
    sibling = _sha256(b"sibling")
    for steps in (MAX_INCLUSION_PATH, MAX_INCLUSION_PATH + 1):
        root = node
        for _ in range(steps):
            root = _sha256(b"\x01" + root + sibling)
        proof = {"root": root.hex(), "index": 0, "count": 1 << steps, "path": [sibling.hex()] * steps}
        assert (recompute_root(TEXTS[0], proof) is not None) is (steps == MAX_INCLUSION_PATH)
