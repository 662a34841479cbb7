"""The worker on the command line: what runs beside the web and does the long work."""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from types import FrameType

import click

from issuer import settings
from issuer.childprocess import follow_parent
from issuer.cli.common import current_time, instance_option, named_folder
from issuer.worker import Part, Work, run_worker

_NICENESS = 5  # the web answers first; processes that sign inherit it
_MOST_PROCESSES = 64


@click.command("worker")
@instance_option
@click.option("--origin", metavar="URL", help="Where people reach the service while it is tried out, for links.")
@click.option(
    "--runner",
    type=click.Choice(settings.RUNNERS),
    help="Where the work comes from: the tables, or a queue beside them (PostgreSQL). Else BADGES_RUNNER.",
)
@click.option(
    "--only",
    type=click.Choice([part.value for part in Part]),
    help="Class lists alone, or mail and what is due by the calendar.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, _MOST_PROCESSES),
    default=1,
    show_default=True,
    help="So many processes that issue, besides this one's mail.",
)
@click.pass_context
def worker(context: click.Context, origin: str | None, runner: str | None, only: str | None, concurrency: int) -> None:
    """Check and issue class lists, send mail and clear up, until stopped (SIGTERM, Ctrl-C).

    As many workers as there are processors may share one database, on several machines too.
    """
    part = None if only is None else Part(only)
    work = Work(runner=runner or settings.runner_name(), only=part)
    folder = named_folder(context)
    os.nice(_NICENESS)
    stop = _stopped_by_signals()
    more = 0 if part is Part.MAIL else concurrency - 1
    with _Others(folder, Work(runner=work.runner, only=Part.BATCHES), count=more):
        run_worker(folder, clock=current_time, stop=stop, origin=origin, work=work, on_fault=_tell)


class _Others:
    """Processes that issue and do nothing else; they end with this one."""

    def __init__(self, folder: Path, work: Work, *, count: int) -> None:
        context = get_context("spawn")
        self._processes = [context.Process(target=_issue, args=(folder, work)) for _ in range(count)]

    def __enter__(self) -> None:
        for process in self._processes:
            process.start()

    def __exit__(self, *_exception: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()


def _issue(folder: Path, work: Work) -> None:
    follow_parent()
    run_worker(folder, clock=current_time, stop=_stopped_by_signals(), work=work, on_fault=_tell)


def _stopped_by_signals() -> Event:
    stop = Event()

    def finish(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    return stop


def _tell(code: str) -> None:
    click.echo(f"worker: {code}; trying again", err=True)
