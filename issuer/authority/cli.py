"""`badge-register`: the register office at the command line."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import click

from issuer.authority.acceptance import accept_request
from issuer.authority.cli_anchors import accept_anchor
from issuer.authority.cli_endorse import endorse_command
from issuer.authority.cli_sweep import sweep_command
from issuer.authority.office import build_edition, existing_edition_note, init_office, office_anchor
from issuer.authority.site import write_site
from issuer.files import write_whole
from schemas.errors import InputError, RegisterError
from schemas.jsontext import JsonObject, write_json
from schemas.times import parse_date
from verifier.exits import InputPath, run
from verifier.register.edition import anchor_document, load_anchor, load_edition
from verifier.register.tables import TABLES

_MAX_NOTES = 10
_FOLDER = click.Path(file_okay=False, path_type=Path)
_EXISTING_FOLDER = InputPath(folder=True)
_FILE = InputPath()


def _day(_: click.Context, parameter: click.Parameter, text: str) -> date:
    try:
        return parse_date(text)
    except InputError as error:
        raise click.BadParameter(error.detail, param=parameter) from None


def _say(document: JsonObject) -> None:
    click.echo(write_json(document, indent=2), nl=False)


_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_records_option = click.option("--records", type=_EXISTING_FOLDER, required=True, help="The folder of CSV records.")


@click.group()
@click.version_option(package_name="nz-open-badges")
def cli() -> None:
    """Keep a register of who may award which micro-credential, and sign its editions."""


@cli.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--name", required=True, help="The authority's name, as verifiers will show it.")
@_json_option
def init(folder: Path, name: str, *, as_json: bool) -> None:
    """Make an authority: a folder with two keys of its own, and anchor.json for every verifier to pin."""
    anchor = init_office(folder, name=name, created=datetime.now(UTC))
    if as_json:
        _say(anchor_document(anchor) | {"anchor": str(folder / "anchor.json")})
        return
    click.echo(f"{anchor.name} keeps a register in {folder}.")
    click.echo(f"Give {folder / 'anchor.json'} to verifiers by a way they trust; it is what they believe.")
    click.echo(f"Keep {folder / 'keys'} and {folder / 'secrets'} private and backed up.")


@cli.command()
@click.argument("folder", metavar="DIR", type=_EXISTING_FOLDER)
@_records_option
@click.option("--as-at", callback=_day, metavar="DATE", required=True, help="The day the records speak of.")
@click.option("--previous", type=_FILE, help="The edition this one follows; without it, this is edition 1.")
@click.option("--demonstration", is_flag=True, help="Mark it as demonstration data on every page and report.")
@click.option("--key", "key_id", help="Which of the office's keys signs; else the first that may.")
@click.option("--allow-shrink", is_flag=True, help="Sign although much that the previous edition held is gone.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@_json_option
def build(
    folder: Path,
    records: Path,
    as_at: date,
    previous: Path | None,
    key_id: str | None,
    out: Path,
    *,
    demonstration: bool,
    allow_shrink: bool,
    as_json: bool,
) -> None:
    """Check the records, every fault at once, and sign them as the next edition."""
    built = build_edition(
        folder,
        records=records,
        as_at=as_at,
        previous=None if previous is None else previous.read_bytes(),
        demonstration=demonstration,
        created=datetime.now(UTC),
        key_id=key_id,
        allow_shrink=allow_shrink,
    )
    edition = built.edition
    replaced = existing_edition_note(out, edition)
    write_whole(out, built.data, durable=True)
    notes = [*([replaced] if replaced else []), *built.notes]
    counts = {table.name: len(getattr(edition.register, table.name)) for table in TABLES}
    if as_json:
        _say(
            {
                "edition": edition.number,
                "as_at": as_at.isoformat(),
                "sha256": edition.sha256,
                "previous_sha256": edition.previous_sha256,
                "authority": edition.authority_name,
                "demonstration": edition.demonstration,
                "signed_by": edition.signed_by,
                "counts": counts,
                "notes": notes,
                "out": str(out),
            }
        )
        return
    for note in notes[:_MAX_NOTES]:
        click.echo(f"Note: {note}", err=True)
    if len(notes) > _MAX_NOTES:
        click.echo(f"Note: {len(notes) - _MAX_NOTES} more; --json lists them all.", err=True)
    mark = " (DEMONSTRATION DATA)" if edition.demonstration else ""
    click.echo(f"Edition {edition.number}{mark} as at {as_at} signed by {edition.authority_name}: {out}")
    click.echo(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count))
    click.echo(f"sha256 {edition.sha256}")


@cli.command(name="accept-key")
@click.argument("folder", metavar="DIR", type=_EXISTING_FOLDER)
@_records_option
@click.option("--request", "request_file", type=_FILE, required=True, help="From `badge-issuer enrol-request`.")
@_json_option
def accept_key(folder: Path, records: Path, request_file: Path, *, as_json: bool) -> None:
    """Check a provider's proof that it holds its keys, and add them to issuers.csv and keys.csv from today."""
    office_anchor(folder)
    accepted = accept_request(records, request_file.read_bytes(), at=datetime.now(UTC))
    request = accepted.request
    if as_json:
        _say(
            {
                "did": request.did,
                "moe_number": request.moe_number,
                "provider": accepted.provider.legal_name,
                "issuers_added": len(accepted.issuers),
                "keys_added": [row.verification_method for row in accepted.keys],
            }
        )
        return
    if not accepted.issuers and not accepted.keys:
        click.echo(f"{request.did} and its keys are registered already; nothing was added.")
        return
    click.echo(f"{request.did} speaks for {accepted.provider.legal_name} ({request.moe_number}) from today.")
    for row in accepted.keys:
        click.echo(f"Key for {row.purpose}: {row.verification_method}")
    if request.name != accepted.provider.legal_name:
        click.echo(f"The request calls the provider {request.name!r}; the register's name stands.", err=True)
    click.echo("Build the next edition for verifiers to see it.")


@cli.command()
@click.argument("edition_file", metavar="EDITION", type=_FILE)
@click.option("--anchor", "anchor_file", type=_FILE, required=True, help="The authority's pinned key file.")
@click.option("--out", type=_FOLDER, required=True, help="The folder to write the pages into.")
@_json_option
def site(edition_file: Path, anchor_file: Path, out: Path, *, as_json: bool) -> None:
    """Write an EDITION as a public, searchable register: static pages, with JSON beside each of them."""
    edition = load_edition(edition_file, anchor=load_anchor(anchor_file))
    data = edition_file.read_bytes()
    if hashlib.sha256(data).hexdigest() != edition.sha256:
        raise RegisterError(f"{edition_file} changed while it was read; run the command again.")
    written = write_site(edition, data=data, folder=out)
    if as_json:
        _say(
            {
                "edition": edition.number,
                "sha256": edition.sha256,
                "demonstration": edition.demonstration,
                "out": str(out),
                "files": written.files,
                "written": written.written,
                "removed": written.removed,
                "listings": written.listings,
                "providers": written.providers,
            }
        )
        return
    click.echo(
        f"{written.listings:,} listings and {written.providers:,} providers in {out}: {written.files:,} files, "
        f"{written.written:,} of them written, {written.removed:,} old ones taken away."
    )
    click.echo(f"Open {out / 'index.html'}, or put the folder on any web host.")


cli.add_command(accept_anchor)
cli.add_command(endorse_command)
cli.add_command(sweep_command)


def main() -> None:
    run(cli)
