"""The command `badge-issuer`: knows the names of the commands, and imports the one that is asked for."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import Final

import click

from issuer.cli.common import instance_option
from verifier.exits import run

# Name -> module in this package, and what it is called there.
_COMMANDS: Final = MappingProxyType(
    {
        "init": ("beginning", "init"),
        "enrol-request": ("beginning", "enrol_request"),
        "register": ("beginning", "register"),
        "correct": ("changing", "correct_command"),
        "revoke": ("changing", "revoke_command"),
        "audit": ("auditing", "audit_group"),
        "issue": ("issue", "issue"),
        "keys": ("keys", "keys"),
        "publish": ("public", "publish_command"),
        "export": ("public", "export"),
        "did-map": ("public", "did_map_command"),
        "anchor": ("anchor", "anchor"),
        "archive": ("archive", "archive"),
        "archive-check": ("archive", "archive_check"),
        "close": ("archive", "close"),
        "endorsements": ("endorsements", "endorsements"),
        "reissue": ("reissue", "reissue_command"),
        "suspend": ("lifecycle", "suspend_command"),
        "reinstate": ("lifecycle", "reinstate_command"),
        "suspension": ("lifecycle", "suspension_command"),
        "withdraw-batch": ("lifecycle", "withdraw_batch_command"),
        "nzroa": ("nzroa", "nzroa"),
        "nsn": ("nzroa", "nsn"),
        "backup": ("backup", "backup_command"),
        "restore": ("backup", "restore_command"),
        "database": ("database", "database"),
        "user": ("people", "user"),
        "api-key": ("people", "api_key"),
        "mail-settings": ("mail", "mail_settings"),
        "serve": ("serve", "serve"),
        "worker": ("worker", "worker"),
    }
)


class _Commands(click.Group):
    """A group whose commands are imported when they are asked for: each starts without what only others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"issuer.cli.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="nz-open-badges", prog_name="badge-issuer")
@instance_option
def badge_issuer() -> None:
    """Issue Open Badges 3.0 for New Zealand micro-credentials.

    A class list goes in, signed badges come out; each is checked against the register before it is signed.
    """


def main() -> None:
    """Entry point of the command."""
    run(badge_issuer)
