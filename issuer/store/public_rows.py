"""What the public face depends on, a page of narrow rows at a time: no document is read and nothing is held of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.claims_rows import Visibility
from issuer.store.credentials import State
from issuer.store.service_tables import claims
from issuer.store.tables import anchor_leaves, anchors, credentials, documents, nzroa_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRow:
    """One badge as far as its files go. `share_serial` is None where no printed certificate has a key."""

    short_id: str
    nzqa_ref: str
    version: int
    state: State
    document_sha256: str
    has_jwt: bool
    visibility: Visibility | None  # None: as the instance says
    share_serial: int | None
    nzroa_link: str | None
    reported_at: str | None
    leaves: tuple[tuple[int, int], ...] = ()  # (anchor, position) of what was signed of it


_ROWS = (
    sa.select(
        credentials.c.short_id,
        credentials.c.nzqa_ref,
        credentials.c.version,
        credentials.c.state,
        documents.c.document_sha256,
        documents.c.jwt.is_not(None).label("has_jwt"),
        claims.c.visibility,
        claims.c.share_sha256,
        claims.c.share_serial,
        claims.c.nzroa_link,
        nzroa_entries.c.reported_at,
    )
    .join(
        documents,
        sa.and_(documents.c.short_id == credentials.c.short_id, documents.c.version == credentials.c.version),
    )
    .outerjoin(claims, claims.c.short_id == credentials.c.short_id)
    .outerjoin(nzroa_entries, nzroa_entries.c.short_id == credentials.c.short_id)
    .order_by(credentials.c.short_id)
)
_NEXT = _ROWS.where(credentials.c.short_id > sa.bindparam("after")).limit(sa.bindparam("most"))


def load_page(connection: Connection, *, after: str, limit: int) -> list[PublicRow]:
    """The next badges in the order of their ids."""
    return _rows(connection, connection.execute(_NEXT, {"after": after, "most": limit}).all())


def load_rows(connection: Connection, short_ids: Sequence[str]) -> list[PublicRow]:
    """These badges, in the order of their ids."""
    return _rows(connection, connection.execute(_ROWS.where(credentials.c.short_id.in_(short_ids))).all())


def _rows(connection: Connection, rows: Sequence[Row[Any]]) -> list[PublicRow]:
    leaves = _leaves(connection, [row.short_id for row in rows])
    return [
        PublicRow(
            short_id=row.short_id,
            nzqa_ref=row.nzqa_ref,
            version=row.version,
            state=State(row.state),
            document_sha256=row.document_sha256,
            has_jwt=bool(row.has_jwt),
            visibility=None if row.visibility is None else Visibility(row.visibility),
            share_serial=None if row.share_sha256 is None else row.share_serial,
            nzroa_link=row.nzroa_link,
            reported_at=row.reported_at,
            leaves=tuple(leaves.get(row.short_id, ())),
        )
        for row in rows
    ]


def count_shown(connection: Connection, *, otherwise: Visibility) -> dict[tuple[str, str], int]:
    """(reference, version of the listing) -> badges whose page is not private; `otherwise` is for those without a
    choice of their learner's."""
    seen = sa.func.coalesce(claims.c.visibility, otherwise.value)
    query = (
        sa.select(credentials.c.nzqa_ref, credentials.c.listing_version, sa.func.count().label("badges"))
        .outerjoin(claims, claims.c.short_id == credentials.c.short_id)
        .where(seen != Visibility.PRIVATE.value)
        .group_by(credentials.c.nzqa_ref, credentials.c.listing_version)
    )
    return {(row.nzqa_ref, row.listing_version): row.badges for row in connection.execute(query)}


def find_listed(
    connection: Connection, *, among: Sequence[Visibility], otherwise: Visibility, limit: int
) -> tuple[list[str], int]:
    """(the first ids, how many there are) of badges whose page is seen as one of `among`."""
    seen = sa.func.coalesce(claims.c.visibility, otherwise.value)
    joined = credentials.outerjoin(claims, claims.c.short_id == credentials.c.short_id)
    shown = seen.in_([one.value for one in among])
    ids = sa.select(credentials.c.short_id).select_from(joined).where(shown).order_by(credentials.c.short_id)
    count = connection.scalar(sa.select(sa.func.count()).select_from(joined).where(shown))
    return list(connection.scalars(ids.limit(limit))), int(count or 0)


def find_ids(connection: Connection, short_ids: Sequence[str]) -> set[str]:
    """Those of these that are badges."""
    return set(connection.scalars(sa.select(credentials.c.short_id).where(credentials.c.short_id.in_(short_ids))))


def _leaves(connection: Connection, short_ids: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    if not short_ids or connection.scalar(sa.select(anchors.c.number).limit(1)) is None:
        return {}
    query = sa.select(anchor_leaves.c.short_id, anchor_leaves.c.anchor_number, anchor_leaves.c.position)
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in connection.execute(
        query.where(anchor_leaves.c.short_id.in_(short_ids)).order_by(
            anchor_leaves.c.anchor_number, anchor_leaves.c.position
        )
    ):
        found[row.short_id].append((row.anchor_number, row.position))
    return found
