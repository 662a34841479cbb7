"""`badge-register endorse`: statements about one provider, for its badges to carry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from issuer.authority.endorsing import endorse
from issuer.files import write_whole
from schemas.errors import InputError
from schemas.jsontext import write_json
from schemas.limits import EDITION
from schemas.nzqcf import is_moe_number
from verifier.exits import InputPath

_FOLDER = InputPath(folder=True)
_FILE = InputPath()


@click.command("endorse")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--edition", "edition_file", type=_FILE, required=True, help="The signed edition to state from.")
@click.option("--provider", "moe_number", metavar="MOE_NUMBER", required=True, help="The provider's number.")
@click.option("--ref", "refs", multiple=True, metavar="REF", help="An NZQA reference; without one, all it may award.")
@click.option("--key", "key_id", help="Which of the office's keys signs; else the first that may.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def endorse_command(
    folder: Path,
    edition_file: Path,
    moe_number: str,
    refs: tuple[str, ...],
    key_id: str | None,
    out: Path,
    *,
    as_json: bool,
) -> None:
    """Sign what an edition says of a provider, so that its badges can be checked without the edition.

    The provider puts the file to use with `badge-issuer endorsements use`. No statement speaks for a day later than
    45 days after the edition's, so there is a new file with each edition.
    """
    if not is_moe_number(moe_number):
        raise InputError(f"The provider number is “{moe_number[:40]}”; the Ministry of Education's has four digits.")
    if edition_file.stat().st_size > EDITION.max_bytes:
        raise InputError(f"{edition_file} is over the limit of {EDITION.max_bytes:,} bytes.")
    made = endorse(
        folder,
        edition_file.read_bytes(),
        moe_number=moe_number,
        refs=refs,
        created=datetime.now(UTC),
        key_id=key_id,
    )
    edition = made.edition
    bundle = {
        "authority": edition.authority_name,
        "provider": made.provider,
        "edition": edition.number,
        "edition_sha256": edition.sha256,
        "as_at": edition.as_at.isoformat(),
        "demonstration": edition.demonstration,
        "endorsements": list(made.endorsements),
    }
    write_whole(out, write_json(bundle, indent=2), durable=True)
    if as_json:
        summary = {name: value for name, value in bundle.items() if name != "endorsements"}
        counted = {"endorsements": len(made.endorsements), "notes": list(made.notes), "out": str(out)}
        click.echo(write_json(summary | counted, indent=2), nl=False)
        return
    for note in made.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(
        f"{len(made.endorsements)} statements about provider {made.provider}, by edition {edition.number}: {out}"
    )
    click.echo(f"The provider puts them to use: badge-issuer endorsements use {out.name} --anchor anchor.json")
