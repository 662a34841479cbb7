"""What a worker does for class lists: checked, cut into chunks, issued chunk by chunk, stopped when asked, finished.

The tables are the queue. A piece of work is taken under a lease, so that whoever died is followed by another, and each
piece may be done twice: row keys, and states moved by one statement, make the second time do nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final, Self

from issuer import audit
from issuer.bulk.checking import check
from issuer.bulk.chunks import LEASE, Sittings, open_results, plan_batch, process_chunk
from issuer.bulk.findings import Findings, Outcome, build_findings, seal_findings
from issuer.bulk.upload_choices import column_map_of
from issuer.bulk.uploads import (
    BatchState,
    lenient_table,
    load_choices,
    load_course_codes,
    load_file,
    read_upload,
)
from issuer.instance import Instance
from issuer.results import RowResult
from issuer.running import Step
from issuer.store import batch_work, uploads_rows
from issuer.store import batches as batch_store
from issuer.store import chunk_rows as chunk_store
from issuer.store.batch_work import Batch
from issuer.store.batches import Counts
from issuer.store.chunk_rows import Plan
from issuer.store.engine import DatabaseAway
from issuer.trust.editions import load_edition
from schemas.errors import BadgeError

_OUR_FAULT: Final = "internal-error"
_DISK_FULL: Final = "disk-full"
_BREATH_SECONDS: Final = 0.12  # SQLite lets a waiting writer look every tenth of a second: it must find a gap


class Interrupted(Exception):
    """The check ends here: asked to, or the batch is another's now."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Hands:
    """One worker at its pieces of work. Closed, it lets go of the keys and makers it had open."""

    def __init__(
        self,
        instance: Instance,
        *,
        worker: str,
        clock: Callable[[], datetime],
        lease: timedelta = LEASE,
        chunk_rows: int | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
        on_step: Step = lambda _name: None,
    ) -> None:
        self.instance = instance
        self.worker = worker
        self.clock = clock
        self.lease = lease
        self.chunk_rows = chunk_rows
        self.is_stopping = is_stopping
        self.on_step = on_step
        self.sittings = Sittings(instance, clock=clock, on_step=on_step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.sittings.close()

    def take_and_run(self, only: str | None = None) -> str | None:
        """Do one piece of work, of the batch named or of any. The batch it was of; None when there was nothing."""
        return self.run_batch(only) or self.run_chunk(only)

    def run_batch(self, only: str | None = None) -> str | None:
        """Check, cut, stop or finish one batch that waits for it."""
        now = self.clock()
        with self.instance.store.writing() as connection:
            batch = batch_work.take_next(connection, worker=self.worker, now=now, until=now + self.lease, only=only)
            plan = None if batch is None else chunk_store.load_plan(connection, batch.batch_id)
        if batch is None:
            return None
        self.on_step("taken")
        if batch.state == BatchState.CHECKING:
            run_check(self, batch)
        elif batch.reason == batch_work.CANCELLING and _has_rows_left(self, plan):
            stop_batch(self, batch, run=None, reason="cancelled")
        elif plan is None:
            _plan(self, batch)
        else:
            _finish(self, batch, plan)
        return batch.batch_id

    def run_chunk(self, batch_id: str | None = None, number: int | None = None) -> str | None:
        """Issue one chunk: the very one, one of the batch named, or one of the oldest batch that has some."""
        now = self.clock()
        with self.instance.store.writing() as connection:
            chunk = chunk_store.take_chunk(
                connection, worker=self.worker, now=now, until=now + self.lease, batch_id=batch_id, number=number
            )
            plan = None if chunk is None else chunk_store.load_plan(connection, chunk.batch_id)
            batch = None if chunk is None else batch_work.load(connection, chunk.batch_id)
        if chunk is None or batch is None or plan is None:
            return None
        self.on_step("chunk")
        with _stopping_at_faults(self, batch, run=plan.run):
            ours = process_chunk(
                self.instance, batch, plan, chunk, sittings=self.sittings, worker=self.worker, clock=self.clock
            )
            if not ours:
                _count_again(self, batch)
        self.on_step("counted")
        if self.instance.store.is_sqlite and batch.done + chunk.rows < batch.row_count:
            time.sleep(_BREATH_SECONDS)
        return batch.batch_id

    def keep_alive(self, batch: Batch, done: int) -> None:
        """Renew the lease of a check and tell how far it is. Raises Interrupted."""
        until = self.clock() + self.lease
        with self.instance.store.writing() as connection:
            why = batch_work.renew(connection, batch.batch_id, worker=self.worker, until=until, done=done)
        self.on_step("renewed")
        if why == "lost":
            raise Interrupted(why)
        if self.is_stopping():
            raise Interrupted("stopping")

    def end_work(self, batch: Batch, *, state: BatchState, reason: str | None) -> None:
        with self.instance.store.writing() as connection:
            batch_work.end_work(connection, batch.batch_id, worker=self.worker, state=state, reason=reason)


def take_and_run(
    instance: Instance,
    *,
    worker: str,
    clock: Callable[[], datetime],
    only: str | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    on_step: Step = lambda _name: None,
) -> bool:
    """Run the oldest batch that has work, or the one named, for as long as it has some. False: there was none."""
    with Hands(instance, worker=worker, clock=clock, is_stopping=is_stopping, on_step=on_step) as hands:
        batch_id = hands.take_and_run(only)
        if batch_id is None:
            return False
        while not is_stopping() and hands.take_and_run(batch_id):
            pass
    return True


# --- pieces of work ---------------------------------------------------------------------------------------------
def run_check(hands: Hands, batch: Batch) -> None:
    """Check the class list; one that cannot be read goes back to whoever has to say how."""
    state, reason = BatchState.CHECKED, None
    try:
        findings = check(
            hands.instance,
            batch.batch_id,
            edition=load_edition(hands.instance),
            now=hands.clock(),
            actor=_actor(batch),
            on_progress=lambda done, _total: hands.keep_alive(batch, done),
        )
        reason = batch_work.NOTHING_TO_DO if findings.is_done else None
    except Interrupted as interrupted:
        if interrupted.why == "stopping":
            hands.end_work(batch, state=BatchState.CHECKING, reason=None)
        return
    except DatabaseAway:
        raise  # no fault of the list: it is taken again
    except BadgeError as error:
        state, reason = BatchState.DRAFT, _code(error)
    except Exception:
        hands.end_work(batch, state=BatchState.DRAFT, reason=_OUR_FAULT)
        raise
    hands.on_step("found")
    hands.end_work(batch, state=state, reason=reason)


def _plan(hands: Hands, batch: Batch) -> None:
    with _stopping_at_faults(hands, batch, run=None), _holding(hands, batch):
        plan_batch(hands.instance, batch, size=hands.chunk_rows, worker=hands.worker, clock=hands.clock)
        hands.on_step("planned")


def _finish(hands: Hands, batch: Batch, plan: Plan) -> None:
    """Keep what became of every row and let go, in one transaction; if the batch is another's now, leave it alone."""
    instance, batch_id = hands.instance, batch.batch_id
    with _stopping_at_faults(hands, batch, run=None), _holding(hands, batch):
        with instance.store.reading() as connection:
            counts, sealed = chunk_store.load_results(connection, batch_id)
        results = open_results(instance, plan, sealed)
        findings = _findings(hands, batch, results, counts=counts)
        hands.on_step("found")
        now = hands.clock()
        with instance.store.writing() as connection:
            if not batch_work.end_work(
                connection, batch_id, worker=hands.worker, state=BatchState.FINISHED, reason=None, done=counts.total
            ):
                return
            problems = [result.record for result in results]
            batch_store.finish_batch(connection, batch_id=batch_id, counts=counts, problems=problems, at=now)
            batch_work.change(connection, batch_id, row_count=counts.total)
            chunk_store.end_plan(connection, batch_id)
            uploads_rows.keep_findings(
                connection, batch_id, seal_findings(instance, batch_id, findings), checked_at=None
            )
            facts = {name: getattr(counts, name) for name in Counts.__slots__} | {"batch": batch_id}
            audit.append(connection, at=now, actor=_actor(batch), action=audit.BATCH_FINISHED, facts=facts)
        hands.on_step("finished")


def _findings(hands: Hands, batch: Batch, results: list[RowResult], *, counts: Counts) -> Findings:
    instance, edition = hands.instance, load_edition(hands.instance)
    data = load_file(instance, batch.batch_id)
    class_list, _ = read_upload(instance, batch.batch_id, edition=edition, data=data)
    choices = load_choices(instance, batch.batch_id)
    table = lenient_table(data, choices, columns=column_map_of(choices, load_course_codes(instance)))
    findings = build_findings(
        instance,
        Outcome(class_list=class_list, results=results),
        table=table,
        register_sha256=edition.sha256 if edition else None,
        now=hands.clock(),
    )
    return replace(findings, issued=counts.issued)


def stop_batch(hands: Hands, batch: Batch, *, run: str | None, reason: str) -> None:
    """End the run with a code; what was issued stands, and the batch can be continued.

    `run` names the run whose chunk met the fault; None: the batch as a whole is ours.
    """
    now, batch_id = hands.clock(), batch.batch_id
    with hands.instance.store.writing() as connection:
        found = batch_work.load(connection, batch_id, for_update=True)
        plan = chunk_store.load_plan(connection, batch_id)
        if found is None or found.state != BatchState.RUNNING:
            return
        if found.lease_by != hands.worker if run is None else (plan is None or plan.run != run):
            return
        issued = batch_work.count_issued(connection, batch_id)
        batch_work.change(
            connection,
            batch_id,
            state=BatchState.STOPPED,
            reason=reason,
            issued=issued,
            lease_by=None,
            lease_until=None,
        )
        chunk_store.drop_plan(connection, batch_id)
        facts = {"batch": batch_id, "issued": issued, "reason": reason}
        audit.append(connection, at=now, actor=_actor(batch), action=audit.BATCH_STOPPED, facts=facts)


# --- within -----------------------------------------------------------------------------------------------------
@contextmanager
def _stopping_at_faults(hands: Hands, batch: Batch, *, run: str | None) -> Iterator[None]:
    """What keeps all of a batch from going on stops it. A database that is away does not: it comes back."""
    try:
        yield
    except DatabaseAway as error:
        if _code(error) != _DISK_FULL:
            raise
        hands.sittings.close()
        stop_batch(hands, batch, run=run, reason=_DISK_FULL)
    except BadgeError as error:
        hands.sittings.close()
        stop_batch(hands, batch, run=run, reason=_code(error))
    except Exception:
        hands.sittings.close()
        stop_batch(hands, batch, run=run, reason=_OUR_FAULT)  # else the next worker would end by it too
        raise


@contextmanager
def _holding(hands: Hands, batch: Batch) -> Iterator[None]:
    """Renew the lease of a batch beside what is done with it as a whole: to read a long list may outlast one.

    Else two workers could take it from each other for ever, and none come to an end.
    """
    ended = Event()

    def renew() -> None:
        while not ended.wait(hands.lease.total_seconds() / 3):
            with suppress(DatabaseAway), hands.instance.store.writing() as connection:
                until = hands.clock() + hands.lease
                batch_work.renew(connection, batch.batch_id, worker=hands.worker, until=until, done=batch.done)

    thread = Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _has_rows_left(hands: Hands, plan: Plan | None) -> bool:
    if plan is None:
        return True
    with hands.instance.store.reading() as connection:
        return chunk_store.has_waiting(connection, plan.batch_id)


def _count_again(hands: Hands, batch: Batch) -> None:
    """A chunk came to its end after its run: what it issued is told all the same."""
    with hands.instance.store.writing() as connection:
        found = batch_work.load(connection, batch.batch_id, for_update=True)
        if found is not None and found.state == BatchState.STOPPED:
            issued = batch_work.count_issued(connection, batch.batch_id)
            batch_work.change(connection, batch.batch_id, issued=issued)


def _actor(batch: Batch) -> str:
    return batch.made_by or "worker"


def _code(error: BadgeError) -> str:
    return str(error.extensions.get("reason", error.slug))
