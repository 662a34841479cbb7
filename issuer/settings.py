"""What the surroundings set: the only reader of environment variables, and of the passphrase file they may name."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from schemas.errors import IssuingError

INSTANCE_VARIABLE = "BADGES_INSTANCE"
DATABASE_VARIABLE = "BADGES_DATABASE"
PASSPHRASE_VARIABLE = "BADGES_KEY_PASSPHRASE"
PASSPHRASE_FILE_VARIABLE = "BADGES_KEY_PASSPHRASE_FILE"
RUNNER_VARIABLE = "BADGES_RUNNER"
BACKUP_PASSPHRASE_VARIABLE = "BADGES_BACKUP_PASSPHRASE"

RUNNERS = ("database", "procrastinate")

DEFAULT_INSTANCE = Path("instance")
PASSPHRASE_FILE = "key-passphrase"


def instance_folder(argument: Path | None) -> Path:
    """The folder named on the command line, else BADGES_INSTANCE, else `instance/`."""
    return argument or Path(os.environ.get(INSTANCE_VARIABLE) or DEFAULT_INSTANCE)


def database_url() -> str | None:
    """BADGES_DATABASE, if set: it wins over what the instance was made with."""
    return os.environ.get(DATABASE_VARIABLE) or None


def runner_name() -> str:
    """BADGES_RUNNER: `database` (so if unset), or `procrastinate`. Raises IssuingError for another."""
    name = os.environ.get(RUNNER_VARIABLE) or RUNNERS[0]
    if name not in RUNNERS:
        raise IssuingError(f"{RUNNER_VARIABLE} is “{name}”; it may be {' or '.join(RUNNERS)}.", reason="runner-unknown")
    return name


def backup_passphrase() -> bytes | None:
    """What the secrets in a backup are sealed with, when it is not asked for at a prompt."""
    text = os.environ.get(BACKUP_PASSPHRASE_VARIABLE)
    return text.encode() if text else None


def key_passphrase(folder: Path) -> bytes:
    """What the private keys of the instance (or register office) in `folder` are encrypted with.

    BADGES_KEY_PASSPHRASE, else the file named by BADGES_KEY_PASSPHRASE_FILE, else `secrets/key-passphrase` inside
    the folder, which is made at random (mode 0600) when it is not there. A passphrase that lies beside the keys
    keeps out whoever copies the keys folder alone, and nobody else. Raises IssuingError.
    """
    if passphrase := os.environ.get(PASSPHRASE_VARIABLE):
        return passphrase.encode()
    if named := os.environ.get(PASSPHRASE_FILE_VARIABLE):
        return _read_passphrase(Path(named))
    path = folder / "secrets" / PASSPHRASE_FILE
    if not path.exists():
        _write_passphrase(path)
    return _read_passphrase(path)


def _write_passphrase(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read_passphrase(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise IssuingError(f"The passphrase file {path} can be read by others; run: chmod 600 {path}")
        passphrase = path.read_bytes().strip()
    except OSError as error:
        raise IssuingError(f"The passphrase file {path} cannot be read: {error.strerror}.") from error
    if not passphrase:
        raise IssuingError(f"The passphrase file {path} is empty.")
    return passphrase
