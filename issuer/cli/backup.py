"""`badge-issuer backup` and `restore`: an instance into one file and back, and what a person must know of either."""

from __future__ import annotations

from pathlib import Path

import click

from issuer import settings
from issuer.backup import has_secrets, restore_backup, write_backup
from issuer.cli.common import (
    EXISTING_FILE,
    FOLDER,
    OUTPUT_FILE,
    current_actor,
    current_time,
    instance_option,
    json_option,
    named_folder,
    opened,
    print_json,
)
from issuer.instance import SECRETS_FOLDER, open_instance
from issuer.lostsince import find_lost
from schemas.errors import InputError
from schemas.jsontext import JsonObject
from schemas.times import write_time

_MIN_PASSPHRASE_CHARS = 12


@click.command("backup")
@instance_option
@click.argument("file", type=OUTPUT_FILE)
@click.option("--with-secrets", is_flag=True, help="Put the secrets in, sealed under a passphrase that is asked for.")
@json_option
@click.pass_context
def backup_command(context: click.Context, file: Path, *, with_secrets: bool, as_json: bool) -> None:
    """Write the instance into one private file (zip), while it may be in use.

    It holds learners' names and addresses. The secrets that open keys and student numbers are left out unless asked
    for: keep them elsewhere, for without them a restored instance signs nothing.
    """
    passphrase = _passphrase(confirm=True) if with_secrets else None
    with opened(context) as instance:
        done = write_backup(instance, file, passphrase=passphrase, now=current_time(), actor=current_actor())
    if as_json:
        left_out = list(done.left_out)
        print_json({"files": done.files, "sha256": done.sha256, "audit_head": done.head, "left_out": left_out})
        return
    click.echo(f"Wrote {file}: {done.files} files. SHA-256 {done.sha256}")
    click.echo(f"The audit log in it ends with {done.head} (audit verify --expect-head).")
    if done.left_out:
        click.echo(f"Not in it, keep them elsewhere: {_named(done.left_out)}")


@click.command("restore")
@instance_option
@click.argument("file", type=EXISTING_FILE)
@click.option("--site", type=FOLDER, metavar="DIR", help="The published folder: name what it has withdrawn since.")
@json_option
@click.pass_context
def restore_command(context: click.Context, file: Path, site: Path | None, *, as_json: bool) -> None:
    """Make the instance in FILE again, in a new or empty folder (--instance DIR)."""
    folder = named_folder(context)
    passphrase = _passphrase(confirm=False) if has_secrets(file) else None
    done = restore_backup(file, folder, passphrase=passphrase, now=current_time(), actor=current_actor())
    told: JsonObject = {
        "taken_at": write_time(done.taken_at),
        "audit_head": done.head,
        "lacking": list(done.lacking),
    }
    click.echo(f"Restored {folder} as it was at {write_time(done.taken_at)}.", err=as_json)
    if site is not None:
        told |= _tell_lost(folder, site)
    if as_json:
        print_json(told)
    if done.lacking:
        click.echo(f"Put these into the folder before anything is signed: {_named(done.lacking)}", err=True)
    click.echo(
        "WARNING: what was issued, corrected or withdrawn since is not in it. Before you publish, withdraw and suspend "
        "again what had been, and compare with the published site: a list published now says what the restored "
        "instance knows. It is dated after every list before it.",
        err=True,
    )


def _tell_lost(folder: Path, site: Path) -> JsonObject:
    """Name what must be done again before publishing."""
    with open_instance(folder) as instance:
        lost = find_lost(instance, site)
        withdrawn = [instance.badge_url(one) for one in lost.withdrawn]
        on_hold = [instance.badge_url(one) for one in lost.on_hold]
    for url in withdrawn:
        click.echo(f"{url} was withdrawn or replaced since: revoke it, or correct it again.", err=True)
    for url in on_hold:
        click.echo(f"{url} was put on hold since: suspend it again.", err=True)
    if lost.unknown:
        click.echo(
            f"{lost.unknown} more bits are set there, of badges or versions that are not in the backup.", err=True
        )
    return {"withdrawn_since": withdrawn, "on_hold_since": on_hold, "unknown_since": lost.unknown}


def _passphrase(*, confirm: bool) -> bytes:
    given = settings.backup_passphrase()
    if given is None:
        text: str = click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=confirm, err=True)
        given = text.encode()
    if confirm and len(given) < _MIN_PASSPHRASE_CHARS:
        raise InputError(f"The passphrase of a backup must have at least {_MIN_PASSPHRASE_CHARS} characters.")
    return given


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"{SECRETS_FOLDER}/{name}" for name in names)
