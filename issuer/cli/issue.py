"""`badge-issuer issue`: a class list goes in; counts, the rows that need a person, and the badges come out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypedDict

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from issuer.batches import Options, issue_rows
from issuer.cli.common import (
    EXISTING_FILE,
    FOLDER,
    current_actor,
    current_time,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.collecting import collecting_seldom
from issuer.instance import ROW_KEY_SECRET, Instance
from issuer.outputs import Outputs
from issuer.rehearsing import rehearse_rows
from issuer.results import PROBLEMS, RowResult
from issuer.resultspool import ResultSpool
from issuer.rows import parse_column_map
from issuer.spool import KeyTerms, SpooledRows, spool_class_list
from issuer.trust.editions import load_edition
from schemas.jsontext import JsonObject
from verifier.exits import NOT_GOOD, Ended
from verifier.register.edition import Edition

_SHOWN = 40  # problem rows on the screen; results.csv has all
_TOLD = 10_000  # problem rows in JSON, some three megabytes
_FORMATS = ("ldp", "jwt")
_SEVERAL_FROM = 2_000  # rows; fewer are signed before other processes have begun
_MOST_WORKERS = 8  # one process stores what they sign, and has no more to do than so many bring


def _parse_formats(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """`ldp`, `jwt` or both with a comma."""
    chosen = tuple(part.strip() for part in value.split(","))
    if unknown := [part for part in chosen if part not in _FORMATS]:
        raise click.BadParameter(f"{unknown[0]!r} is no format; give ldp, jwt, or ldp,jwt", context, parameter)
    return chosen


@click.command("issue")
@instance_option
@click.argument("file", type=EXISTING_FILE, metavar="FILE")
@click.option("--map", "map_file", type=EXISTING_FILE, metavar="MAP", help="JSON: column names and course codes.")
@click.option("--encoding", metavar="NAME", help="The CSV's encoding, when it is not UTF-8 (cp1252, say).")
@click.option("--dry-run", is_flag=True, help="Say what would happen; write and sign nothing.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write badges/ (JSON, PNG) and results.csv here.")
@click.option(
    "--format",
    "formats",
    callback=_parse_formats,
    metavar="FORMATS",
    default="ldp",
    show_default=True,
    help="jwt adds a JWT as a second signature; the linked-data proof is always made.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that sign; when it is not said, one for each core from some thousand rows on.",
)
@click.option(
    "--accept-unconfirmed",
    metavar="REASON",
    help="Issue rows the register can neither confirm nor deny; REASON is kept. Nothing overrides “not accredited”.",
)
@json_option
@click.pass_context
def issue(
    context: click.Context,
    file: Path,
    map_file: Path | None,
    encoding: str | None,
    dry_run: bool,
    out: Path | None,
    formats: tuple[str, ...],
    workers: int | None,
    accept_unconfirmed: str | None,
    as_json: bool,
) -> None:
    """Issue a badge for every row of a class list (CSV or XLSX) that the register confirms.

    Running the same file again issues nothing twice, finishes what was interrupted, and writes missing files.
    """
    if accept_unconfirmed is not None and not accept_unconfirmed.strip():
        raise click.UsageError("--accept-unconfirmed needs a reason.")
    now = current_time()
    with ExitStack() as opened_things:
        instance = opened_things.enter_context(opened(context))
        edition = load_edition(instance)
        opened_things.enter_context(collecting_seldom())
        rows = opened_things.enter_context(
            spool_class_list(
                file,
                keys=KeyTerms(secret=instance.secret(ROW_KEY_SECRET), provider=instance.config.provider),
                column_map=parse_column_map(map_file.read_bytes()) if map_file else None,
                encoding=encoding,
                register_refs=frozenset(edition.register.versions_by_ref) if edition else frozenset(),
            )
        )
        options = Options(
            accept_unconfirmed=accept_unconfirmed,
            with_jwt="jwt" in formats,
            workers=workers or workers_for(rows.total),
        )
        sink = opened_things.enter_context(ResultSpool(only_problems=out is None))
        terms = _Terms(edition=edition, options=options, now=now, actor=current_actor())
        if dry_run:
            ready = rehearse_rows(instance, rows, sink=sink, **terms)
            _report_rehearsal(ready, rows, sink, as_json=as_json)
            return
        outputs = _outputs(out, instance, edition)
        with _progress(shown=not as_json) as on_progress:
            batch_id = issue_rows(
                instance,
                rows,
                sink=sink,
                file_sha256=rows.sha256,
                on_issued=outputs.write_badges if outputs else _write_nothing,
                on_progress=on_progress,
                **terms,
            )
        if outputs is not None:
            outputs.write_results(sink)
        _report_batch(batch_id, rows, sink, outputs=outputs, as_json=as_json)


class _Terms(TypedDict):
    """What a dry run has in common with the real one."""

    edition: Edition | None
    options: Options
    now: datetime
    actor: str


def workers_for(rows: int) -> int:
    """How many processes sign so many rows, where nobody said: one for each core this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_WORKERS, cores) if rows >= _SEVERAL_FROM else 1


