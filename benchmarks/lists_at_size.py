"""The status lists of ten million badges, one in a hundred withdrawn: how long each kind of refresh takes."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from issuer.instance import Instance, init_instance, open_instance
from issuer.status import refresh_lists
from issuer.store import lists as list_store
from issuer.store.lists import FULL_PERCENT, Slot
from issuer.store.places import new_key
from issuer.store.tables import status_bits, status_lists
from schemas.limits import MIN_BITSTRING_ENTRIES
from schemas.times import write_time
from schemas.vocabulary import REVOCATION

BADGES = 10_000_000
NOW = datetime(2026, 11, 25, tzinfo=UTC)
_GRANTED = MIN_BITSTRING_ENTRIES * FULL_PERCENT // 100
_LISTS = -(-BADGES // _GRANTED)
_WITHDRAWN = BADGES // 100
_chance = random.Random(1)


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance"
        init_instance(path, name="Size", provider="9990", base_url="https://size.example", now=NOW)
        with open_instance(path) as instance:
            _fill(instance)
            instance.status_signer()  # the key file is opened once
            print(f"{_LISTS} lists of {BADGES:,} badges, {_WITHDRAWN:,} of them withdrawn")
            _measure(instance, "all lists signed from nothing", lambda: None, minutes=0)
            _measure(instance, "nothing changed", lambda: None, minutes=1)
            _measure(instance, "one bit changed", lambda: _withdraw(instance, 1), minutes=2)
            _measure(instance, "1,000 bits over all lists changed", lambda: _withdraw(instance, 1_000), minutes=3)
            _measure(instance, "all lists a day old", lambda: None, minutes=2_000)


def _fill(instance: Instance) -> None:
    lists = [
        {
            "number": number,
            "purpose": REVOCATION,
            "length": MIN_BITSTRING_ENTRIES,
            "taken": _GRANTED,
            "created_at": write_time(NOW),
            "place_key": new_key(),
        }
        for number in range(1, _LISTS + 1)
    ]
    places = _chance.sample(range(_LISTS * MIN_BITSTRING_ENTRIES), _WITHDRAWN)
    bits = [
        {"list_number": 1 + place // MIN_BITSTRING_ENTRIES, "list_index": place % MIN_BITSTRING_ENTRIES}
        for place in places
    ]
    with instance.store.writing() as connection:
        connection.execute(sa.insert(status_lists), lists)
        connection.execute(sa.insert(status_bits).values(set_at=write_time(NOW)), bits)


def _withdraw(instance: Instance, count: int) -> None:
    slots = [
        Slot(list_number=1 + at % _LISTS, list_index=_chance.randrange(MIN_BITSTRING_ENTRIES)) for at in range(count)
    ]
    with instance.store.writing() as connection:
        list_store.set_bits(connection, slots, at=NOW)


def _measure(instance: Instance, name: str, change: Callable[[], None], *, minutes: int) -> None:
    change()
    begun, used = time.perf_counter(), time.process_time()
    looked_at = refresh_lists(instance, now=NOW + timedelta(minutes=minutes))
    taken, cpu = time.perf_counter() - begun, time.process_time() - used
    print(f"{name:36} {looked_at:4} lists  {taken:7.3f} s  (processor {cpu:6.3f} s)")


if __name__ == "__main__":
    main()
