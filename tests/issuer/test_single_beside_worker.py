"""A single badge that is issued while workers look for work: whoever takes it first, it is answered as issued."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from issuer.bulk.confirming import issue_one
from issuer.bulk.jobs import take_and_run
from issuer.bulk.uploads import MailChoice, Source
from issuer.instance import Instance
from issuer.results import RowOutcome
from issuer.trust.editions import load_edition
from tests.issuer.provider import AWARDED, NOW, REF


def test_a_worker_may_take_a_single_badge_before_the_request_does(any_instance: Instance) -> None:
    stop = threading.Event()
    edition = load_edition(any_instance)

    def work() -> None:
        while not stop.is_set():
            take_and_run(any_instance, worker="beside", clock=lambda: NOW)

    def issue(number: int) -> RowOutcome | None:
        done = issue_one(
            any_instance,
            {"learner_name": f"Learner {chr(65 + number)} Tāmati", "nzqa_ref": REF, "achieved_on": AWARDED.isoformat()},
            source=Source.API,
            mail=MailChoice.NONE,
            actor="key:test",
            four_eyes=False,
            edition=edition,
            now=NOW,
        )
        return None if done.result is None else done.result.outcome

    with ThreadPoolExecutor(1) as worker:
        working = worker.submit(work)
        try:
            outcomes = [issue(number) for number in range(12)]
        finally:
            stop.set()
        working.result()
    assert set(outcomes) == {RowOutcome.ISSUED}
