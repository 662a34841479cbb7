"""Which badge a completion has now: its own, or, where that was withdrawn, the one issued anew in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from issuer.admission import CompletionRow
from issuer.rowkeys import key_after
from issuer.store import credentials as credential_store
from issuer.store.credentials import State, StoredCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The row key of a completion: `held` by its badge, or free; then perhaps in place of a withdrawn badge."""

    row_key: str
    held: StoredCredential | None = None
    replaces: str | None = None


def find_places(
    connection: Connection,
    rows: Sequence[CompletionRow],
    *,
    keys: Mapping[int, str],
    provider: str,
    secret: bytes,
    batch_id: str | None,
) -> dict[int, Place]:
    """Line -> its place, for every row.

    A badge issued anew has a key made from that of the withdrawn one, so a row's own key leads from each to the next.
    Past the last one, withdrawn, only a row is led that names it: to one key, which is issued once like any other.
    """
    found = credential_store.find_by_row_keys(
        connection, provider=provider, row_keys=sorted({keys[row.line] for row in rows})
    )
    if not found:  # a list that is new, as most are
        return {row.line: Place(row_key=keys[row.line]) for row in rows}
    places: dict[int, Place] = {}
    wanted = {row.line: row.replaces for row in rows}
    to_look_up = {row.line: keys[row.line] for row in rows}
    while to_look_up:
        following: dict[int, str] = {}
        for line, key in to_look_up.items():
            held, last = found.get(key), places[line].held if line in places else None
            if held is not None:
                places[line] = Place(row_key=key, held=held)
                if held.state is State.REVOKED and (batch_id is None or held.batch_id != batch_id):
                    following[line] = key_after(secret, held.row_key)
            elif last is None or last.short_id == wanted[line]:
                places[line] = Place(row_key=key, replaces=last.short_id if last else None)
        to_look_up = following
        if to_look_up:
            found = credential_store.find_by_row_keys(
                connection, provider=provider, row_keys=sorted(set(to_look_up.values()))
            )
    return places
