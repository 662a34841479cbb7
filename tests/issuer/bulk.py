"""What tests of bulk issue share: a register with a reference Excel spoils, class lists as bytes, a worker to kill."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import sqlalchemy as sa

from issuer.bulk.checking import request_check
from issuer.bulk.confirming import confirm
from issuer.bulk.findings import Findings, load_findings
from issuer.bulk.uploads import MailChoice, Source, receive
from issuer.instance import Instance, open_instance
from issuer.store.service_tables import claims, outbox
from issuer.store.tables import credentials
from issuer.trust.editions import load_edition, use_edition
from issuer.worker import run_worker, work_off
from tests import simulator
from tests.issuer.durable import check_exactly_once
from tests.issuer.provider import ANCHOR, NOW, REF, edition_for, register_for
from tests.patience import PATIENCE

UGLY = Path(__file__).parents[1] / "vectors" / "ugly"
OTHER_REF = "0426"
PREPARER, APPROVER = "user:preparer", "user:approver"


def use_two_listings(instance: Instance) -> None:
    """Put an edition to use that has 0426 beside the listing of the other tests."""
    register = register_for(instance)
    listing, right = register.listings[0], register.awarding_rights[0]
    titles = {"title_en": "Manage a Hive (Micro-credential)", "title_mi": "Te Tiaki Pī"}
    before = load_edition(instance)
    data = edition_for(
        instance,
        number=2,
        previous_sha256=before.sha256 if before else None,
        as_at=simulator.NOW.date(),
        listings=(listing, replace(listing, nzqa_ref=OTHER_REF, **titles)),
        awarding_rights=(right, replace(right, nzqa_ref=OTHER_REF)),
    )
    use_edition(instance, data, anchor_data=ANCHOR, now=NOW, actor="test")


def class_csv(count: int, *, first: int = 0, ref: str = REF) -> bytes:
    """A sound class list of so many learners, each with an address of their own."""
    rows = (
        f"Learner {number} Tāmati,{ref},2026-05-04,learner{number}@learner.example\n"
        for number in range(first, first + count)
    )
    return ("Student,Course,Completed,E-mail\n" + "".join(rows)).encode()


def upload(instance: Instance, data: bytes, *, filename: str = "class.csv", actor: str = PREPARER) -> str:
    return receive(instance, data, filename=filename, source=Source.DESK, actor=actor, now=NOW)


def checked(instance: Instance, batch_id: str, *, now: datetime = NOW) -> Findings:
    """Have it checked by a worker in this process."""
    request_check(instance, batch_id, now=now, actor=PREPARER)
    work_off(instance, clock=lambda: now)
    findings = load_findings(instance, batch_id)
    assert findings is not None
    return findings


def confirmed(
    instance: Instance, data: bytes, *, mail: MailChoice = MailChoice.HOLD, four_eyes: bool = False, now: datetime = NOW
) -> str:
    """Uploaded, checked and confirmed, with nothing run yet."""
    batch_id = upload(instance, data)
    findings = checked(instance, batch_id, now=now)
    confirm(
        instance,
        batch_id,
        expected_ready=findings.ready,
        mail=mail,
        actor=PREPARER,
        four_eyes=four_eyes,
        edition=load_edition(instance),
        now=now,
    )
    return batch_id


def issued_by_worker(instance: Instance, data: bytes, *, mail: MailChoice = MailChoice.HOLD) -> str:
    batch_id = confirmed(instance, data, mail=mail)
    work_off(instance, clock=lambda: NOW)
    return batch_id


def check_every_badge_has_its_way_to_its_learner(instance: Instance, *, expected: int, mails: int) -> None:
    """Exactly once: each badge, its claim link, and its mail where it gets one."""
    check_exactly_once(instance, expected=expected)
    with instance.store.reading() as connection:
        badges = set(connection.scalars(sa.select(credentials.c.short_id)))
        links = list(connection.scalars(sa.select(claims.c.short_id)))
        sent = list(connection.scalars(sa.select(outbox.c.short_id)))
    assert sorted(links) == sorted(badges)
    assert len(sent) == len(set(sent)) == mails


# --- workers that die -------------------------------------------------------------------------------------------
def run_one_worker(folder: Path, die_at: str | None, occurrence: int, seconds: float, later: float) -> None:
    """A worker; at the named step for the nth time it dies as by a power cut, else it ends after so many seconds."""
    seen: Counter[str] = Counter()
    stop = Event()
    began = datetime.now().timestamp()  # noqa: DTZ005 - a stopwatch

    def on_step(name: str) -> None:
        seen[name] += 1
        if name == die_at and seen[name] == occurrence:
            os.kill(os.getpid(), signal.SIGKILL)

    def clock() -> datetime:
        if datetime.now().timestamp() - began > seconds:  # noqa: DTZ005
            stop.set()
        return NOW + timedelta(seconds=later)

    run_worker(folder, clock=clock, stop=stop, on_step=on_step)


def start_worker(
    folder: Path, *, die_at: str | None = None, occurrence: int = 1, seconds: float = PATIENCE, later: float = 0
) -> multiprocessing.Process:
    """`run_one_worker` in a child process; `later` puts its clock ahead, as if it came when a lease had ended."""
    process = multiprocessing.get_context("fork").Process(
        target=run_one_worker, args=(folder, die_at, occurrence, seconds, later)
    )
    process.start()
    return process  # type: ignore[return-value]  # a fork's process is one


def finish_later(folder: Path, *, hours: int = 1) -> None:
    """Another worker comes when every lease has ended, and does what is left."""
    with open_instance(folder) as instance:
        work_off(instance, clock=lambda: NOW + timedelta(hours=hours), worker="the next")
