"""Runs that are killed: a child process issues a class, and dies at a step or at a moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from issuer import audit
from issuer.batches import Options, issue_batch
from issuer.instance import Instance, open_instance
from issuer.outputs import Outputs
from issuer.store.tables import credentials, documents
from issuer.trust.editions import load_edition
from tests.issuer.provider import NOW, Completions, PlainPictures

STEPS = ("claimed", "reserved", "signed", "checked", "stored", "logged", "committed", "written")

# What a worker goes through with a class list, in this order; some of it for each of its chunks.
WORK_STEPS = (
    "taken",
    "planned",
    "chunk",
    "reserved",
    "signed",
    "checked",
    "claimed",
    "stored",
    "logged",
    "committed",
    "counted",
    "found",
)


def run_class(
    folder: Path, completions: Completions, out: Path | None, die_at: str | None, occurrence: int, chunk_rows: int
) -> None:
    """Issue; at the named step for the nth time, die as by a power cut."""
    seen: Counter[str] = Counter()

    def on_step(name: str) -> None:
        seen[name] += 1
        if name == die_at and seen[name] == occurrence:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_instance(folder) as instance:
        issue_batch(
            instance,
            completions,
            file_sha256="0" * 64,
            edition=load_edition(instance),
            options=Options(chunk_rows=chunk_rows),
            now=NOW,
            actor="test",
            outputs=None if out is None else Outputs(out, instance, pictures=PlainPictures()),
            on_step=on_step,
        )


def start_run(
    folder: Path,
    completions: Completions,
    *,
    out: Path | None = None,
    die_at: str | None = None,
    occurrence: int = 1,
    chunk_rows: int = 4,
) -> multiprocessing.Process:
    """`run_class` in a child process."""
    process = multiprocessing.get_context("fork").Process(
        target=run_class, args=(folder, completions, out, die_at, occurrence, chunk_rows)
    )
    process.start()
    return process  # type: ignore[return-value]  # a fork's process is one


def check_exactly_once(instance: Instance, *, expected: int) -> None:
    """One badge for each completion, one document for each badge, no status index twice, everything logged."""
    with instance.store.reading() as connection:
        badges = connection.scalars(sa.select(credentials.c.short_id)).all()
        signed = connection.execute(sa.select(documents.c.short_id, documents.c.list_number, documents.c.list_index))
        rows = signed.all()
        report = audit.verify_chain(connection)
    assert len(badges) == expected
    assert sorted(row.short_id for row in rows) == sorted(badges)
    assert len({(row.list_number, row.list_index) for row in rows}) == expected
    assert report, report.faults
    assert report.documents == expected
