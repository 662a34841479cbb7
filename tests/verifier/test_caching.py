"""What is kept between requests, and for how long; and that one slow or silent host costs no other request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from keys.retrieval import NEVER, Retrieved
from schemas.errors import NotPublished, Unreachable
from schemas.jsontext import write_json
from schemas.limits import MAX_CACHED_ADDRESSES, MAX_CACHED_BYTES
from tests.patience import PATIENCE, until
from tests.simulator import NOW, Simulator, Web
from verifier.caching import BUSY, BoundedFetch, CachePolicy, CachingFetch, Kind, Use, keeping, kind_of
from verifier.fetch import _max_age

LIST = "https://badges.totara-training.example/status/1"
KEYS = "https://badges.totara-training.example/.well-known/did.json"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world() -> Simulator:
    world = Simulator()
    badge = world.good_badge()
    world.web.put(badge["id"], badge)
    return world


@pytest.fixture
def cache(world: Simulator, clock: Clock) -> CachingFetch:
    return CachingFetch(fetch=world.web, monotonic=clock)


def asked(world: Simulator, url: str) -> int:
    return world.web.asked.count(url)


# --- what is kept -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", [LIST, KEYS])
def test_lists_and_keys_are_kept_for_a_minute_and_then_asked_for_again(
    cache: CachingFetch, world: Simulator, clock: Clock, url: str
) -> None:
    first = cache(url)
    clock.seconds += 59
    assert cache(url) is first
    assert asked(world, url) == 1
    clock.seconds += 2
    cache(url)
    assert asked(world, url) == 2


def test_a_badge_is_asked_for_each_time(cache: CachingFetch, world: Simulator) -> None:
    url = world.good_badge()["id"]
    cache(url)
    cache(url)
    assert asked(world, url) == 2
    assert cache.size == (0, 0)


def test_what_is_kept_says_when_it_was_really_retrieved(cache: CachingFetch, world: Simulator, clock: Clock) -> None:
    cache(LIST)
    world.web.retrieved_at = NOW + timedelta(seconds=30)
    clock.seconds += 30
    assert cache(LIST).retrieved_at == NOW
    clock.seconds += 31
    assert cache(LIST).retrieved_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("max_age", "fresh"),
    [
        pytest.param(None, 60, id="says nothing"),
        pytest.param(10, 10, id="says ten seconds"),
        pytest.param(86_400, 60, id="says a day, which is longer than the policy's minute"),
        pytest.param(0, 2, id="says to ask each time: not more than every two seconds"),
        pytest.param(NEVER, 0, id="says to keep nothing"),
    ],
)
def test_the_sender_may_shorten_and_never_lengthen(world: Simulator, max_age: int | None, fresh: float) -> None:
    for url in (LIST, KEYS):
        assert keeping(replace(world.web(url), max_age=max_age), CachePolicy())[0] == fresh


@pytest.mark.parametrize(
    ("header", "age", "seconds"),
    [
        ("public, max-age=300", "", 300),
        ("max-age=300", "250", 50),
        ("MAX-AGE=300", "999", 0),
        ("no-store, max-age=300", "", NEVER),
        ("no-cache", "", 0),
        ("", "", None),
        ("max-age=-1", "", None),
        ("max-age=1_0", "", None),
        ("max-age=" + "9" * 400, "", None),
        ("max-age=٣", "٣", None),
    ],
)
def test_cache_control_is_read_strictly(header: str, age: str, seconds: int | None) -> None:
    assert _max_age(header, age) == seconds


def listed(world: Simulator, *, ttl: object = ..., valid_until: str | None = None) -> Retrieved:
    document = dict(world.status_list())
    document["credentialSubject"] = dict(document["credentialSubject"]) | ({} if ttl is ... else {"ttl": ttl})
    document.pop("validUntil", None)
    if valid_until is not None:
        document["validUntil"] = valid_until
    return replace(world.web(LIST), body=write_json(document))


@pytest.mark.parametrize(
    ("ttl", "valid_until", "fresh", "usable"),
    [
        pytest.param(3_600_000, None, 60, 3_600, id="an hour"),
        pytest.param(86_400_000, None, 60, 3_600, id="a day: old copies serve for an hour all the same"),
        pytest.param(5_000, None, 5, 5, id="five seconds"),
        pytest.param(3_600_000, "2026-11-22T03:00:20Z", 20, 20, id="it ends in twenty seconds"),
        pytest.param(3_600_000, "2026-11-22T02:00:00Z", 0, 0, id="it has ended"),
        pytest.param("3600000", None, 60, 60, id="a ttl that is no number says nothing"),
        pytest.param(True, None, 60, 60, id="a ttl that is true says nothing"),
        pytest.param(-1, None, 60, 60, id="a negative ttl says nothing"),
        pytest.param(10**15, "not a time", 60, 3_600, id="dates that cannot be read"),
    ],
)
def test_a_list_says_how_long_it_may_be_used(
    world: Simulator, ttl: object, valid_until: str | None, fresh: float, usable: float
) -> None:
    retrieved = listed(world, ttl=ttl, valid_until=valid_until)
    document = kind_of(retrieved.body)[1]
    if not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 0:
        document["credentialSubject"].pop("ttl")
    assert keeping(retrieved, CachePolicy()) == (fresh, usable)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"<html>", b"\x89PNG\r\n\x1a\n", b"a.b.c", b"eyJ.a.b", b'{"a":1,"a":2}', b"{}",
     b'{"type":"BitstringStatusListCredential"', b'{"type":{"a":1}}', b"%PDF-1.7", b"\xff" * 100],
)  # fmt: skip
def test_what_is_no_list_and_no_keys_is_not_kept(body: bytes) -> None:
    assert kind_of(body)[0] is Kind.OTHER


# --- when asking fails ----------------------------------------------------------------------------------------------
def test_a_refusal_is_remembered_for_seconds(cache: CachingFetch, world: Simulator, clock: Clock) -> None:
    url = "https://gone.example/status/1"
    for _ in range(3):
        with pytest.raises(Unreachable) as caught:
            cache(url)
        assert caught.value.extensions["reason"] == "connection"
    assert asked(world, url) == 1
    clock.seconds += 6
    world.web.put(url, b"{}")
    assert cache(url).body == b"{}"


def test_an_old_list_serves_while_its_host_is_down_as_long_as_it_says_itself(
    cache: CachingFetch, world: Simulator, clock: Clock
) -> None:
    first = cache(LIST)
    page = world.web.pages.pop(LIST)
    clock.seconds += 3_500
    assert cache(LIST) is first
    assert cache(LIST) is first  # and its host is left alone meanwhile
    assert asked(world, LIST) == 2
    clock.seconds += 200
    with pytest.raises(Unreachable):
        cache(LIST)
    world.web.pages[LIST] = page
    clock.seconds += 6
    assert cache(LIST) is not first


def test_a_list_that_was_taken_away_is_not_used_any_more(cache: CachingFetch, world: Simulator, clock: Clock) -> None:
    cache(LIST)
    world.web.private.add(LIST)
    clock.seconds += 61
    for _ in range(2):
        with pytest.raises(NotPublished):
            cache(LIST)


def test_of_a_development_machine_nothing_is_kept(world: Simulator) -> None:
    cache = CachingFetch(fetch=world.web, apart=lambda url: url.startswith("https://badges.totara-training.example"))
    cache(LIST)
    cache(LIST)
    assert asked(world, LIST) == 2


def test_memory_is_bounded_and_the_longest_unused_goes_first(world: Simulator, clock: Clock) -> None:
    cache = CachingFetch(fetch=world.web, policy=CachePolicy(max_bytes=20_000, max_addresses=3), monotonic=clock)
    for number in range(5):
        world.web.put(f"https://a.example/{number}", {"id": "x", "verificationMethod": []})
        cache(f"https://a.example/{number}")
        cache("https://a.example/0")
    assert cache.size[0] == 3
    assert asked(world, "https://a.example/0") == 1
    world.web.put("https://a.example/large", {"verificationMethod": ["x" * 30_000]})
    cache("https://a.example/large")
    assert cache.size[1] <= 20_000
    for number in range(10):
        with pytest.raises(Unreachable):
            cache(f"https://b.example/{number}")
    assert len(cache._refused) == 3


def test_the_usual_bounds_are_the_limits() -> None:
    assert (CachePolicy().max_bytes, CachePolicy().max_addresses) == (MAX_CACHED_BYTES, MAX_CACHED_ADDRESSES)


# --- many at once ---------------------------------------------------------------------------------------------------
def slowly(web: Web, started: threading.Event, go: threading.Event) -> Callable[[str], Retrieved]:
    def ask(url: str) -> Retrieved:
        started.set()
        assert go.wait(PATIENCE)
        return web(url)

    return ask


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(60) as pool:
        yield pool


@pytest.mark.parametrize("url", [LIST, "https://gone.example/status/1"], ids=["a list", "a list that is not there"])
def test_fifty_requests_for_one_list_cause_one_fetch(world: Simulator, pool: ThreadPoolExecutor, url: str) -> None:
    started, go = threading.Event(), threading.Event()
    uses: list[Use] = []
    cache = CachingFetch(fetch=slowly(world.web, started, go), counted=uses.append)
    waiting = [pool.submit(cache, url) for _ in range(50)]
    assert started.wait(PATIENCE)
    time.sleep(0.05)
    go.set()
    outcomes = {type(one.exception()) if one.exception() else one.result().sha256 for one in waiting}
    assert len(outcomes) == 1
    assert asked(world, url) == 1
    assert uses.count(Use.ASKED) == 1
    assert len(uses) == 50
    assert not cache._flights


def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    def breaks(_url: str) -> Retrieved:
        raise RuntimeError

    cache = CachingFetch(fetch=breaks)
    for _ in range(2):
        with pytest.raises((RuntimeError, Unreachable)):
            cache(LIST)
    assert not cache._flights


def test_one_slow_host_holds_so_many_requests_and_no_other_host(world: Simulator, pool: ThreadPoolExecutor) -> None:
    go = threading.Event()
    held: list[str] = []

    def ask(url: str) -> Retrieved:
        if "slow" in url:
            held.append(url)
            go.wait(PATIENCE)
            raise Unreachable("slow", url=url, reason="timeout")
        return world.web(url)

    def host_of(url: str) -> str:
        return url.split("/")[2]

    bounded = BoundedFetch(fetch=ask, host_of=host_of, at_once=6, per_host=4, patience=0.05)
    waiting = [pool.submit(bounded, f"https://slow.example/{number}") for number in range(30)]
    until(lambda: len(held) >= 4, "the slow host's share")
    assert bounded(LIST).body  # else it would be told that too many are under way
    until(lambda: sum(one.done() for one in waiting) >= 26, "an answer for who is over it")
    assert len(held) == 4
    reasons = [one.exception().extensions["reason"] for one in waiting if one.done()]
    assert reasons == [BUSY] * 26
    go.set()
    assert {one.exception().extensions["reason"] for one in waiting} == {BUSY, "timeout"}
    assert not bounded._hosts


def test_that_too_much_was_under_way_is_not_remembered(world: Simulator) -> None:
    answers = iter([Unreachable("busy", url=LIST, reason=BUSY)])

    def ask(url: str) -> Retrieved:
        for error in answers:
            raise error
        return world.web(url)

    cache = CachingFetch(fetch=ask)
    with pytest.raises(Unreachable):
        cache(LIST)
    assert cache(LIST).body
