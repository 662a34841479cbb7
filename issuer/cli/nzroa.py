"""`badge-issuer nzroa` and `nsn`: what is to be reported to NZQA, what was, and student numbers that are done with."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from issuer.cli.common import (
    EXISTING_FILE,
    OUTPUT_FILE,
    current_actor,
    current_time,
    day_option,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.files import PRIVATE, write_whole
from issuer.nzroareport import export_csv, export_rows, mark_reported, purge
from issuer.staff.choices import load_choices
from schemas.errors import InputError
from schemas.limits import MAX_TABLE_BYTES
from schemas.nzqcf import format_nz_date, nz_date, start_of_nz_day
from verifier.exits import NOT_GOOD, Ended

_SHOWN = 40


@click.group("nzroa")
@instance_option
def nzroa() -> None:
    """Completions to be reported to NZQA, for the New Zealand Record of Achievement."""


@nzroa.command("export")
@instance_option
@day_option("--since", help="Only completions achieved on this day or later.")
@click.option("--again", is_flag=True, help="Those that were reported already, too.")
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE.csv", help="Where to write them; mode 0600.")
@json_option
@click.pass_context
def nzroa_export(context: click.Context, since: date | None, out: Path, *, again: bool, as_json: bool) -> None:
    """Write the completions that are not yet reported: number, day, title, reference, provider number.

    The file holds student numbers: it is for NZQA's portal and nobody else. That they were read is logged. Badges
    without a number, and those on hold, are named instead; withdrawn ones are left out.
    """
    with opened(context) as instance:
        export = export_rows(instance, since=since, again=again, now=current_time(), actor=current_actor())
        missing = [instance.badge_url(one) for one in export.missing]
        on_hold = [instance.badge_url(one) for one in export.on_hold]
    write_whole(out, export_csv(export.rows), mode=PRIVATE)
    if as_json:
        print_json({"rows": len(export.rows), "missing": missing, "on_hold": on_hold})
    else:
        click.echo(
            f"Wrote {len(export.rows)} completions to {out}. Once NZQA has them: badge-issuer nzroa reported {out}"
        )
    _name("has no student number; it was left out", missing)
    _name("is on hold; it was left out", on_hold)


@nzroa.command("reported")
@instance_option
@click.argument("file", type=EXISTING_FILE)
@json_option
@click.pass_context
def nzroa_reported(context: click.Context, file: Path, *, as_json: bool) -> None:
    """Mark the completions of an export as reported. Twice is once; lines that match nothing are named."""
    if file.stat().st_size > MAX_TABLE_BYTES:
        raise InputError(f"{file} is over the limit of {MAX_TABLE_BYTES:,} bytes.")
    with opened(context) as instance:
        marked = mark_reported(instance, file.read_bytes(), now=current_time(), actor=current_actor())
    if as_json:
        print_json({"marked": marked.count, "already": marked.already, "unmatched": list(marked.unmatched)})
    else:
        click.echo(f"Marked {marked.count} completions as reported; {marked.already} were already.")
    _name("matches no completion of this instance", [f"Line {line}" for line in marked.unmatched])
    if marked.unmatched:
        raise Ended(NOT_GOOD)


@click.group("nsn")
@instance_option
def nsn() -> None:
    """The student numbers that are kept, sealed, for reporting to NZQA."""


@nsn.command("purge")
@instance_option
@day_option("--before", help="Those reported before this day. Default: as many days ago as the setting says (90).")
@json_option
@click.pass_context
def nsn_purge(context: click.Context, before: date | None, *, as_json: bool) -> None:
    """Erase the numbers of completions that were reported, or withdrawn, long enough ago; logged."""
    now = current_time()
    with opened(context) as instance:
        if before is None:
            with instance.store.reading() as connection:
                days = load_choices(connection).nsn_purge_days
            moment = now - timedelta(days=days)
        else:
            moment = start_of_nz_day(before)
        count = purge(instance, before=moment, now=now, actor=current_actor())
    if as_json:
        print_json({"purged": count})
        return
    click.echo(f"Erased {count} student numbers, of completions settled before {format_nz_date(nz_date(moment))}.")


def _name(what: str, places: list[str]) -> None:
    for place in places[:_SHOWN]:
        click.echo(f"{place} {what}.", err=True)
    if len(places) > _SHOWN:
        click.echo(f"… and {len(places) - _SHOWN} more.", err=True)
