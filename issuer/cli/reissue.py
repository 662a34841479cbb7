"""`badge-issuer reissue`: signs again what a stolen key signed, and says what became of every badge."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import datetime
from pathlib import Path

import click

from issuer.cli.common import (
    OUTPUT_FILE,
    current_actor,
    current_time,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.files import PRIVATE, write_whole
from issuer.trust.editions import load_edition
from issuer.trust.reissuing import Outcome, ReissueResult, reissue
from schemas.errors import InputError
from verifier.exits import NOT_GOOD, Ended
from verifier.register.cells import a_moment

_SHOWN = 40
_COLUMNS = ("credential_id", "outcome", "version", "reason", "sentence")


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    try:
        return None if value is None else a_moment(value)
    except InputError as error:
        raise click.BadParameter(error.detail, context, parameter) from None


@click.command("reissue")
@instance_option
@click.option("--key", "key_id", required=True, metavar="ID", help="The key whose badges are signed again.")
@click.option("--since", metavar="TIME", callback=_moment, help="Only what it signed from this time (or day) on.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; sign and write nothing.")
@click.option("--out", type=OUTPUT_FILE, metavar="FILE.csv", help="Write one row per badge to this file.")
@json_option
@click.pass_context
def reissue_command(
    context: click.Context, key_id: str, since: datetime | None, out: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    """Sign again, with the key in use, every badge in force that a stolen or retired key signed.

    The id stays, validFrom is newer, the old status index is revoked; copies of the old one are shown as replaced. A
    run that was interrupted is completed by the same command, and no badge is signed twice.
    """
    with opened(context) as instance:
        results = reissue(
            instance,
            key_id,
            since=since,
            edition=load_edition(instance),
            now=current_time(),
            actor=current_actor(),
            dry_run=dry_run,
        )
        base = f"{instance.config.base_url}/badges"
    if out is not None and not dry_run:
        write_whole(out, _table(results, base=base), mode=PRIVATE)
    _tell(results, base=base, dry_run=dry_run, as_json=as_json)
    if any(result.outcome is Outcome.FAILED for result in results):
        raise Ended(NOT_GOOD)


def _tell(results: list[ReissueResult], *, base: str, dry_run: bool, as_json: bool) -> None:
    counts = Counter(result.outcome for result in results)
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    if as_json:
        tally = {outcome.value: counts[outcome] for outcome in Outcome}
        print_json({"dry_run": dry_run, **tally, "problems": [_row(result, base) for result in failed]})
        return
    done = f"{counts[Outcome.READY]} to sign again" if dry_run else f"{counts[Outcome.REISSUED]} signed again"
    click.echo(f"{done}, {counts[Outcome.ALREADY]} settled already, {len(failed)} failed.")
    for result in failed[:_SHOWN]:
        click.echo(f"  {result.reason}: {result.sentence}")
    if len(failed) > _SHOWN:
        click.echo(f"  … and {len(failed) - _SHOWN} more.")
    if counts[Outcome.REISSUED]:
        click.echo("Publish to make it known, and tell the learners: their old copies are shown as replaced.")


def _row(result: ReissueResult, base: str) -> dict[str, str]:
    return {
        "credential_id": f"{base}/{result.short_id}",
        "outcome": result.outcome.value,
        "version": str(result.version),
        "reason": result.reason,
        "sentence": result.sentence,
    }


def _table(results: list[ReissueResult], *, base: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=_COLUMNS)
    writer.writeheader()
    writer.writerows(_row(result, base) for result in results)
    return text.getvalue().encode("utf-8-sig")
