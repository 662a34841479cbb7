"""How a command ends: 0 good, 1 not good, 2 not established, 64 usage, 65 bad input, 70 internal; one place for all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from schemas.errors import BadgeError, InputError
from schemas.jsontext import write_json
from schemas.problem import problem_document

GOOD, NOT_GOOD, NOT_ESTABLISHED = 0, 1, 2
USAGE, BAD_INPUT, INTERNAL, INTERRUPTED = 64, 65, 70, 130


class Ended(Exception):
    """Raised by a command that has said what it had to say: the exit code is the answer."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class InputPath(click.Path):
    """A file (or folder) to read. One that is not there is bad input, 65, and not a wrong use of the command, 64."""

    def __init__(self, *, folder: bool = False) -> None:
        super().__init__(exists=True, file_okay=not folder, dir_okay=folder, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise InputError(error.message) from None


def run(command: click.Command, argv: Sequence[str] | None = None) -> NoReturn:
    """Run a click command and leave the process with the contract's exit code.

    Every fault of an error stands on a line of its own on standard error; with `--json` among the arguments the error
    is a problem document (RFC 9457) instead.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.exit(_outcome(command, arguments))


def _outcome(command: click.Command, arguments: list[str]) -> int:
    try:
        code = command.main(args=arguments, standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else GOOD
    except Ended as ended:
        return ended.code
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE if isinstance(error, click.UsageError) else BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever was reading has read enough; nothing may be written at shutdown either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except BadgeError as error:
        _say(error, as_json="--json" in arguments)
        return BAD_INPUT
    except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        click.echo(f"{error.filename}: {error.strerror}.", err=True)
        return BAD_INPUT
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        _say(error, as_json="--json" in arguments)
        return INTERNAL


def _say(error: Exception, *, as_json: bool) -> None:
    if as_json:
        click.echo(write_json(problem_document(error), indent=2), err=True, nl=False)
    elif isinstance(error, BadgeError):
        click.echo(error.detail, err=True)
        for fault in error.faults:
            click.echo(f"  {fault}", err=True)
    else:
        click.echo(f"Internal error ({type(error).__name__}); nothing more is known.", err=True)
