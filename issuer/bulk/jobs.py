"""One stored batch checked or issued under a lease: progress kept, stopped when asked, resumed by the next worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from issuer import audit
from issuer.batches import BatchReport, Options, issue_batch
from issuer.bulk.checking import check
from issuer.bulk.delivering import MailChoice, Terms
from issuer.bulk.findings import Outcome, build_findings, seal_findings
from issuer.bulk.upload_choices import column_map_of
from issuer.bulk.uploads import (
    BatchState,
    Source,
    lenient_table,
    load_choices,
    load_course_codes,
    load_file,
    read_upload,
)
from issuer.instance import Instance
from issuer.issuing import Step
from issuer.results import RowOutcome
from issuer.rows import ClassList
from issuer.staff.choices import load_choices as load_settings
from issuer.store import batch_work, uploads_rows
from issuer.store import batches as batch_store
from issuer.store.batch_work import Batch
from issuer.store.claims_rows import Visibility
from issuer.trust.editions import load_edition
from schemas.errors import BadgeError
from verifier.register.edition import Edition

LEASE: Final = timedelta(seconds=60)  # a worker silent for longer is taken for dead; if it was not, nothing is doubled
MANY_ROWS: Final = 400  # from here on, processes that sign earn what starting them costs
SIGNERS: Final = 2
_OUR_FAULT: Final = "internal-error"
CHUNK_ROWS: Final = 100  # while one is issued, nobody else writes to SQLite: the desk must not wait for long
_BREATH_SECONDS: Final = 0.12  # SQLite lets a waiting writer look every tenth of a second: it must find a gap


class Interrupted(Exception):
    """The run ends here, after a whole chunk: asked to, or the batch is another's now."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A batch that is ours until the lease ends."""

    instance: Instance
    batch: Batch
    worker: str
    clock: Callable[[], datetime]
    is_stopping: Callable[[], bool]
    on_step: Step

    @property
    def batch_id(self) -> str:
        return self.batch.batch_id

    @property
    def actor(self) -> str:
        return self.batch.made_by or "worker"

    def keep_alive(self, done: int, total: int) -> None:
        """Renew the lease and tell how far we are. Raises Interrupted."""
        until = self.clock() + LEASE
        with self.instance.store.writing() as connection:
            why = batch_work.renew(connection, self.batch_id, worker=self.worker, until=until, done=done)
        self.on_step("renewed")
        if why in ("lost", batch_work.CANCELLING):
            raise Interrupted(why)
        if self.is_stopping():
            raise Interrupted("stopping")
        if self.instance.store.is_sqlite and 0 < done < total and self.batch.state == BatchState.RUNNING:
            time.sleep(_BREATH_SECONDS)


def take_and_run(
    instance: Instance,
    *,
    worker: str,
    clock: Callable[[], datetime],
    only: str | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    on_step: Step = lambda _name: None,
) -> bool:
    """Run the oldest batch that waits, or the one named. False when there is none."""
    now = clock()
    with instance.store.writing() as connection:
        batch = batch_work.take_next(connection, worker=worker, now=now, until=now + LEASE, only=only)
    if batch is None:
        return False
    on_step("taken")
    job = Job(instance=instance, batch=batch, worker=worker, clock=clock, is_stopping=is_stopping, on_step=on_step)
    run_check(job) if batch.state == BatchState.CHECKING else run_batch(job)
    return True


def run_check(job: Job) -> None:
    """Check the class list; one that cannot be read goes back to whoever has to say how."""
    state, reason = BatchState.CHECKED, None
    try:
        findings = check(
            job.instance,
            job.batch_id,
            edition=load_edition(job.instance),
            now=job.clock(),
            actor=job.actor,
            on_progress=job.keep_alive,
        )
        reason = batch_work.NOTHING_TO_DO if findings.is_done else None
    except Interrupted as interrupted:
        if interrupted.why == "stopping":
            _let_go(job, state=BatchState.CHECKING)
        return
    except BadgeError as error:
        state, reason = BatchState.DRAFT, str(error.extensions.get("reason", error.slug))
    except Exception:
        with job.instance.store.writing() as connection:
            batch_work.end_work(connection, job.batch_id, worker=job.worker, state=BatchState.DRAFT, reason=_OUR_FAULT)
        raise
    job.on_step("found")
    with job.instance.store.writing() as connection:
        batch_work.end_work(connection, job.batch_id, worker=job.worker, state=state, reason=reason)


