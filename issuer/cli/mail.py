"""`badge-issuer mail-settings`: the mail server of an instance, for whoever sets one up without the desk."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from issuer.cli.common import current_actor, current_time, instance_option, opened
from issuer.staff.choices import MailSettings, SecretName, Security, load_choices, save_choices, seal_secret


@click.command("mail-settings")
@instance_option
@click.option("--smtp-host", required=True, metavar="HOST", help="The mail server.")
@click.option("--smtp-port", type=click.IntRange(1, 65535), default=587, show_default=True, help="Its port.")
@click.option(
    "--security",
    type=click.Choice([way.value for way in Security]),
    default=Security.STARTTLS.value,
    show_default=True,
    help="How the connection is protected; none is for this machine alone.",
)
@click.option("--user", help="The user name at the mail server; its password is read from standard input.")
@click.option("--from", "sender", required=True, metavar="EMAIL", help="The address mail comes from.")
@click.option("--from-name", metavar="NAME", help="The name beside it. Default: the provider's.")
@click.option("--reply-to", metavar="EMAIL", help="Where answers go, when that is another address.")
@click.pass_context
def mail_settings(
    context: click.Context,
    smtp_host: str,
    smtp_port: int,
    security: str,
    user: str | None,
    sender: str,
    from_name: str | None,
    reply_to: str | None,
) -> None:
    """Say through which mail server claim links are sent. The desk has the same form, with a test send."""
    with opened(context) as instance:
        password = sys.stdin.readline().rstrip("\r\n") if user else ""
        sealed = seal_secret(instance, password, SecretName.SMTP_PASSWORD) if password else None
        mail = MailSettings(
            host=smtp_host,
            port=smtp_port,
            security=Security(security),
            user=user,
            password_sealed=sealed,
            sender=sender,
            sender_name=from_name,
            reply_to=reply_to,
        )
        with instance.store.writing() as connection:
            choices = replace(load_choices(connection), mail=mail)
            save_choices(instance, connection, choices, actor=current_actor(), now=current_time())
    click.echo(f"Mail is sent through {smtp_host}:{smtp_port} ({security}). Send a test from the desk.")
