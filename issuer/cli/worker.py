"""The worker on the command line: what runs beside the web and does the long work."""

from __future__ import annotations

import os
import signal
from threading import Event
from types import FrameType

import click

from issuer.cli.common import current_time, instance_option, named_folder
from issuer.worker import run_worker

_NICENESS = 5  # the web answers first; processes that sign inherit it


@click.command("worker")
@instance_option
@click.option("--origin", metavar="URL", help="Where people reach the service while it is tried out, for links.")
@click.pass_context
def worker(context: click.Context, origin: str | None) -> None:
    """Check and issue class lists, send mail and clear up, until stopped (SIGTERM, Ctrl-C)."""
    stop = Event()

    def finish(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    def tell(code: str) -> None:
        click.echo(f"worker: {code}; trying again", err=True)

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    os.nice(_NICENESS)
    run_worker(named_folder(context), clock=current_time, stop=stop, origin=origin, on_fault=tell)
