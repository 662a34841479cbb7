"""`badge-issuer init`, `enrol-request` and `register use`: what comes before the first badge."""

from __future__ import annotations

from pathlib import Path

import click

from issuer import settings
from issuer.cli.common import (
    EXISTING_FILE,
    OUTPUT_FILE,
    current_actor,
    current_time,
    instance_option,
    json_option,
    named_folder,
    opened,
    print_json,
)
from issuer.files import write_whole
from issuer.instance import CONFIG_FILE, DidMethod, init_instance
from issuer.trust.editions import use_edition
from issuer.trust.enrolment import build_request
from issuer.trust.keyuse import keys_to_enrol
from schemas.errors import InputError
from schemas.jsontext import write_json
from schemas.limits import CONFIGURATION, EDITION


@click.command("init")
@instance_option
@click.option("--name", required=True, help="The provider's name, as badges show it.")
@click.option("--provider", required=True, metavar="MOE_NUMBER", help="The Ministry of Education's number: 4 digits.")
@click.option("--base-url", required=True, metavar="URL", help="Where the badges will be published (https).")
@click.option(
    "--did-method",
    type=click.Choice([method.value for method in DidMethod]),
    default=DidMethod.WEB.value,
    show_default=True,
    help="web: keys are published under the base URL. key: one key for ever, and no document.",
)
@click.option("--database", metavar="URL", help="PostgreSQL URL. Default: SQLite inside the instance.")
@click.pass_context
def init(
    context: click.Context, *, name: str, provider: str, base_url: str, did_method: str, database: str | None
) -> None:
    """Make an instance: its folder, its keys, its database."""
    folder = named_folder(context)
    config = init_instance(
        folder,
        name=name,
        provider=provider,
        base_url=base_url,
        did_method=DidMethod(did_method),
        database=database or settings.database_url(),
        now=current_time(),
        actor=current_actor(),
    )
    click.echo(f"Made the instance {folder} for {config.name} (provider {config.provider}).")
    click.echo(f"  DID       {config.did}")
    click.echo(f"  settings  {folder / CONFIG_FILE}")
    click.echo("Next: badge-issuer enrol-request --out request.json, and send that to the register's authority.")


@click.command("enrol-request")
@instance_option
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="Where to write the request.")
@click.pass_context
def enrol_request(context: click.Context, out: Path) -> None:
    """Write a signed proof that this instance holds its keys, for the register's authority."""
    with opened(context) as instance:
        config = instance.config
        document = build_request(
            did=config.did,
            moe_number=config.provider,
            name=config.name,
            keys=keys_to_enrol(instance),
            created=current_time(),
        )
    write_whole(out, write_json(document, indent=2))
    click.echo(f"Wrote {out}. The authority checks it: badge-register accept-key DIR --records CSV_DIR --request FILE")


@click.group("register")
@instance_option
def register() -> None:
    """The register edition this instance issues by."""


@register.command("use")
@instance_option
@click.argument("edition", type=EXISTING_FILE)
@click.option("--anchor", required=True, type=EXISTING_FILE, metavar="ANCHOR", help="The authority's pinned key file.")
@json_option
@click.pass_context
def register_use(context: click.Context, edition: Path, anchor: Path, *, as_json: bool) -> None:
    """Verify EDITION and issue by it from now on; an older one is refused."""
    with opened(context) as instance:
        use = use_edition(
            instance,
            _read(edition, limit=EDITION.max_bytes),
            anchor_data=_read(anchor, limit=CONFIGURATION.max_bytes),
            now=current_time(),
            actor=current_actor(),
        )
    used = use.edition
    if as_json:
        print_json(
            {
                "edition": used.number,
                "as_at": used.as_at.isoformat(),
                "sha256": used.sha256,
                "authority": used.authority_name,
                "demonstration": used.demonstration,
                "already": use.already,
            }
        )
        return
    kind = "DEMONSTRATION register" if used.demonstration else "register"
    verb = "was in use already" if use.already else "is in use now"
    click.echo(f"Edition {used.number} of the {kind} of {used.authority_name}, as at {used.as_at}, {verb}.")


def _read(path: Path, *, limit: int) -> bytes:
    if path.stat().st_size > limit:
        raise InputError(f"{path} is over the limit of {limit:,} bytes.")
    return path.read_bytes()
