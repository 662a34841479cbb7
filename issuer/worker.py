"""The process that works while the desk answers: batches first, then mail, then what is due by the calendar."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

from issuer import settings
from issuer.bulk.chunks import LEASE
from issuer.bulk.jobs import Hands, take_and_run
from issuer.bulk.uploads import purge_uploads
from issuer.heartbeat import EVERY, beat
from issuer.instance import FreshConfig, Instance, open_instance
from issuer.mail.outbox import erase_addresses, queue_reminders
from issuer.mail.sending import send_waiting
from issuer.nzroareport import purge as purge_numbers
from issuer.running import Step
from issuer.staff.accounts import purge_sessions
from issuer.staff.choices import load_choices
from issuer.staff.idempotency import purge_answers
from issuer.status import refresh_lists
from issuer.store import audit_log
from issuer.store.outbox_rows import is_due
from issuer.trust.editions import load_edition
from schemas.errors import BadgeError

IDLE_SECONDS: Final = 0.5
_CHORES_EVERY: Final = timedelta(minutes=10)
_CHORES_KEY: Final = 0x4E5A4F43  # "NZOC", as `migrating.LOCK_KEY` is "NZOB"
_MAILS_AT_ONCE: Final = 20  # between two looks for a batch


class Part(StrEnum):
    """What a worker does when it does not do everything."""

    BATCHES = "batches"
    MAIL = "mail"  # and what is due by the calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What kind of worker it is. Times are for tests; a worker that lost its lease doubles nothing."""

    runner: str = settings.RUNNERS[0]
    only: Part | None = None
    lease: timedelta = LEASE
    stalled_seconds: float = 30.0  # of the queue: a worker whose heart has not beaten for so long is dead
    after_fault_seconds: float = 5.0
    chunk_rows: int | None = None  # None: as the database allows

    @property
    def from_tables(self) -> bool:
        return self.only is not Part.MAIL and self.runner == settings.RUNNERS[0]

    @property
    def from_queue(self) -> bool:
        return self.only is not Part.MAIL and not self.from_tables

    @property
    def with_mail(self) -> bool:
        return self.only is not Part.BATCHES


def run_worker(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    stop: Event,
    origin: str | None = None,
    worker_id: str | None = None,
    work: Work | None = None,
    on_fault: Callable[[str], None] = lambda _code: None,
    on_step: Step = lambda _name: None,
) -> None:
    """Work until `stop` is set: then the chunk under way is finished, and the rest left for the next worker.

    Several workers at once are safe, on several machines too. A fault that is no batch's own (the database is away) is
    told by its code, for what it says may name people, and waited out.
    """
    work = work or Work()
    worker = worker_id or f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
    with open_instance(folder, database=settings.database_url()) as instance:
        rounds = _Rounds(instance, clock=clock, origin=origin, stop=stop, work=work)

        def step(name: str) -> None:
            on_step(name)
            if name == "committed" and work.from_tables:  # a long batch keeps no withdrawal waiting
                rounds.keep_up()

        def hands_for(one: Instance) -> Hands:
            return Hands(
                one,
                worker=worker,
                clock=clock,
                lease=work.lease,
                chunk_rows=work.chunk_rows,
                is_stopping=stop.is_set,
                on_step=step,
            )

        with hands_for(instance) as hands, _beside(instance, work, hands_for, stop=stop, on_fault=on_fault):
            while not stop.is_set():
                try:
                    rounds.begin()
                    busy = work.from_tables and hands.take_and_run() is not None
                    busy = rounds.go_round() or busy
                except BadgeError as error:
                    on_fault(_code(error))
                    stop.wait(work.after_fault_seconds)
                    continue
                if not busy:
                    stop.wait(IDLE_SECONDS)


@contextmanager
def _beside(
    instance: Instance,
    work: Work,
    hands_for: Callable[[Instance], Hands],
    *,
    stop: Event,
    on_fault: Callable[[str], None],
) -> Iterator[None]:
    """The queue worked off in a thread of its own, with an instance of its own, where there is a queue."""
    if not work.from_queue:
        yield
        return
    from issuer.runners.queued import QueueWorker, refuse_sqlite

    refuse_sqlite(instance.store)

    def work_off_queue() -> None:
        while not stop.is_set():
            try:
                with open_instance(instance.folder, database=settings.database_url()) as own, hands_for(own) as hands:
                    refresh = FreshConfig(own).refresh
                    QueueWorker(own, hands, before_job=refresh, stalled_seconds=work.stalled_seconds).run(stop)
            except BadgeError as error:
                on_fault(_code(error))
            except Exception as error:  # noqa: BLE001 - of the queue's own: the tables still have the work
                on_fault(f"queue-{type(error).__name__}")
            stop.wait(work.after_fault_seconds)

    thread = Thread(target=work_off_queue, name="queue")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _code(error: BadgeError) -> str:
    return str(error.extensions.get("reason", error.slug))


