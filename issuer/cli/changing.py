"""`badge-issuer correct` and `revoke`: what happens to one badge after it was issued."""

from __future__ import annotations

from datetime import date

import click

from issuer.cli.common import (
    current_actor,
    current_time,
    day_option,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.corrections import Correction, correct
from issuer.minting import NameDisplay
from issuer.status import RevocationReason, revoke
from issuer.trust.editions import load_edition
from schemas.times import write_time


@click.command("correct")
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


@click.command("revoke")
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
