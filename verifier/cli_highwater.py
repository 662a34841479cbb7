"""`--high-water FILE` of the reading commands: remembers between runs what was seen; judges nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from verifier.highwater import HighWater, ListWatch, admit_editions, remember_lists
from verifier.highwater_file import change_high_water, load_high_water
from verifier.register.edition import Edition
from verifier.report import Notice

high_water_option = click.option(
    "--high-water",
    "high_water_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Remember in this file what was seen, and refuse older editions and status lists (unless --at asks for then).",
)


def admit(path: Path | None, editions: Sequence[Edition], *, looking_back_to: date | None = None) -> tuple[Notice, ...]:
    """Notices about the last edition, when the file lets it through. Raises HistoryRefused, HighWaterError."""
    if path is None:
        return ()

    def change(seen: HighWater) -> tuple[HighWater, tuple[Notice, ...]]:
        admission = admit_editions(seen, editions, looking_back_to=looking_back_to)
        return admission.high_water, admission.notices

    return change_high_water(path, change)


def watch_lists(path: Path | None, *, looking_back_to: datetime | None) -> ListWatch | None:
    """What the file knows of status lists. Raises HighWaterError."""
    return None if path is None else ListWatch(load_high_water(path), looking_back_to=looking_back_to)


def keep_lists(path: Path | None, lists: ListWatch | None) -> None:
    """Remember the lists of this run; says so when there was no room. Raises HighWaterError."""
    if path is None or lists is None or not lists.noticed:
        return
    passed_over = change_high_water(path, lambda seen: remember_lists(seen, lists.noticed.values()))
    if passed_over:
        click.echo(
            f"{path} is full: {passed_over} status lists are not remembered. Keep a file for each group of issuers.",
            err=True,
        )


def tell_notices(notices: Sequence[Notice]) -> None:
    for notice in notices:
        click.echo(f"Note: {notice.sentence}", err=True)
