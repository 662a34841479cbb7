"""The process that works while the desk answers: batches first, then mail, then what is due by the calendar."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from issuer import settings
from issuer.bulk.jobs import take_and_run
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
_MAILS_AT_ONCE: Final = 20  # between two looks for a batch
_AFTER_FAULT_SECONDS: Final = 5.0


def run_worker(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    stop: Event,
    origin: str | None = None,
    worker_id: str | None = None,
    on_fault: Callable[[str], None] = lambda _code: None,
    on_step: Step = lambda _name: None,
) -> None:
    """Work until `stop` is set: then the chunk under way is finished, and its batch left for the next worker.

    Several workers at once are safe. A fault that is no batch's own (the database is away) is told by its
    code, for what it says may name people, and waited out.
    """
    worker = worker_id or f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
    chores_due: datetime | None = None
    with open_instance(folder, database=settings.database_url()) as instance:
        config, lists = FreshConfig(instance), ListKeeper(instance, clock=clock)
        beat_due: datetime | None = None

        def keep_up() -> None:
            nonlocal beat_due
            if _has_come(beat_due, EVERY, now=clock()):
                beat(instance, now=clock())
                beat_due = clock() + EVERY
            lists.refresh()

        def step(name: str) -> None:
            on_step(name)
            if name == "committed":  # a long batch keeps no withdrawal waiting
                keep_up()

        while not stop.is_set():
            try:
                config.refresh()  # between batches: each is issued by one set of settings and keys
                keep_up()
                busy = take_and_run(instance, worker=worker, clock=clock, is_stopping=stop.is_set, on_step=step)
                if not stop.is_set():
                    busy = send_mail(instance, clock=clock, origin=origin, stop=stop) or busy
                if not stop.is_set() and _has_come(chores_due, _CHORES_EVERY, now=clock()):
                    do_chores(instance, now=clock())
                    chores_due = clock() + _CHORES_EVERY
            except BadgeError as error:
                on_fault(str(error.extensions.get("reason", error.slug)))
                stop.wait(_AFTER_FAULT_SECONDS)
                continue
            if not busy:
                stop.wait(IDLE_SECONDS)


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


def do_chores(instance: Instance, *, now: datetime) -> None:
    """What is due by the calendar: class lists, student numbers and old addresses purged, reminders queued."""
    with instance.store.reading() as connection:
        choices = load_choices(connection)
    purge_uploads(instance, now=now, days=choices.upload_days)
    purge_numbers(instance, before=now - timedelta(days=choices.nsn_purge_days), now=now, actor="worker")
    queue_reminders(instance, now=now)
    erase_addresses(instance, now=now)
    purge_answers(instance, now=now)
    purge_sessions(instance, now=now)
