"""`badge-issuer suspend`, `reinstate`, `suspension`, `withdraw-batch`: badges on hold, and whole batches withdrawn."""

from __future__ import annotations

import click

from issuer.cli.common import current_actor, current_time, instance_option, json_option, opened, print_json
from issuer.status import RevocationReason
from issuer.suspension import ReinstatementReason, SuspensionReason, reinstate, set_suspension, suspend
from issuer.withdrawal import withdraw_batch
from schemas.times import write_time


@click.command("suspend")
@instance_option
@click.argument("credential_id")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in SuspensionReason]),
    default=SuspensionReason.UNSPECIFIED.value,
    show_default=True,
    help="A code for staff; it is never published.",
)
@json_option
@click.pass_context
def suspend_command(context: click.Context, credential_id: str, reason: str, *, as_json: bool) -> None:
    """Put a badge on hold until it is reinstated."""
    with opened(context) as instance:
        done = suspend(
            instance,
            instance.short_id(credential_id),
            reason=SuspensionReason(reason),
            now=current_time(),
            actor=current_actor(),
        )
        url = instance.badge_url(done.short_id)
    if as_json:
        print_json({"credential_id": url, "suspended_at": write_time(done.at), "already": done.already})
        return
    click.echo(f"{url} {'was on hold already' if done.already else 'is on hold. Publish to make it known'}.")


@click.command("reinstate")
@instance_option
@click.argument("credential_id")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in ReinstatementReason]),
    default=ReinstatementReason.UNSPECIFIED.value,
    show_default=True,
    help="A code for staff; it is never published.",
)
@json_option
@click.pass_context
def reinstate_command(context: click.Context, credential_id: str, reason: str, *, as_json: bool) -> None:
    """Take a badge off hold; a withdrawn one is refused."""
    with opened(context) as instance:
        done = reinstate(
            instance,
            instance.short_id(credential_id),
            reason=ReinstatementReason(reason),
            now=current_time(),
            actor=current_actor(),
        )
        url = instance.badge_url(done.short_id)
    if as_json:
        print_json({"credential_id": url, "already": done.already})
        return
    click.echo(f"{url} {'was not on hold' if done.already else 'is in force again. Publish to make it known'}.")


@click.command("suspension")
@instance_option
@click.argument("setting", type=click.Choice(["on", "off"]))
@json_option
@click.pass_context
def suspension_command(context: click.Context, setting: str, *, as_json: bool) -> None:
    """Whether badges signed from now on can be put on hold; each then carries a second status entry."""
    with opened(context) as instance:
        changed = set_suspension(instance, on=setting == "on", now=current_time(), actor=current_actor())
    if as_json:
        print_json({"suspension": setting == "on", "changed": changed})
        return
    click.echo(
        f"Suspension {'is' if changed else 'was'} {setting}{'' if changed else ' already'}. No badge was changed."
    )


@click.command("withdraw-batch")
@instance_option
@click.argument("batch_id")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in RevocationReason]),
    required=True,
    help="A code for staff; it is never published.",
)
@json_option
@click.pass_context
def withdraw_batch_command(context: click.Context, batch_id: str, reason: str, *, as_json: bool) -> None:
    """Withdraw every badge of a batch for good, and cancel its mails that have not left.

    A run that was interrupted is completed by the same command.
    """
    with opened(context) as instance:
        done = withdraw_batch(
            instance, batch_id, reason=RevocationReason(reason), now=current_time(), actor=current_actor()
        )
    if as_json:
        print_json({"batch": batch_id, "count": done.count, "already": done.already, "mails": done.mails_cancelled})
        return
    click.echo(
        f"Withdrew {done.count} badges of batch {batch_id} ({done.already} had been before); cancelled "
        f"{done.mails_cancelled} mails. Publish to make it known."
    )
