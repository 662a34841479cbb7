"""`badge-register accept-anchor`: a provider's Merkle roots come in and are recorded with the day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from issuer.authority.anchor_acceptance import accept_anchors
from issuer.authority.office import office_anchor
from schemas.errors import InputError
from schemas.jsontext import write_json
from schemas.nzqcf import format_nz_date
from schemas.times import parse_date
from verifier.exits import InputPath

_FOLDER = InputPath(folder=True)
_FILE = InputPath()


def _day(_: click.Context, parameter: click.Parameter, text: str | None) -> date | None:
    try:
        return None if text is None else parse_date(text)
    except InputError as error:
        raise click.BadParameter(error.detail, param=parameter) from None


@click.command("accept-anchor")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--records", type=_FOLDER, required=True, help="The folder of CSV records.")
@click.option("--request", "request_file", type=_FILE, required=True, help="From `badge-issuer anchor`.")
@click.option("--on", callback=_day, metavar="DATE", help="The day it came in. Default: today in New Zealand.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def accept_anchor(folder: Path, records: Path, request_file: Path, on: date | None, *, as_json: bool) -> None:
    """Check a provider's request, and add its Merkle roots to anchors.csv as recorded that day."""
    office_anchor(folder)
    recorded = accept_anchors(records, request_file.read_bytes(), at=datetime.now(UTC), on=on)
    if as_json:
        document = {
            "did": recorded.request.did,
            "recorded_on": recorded.recorded_on.isoformat(),
            "added": [{"merkle_root": row.merkle_root, "count": row.count} for row in recorded.rows],
        }
        click.echo(write_json(document, indent=2), nl=False)
        return
    if not recorded.rows:
        click.echo("These roots are recorded already; nothing was added.")
        return
    for row in recorded.rows:
        click.echo(f"{row.merkle_root}  {row.count:,} signed documents")
    click.echo(
        f"Recorded for {recorded.request.did} on {format_nz_date(recorded.recorded_on)}. Build the next edition: from "
        "it on, anyone can see that these were signed no later than that day."
    )