def _write_nothing(_results: Sequence[RowResult]) -> None: ...


def _outputs(out: Path | None, instance: Instance, edition: Edition | None) -> Outputs | None:
    if out is None:
        return None
    from issuer.drawing.pictures import Pictures  # with an imaging library, which only this needs

    demonstration = edition is not None and edition.demonstration
    outputs = Outputs(out, instance, pictures=Pictures(instance, demonstration=demonstration))
    outputs.check_writable()
    return outputs


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, silence elsewhere."""
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield lambda _done, _total: None
        return
    columns = (TextColumn("Issuing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("issue", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _report_rehearsal(ready: int, rows: SpooledRows, sink: ResultSpool, *, as_json: bool) -> None:
    counts = sink.counts
    if as_json:
        print_json(
            {
                "dry_run": True,
                "ready": ready,
                "already": counts.already,
                "held": counts.held,
                "failed": counts.failed,
                "unknown_columns": list(rows.unknown_columns),
                **_told_problems(sink),
            }
        )
    else:
        click.echo(
            f"Nothing was written. {ready} ready, {counts.already} issued already, {counts.held} held, "
            f"{counts.failed} to mend."
        )
        _tell(rows, sink)
    if sink.problems:
        raise Ended(NOT_GOOD)


def _report_batch(
    batch_id: str, rows: SpooledRows, sink: ResultSpool, *, outputs: Outputs | None, as_json: bool
) -> None:
    counts = sink.counts
    if as_json:
        print_json(
            {
                "batch": batch_id,
                "issued": counts.issued,
                "already": counts.already,
                "held": counts.held,
                "failed": counts.failed,
                "unknown_columns": list(rows.unknown_columns),
                "results": None if outputs is None else str(outputs.results_file),
                **_told_problems(sink),
            }
        )
    else:
        click.echo(
            f"{counts.issued} issued, {counts.already} issued already, {counts.held} held, {counts.failed} failed."
        )
        _tell(rows, sink)
        if outputs is not None and outputs.fault is None:
            click.echo(f"Every row's result: {outputs.results_file}")
    if outputs is not None and outputs.fault is not None:
        click.echo(outputs.fault_sentence, err=True)
        raise Ended(NOT_GOOD)
    if sink.problems:
        raise Ended(NOT_GOOD)


def _tell(rows: SpooledRows, sink: ResultSpool) -> None:
    for result in _problems(sink, most=_SHOWN):
        click.echo(f"  row {result.line}  {result.outcome}  {result.reason}: {result.sentence}")
    if sink.problems > _SHOWN:
        click.echo(f"  … and {sink.problems - _SHOWN} more.")
    for warning in rows.warnings():
        click.echo(f"Look at {warning}")
    if rows.unknown_columns:
        click.echo(f"Columns not used and not kept: {', '.join(rows.unknown_columns)}.")
    for note in rows.notes:
        click.echo(f"Note: {note}")


def _told_problems(sink: ResultSpool) -> JsonObject:
    """The problems for a program, and how many more there are: results.csv has all."""
    return {
        "problems": [
            {"row": result.line, "outcome": result.outcome, "reason": result.reason, "sentence": result.sentence}
            for result in _problems(sink, most=_TOLD)
        ],
        "problems_left_out": max(0, sink.problems - _TOLD),
    }


def _problems(sink: ResultSpool, *, most: int) -> Iterator[RowResult]:
    return islice((result for result in sink if result.outcome in PROBLEMS), min(most, sink.problems))
