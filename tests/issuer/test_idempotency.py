"""The same request side by side and one after the other, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from issuer.instance import Instance
from issuer.staff import idempotency
from issuer.staff.idempotency import Answer, Ask, OtherRequest, UnderWay
from tests.issuer.provider import NOW

ASK = Ask(key_id="k", idempotency_key="one", request_sha256="a" * 64)
ANSWER = Answer(status=201, body="Mere Āwhina".encode(), location="/api/v1/credentials/x")


def test_of_requests_side_by_side_one_is_done(any_instance: Instance) -> None:
    def begin(_number: int) -> str:
        try:
            return "mine" if idempotency.begin(any_instance, ASK, now=NOW) is None else "answered"
        except UnderWay:
            return "under way"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(begin, range(4))) == ["mine", "under way", "under way", "under way"]


def test_an_answer_is_the_same_until_it_is_forgotten(any_instance: Instance) -> None:
    assert idempotency.begin(any_instance, ASK, now=NOW) is None
    idempotency.finish(any_instance, ASK, ANSWER)
    assert idempotency.begin(any_instance, ASK, now=NOW + timedelta(hours=47)) == ANSWER
    with pytest.raises(OtherRequest):
        idempotency.begin(any_instance, Ask(key_id="k", idempotency_key="one", request_sha256="b" * 64), now=NOW)
    assert idempotency.begin(any_instance, ASK, now=NOW + timedelta(hours=49)) is None


def test_a_request_that_was_cut_off_can_be_made_again_after_a_while(any_instance: Instance) -> None:
    assert idempotency.begin(any_instance, ASK, now=NOW) is None
    with pytest.raises(UnderWay):
        idempotency.begin(any_instance, ASK, now=NOW + timedelta(minutes=9))
    assert idempotency.begin(any_instance, ASK, now=NOW + timedelta(minutes=10)) is None


def test_a_refused_request_leaves_nothing(any_instance: Instance) -> None:
    assert idempotency.begin(any_instance, ASK, now=NOW) is None
    idempotency.forget(any_instance, ASK)
    assert idempotency.begin(any_instance, ASK, now=NOW) is None
