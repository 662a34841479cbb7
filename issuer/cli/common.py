"""What every command shares: the instance option on either side of the subcommand, the clock, who acts, output."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from issuer import settings
from issuer.instance import Instance, open_instance
from schemas.errors import InputError
from schemas.jsontext import JsonValue, write_json
from schemas.times import parse_date
from verifier.exits import InputPath

_Command = TypeVar("_Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")


def instance_option(command: _Command) -> _Command:
    """`--instance DIR` after the subcommand; before it, the group has the same."""
    option = click.option(
        "--instance",
        "instance_folder",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        expose_value=False,
        callback=_remember_folder,
        help="The instance's folder. Else BADGES_INSTANCE, else instance/.",
    )
    return option(command)


def _remember_folder(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(dict)["folder"] = value


def named_folder(context: click.Context) -> Path:
    """The instance's folder as given, or by the surroundings."""
    return settings.instance_folder(context.ensure_object(dict).get("folder"))


@contextmanager
def opened(context: click.Context) -> Iterator[Instance]:
    """The open instance."""
    with open_instance(named_folder(context), database=settings.database_url()) as instance:
        yield instance


def current_time() -> datetime:
    return datetime.now(UTC)


def current_actor() -> str:
    """Who the audit log names: the account on this machine."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"cli:uid-{os.getuid()}"


def print_json(value: JsonValue) -> None:
    click.echo(write_json(value, indent=2).decode(), nl=False)


def _parse_day(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return parse_date(value)
    except InputError as error:
        raise click.BadParameter(error.detail, context, parameter) from None


def day_option(name: str, *, help: str) -> Callable[[_Command], _Command]:  # noqa: A002 - click's own word
    """An option that takes a day, `YYYY-MM-DD`."""
    return click.option(name, metavar="DATE", callback=_parse_day, help=help)


EXISTING_FILE = InputPath()
OUTPUT_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