class _Rounds:
    """What a worker does between pieces of work, each when it is due."""

    def __init__(
        self, instance: Instance, *, clock: Callable[[], datetime], origin: str | None, stop: Event, work: Work
    ) -> None:
        self._instance = instance
        self._clock = clock
        self._origin = origin
        self._stop = stop
        self._work = work
        self._config = FreshConfig(instance)
        self._lists = ListKeeper(instance, clock=clock)
        self._beat_due: datetime | None = None
        self._chores_due: datetime | None = None

    def begin(self) -> None:
        """Take in what was changed: the next piece of work is done by one set of settings and keys."""
        self._config.refresh()
        self.keep_up()

    def keep_up(self) -> None:
        """Show that the worker lives, and sign the lists that changed."""
        if _has_come(self._beat_due, EVERY, now=self._clock()):
            beat(self._instance, now=self._clock())
            self._beat_due = self._clock() + EVERY
        if self._work.with_mail:
            self._lists.refresh()

    def go_round(self) -> bool:
        """Mail and chores. Whether there may be more mail at once."""
        if not self._work.with_mail:
            return False
        busy = False
        if not self._stop.is_set():
            busy = send_mail(self._instance, clock=self._clock, origin=self._origin, stop=self._stop)
        if not self._stop.is_set() and _has_come(self._chores_due, _CHORES_EVERY, now=self._clock()):
            do_chores(self._instance, now=self._clock())
            self._chores_due = self._clock() + _CHORES_EVERY
        return busy


class ListKeeper:
    """Signs the status lists whenever something was withdrawn, put on hold or issued: no page signs any."""

    def __init__(self, instance: Instance, *, clock: Callable[[], datetime]) -> None:
        self._instance = instance
        self._clock = clock
        self._seen: str | None = None
        self._due: datetime | None = None

    def refresh(self) -> None:
        """Look at the end of the audit log, which every such act moves; sign what changed, and what grew old."""
        with self._instance.store.reading() as connection:
            head = audit_log.load_head(connection)
        end = None if head is None else head.entry_sha256
        if end == self._seen and not _has_come(self._due, _CHORES_EVERY, now=self._clock()):
            return
        refresh_lists(self._instance, now=self._clock())
        self._seen, self._due = end, self._clock() + _CHORES_EVERY


def _has_come(due: datetime | None, every: timedelta, *, now: datetime) -> bool:
    """Whether the time is there. When the clock was put back it is: else a chore would wait for that long."""
    return due is None or not due - every <= now < due


def work_off(
    instance: Instance, *, clock: Callable[[], datetime], worker: str = "here", on_step: Step = lambda _name: None
) -> int:
    """Run every batch that waits, in this process. Returns how many there were."""
    count = 0
    while take_and_run(instance, worker=worker, clock=clock, on_step=on_step):
        count += 1
    return count


def send_mail(instance: Instance, *, clock: Callable[[], datetime], origin: str | None, stop: Event) -> bool:
    """Send some of the mail that is due. False when there was none."""
    with instance.store.reading() as connection:
        if not is_due(connection, now=clock()):
            return False
    edition = load_edition(instance)
    sent = send_waiting(
        instance,
        link_base=link_base_of(instance.config.base_url, origin=origin),
        clock=clock,
        limit=_MAILS_AT_ONCE,
        demonstration=edition is not None and edition.demonstration,
        should_stop=stop.is_set,
    )
    return sent.count > 0 and sent.paused_until is None


def link_base_of(base_url: str, *, origin: str | None) -> str:
    """Where links in mail lead: the base URL, or its path at the origin while trying out, as the desk's do."""
    return base_url if not origin else origin.rstrip("/") + urlsplit(base_url).path.rstrip("/")


def do_chores(instance: Instance, *, now: datetime) -> bool:
    """What is due by the calendar: class lists, student numbers and old addresses purged, reminders queued.

    False when another worker is at it.
    """
    with instance.store.alone(_CHORES_KEY) as alone:
        if alone:
            with instance.store.reading() as connection:
                choices = load_choices(connection)
            purge_uploads(instance, now=now, days=choices.upload_days)
            purge_numbers(instance, before=now - timedelta(days=choices.nsn_purge_days), now=now, actor="worker")
            queue_reminders(instance, now=now)
            erase_addresses(instance, now=now)
            purge_answers(instance, now=now)
            purge_sessions(instance, now=now)
    return alone
