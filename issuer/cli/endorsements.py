"""`badge-issuer endorsements`: the authority's statements that badges of this instance may carry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from issuer import audit
from issuer.cli.common import (
    EXISTING_FILE,
    current_actor,
    current_time,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.trust.staples import use_endorsements
from schemas.errors import InputError
from schemas.limits import CONFIGURATION
from schemas.nzqcf import format_nz_date

_ON, _OFF = "on", "off"


@click.group("endorsements")
@instance_option
def endorsements() -> None:
    """Statements of the register's authority, for badges to carry; off until `endorsements staple on`."""


@endorsements.command("use")
@instance_option
@click.argument("file", type=EXISTING_FILE)
@click.option("--anchor", required=True, type=EXISTING_FILE, metavar="ANCHOR", help="The authority's pinned key file.")
@json_option
@click.pass_context
def use(context: click.Context, file: Path, anchor: Path, *, as_json: bool) -> None:
    """Verify the statements in FILE (from `badge-register endorse`) and keep them in place of those before."""
    with opened(context) as instance:
        kept = use_endorsements(
            instance, _read(file), anchor_data=_read(anchor), now=current_time(), actor=current_actor()
        )
        is_on = instance.config.staple
    newest, refs = kept.newest, sorted({staple.ref for staple in kept.staples})
    last_day = max(staple.last_day for staple in kept.staples)
    if as_json:
        print_json(
            {
                "statements": len(kept.staples),
                "refs": refs,
                "edition": newest.edition,
                "as_at": newest.as_at.isoformat(),
                "last_day": last_day.isoformat(),
                "demonstration": newest.demonstration,
                "staple": is_on,
            }
        )
        return
    click.echo(
        f"{len(kept.staples)} statements of {newest.authority_name} as at {format_nz_date(newest.as_at)} are kept, for "
        f"{', '.join(refs)}. The last award day of which one speaks is {format_nz_date(last_day)}."
    )
    if not is_on:
        click.echo("Badges do not carry them yet: badge-issuer endorsements staple on")


@endorsements.command("staple")
@instance_option
@click.argument("setting", type=click.Choice([_ON, _OFF]))
@click.pass_context
def staple(context: click.Context, setting: str) -> None:
    """Turn it on or off that new badges carry the statement that speaks for them."""
    wanted = setting == _ON
    with opened(context) as instance:
        with instance.store.writing() as connection:
            facts = {"staple": wanted}
            audit.append(connection, at=current_time(), actor=current_actor(), action=audit.STAPLING, facts=facts)
        instance.save_config(replace(instance.config, staple=wanted))
    told = "carry the authority's statement where one speaks for them" if wanted else "carry no statement"
    click.echo(f"New badges {told}.")


def _read(path: Path) -> bytes:
    if path.stat().st_size > CONFIGURATION.max_bytes:
        raise InputError(f"{path} is over the limit of {CONFIGURATION.max_bytes:,} bytes.")
    return path.read_bytes()