def run_batch(job: Job) -> None:
    """Issue what is not issued yet of a batch. What keeps all of it from going on stops it, with a code."""
    try:
        edition = load_edition(job.instance)
        class_list, report = _issue(job, edition)
        _finish(job, class_list, report, edition)
    except Interrupted as interrupted:
        if interrupted.why == "stopping":
            _let_go(job, state=BatchState.QUEUED)
        elif interrupted.why == batch_work.CANCELLING:
            stop_job(job, reason="cancelled")
    except BadgeError as error:
        stop_job(job, reason=str(error.extensions.get("reason", error.slug)))
    except Exception:
        stop_job(job, reason=_OUR_FAULT)  # else the next worker would end by it too
        raise


def _issue(job: Job, edition: Edition | None) -> tuple[ClassList, BatchReport]:
    class_list, choices = read_upload(job.instance, job.batch_id, edition=edition)
    with job.instance.store.reading() as connection:
        settings = load_settings(connection)
    terms = Terms(
        mail=MailChoice(job.batch.mail),
        claim_days=settings.claim_days,
        visibility=None if job.batch.source == Source.CLI else Visibility.PRIVATE,
    )
    options = Options(
        accept_unconfirmed=choices.accept_unconfirmed,
        workers=SIGNERS if len(class_list.rows) >= MANY_ROWS else 1,
        chunk_rows=CHUNK_ROWS,
        terms=terms,
    )
    report = issue_batch(
        job.instance,
        class_list,
        file_sha256=job.batch.file_sha256,
        edition=edition,
        options=options,
        now=job.clock(),
        actor=job.actor,
        batch_id=job.batch_id,
        on_progress=job.keep_alive,
        on_step=job.on_step,
    )
    return class_list, report


def _finish(job: Job, class_list: ClassList, report: BatchReport, edition: Edition | None) -> None:
    """Keep what became of every row and let go, in one transaction; if the batch is another's now, leave it alone."""
    now, counts = job.clock(), report.counts
    data = load_file(job.instance, job.batch_id)
    choices = load_choices(job.instance, job.batch_id)
    table = lenient_table(data, choices, columns=column_map_of(choices, load_course_codes(job.instance)))
    findings = build_findings(
        job.instance,
        Outcome(class_list=class_list, results=report.results),
        table=table,
        register_sha256=edition.sha256 if edition else None,
        now=now,
    )
    problems = [result.record for result in report.results if result.outcome is not RowOutcome.ISSUED]
    with job.instance.store.writing() as connection:
        if not batch_work.end_work(
            connection, job.batch_id, worker=job.worker, state=BatchState.FINISHED, reason=None, done=counts.total
        ):
            return
        batch_store.finish_batch(connection, batch_id=job.batch_id, counts=counts, problems=problems, at=now)
        batch_work.change(connection, job.batch_id, row_count=counts.total)
        sealed = seal_findings(job.instance, job.batch_id, findings)
        uploads_rows.keep_findings(connection, job.batch_id, sealed, checked_at=None)
        facts = {
            "batch": job.batch_id,
            "issued": counts.issued,
            "already": counts.already,
            "held": counts.held,
            "failed": counts.failed,
        }
        audit.append(connection, at=now, actor=job.actor, action=audit.BATCH_FINISHED, facts=facts)


def stop_job(job: Job, *, reason: str) -> None:
    """End the run with a code; what was issued stands, and the batch can be continued."""
    now = job.clock()
    with job.instance.store.writing() as connection:
        issued = batch_work.count_issued(connection, job.batch_id)
        if batch_work.end_work(
            connection, job.batch_id, worker=job.worker, state=BatchState.STOPPED, reason=reason, issued=issued
        ):
            facts = {"batch": job.batch_id, "issued": issued, "reason": reason}
            audit.append(connection, at=now, actor=job.actor, action=audit.BATCH_STOPPED, facts=facts)


def _let_go(job: Job, *, state: BatchState) -> None:
    """Give the batch back, for the next worker to go on with at once."""
    with job.instance.store.writing() as connection:
        batch_work.end_work(connection, job.batch_id, worker=job.worker, state=state, reason=None)
