"""`badge-issuer keys`: listing, making, putting to use and retiring the instance's keys."""

from __future__ import annotations

from datetime import datetime

import click

from issuer import audit
from issuer.cli.common import current_actor, current_time, instance_option, json_option, opened, print_json
from issuer.instance import Instance
from issuer.store import endings
from issuer.suites import KEY_TYPES
from issuer.trust.keyuse import compromise_key, retire_key, use_key
from keys.keyring import KeyEntry, Purpose
from schemas.errors import InputError, IssuingError
from schemas.jsontext import JsonObject
from schemas.times import write_time
from schemas.vocabulary import EDDSA_RDFC_2022
from verifier.register.cells import a_moment

_PURPOSES = click.Choice([Purpose.CREDENTIAL.value, Purpose.STATUS.value])


def _moment(context: click.Context, parameter: click.Parameter, value: str) -> datetime:
    try:
        return a_moment(value)
    except InputError as error:
        raise click.BadParameter(error.detail, context, parameter) from None


@click.group("keys")
@instance_option
def keys() -> None:
    """The instance's signing keys. Every public key ever used stays published."""


@keys.command("list")
@instance_option
@json_option
@click.pass_context
def list_keys(context: click.Context, *, as_json: bool) -> None:
    """Show every key: what it is for, whether it signs now."""
    with opened(context) as instance:
        with instance.store.reading() as connection:
            stolen = endings.load_compromises(connection)
        rows = [_row(instance, entry, stolen=stolen.get(entry.id)) for entry in instance.keyring.entries()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['id']:<16} {row['purpose']:<11} {row['type']:<8} {row['state']:<11} {row['method']}")


@keys.command("new")
@instance_option
@click.option("--purpose", type=_PURPOSES, default="credential", show_default=True, help="What it will sign.")
@click.option(
    "--suite",
    type=click.Choice(sorted(KEY_TYPES)),
    default=EDDSA_RDFC_2022,
    show_default=True,
    help="The cryptosuite, or the algorithm of JWTs, it is for.",
)
@json_option
@click.pass_context
def new_key(context: click.Context, purpose: str, suite: str, *, as_json: bool) -> None:
    """Make a key. It signs nothing until the register has it and `keys rotate` puts it to use."""
    now = current_time()
    with opened(context) as instance:
        if instance.config.is_did_key:
            raise IssuingError("A did:key instance is its one key for ever; other keys need did:web.")
        entry = instance.keyring.new(purpose, KEY_TYPES[suite], created=now)
        with instance.store.writing() as connection:
            facts = {"key": entry.id, "public_key": entry.public_key_multibase}
            audit.append(connection, at=now, actor=current_actor(), action=audit.KEY_NEW, facts=facts)
        row = _row(instance, entry)
    if as_json:
        print_json(row)
        return
    click.echo(f"Made {row['method']}. Next: badge-issuer enrol-request, then badge-issuer keys rotate {entry.id}")


@keys.command("rotate")
@instance_option
@click.argument("key_id")
@click.option("--for-jwt", is_flag=True, help="It shall sign the JWTs.")
@click.pass_context
def rotate(context: click.Context, key_id: str, *, for_jwt: bool) -> None:
    """Sign with KEY_ID from now on, in place of the key that did until now."""
    with opened(context) as instance:
        replaced = use_key(instance, key_id, for_jwt=for_jwt, now=current_time(), actor=current_actor())
        method = instance.method_of(key_id)
    click.echo(f"{method} signs from now on." + (f" {replaced} signs nothing new." if replaced else ""))


@keys.command("retire")
@instance_option
@click.argument("key_id")
@click.option("--destroy", is_flag=True, help="Destroy the private part too; the public key stays published.")
@click.pass_context
def retire(context: click.Context, key_id: str, *, destroy: bool) -> None:
    """End a key that no longer signs. What it signed stays good."""
    with opened(context) as instance:
        retire_key(instance, key_id, destroy=destroy, now=current_time(), actor=current_actor())
    click.echo(f"{key_id} is retired" + (" and its private part is destroyed." if destroy else "."))


@keys.command("compromise")
@instance_option
@click.argument("key_id")
@click.option(
    "--from",
    "since",
    required=True,
    metavar="TIME",
    callback=_moment,
    help="The earliest moment at which it may have been stolen: 2026-05-03T10:00:00Z, or the start of a day.",
)
@json_option
@click.pass_context
def compromise(context: click.Context, key_id: str, since: datetime, *, as_json: bool) -> None:
    """Stop a stolen key at once, and say what the register's authority must enter for it.

    What it signed and was anchored before then stands; the rest is signed again with `badge-issuer reissue`.
    """
    with opened(context) as instance:
        stolen = compromise_key(instance, key_id, since=since, now=current_time(), actor=current_actor())
    moment = write_time(stolen.since)
    if as_json:
        print_json(
            {
                "key": stolen.key_id,
                "verification_method": stolen.method,
                "public_key_multibase": stolen.public_key_multibase,
                "compromised_from": moment,
                "in_use": stolen.in_use,
            }
        )
        return
    click.echo(f"{key_id} signs nothing more. Tell the register's authority by a way that is not this key:")
    click.echo(f"  keys.csv, every row of {stolen.public_key_multibase or stolen.method}:")
    click.echo(f"  compromised_from = {moment}")
    if stolen.in_use:
        click.echo("It was in use, so nothing can be signed until another is: keys new, enrol-request, keys rotate.")
    click.echo(f"When the register has a key of yours that is clean: badge-issuer reissue --key {key_id}")


def _row(instance: Instance, entry: KeyEntry, *, stolen: datetime | None = None) -> JsonObject:
    config = instance.config
    in_use = entry.id in {config.credential_key, config.status_key, config.jwt_key}
    state = "destroyed" if entry.destroyed else "retired" if entry.retired else "in use" if in_use else "waiting"
    if stolen is not None:
        state = "compromised"
    return {
        "id": entry.id,
        "purpose": entry.purpose.value,
        "type": entry.key_type.value,
        "state": state,
        "method": instance.method_of(entry.id),
        "public_key_multibase": entry.public_key_multibase,
        "created": write_time(entry.created),
        "retired": write_time(entry.retired) if entry.retired else None,
        "compromised_from": write_time(stolen) if stolen else None,
    }
