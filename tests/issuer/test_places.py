"""The order in which a status list gives out its places: every place once, and no sign of who came after whom."""

from __future__ import annotations

import itertools

import pytest

from issuer.store.places import new_key, places

KEY = "00112233445566778899aabbccddeeff"
ORDER = [79158, 86829, 72832, 35359, 21299, 101508]
ORDER_OF_A_THOUSAND = [17, 666, 754]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 64, 1_000, 4_097, 131_072])
def test_every_place_is_given_once(length: int) -> None:
    assert sorted(places(KEY, length=length, first=0, count=length)) == list(range(length))


def test_the_order_is_the_same_however_many_are_taken_at_a_time() -> None:
    whole = places(KEY, length=131_072, first=0, count=500)
    assert [
        place
        for start in range(0, 500, 7)
        for place in places(KEY, length=131_072, first=start, count=min(7, 500 - start))
    ] == whole


def test_the_order_of_a_key_never_changes_for_lists_live_longer_than_programs() -> None:
    assert places(KEY, length=131_072, first=0, count=6) == ORDER
    assert places(KEY, length=1_000, first=997, count=3) == ORDER_OF_A_THOUSAND


def test_lists_with_other_keys_have_other_orders() -> None:
    first, second = (places(new_key(), length=131_072, first=0, count=1_000) for _ in range(2))
    assert sum(one == other for one, other in zip(first, second, strict=True)) < 10


def test_neighbours_in_the_order_are_no_neighbours_in_the_list() -> None:
    given = places(KEY, length=131_072, first=0, count=98_304)
    near = sum(abs(one - other) < 1_311 for one, other in itertools.pairwise(given))  # one percent either way
    assert near / len(given) == pytest.approx(0.02, abs=0.004)


def test_the_first_badges_are_spread_over_the_whole_list() -> None:
    given = places(KEY, length=131_072, first=0, count=16_000)
    parts = [sum(place // 8_192 == part for place in given) for part in range(16)]
    assert min(parts) > 850
    assert max(parts) < 1_150


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 65), (64, 1)])
def test_places_beyond_the_list_are_refused(first: int, count: int) -> None:
    with pytest.raises(ValueError, match="has no places"):
        places(KEY, length=64, first=first, count=count)
