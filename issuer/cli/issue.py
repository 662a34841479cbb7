"""`badge-issuer issue`: a class list goes in; counts, the rows that need a person, and the badges come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from issuer.batches import BatchReport, Options, issue_batch
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
from issuer.drawing.pictures import Pictures
from issuer.instance import Instance
from issuer.outputs import RESULTS_FILE, Outputs
from issuer.rehearsing import Rehearsal, rehearse_batch
from issuer.results import RowOutcome, RowResult
from issuer.rows import ClassList, parse_column_map, read_class_list
from issuer.trust.editions import load_edition
from schemas.errors import InputError
from schemas.jsontext import JsonObject
from schemas.limits import MAX_TABLE_BYTES
from verifier.exits import NOT_GOOD, Ended
from verifier.register.edition import Edition

_SHOWN = 40  # problem rows on the screen; results.csv has all
_FORMATS = ("ldp", "jwt")


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
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that sign.")
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
    workers: int,
    accept_unconfirmed: str | None,
    as_json: bool,
) -> None:
    """Issue a badge for every row of a class list (CSV or XLSX) that the register confirms.

    Running the same file again issues nothing twice, finishes what was interrupted, and writes missing files.
    """
    if accept_unconfirmed is not None and not accept_unconfirmed.strip():
        raise click.UsageError("--accept-unconfirmed needs a reason.")
    options = Options(accept_unconfirmed=accept_unconfirmed, with_jwt="jwt" in formats, workers=workers)
    data = _read_table(file)
    now = current_time()
    with opened(context) as instance:
        edition = load_edition(instance)
        class_list = _class_list(data, file, map_file=map_file, encoding=encoding, edition=edition)
        if dry_run:
            rehearsal = rehearse_batch(
                instance, class_list, edition=edition, options=options, now=now, actor=current_actor()
            )
            _report_rehearsal(rehearsal, class_list, as_json=as_json)
            return
        outputs = _outputs(out, instance, edition)
        with _progress(shown=not as_json) as on_progress:
            report = issue_batch(
                instance,
                class_list,
                file_sha256=class_list.sha256,
                edition=edition,
                options=options,
                now=now,
                actor=current_actor(),
                outputs=outputs,
                on_progress=on_progress,
            )
    _report_batch(report, class_list, out=out, outputs=outputs, as_json=as_json)


def _read_table(file: Path) -> bytes:
    if file.stat().st_size > MAX_TABLE_BYTES:
        raise InputError(f"{file} is over the limit of {MAX_TABLE_BYTES:,} bytes; split it.")
    return file.read_bytes()


def _class_list(
    data: bytes, file: Path, *, map_file: Path | None, encoding: str | None, edition: Edition | None
) -> ClassList:
    return read_class_list(
        data,
        filename=file.name,
        column_map=parse_column_map(map_file.read_bytes()) if map_file else None,
        encoding=encoding,
        register_refs=frozenset(edition.register.versions_by_ref) if edition else frozenset(),
    )


def _outputs(out: Path | None, instance: Instance, edition: Edition | None) -> Outputs | None:
    if out is None:
        return None
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


def _report_rehearsal(rehearsal: Rehearsal, class_list: ClassList, *, as_json: bool) -> None:
    counts = rehearsal.counts
    if as_json:
        print_json(
            {
                "dry_run": True,
                "ready": rehearsal.ready,
                "already": counts.already,
                "held": counts.held,
                "failed": counts.failed,
                "unknown_columns": list(class_list.unknown_columns),
                "problems": _problems(rehearsal.results),
            }
        )
    else:
        click.echo(
            f"Nothing was written. {rehearsal.ready} ready, {counts.already} issued already, {counts.held} held, "
            f"{counts.failed} to mend."
        )
        _tell(rehearsal.results, class_list)
    if counts.held or counts.failed:
        raise Ended(NOT_GOOD)


def _report_batch(
    report: BatchReport, class_list: ClassList, *, out: Path | None, outputs: Outputs | None, as_json: bool
) -> None:
    counts = report.counts
    if as_json:
        print_json(
            {
                "batch": report.batch_id,
                "issued": counts.issued,
                "already": counts.already,
                "held": counts.held,
                "failed": counts.failed,
                "unknown_columns": list(class_list.unknown_columns),
                "results": None if out is None else str(out / RESULTS_FILE),
                "problems": _problems(report.results),
            }
        )
    else:
        click.echo(
            f"{counts.issued} issued, {counts.already} issued already, {counts.held} held, {counts.failed} failed."
        )
        _tell(report.results, class_list)
        if out is not None and outputs is not None and outputs.fault is None:
            click.echo(f"Every row's result: {out / RESULTS_FILE}")
    if outputs is not None and outputs.fault is not None:
        click.echo(outputs.fault_sentence, err=True)
        raise Ended(NOT_GOOD)
    if counts.held or counts.failed:
        raise Ended(NOT_GOOD)


def _tell(results: Sequence[RowResult], class_list: ClassList) -> None:
    problems = [result for result in results if result.outcome in {RowOutcome.HELD, RowOutcome.FAILED}]
    for result in problems[:_SHOWN]:
        click.echo(f"  row {result.line}  {result.outcome}  {result.reason}: {result.sentence}")
    if len(problems) > _SHOWN:
        click.echo(f"  … and {len(problems) - _SHOWN} more.")
    for warning in class_list.warnings:
        click.echo(f"Look at {warning}")
    if class_list.unknown_columns:
        click.echo(f"Columns not used and not kept: {', '.join(class_list.unknown_columns)}.")
    for note in class_list.notes:
        click.echo(f"Note: {note}")


def _problems(results: Sequence[RowResult]) -> list[JsonObject]:
    return [
        {"row": result.line, "outcome": result.outcome, "reason": result.reason, "sentence": result.sentence}
        for result in results
        if result.outcome in {RowOutcome.HELD, RowOutcome.FAILED}
    ]
