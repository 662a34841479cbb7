"""Status lists as rows: granting random free indexes, setting bits, keeping the list as last signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.dialect import insert_or_ignore, upsert
from issuer.store.engine import Store
from issuer.store.places import new_key, places
from issuer.store.tables import list_changes, signed_lists, status_bits, status_lists
from schemas.limits import MIN_BITSTRING_ENTRIES
from schemas.times import parse_time, write_time
from schemas.vocabulary import REVOCATION

# The rest is left free: a list of which every place is known to be a badge says more about each than it must.
FULL_PERCENT = 75


class Slot(NamedTuple):
    """One place in one status list."""

    list_number: int
    list_index: int


class Places(NamedTuple):
    """Where one badge stands: always in a list of revocation, and in one of suspension where it can be put on hold."""

    revocation: Slot
    suspension: Slot | None = None

    @property
    def numbers(self) -> frozenset[int]:
        """The lists it stands in."""
        return frozenset(slot.list_number for slot in (self.revocation, self.suspension) if slot is not None)

    @property
    def suspension_list(self) -> int | None:
        return None if self.suspension is None else self.suspension.list_number

    @property
    def suspension_index(self) -> int | None:
        return None if self.suspension is None else self.suspension.list_index


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    number: int
    purpose: str
    length: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """A list credential as last signed, and the hash of the bits it says.

    `method` is the key it is signed with; `changes` is how often the list had been changed when its bits were read.
    """

    number: int
    bits_sha256: str
    document: bytes
    valid_from: datetime
    valid_until: datetime | None  # None: a final list, which does not expire
    method: str | None = None
    changes: int | None = None

    @property
    def is_final(self) -> bool:
        return self.valid_until is None


def reserve(
    store: Store,
    connection: Connection,
    count: int,
    *,
    at: datetime,
    purpose: str = REVOCATION,
    length: int = MIN_BITSTRING_ENTRIES,
) -> tuple[Slot, ...]:
    """`count` places nobody has, in an order nobody outside can foresee; they are these badges' for ever.

    In a transaction of its own, it is short, and a run that dies leaves gaps; in the caller's, rolling back gives the
    places to whoever comes next. A list in use by another PostgreSQL transaction is passed over, so that writers never
    wait for each other here.
    """
    slots: list[Slot] = []
    while len(slots) < count:
        row = _take_open_list(connection, purpose=purpose)
        if row is None:
            _add_list(store, connection, at=at, purpose=purpose, length=length)
            continue
        wanted = min(count - len(slots), row.length * FULL_PERCENT // 100 - row.taken)
        connection.execute(
            sa.update(status_lists).where(status_lists.c.number == row.number).values(taken=row.taken + wanted)
        )
        indexes = places(row.place_key, length=row.length, first=row.taken, count=wanted)
        slots += [Slot(list_number=row.number, list_index=index) for index in indexes]
    return tuple(slots)


def _take_open_list(connection: Connection, *, purpose: str) -> Row[Any] | None:
    room = status_lists.c.length * FULL_PERCENT // 100
    query = (
        sa.select(status_lists)
        .where(status_lists.c.purpose == purpose, status_lists.c.taken < room, status_lists.c.place_key.is_not(None))
        .order_by(status_lists.c.number)
        .limit(1)
        # Badges being kept hold the key of their list's row, which this does not ask for. SQLite has one writer anyway.
        .with_for_update(skip_locked=True, key_share=True)
    )
    return connection.execute(query).one_or_none()


def _add_list(store: Store, connection: Connection, *, at: datetime, purpose: str, length: int) -> None:
    """Begin a list: at once for everybody on PostgreSQL, where a rolled-back chunk leaves a list merely empty."""
    if store.is_sqlite:
        _insert_list(connection, at=at, purpose=purpose, length=length)
    else:
        with store.writing() as other:
            _insert_list(other, at=at, purpose=purpose, length=length)


def _insert_list(connection: Connection, *, at: datetime, purpose: str, length: int) -> None:
    newest = connection.scalar(sa.select(sa.func.max(status_lists.c.number))) or 0
    values = {
        "number": newest + 1,
        "purpose": purpose,
        "length": length,
        "taken": 0,
        "created_at": write_time(at),
        "place_key": new_key(),
    }
    connection.execute(insert_or_ignore(connection, status_lists), [values])


def set_bits(connection: Connection, slots: Iterable[Slot], *, at: datetime) -> None:
    """Set these bits; one set already stays set."""
    wanted = sorted(slots)
    values = [
        {"list_number": slot.list_number, "list_index": slot.list_index, "set_at": write_time(at)} for slot in wanted
    ]
    if values:
        connection.execute(insert_or_ignore(connection, status_bits), values)
        _count_change(connection, {slot.list_number for slot in wanted})


def clear_bit(connection: Connection, slot: Slot) -> None:
    """Clear a bit, as only an entry of suspension ever is."""
    connection.execute(
        sa.delete(status_bits).where(
            status_bits.c.list_number == slot.list_number, status_bits.c.list_index == slot.list_index
        )
    )
    _count_change(connection, {slot.list_number})


def _count_change(connection: Connection, numbers: AbstractSet[int]) -> None:
    """Tell the signer that these lists say something else, in the transaction that changes the bits.

    Why none is lost: each writer adds one to the list's row and holds that row until it commits, so on PostgreSQL two
    writers of a list count one after the other, and a count that can be read comes with every bit it counts. The
    signer reads the count before the bits and keeps it with the signature: bits that came in between are signed
    already, and the count it kept is behind, so that list is looked at once more. Lists go in order, so that two
    writers never wait for each other. The count is in a table of its own: reserving places passes over a list whose
    row is in use.
    """
    connection.execute(
        insert_or_ignore(connection, list_changes), [{"list_number": one, "changes": 0} for one in sorted(numbers)]
    )
    for number in sorted(numbers):
        changed = sa.update(list_changes).where(list_changes.c.list_number == number)
        connection.execute(changed.values(changes=list_changes.c.changes + 1))


def load_lists(connection: Connection) -> tuple[StatusList, ...]:
    rows = connection.execute(sa.select(status_lists).order_by(status_lists.c.number))
    return tuple(StatusList(number=row.number, purpose=row.purpose, length=row.length, taken=row.taken) for row in rows)


def load_bits(connection: Connection, number: int) -> tuple[int, ...]:
    """The set bits of a list, ascending."""
    query = sa.select(status_bits.c.list_index).where(status_bits.c.list_number == number)
    return tuple(connection.scalars(query.order_by(status_bits.c.list_index)))


def load_changes(connection: Connection, number: int) -> int:
    """How often the list was changed; to be read before its bits are."""
    query = sa.select(list_changes.c.changes).where(list_changes.c.list_number == number)
    return connection.scalar(query) or 0


def find_stale(connection: Connection, *, method: str, signed_before: datetime) -> list[int]:
    """The lists to be signed: never signed, changed since, by another key than `method`, or signed before that moment.

    No bit is read, and no document. A final list is never stale.
    """
    changes = sa.func.coalesce(list_changes.c.changes, 0)
    query = (
        sa.select(status_lists.c.number)
        .outerjoin(signed_lists, signed_lists.c.number == status_lists.c.number)
        .outerjoin(list_changes, list_changes.c.list_number == status_lists.c.number)
        .where(
            sa.or_(
                signed_lists.c.number.is_(None),
                sa.and_(
                    signed_lists.c.valid_until.is_not(None),
                    sa.or_(
                        signed_lists.c.changes.is_(None),
                        signed_lists.c.changes != changes,
                        signed_lists.c.method.is_(None),
                        signed_lists.c.method != method,
                        signed_lists.c.valid_from <= write_time(signed_before),
                    ),
                ),
            )
        )
    )
    return list(connection.scalars(query.order_by(status_lists.c.number)))


def load_some_lists(connection: Connection, numbers: Sequence[int]) -> tuple[StatusList, ...]:
    """These lists, ascending."""
    query = sa.select(status_lists).where(status_lists.c.number.in_(numbers)).order_by(status_lists.c.number)
    return tuple(
        StatusList(number=row.number, purpose=row.purpose, length=row.length, taken=row.taken)
        for row in connection.execute(query)
    )


def load_signed_list(connection: Connection, number: int, *, for_update: bool = False) -> SignedList | None:
    """The list as last signed; with `for_update`, nobody else keeps another before this transaction ends."""
    query = sa.select(signed_lists).where(signed_lists.c.number == number)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _signed(row)


def load_signed_lists(connection: Connection, *, page: int = 50) -> Iterator[SignedList]:
    """Every list as last signed, ascending, a page of them in memory at a time."""
    after = 0
    while True:
        query = sa.select(signed_lists).where(signed_lists.c.number > after).order_by(signed_lists.c.number)
        rows = connection.execute(query.limit(page)).all()
        yield from map(_signed, rows)
        if len(rows) < page:
            return
        after = rows[-1].number


def forget_bits(connection: Connection) -> None:
    """Have every list that is not final signed anew the next time, whatever it says, dated after what is kept."""
    connection.execute(
        sa.update(signed_lists).where(signed_lists.c.valid_until.is_not(None)).values(bits_sha256="", changes=None)
    )


def grant_no_more(connection: Connection) -> None:
    """Let no list here give out another place; the next badge begins a new one."""
    connection.execute(sa.update(status_lists).values(taken=status_lists.c.length))


def keep_signed_list(connection: Connection, signed: SignedList) -> None:
    values = {
        "number": signed.number,
        "bits_sha256": signed.bits_sha256,
        "document": signed.document,
        "valid_from": write_time(signed.valid_from),
        "valid_until": None if signed.valid_until is None else write_time(signed.valid_until),
        "method": signed.method,
        "changes": signed.changes,
    }
    upsert(connection, signed_lists, [values])


def keep_changes(connection: Connection, number: int, changes: int) -> None:
    """The list was changed and changed back: what was signed holds."""
    connection.execute(sa.update(signed_lists).where(signed_lists.c.number == number).values(changes=changes))


def _signed(row: Row[Any]) -> SignedList:
    return SignedList(
        number=row.number,
        bits_sha256=row.bits_sha256,
        document=bytes(row.document),
        valid_from=parse_time(row.valid_from),
        valid_until=None if row.valid_until is None else parse_time(row.valid_until),
        method=row.method,
        changes=row.changes,
    )
