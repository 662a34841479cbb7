"""A Merkle tree (RFC 6962) over what was signed since the last one: its root for the register, its proofs for badges.

The tree is made in a few milliseconds from the leaves' order, so only the order is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Instance
from issuer.store import anchors as anchor_store
from issuer.store import endings
from issuer.store.anchors import Leaf, StoredAnchor
from issuer.trust.anchor_request import AnchorAsked, build_request
from schemas.jsontext import JsonObject
from schemas.limits import MAX_INCLUSION_PROOFS
from verifier.anchoring import leaf_hash, node_hash
from verifier.register.edition import Edition

_DIGEST = 32  # bytes of a SHA-256


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """The tree just made, if anything was new, and every tree the register in use does not have yet."""

    new: StoredAnchor | None
    unrecorded: tuple[StoredAnchor, ...]


class Tree:
    """A Merkle tree, level by level; a node without a sibling goes up as it is, which is RFC 6962's split (2.1).

    A level is its digests end to end: some 64 bytes a leaf in all.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        """`leaves` are the SHA-256 of the signed texts; at least one."""
        self._levels = [b"".join(leaf_hash(leaf) for leaf in leaves)]
        while len(self._levels[-1]) > _DIGEST:
            below = self._levels[-1]
            last = len(below) - len(below) % (2 * _DIGEST)
            pairs = (
                node_hash(below[at : at + _DIGEST], below[at + _DIGEST : at + 2 * _DIGEST])
                for at in range(0, last, 2 * _DIGEST)
            )
            self._levels.append(b"".join(pairs) + below[last:])

    @property
    def root(self) -> str:
        return self._levels[-1].hex()

    def proof(self, index: int) -> JsonObject:
        """`{root, index, count, path}` of one leaf (2.1.1)."""
        path = []
        here = index
        for level in self._levels[:-1]:
            beside = (here ^ 1) * _DIGEST
            if beside < len(level):
                path.append(level[beside : beside + _DIGEST].hex())
            here >>= 1
        return {"root": self.root, "index": index, "count": len(self._levels[0]) // _DIGEST, "path": path}


def anchor_badges(instance: Instance, *, edition: Edition | None, now: datetime, actor: str) -> Anchored:
    """Make a tree over every signed text that is in none, in one transaction with its log entry.

    With nothing new none is made; what the register in use lacks is told all the same, so that a request that was
    lost can be written again.
    """
    with instance.store.writing() as connection:
        endings.lock_owner(connection)
        leaves = anchor_store.find_unanchored(connection)
        new = _keep(connection, leaves, now=now, actor=actor) if leaves else None
        held = anchor_store.load_anchors(connection)
    recorded = set() if edition is None else {(row.did, row.merkle_root) for row in edition.register.anchors}
    did = instance.config.did
    return Anchored(new=new, unrecorded=tuple(one for one in held if (did, one.merkle_root) not in recorded))


def request_for(instance: Instance, anchors: Sequence[StoredAnchor], *, now: datetime) -> JsonObject:
    """What the authority is asked to record, signed with the status key.

    The status key, because the badge key is the one that gets stolen: alone, it shall not get a root recorded.
    """
    return build_request(
        did=instance.config.did,
        anchors=[AnchorAsked(merkle_root=one.merkle_root, count=one.count) for one in anchors],
        signer=instance.status_signer(),
        method=instance.method_of(instance.config.status_key),
        created=now,
    )


def _keep(connection: Connection, leaves: Sequence[Leaf], *, now: datetime, actor: str) -> StoredAnchor:
    tree = Tree([bytes.fromhex(leaf.sha256) for leaf in leaves])
    anchor = anchor_store.keep_anchor(connection, leaves, merkle_root=tree.root, at=now)
    facts = {"anchor": anchor.number, "root": anchor.merkle_root, "count": anchor.count}
    audit.append(connection, at=now, actor=actor, action=audit.ANCHOR, facts=facts)
    return anchor


class Inclusions:
    """The inclusion proofs of badges, each made when it is asked for; a tree is made once, when it is first needed."""

    def __init__(self, connection: Connection, *, trees: MutableMapping[str, Tree] | None = None) -> None:
        """`trees` keeps them by their roots, for whoever asks again."""
        self._connection = connection
        self._anchors = {anchor.number: anchor for anchor in anchor_store.load_anchors(connection)}
        self._trees = {} if trees is None else trees

    def of(self, short_id: str) -> JsonObject | None:
        """What lies beside the badge: the proof of its newest anchored version, and of the others in `others`."""
        if not self._anchors:
            return None
        places = anchor_store.load_places(self._connection, short_id)[:MAX_INCLUSION_PROOFS]
        proofs = [self._tree(number).proof(position) for _, _, number, position in places]
        if not proofs:
            return None
        return proofs[0] | ({"others": proofs[1:]} if proofs[1:] else {})

    def _tree(self, number: int) -> Tree:
        root = self._anchors[number].merkle_root
        tree = self._trees.get(root)
        if tree is None:
            leaves = anchor_store.load_leaves(self._connection, number)
            tree = self._trees[root] = Tree(bytes.fromhex(leaf.sha256) for leaf in leaves)
        return tree
