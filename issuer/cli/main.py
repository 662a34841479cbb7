"""The command `badge-issuer`: reads the arguments and the clock, and leaves the work to the other modules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from issuer import audit, settings
from issuer.cli.anchor import anchor
from issuer.cli.archive import archive, archive_check, close
from issuer.cli.backup import backup_command, restore_command
from issuer.cli.common import (
    EXISTING_FILE,
    OUTPUT_FILE,
    current_actor,
    current_time,
    day_option,
    instance_option,
    json_option,
    named_folder,
    opened,
    print_json,
)
from issuer.cli.database import database
from issuer.cli.endorsements import endorsements
from issuer.cli.issue import issue
from issuer.cli.keys import keys
from issuer.cli.lifecycle import reinstate_command, suspend_command, suspension_command, withdraw_batch_command
from issuer.cli.mail import mail_settings
from issuer.cli.nzroa import nsn, nzroa
from issuer.cli.people import api_key, user
from issuer.cli.public import did_map_command, export, publish_command
from issuer.cli.reissue import reissue_command
from issuer.cli.serve import serve
from issuer.cli.worker import worker
from issuer.corrections import Correction, correct
from issuer.files import write_whole
from issuer.instance import CONFIG_FILE, DidMethod, init_instance
from issuer.minting import NameDisplay
from issuer.status import RevocationReason, revoke
from issuer.trust.editions import load_edition, use_edition
from issuer.trust.enrolment import build_request
from issuer.trust.keyuse import keys_to_enrol
from schemas.errors import InputError
from schemas.jsontext import write_json
from schemas.limits import CONFIGURATION, EDITION
from schemas.times import write_time
from verifier.exits import NOT_GOOD, Ended, run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="nz-open-badges", prog_name="badge-issuer")
@instance_option
def badge_issuer() -> None:
    """Issue Open Badges 3.0 for New Zealand micro-credentials.

    A class list goes in, signed badges come out; each is checked against the register before it is signed.
    """


@badge_issuer.command("init")
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


@badge_issuer.command("enrol-request")
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


@badge_issuer.group("register")
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


@badge_issuer.command("correct")
@instance_option
@click.argument("credential_id")
@click.option("--name", help="The learner's name as it should be.")
@click.option("--preferred-name", help="The preferred name as it should be.")
@click.option(
    "--name-display",
    type=click.Choice([display.value for display in NameDisplay]),
    help="How the badge names the learner.",
)
@day_option("--achieved-on", help="The day on which all requirements were met.")
@click.option("--ref", metavar="REF", help="The NZQA reference it should be for.")
@click.option("--accept-unconfirmed", metavar="REASON", help="Sign although the register cannot confirm it; logged.")
@json_option
@click.pass_context
def correct_command(
    context: click.Context,
    credential_id: str,
    name: str | None,
    preferred_name: str | None,
    name_display: str | None,
    achieved_on: date | None,
    ref: str | None,
    accept_unconfirmed: str | None,
    *,
    as_json: bool,
) -> None:
    """Sign a badge anew: the same id, a newer validFrom; copies of the old one are shown as replaced.

    Level, credits and title are taken from the register in use, so that without options a badge follows a corrected
    listing.
    """
    correction = Correction(
        name=name,
        preferred_name=preferred_name,
        name_display=NameDisplay(name_display) if name_display else None,
        achieved_on=achieved_on,
        nzqa_ref=ref,
    )
    with opened(context) as instance:
        corrected = correct(
            instance,
            instance.short_id(credential_id),
            correction,
            edition=load_edition(instance),
            now=current_time(),
            actor=current_actor(),
            accept_unconfirmed=accept_unconfirmed,
        )
        url = instance.badge_url(corrected.short_id)
    if as_json:
        valid_from = write_time(corrected.valid_from)
        print_json({"credential_id": url, "version": corrected.version, "valid_from": valid_from})
        return
    click.echo(f"Corrected {url}: version {corrected.version} is in force. Publish to make it known.")


@badge_issuer.command("revoke")
@instance_option
@click.argument("credential_id")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in RevocationReason]),
    default=RevocationReason.UNSPECIFIED.value,
    show_default=True,
    help="A code for staff; it is never published.",
)
@json_option
@click.pass_context
def revoke_command(context: click.Context, credential_id: str, reason: str, *, as_json: bool) -> None:
    """Withdraw a badge for good."""
    with opened(context) as instance:
        withdrawn = revoke(
            instance,
            instance.short_id(credential_id),
            reason=RevocationReason(reason),
            now=current_time(),
            actor=current_actor(),
        )
        url = instance.badge_url(withdrawn.short_id)
    if as_json:
        print_json({"credential_id": url, "revoked_at": write_time(withdrawn.at), "already": withdrawn.already})
        return
    told = "had been withdrawn already" if withdrawn.already else "is withdrawn. Publish to make it known"
    click.echo(f"{url} {told}.")


@badge_issuer.group("audit")
@instance_option
def audit_group() -> None:
    """The hash-chained log of everything that was done."""


@audit_group.command("verify")
@instance_option
@click.option("--expect-head", metavar="SHA256", help="The head noted earlier: a log cut back since lacks it.")
@json_option
@click.pass_context
def audit_verify(context: click.Context, expect_head: str | None, *, as_json: bool) -> None:
    """Go over the whole log and every signed badge; any edit, drop or reorder is found."""
    with opened(context) as instance, instance.store.reading() as connection:
        report = audit.verify_chain(connection, expected_head=expect_head)
    if as_json:
        print_json(
            {
                "good": bool(report),
                "entries": report.entries,
                "documents": report.documents,
                "head": report.head_sha256,
                "faults": [fault.message for fault in report.faults],
            }
        )
    else:
        for fault in report.faults:
            click.echo(fault.message)
        verdict = "The log is whole" if report else "THE LOG IS NOT WHOLE"
        click.echo(f"{verdict}: {report.entries} entries, {report.documents} signed documents.")
        click.echo(f"Head: {report.head_sha256} (keep it elsewhere, and give it to --expect-head next time)")
    if not report:
        raise Ended(NOT_GOOD)


for command in (
    issue,
    keys,
    publish_command,
    export,
    did_map_command,
    anchor,
    archive,
    archive_check,
    close,
    endorsements,
    reissue_command,
    suspend_command,
    reinstate_command,
    suspension_command,
    withdraw_batch_command,
    nzroa,
    nsn,
    backup_command,
    restore_command,
    database,
    user,
    api_key,
    mail_settings,
    serve,
    worker,
):
    badge_issuer.add_command(command)


def _read(path: Path, *, limit: int) -> bytes:
    if path.stat().st_size > limit:
        raise InputError(f"{path} is over the limit of {limit:,} bytes.")
    return path.read_bytes()


def main() -> None:
    """Entry point of the command."""
    run(badge_issuer)
