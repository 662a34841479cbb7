"""Which signed texts are in which Merkle tree, as rows: a text is in one tree, once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.tables import anchor_leaves, anchors, documents
from schemas.times import parse_time, write_time

_PAGE = 1_000


class Form(StrEnum):
    DOCUMENT = "document"
    JWT = "jwt"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Leaf:
    """One signed text: of which badge, version and form, and its SHA-256 in hexadecimal."""

    short_id: str
    version: int
    form: Form
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnchor:
    number: int
    merkle_root: str
    count: int
    created_at: datetime


def find_unanchored(connection: Connection) -> list[Leaf]:
    """Every signed text that is in no tree yet, in a fixed order."""
    leaves: list[Leaf] = []
    for form in Form:
        query = sa.select(documents.c.short_id, documents.c.version, documents.c.document_sha256)
        query = query.where(_is_unanchored(form))
        if form is Form.JWT:
            query = query.add_columns(documents.c.jwt)
        for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
            text = row.document_sha256 if form is Form.DOCUMENT else hashlib.sha256(row.jwt.encode()).hexdigest()
            leaves.append(Leaf(short_id=row.short_id, version=row.version, form=form, sha256=text))
    return sorted(leaves)


def count_unanchored(connection: Connection) -> int:
    """How many signed texts are in no tree yet."""
    queries = [sa.select(sa.func.count()).select_from(documents).where(_is_unanchored(form)) for form in Form]
    return sum(connection.scalar(query) or 0 for query in queries)


def _is_unanchored(form: Form) -> sa.ColumnElement[bool]:
    held = sa.exists().where(
        anchor_leaves.c.short_id == documents.c.short_id,
        anchor_leaves.c.version == documents.c.version,
        anchor_leaves.c.form == form,
    )
    return ~held if form is Form.DOCUMENT else sa.and_(~held, documents.c.jwt.is_not(None))


def keep_anchor(connection: Connection, leaves: Sequence[Leaf], *, merkle_root: str, at: datetime) -> StoredAnchor:
    """Keep a tree over these leaves, in this order, under the next number; the caller holds the owner's row."""
    number = (connection.scalar(sa.select(sa.func.max(anchors.c.number))) or 0) + 1
    anchor = StoredAnchor(number=number, merkle_root=merkle_root, count=len(leaves), created_at=at)
    connection.execute(
        sa.insert(anchors),
        [{"number": number, "merkle_root": merkle_root, "count": len(leaves), "created_at": write_time(at)}],
    )
    for start in range(0, len(leaves), _PAGE):
        rows = [
            {
                "anchor_number": number,
                "position": position,
                "short_id": leaf.short_id,
                "version": leaf.version,
                "form": leaf.form,
                "leaf_sha256": leaf.sha256,
            }
            for position, leaf in enumerate(leaves[start : start + _PAGE], start)
        ]
        connection.execute(sa.insert(anchor_leaves), rows)
    return anchor


def load_anchors(connection: Connection) -> tuple[StoredAnchor, ...]:
    """Every tree, oldest first."""
    query = sa.select(anchors.c.number, anchors.c.merkle_root, anchors.c.count.label("size"), anchors.c.created_at)
    return tuple(
        StoredAnchor(
            number=row.number, merkle_root=row.merkle_root, count=row.size, created_at=parse_time(row.created_at)
        )
        for row in connection.execute(query.order_by(anchors.c.number))
    )


def load_places(connection: Connection, short_id: str) -> list[tuple[int, str, int, int]]:
    """(version, form, anchor, position) of what was signed of one badge, the newest version first."""
    query = (
        sa.select(
            anchor_leaves.c.version, anchor_leaves.c.form, anchor_leaves.c.anchor_number, anchor_leaves.c.position
        )
        .where(anchor_leaves.c.short_id == short_id)
        .order_by(anchor_leaves.c.version.desc(), anchor_leaves.c.form)
    )
    return [(row.version, row.form, row.anchor_number, row.position) for row in connection.execute(query)]


def load_leaves(connection: Connection, number: int) -> Iterator[Leaf]:
    """The leaves of one tree in their order."""
    after = -1
    while True:
        query = (
            sa.select(anchor_leaves)
            .where(anchor_leaves.c.anchor_number == number, anchor_leaves.c.position > after)
            .order_by(anchor_leaves.c.position)
            .limit(_PAGE)
        )
        rows = connection.execute(query).all()
        for row in rows:
            yield Leaf(short_id=row.short_id, version=row.version, form=Form(row.form), sha256=row.leaf_sha256)
        if len(rows) < _PAGE:
            return
        after = rows[-1].position
