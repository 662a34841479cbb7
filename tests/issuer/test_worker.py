"""The worker killed, raced, stopped and asked to go on: each row of each list still becomes one badge with one mail."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from issuer.bulk.batch_views import load_batch_view
from issuer.bulk.checking import request_check
from issuer.bulk.chunks import LEASE
from issuer.bulk.confirming import confirm
from issuer.bulk.findings import load_findings
from issuer.bulk.jobs import Hands, take_and_run
from issuer.bulk.uploads import MailChoice, read_upload
from issuer.instance import open_instance
from issuer.store import batch_work
from issuer.store.audit_log import load_entries
from issuer.store.service_tables import claims, outbox
from issuer.store.tables import batches
from issuer.trust.editions import load_edition
from issuer.worker import do_chores, work_off
from schemas.times import write_time
from tests.issuer.bulk import (
    PREPARER,
    check_every_badge_has_its_way_to_its_learner,
    checked,
    class_csv,
    confirmed,
    finish_later,
    issued_by_worker,
    start_worker,
    upload,
)
from tests.issuer.durable import WORK_STEPS
from tests.issuer.provider import NOW
from tests.patience import PATIENCE, until

SIGKILLED = -9
ONCE = ("taken", "planned", "found")  # in the run of one list
STEPS = WORK_STEPS


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.bulk.chunks.chunk_rows", lambda _store: 3)
    monkeypatch.setattr("issuer.bulk.jobs._BREATH_SECONDS", 0.0)


def state_in(folder: Path, batch_id: str) -> str:
    with open_instance(folder) as instance:
        return load_batch_view(instance, batch_id).summary.state


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_is_followed_by_another_that_finishes(any_instance_folder: Path, step: str) -> None:
    with open_instance(any_instance_folder) as instance:
        batch_id = confirmed(instance, class_csv(10), mail=MailChoice.HOLD)
    process = start_worker(any_instance_folder, die_at=step, occurrence=1 if step in ONCE else 2)
    process.join(PATIENCE)
    assert process.exitcode == SIGKILLED
    with open_instance(any_instance_folder) as instance:
        assert load_batch_view(instance, batch_id).summary.state == "running"
        work_off(instance, clock=lambda: NOW + LEASE / 2, worker="too early")
        under_way = step not in ("planned", "counted")  # a lease of the dead worker's
        assert load_batch_view(instance, batch_id).summary.state == ("running" if under_way else "finished")
    finish_later(any_instance_folder)
    with open_instance(any_instance_folder) as instance:
        summary = load_batch_view(instance, batch_id).summary
        assert (summary.state, summary.counts.issued, summary.counts.already) == ("finished", 10, 0)
        check_every_badge_has_its_way_to_its_learner(instance, expected=10, mails=10)


def test_workers_killed_at_random_moments_lose_nothing_and_double_nothing(any_instance_folder: Path) -> None:
    chance = random.Random(20261122)
    with open_instance(any_instance_folder) as instance:
        batch_id = confirmed(instance, class_csv(30))
    for attempt in range(5):
        process = start_worker(any_instance_folder, later=attempt * 3600)
        time.sleep(chance.uniform(0.05, 0.4))
        process.kill()
        process.join()
    finish_later(any_instance_folder, hours=10)
    with open_instance(any_instance_folder) as instance:
        summary = load_batch_view(instance, batch_id).summary
        assert (summary.state, summary.counts.issued) == ("finished", 30)
        check_every_badge_has_its_way_to_its_learner(instance, expected=30, mails=30)


def test_a_worker_killed_while_it_checks_is_followed_by_another(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance:
        batch_id = upload(instance, class_csv(10))
        request_check(instance, batch_id, now=NOW, actor=PREPARER)
    for step in ("taken", "renewed", "found"):
        process = start_worker(
            any_instance_folder, die_at=step, later={"taken": 0, "renewed": 600, "found": 1200}[step]
        )
        process.join(PATIENCE)
        assert process.exitcode == SIGKILLED
    finish_later(any_instance_folder)
    with open_instance(any_instance_folder) as instance:
        findings = load_findings(instance, batch_id)
        assert findings is not None
        assert findings.ready == 10
    assert state_in(any_instance_folder, batch_id) == "checked"


def test_two_lists_run_by_two_workers_at_once_issue_each_badge_once(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance:
        ids = [upload(instance, class_csv(40)) for _ in range(2)]
        for batch_id in ids:
            checked(instance, batch_id)
        for batch_id in ids:
            confirm(
                instance,
                batch_id,
                expected_ready=40,
                mail=MailChoice.HOLD,
                actor=PREPARER,
                four_eyes=False,
                edition=load_edition(instance),
                now=NOW,
            )
    workers = [start_worker(any_instance_folder) for _ in range(2)]
    for batch_id in ids:
        until(lambda one=batch_id: state_in(any_instance_folder, one) == "finished", "the end of a list", every=0.2)
    for process in workers:
        assert process.is_alive()
        process.kill()
        process.join()
    with open_instance(any_instance_folder) as instance:
        counts = [load_batch_view(instance, batch_id).summary.counts for batch_id in ids]
        assert sum(one.issued for one in counts) == 40
        assert sum(one.already for one in counts) == 40
        check_every_badge_has_its_way_to_its_learner(instance, expected=40, mails=40)


def test_a_worker_that_was_only_slow_finds_its_batch_taken_and_lets_it_be(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance, open_instance(any_instance_folder) as other:
        batch_id = confirmed(instance, class_csv(10))
        chunks = []

        def on_step(name: str) -> None:
            chunks.append(name)
            if name == "committed" and chunks.count("committed") == 1:
                work_off(other, clock=lambda: NOW + timedelta(hours=1), worker="the other")

        take_and_run(instance, worker="the slow one", clock=lambda: NOW, on_step=on_step)
        assert chunks.count("committed") == 1
        summary = load_batch_view(instance, batch_id).summary
        assert (summary.state, summary.counts.issued) == ("finished", 10)
        check_every_badge_has_its_way_to_its_learner(instance, expected=10, mails=10)


def test_a_list_that_takes_longer_to_read_than_a_lease_lasts_stays_its_workers(
    any_instance_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, taken = timedelta(seconds=1.2), []
    with open_instance(any_instance_folder) as instance, open_instance(any_instance_folder) as other:
        batch_id = confirmed(instance, class_csv(4))

        def read_slowly(*arguments: Any, **options: Any) -> Any:
            time.sleep(1.5 * lease.total_seconds())
            with other.store.writing() as connection:
                at = datetime.now(UTC)
                taken.append(batch_work.take_next(connection, worker="the other", now=at, until=at + lease))
            return read_upload(*arguments, **options)

        monkeypatch.setattr("issuer.bulk.chunks.read_upload", read_slowly)  # to cut the list
        monkeypatch.setattr("issuer.bulk.jobs.read_upload", read_slowly)  # to tell of it
        with Hands(instance, worker="the slow one", clock=lambda: datetime.now(UTC), lease=lease) as hands:
            while hands.take_and_run():
                pass
        assert taken == [None, None]
        assert load_batch_view(instance, batch_id).summary.counts.issued == 4


def test_a_worker_told_to_stop_finishes_its_chunk_and_leaves_the_rest_to_the_next(any_instance_folder: Path) -> None:
    stopping = []
    with open_instance(any_instance_folder) as instance:
        batch_id = confirmed(instance, class_csv(10))
        take_and_run(
            instance,
            worker="first",
            clock=lambda: NOW,
            is_stopping=lambda: bool(stopping),
            on_step=lambda name: stopping.append(name) if name == "committed" else None,
        )
        summary = load_batch_view(instance, batch_id).summary
        assert (summary.state, summary.done) == ("running", 3)
        assert len(load_batch_view(instance, batch_id).rows) == 3
        work_off(instance, clock=lambda: NOW, worker="second")
        assert load_batch_view(instance, batch_id).summary.counts.issued == 10
        check_every_badge_has_its_way_to_its_learner(instance, expected=10, mails=10)


def test_batches_are_taken_in_the_order_they_came(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance:
        first, second = confirmed(instance, class_csv(1)), confirmed(instance, class_csv(1, first=5))
        with instance.store.writing() as connection:
            batch_work.change(connection, first, started_at="2026-11-22T05:00:00Z")
            taken = batch_work.take_next(connection, worker="w", now=NOW, until=NOW + LEASE)
            assert taken is not None
            assert taken.batch_id == second


def test_progress_is_kept_for_whoever_looks(instance_folder: Path) -> None:
    seen: list[int] = []
    with open_instance(instance_folder) as instance, open_instance(instance_folder) as desk:
        batch_id = confirmed(instance, class_csv(10))

        def on_step(name: str) -> None:
            if name in ("planned", "counted"):
                seen.append(load_batch_view(desk, batch_id).summary.done)

        work_off(instance, clock=lambda: NOW, on_step=on_step)
    assert seen == [0, 3, 6, 9, 10]


def test_the_chores_run_on_an_instance_with_nothing_due(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance:
        do_chores(instance, now=NOW)


def do_chores_at_once(folder: Path, barrier: Any) -> None:
    with open_instance(folder) as instance:
        barrier.wait(PATIENCE)
        do_chores(instance, now=NOW + timedelta(days=200))


def test_chores_that_two_workers_do_at_once_are_done_once(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance:
        issued_by_worker(instance, class_csv(3), mail=MailChoice.SEND)
        with instance.store.writing() as connection:
            connection.execute(sa.update(outbox).values(state="sent", sent_at=write_time(NOW + timedelta(days=150))))
            connection.execute(sa.update(claims).values(link_expires_at=write_time(NOW + timedelta(days=400))))
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    workers = [context.Process(target=do_chores_at_once, args=(any_instance_folder, barrier)) for _ in range(3)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(PATIENCE)
    assert [process.exitcode for process in workers] == [0, 0, 0]
    with open_instance(any_instance_folder) as instance, instance.store.reading() as connection:
        reminders = connection.scalars(sa.select(outbox.c.short_id).where(outbox.c.kind == "reminder")).all()
        actions = Counter(entry.action for entry in load_entries(connection))
    assert len(reminders) == len(set(reminders)) == 3
    assert (actions["mail-reminders"], actions["upload-purge"]) == (1, 1)


@pytest.mark.parametrize("options", [[], ["--concurrency", "2"], ["--only", "batches"]])
def test_the_worker_command_works_until_it_is_told_to_stop(instance_folder: Path, options: list[str]) -> None:
    with open_instance(instance_folder) as instance:
        batch_id = upload(instance, class_csv(3))
        request_check(instance, batch_id, now=datetime.now(UTC), actor=PREPARER)
        command = [
            sys.executable,
            "-c",
            "from issuer.cli import main; main()",
            "--instance",
            str(instance_folder),
            "worker",
            *options,
        ]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)
        try:
            until(lambda: load_batch_view(instance, batch_id).summary.state == "checked", "a checked list", every=0.1)
            process.send_signal(signal.SIGTERM)
        finally:
            if sys.exc_info()[0] is not None:
                process.kill()
            _, told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, told) == (0, b"")


def test_processes_that_issue_end_with_the_worker_that_started_them(instance_folder: Path) -> None:
    command = [sys.executable, "-c", "from issuer.cli import main; main()", "--instance", str(instance_folder)]
    process = subprocess.Popen([*command, "worker", "--concurrency", "2"], cwd=Path(__file__).parents[2])
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        # Besides the process that issues there is one that multiprocessing keeps for itself.
        until(lambda: len(children.read_text().split()) >= 2, "a process of its own")
        pids = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
    finally:
        process.kill()
        process.wait()
    until(lambda: not any(path.exists() for path in pids), "the end of all processes")


def test_a_fault_that_is_no_batchs_own_leaves_the_batch_for_later(instance_folder: Path) -> None:
    with open_instance(instance_folder) as instance:
        batch_id = confirmed(instance, class_csv(4))
        with instance.store.writing() as connection:
            connection.execute(
                sa.update(batches)
                .where(batches.c.batch_id == batch_id)
                .values(state="running", lease_until="2026-01-01T00:00:00Z")
            )
        work_off(instance, clock=lambda: NOW)
        assert load_batch_view(instance, batch_id).summary.counts.issued == 4
