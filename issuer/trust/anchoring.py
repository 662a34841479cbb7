"""A Merkle tree (RFC 6962) over what was signed since the last one: its root for the register, its proofs for badges.

The tree is made in a few milliseconds from the leaves' order, so only the order is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """The tree just made, if anything was new, and every tree the register in use does not have yet."""

    new: StoredAnchor | None
    unrecorded: tuple[StoredAnchor, ...]


class Tree:
    """A Merkle tree, level by level; a node without a sibling goes up as it is, which is RFC 6962's split (2.1)."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """`leaves` are the SHA-256 of the signed texts; at least one."""
        self._levels = [[leaf_hash(leaf) for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            pairs = [node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
            self._levels.append(pairs + below[len(pairs) * 2 :])

    @property
    def root(self) -> str:
        return self._levels[-1][0].hex()

    def proof(self, index: int) -> JsonObject:
        """`{root, index, count, path}` of one leaf (2.1.1)."""
        path = []
        here = index
        for level in self._levels[:-1]:
            if here ^ 1 < len(level):
                path.append(level[here ^ 1].hex())
            here >>= 1
        return {"root": self.root, "index": index, "count": len(self._levels[0]), "path": path}


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
    """The inclusion proofs of every badge, each made when it is asked for."""

    def __init__(self, connection: Connection) -> None:
        self._trees: dict[int, Tree] = {}
        self._places: defaultdict[str, list[tuple[int, str, int, int]]] = defaultdict(list)
        for anchor in anchor_store.load_anchors(connection):
            digests = []
            for position, leaf in enumerate(anchor_store.load_leaves(connection, anchor.number)):
                digests.append(bytes.fromhex(leaf.sha256))
                self._places[leaf.short_id].append((-leaf.version, leaf.form, anchor.number, position))
            self._trees[anchor.number] = Tree(digests)

    def of(self, short_id: str) -> JsonObject | None:
        """What lies beside the badge: the proof of its newest anchored version, and of the others in `others`."""
        places = sorted(self._places.get(short_id, ()))[:MAX_INCLUSION_PROOFS]
        proofs = [self._trees[number].proof(position) for _, _, number, position in places]
        if not proofs:
            return None
        return proofs[0] | ({"others": proofs[1:]} if proofs[1:] else {})
