"""Which status lists are signed again: those that changed, whoever changed them when, and no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer.instance import Instance, open_instance
from issuer.status import LIST_SIGNED_AGAIN_AFTER, refresh_lists, signed_lists
from issuer.store import lists as list_store
from issuer.store.lists import Slot
from issuer.store.tables import status_bits, status_lists
from schemas.jsontext import parse_object
from schemas.limits import MIN_BITSTRING_ENTRIES
from schemas.statuslist import Bitstring, decode
from schemas.times import write_time
from schemas.vocabulary import REVOCATION
from tests.issuer.provider import NOW, make_instance

_LISTS = 3
_MINUTE = timedelta(minutes=1)


def with_lists(instance: Instance) -> Instance:
    rows = [
        {
            "number": number,
            "purpose": REVOCATION,
            "length": MIN_BITSTRING_ENTRIES,
            "taken": 0,
            "created_at": write_time(NOW),
        }
        for number in range(1, _LISTS + 1)
    ]
    with instance.store.writing() as connection:
        connection.execute(sa.insert(status_lists), rows)
    return instance


@pytest.fixture
def listed(any_instance: Instance) -> Instance:
    return with_lists(any_instance)


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_url: str) -> Iterator[Instance]:
    with open_instance(make_instance(tmp_path / "instance", database=postgresql_url)) as opened:
        yield with_lists(opened)


def put(instance: Instance, *places: tuple[int, int]) -> None:
    slots = [Slot(list_number=number, list_index=index) for number, index in places]
    with instance.store.writing() as connection:
        list_store.set_bits(connection, slots, at=NOW)


def said(instance: Instance, number: int, *, now: datetime) -> Bitstring:
    signed = {one.number: one for one in signed_lists(instance, now=now)}[number]
    return decode(parse_object(signed.document)["credentialSubject"]["encodedList"])


def test_only_the_list_that_changed_is_read_and_signed(listed: Instance) -> None:
    assert refresh_lists(listed, now=NOW) == _LISTS
    assert refresh_lists(listed, now=NOW + _MINUTE) == 0
    before = signed_lists(listed, now=NOW + _MINUTE)
    put(listed, (2, 7))
    assert refresh_lists(listed, now=NOW + _MINUTE) == 1
    after = signed_lists(listed, now=NOW + _MINUTE)
    assert [one.number for one, other in zip(after, before, strict=True) if one != other] == [2]
    assert said(listed, 2, now=NOW + _MINUTE).is_set(7)


def test_a_bit_nobody_counted_is_not_looked_for_until_the_list_is_old(listed: Instance) -> None:
    refresh_lists(listed, now=NOW)
    row = {"list_number": 1, "list_index": 5, "set_at": write_time(NOW)}
    with listed.store.writing() as connection:
        connection.execute(sa.insert(status_bits), [row])
    assert not said(listed, 1, now=NOW + _MINUTE).is_set(5)
    assert said(listed, 1, now=NOW + LIST_SIGNED_AGAIN_AFTER).is_set(5)


def test_a_bit_that_is_set_and_cleared_again_leaves_the_list_as_it_was_signed(listed: Instance) -> None:
    kept = signed_lists(listed, now=NOW)
    put(listed, (1, 9))
    with listed.store.writing() as connection:
        list_store.clear_bit(connection, Slot(list_number=1, list_index=9))
    later = signed_lists(listed, now=NOW + _MINUTE)
    assert [one.document for one in later] == [one.document for one in kept]
    assert refresh_lists(listed, now=NOW + _MINUTE) == 0


def test_one_bit_cleared_and_another_set_in_the_same_second_is_a_change(listed: Instance) -> None:
    put(listed, (1, 1))
    refresh_lists(listed, now=NOW)
    with listed.store.writing() as connection:
        list_store.clear_bit(connection, Slot(list_number=1, list_index=1))
    put(listed, (1, 2))
    bits = said(listed, 1, now=NOW + _MINUTE)
    assert (bits.is_set(1), bits.is_set(2)) == (False, True)


def test_a_change_that_commits_after_the_list_was_signed_is_signed_the_next_time(on_postgresql: Instance) -> None:
    refresh_lists(on_postgresql, now=NOW)
    with on_postgresql.store.writing() as connection:
        list_store.set_bits(connection, [Slot(list_number=1, list_index=3)], at=NOW)
        put(on_postgresql, (2, 4))
        assert refresh_lists(on_postgresql, now=NOW + _MINUTE) == 1  # and waits for nobody
        assert not said(on_postgresql, 1, now=NOW + _MINUTE).is_set(3)
    assert said(on_postgresql, 1, now=NOW + _MINUTE).is_set(3)


def test_of_many_writers_beside_two_signers_no_bit_is_lost(on_postgresql: Instance) -> None:
    stop = threading.Event()

    def write(writer: int) -> None:
        for turn in range(25):
            put(on_postgresql, (1, 100 * writer + turn), (2, 100 * writer + turn))

    def sign() -> None:
        while not stop.is_set():
            refresh_lists(on_postgresql, now=NOW)

    with ThreadPoolExecutor(6) as pool:
        signers = [pool.submit(sign) for _ in range(2)]
        writers = [pool.submit(write, one) for one in range(4)]
        try:
            for writer in writers:
                writer.result()
        finally:
            stop.set()
        for signer in signers:
            signer.result()
    for number in (1, 2):
        assert said(on_postgresql, number, now=NOW).count() == 100
