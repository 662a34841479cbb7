"""One file that holds an instance: a consistent copy of its database, its settings, register and keys; and back again.

Private: the database holds learners' names and addresses. Student numbers in it are sealed and the keys are encrypted;
the secrets that open both are left out, or put in sealed under a passphrase of the backup's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from issuer import audit
from issuer.files import PRIVATE
from issuer.instance import CONFIG_FILE, KEYS_FOLDER, REGISTER_FOLDER, SECRETS_FOLDER, Instance, open_instance
from issuer.store import audit_log
from issuer.store import lists as list_store
from issuer.store.copying import copy_sqlite
from issuer.store.engine import SQLITE_FILE
from schemas.errors import BadgeError, InputError, IssuingError
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.limits import CONFIGURATION
from schemas.times import parse_time, write_time

MANIFEST_FILE: Final = "manifest.json"
SEALED_FILE: Final = "secrets.sealed"
BACKUP_TYPE: Final = "InstanceBackup"
_FORMAT: Final = 1
_BLOCK: Final = 1024 * 1024
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
# RFC 7914: about 128 MiB and half a second, once a backup. The passphrase is a person's.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**17, 8, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What went into a backup; `head` is the end of the audit log in it, to be noted elsewhere."""

    files: int
    sha256: str
    head: str
    left_out: tuple[str, ...]  # the secrets that are not in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """An instance as it was at `taken_at`; `lacking` are secrets that must still be put into its folder."""

    taken_at: datetime
    head: str
    lacking: tuple[str, ...]


def write_backup(instance: Instance, path: Path, *, passphrase: bytes | None, now: datetime, actor: str) -> BackedUp:
    """Write the backup whole or not at all, mode 0600, while the instance may be in use. With a passphrase the secrets
    go in, sealed. Raises IssuingError on PostgreSQL, which has tools of its own; OSError.
    """
    if not instance.store.is_sqlite:
        raise IssuingError(
            f"The database {instance.store.place} is PostgreSQL: back it up with `pg_dump --format=custom`, and "
            f"copy the folder {instance.folder} beside it (its secrets apart). Nothing was written."
        )
    with instance.store.writing() as connection:
        facts = {"secrets": passphrase is not None}
        audit.append(connection, at=now, actor=actor, action=audit.BACKUP, facts=facts)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as scratch:
            copy = Path(scratch) / SQLITE_FILE
            head = copy_sqlite(Path(instance.store.place), copy)
            descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
            with os.fdopen(descriptor, "w+b") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
                count = _fill(instance, bundle, copy, passphrase=passphrase, head=head, now=now)
        with beside.open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    left_out = () if passphrase is not None else _secret_names(instance.folder)
    return BackedUp(files=count, sha256=digest, head=head, left_out=left_out)


def _fill(
    instance: Instance, bundle: zipfile.ZipFile, database: Path, *, passphrase: bytes | None, head: str, now: datetime
) -> int:
    digests: dict[str, str] = {}
    for name, file in [(SQLITE_FILE, database), *_plain_files(instance.folder)]:
        bundle.write(file, name)
        with file.open("rb") as opened:
            digests[name] = hashlib.file_digest(opened, "sha256").hexdigest()
    if passphrase is not None:
        sealed = _seal(_read_secrets(instance.folder), passphrase)
        bundle.writestr(SEALED_FILE, sealed)
        digests[SEALED_FILE] = hashlib.sha256(sealed).hexdigest()
    manifest: JsonObject = {
        "type": BACKUP_TYPE,
        "format": _FORMAT,
        "name": instance.config.name,
        "did": instance.config.did,
        "taken_at": write_time(now),
        "audit_head": head,
        "secrets": list(_secret_names(instance.folder)),
        "files": dict(digests),
    }
    bundle.writestr(MANIFEST_FILE, write_json(manifest, indent=2))
    return len(digests)


def _plain_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name in the backup, file): what is public or encrypted already."""
    yield CONFIG_FILE, folder / CONFIG_FILE
    for part in (KEYS_FOLDER, REGISTER_FOLDER):
        for file in sorted((folder / part).rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file.relative_to(folder).as_posix(), file


def _secret_names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in (folder / SECRETS_FOLDER).iterdir() if path.is_file()))


def _read_secrets(folder: Path) -> dict[str, str]:
    return {name: (folder / SECRETS_FOLDER / name).read_text(encoding="ascii") for name in _secret_names(folder)}


def _seal(values: Mapping[str, str], passphrase: bytes) -> bytes:
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    return salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, json.dumps(values).encode(), b"")


def _unseal(sealed: bytes, passphrase: bytes) -> dict[str, str]:
    salt, nonce, body = sealed[:_SALT_BYTES], sealed[_SALT_BYTES:][:_NONCE_BYTES], sealed[_SALT_BYTES + _NONCE_BYTES :]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, body, b"")
    except (InvalidTag, ValueError):
        raise IssuingError("The backup's secrets do not open with this passphrase. Nothing was restored.") from None
    return {str(name): str(value) for name, value in parse_object(plain, limits=CONFIGURATION).items()}


def _key(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase)


# --- and back -----------------------------------------------------------------------------------------------------
def has_secrets(path: Path) -> bool:
    """Whether the backup holds secrets, sealed. Raises InputError for what is no backup."""
    with _opened(path) as bundle:
        return SEALED_FILE in _manifest(bundle)["files"]


def restore_backup(path: Path, folder: Path, *, passphrase: bytes | None, now: datetime, actor: str) -> Restored:
    """Make `folder` the instance that was backed up, whole or not at all; a folder that holds anything is refused.

    Every status list is signed anew at the next publishing, dated after the one in the backup, and badges issued from
    now on stand in new lists. Raises InputError for
    what is no backup or was changed, IssuingError for the place and the passphrase.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise IssuingError(f"{folder} is not empty; name a new folder. Nothing was restored.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".restoring-"))  # mode 0700
    try:
        with _opened(path) as bundle:
            manifest = _manifest(bundle)
            lacking = _unpack(bundle, manifest, made, passphrase=passphrase)
        _settle_config(made)
        _note_restored(made, manifest, now=now, actor=actor)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Restored(taken_at=parse_time(manifest["taken_at"]), head=str(manifest["audit_head"]), lacking=lacking)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a backup that can be read: {error}.") from None


def _manifest(bundle: zipfile.ZipFile) -> dict[str, Any]:
    try:
        with bundle.open(MANIFEST_FILE) as file:
            manifest = parse_object(file.read(CONFIGURATION.max_bytes + 1), limits=CONFIGURATION)
        parse_time(manifest["taken_at"])
        names = [*manifest["files"], *manifest["secrets"]]
    except (BadgeError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
        raise InputError("The file is not a backup of an instance.") from None
    if manifest.get("type") != BACKUP_TYPE or manifest.get("format") != _FORMAT:
        raise InputError("The file is not a backup that this program can read.")
    if not all(_is_plain(name) for name in names) or not {CONFIG_FILE, SQLITE_FILE} <= set(manifest["files"]):
        raise InputError("The backup's manifest is not one of ours.")
    return manifest


def _is_plain(name: object) -> bool:
    """A name that stays inside the folder."""
    if not isinstance(name, str) or not name or "\\" in name or "\0" in name:
        return False
    parts = PurePosixPath(name).parts
    return not name.startswith("/") and all(part not in {"..", "."} for part in parts)


def _unpack(
    bundle: zipfile.ZipFile, manifest: Mapping[str, Any], made: Path, *, passphrase: bytes | None
) -> tuple[str, ...]:
    """Put every file in its place, for its owner alone, and the secrets that open. Returns those still lacking."""
    for name, digest in manifest["files"].items():
        if name != SEALED_FILE:
            _put(bundle, name, made / name, digest)
    (made / SECRETS_FOLDER).mkdir(mode=0o700, exist_ok=True)
    if SEALED_FILE not in manifest["files"] or passphrase is None:
        return tuple(manifest["secrets"])
    _put(bundle, SEALED_FILE, made / SEALED_FILE, manifest["files"][SEALED_FILE])
    for name, value in _unseal((made / SEALED_FILE).read_bytes(), passphrase).items():
        if not _is_plain(name) or "/" in name:
            raise InputError("The backup's secrets are not ours.")
        (made / SECRETS_FOLDER / name).touch(mode=PRIVATE)
        (made / SECRETS_FOLDER / name).write_text(value, encoding="ascii")
    (made / SEALED_FILE).unlink()
    return ()


def _put(bundle: zipfile.ZipFile, name: str, target: Path, expected_sha256: str) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with bundle.open(name) as source, target.open("xb") as file:
            target.chmod(PRIVATE)
            while block := source.read(_BLOCK):
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    except (KeyError, FileExistsError, zipfile.BadZipFile):
        raise InputError(f"{name} is missing from the backup, or damaged. Nothing was restored.") from None
    if digest.hexdigest() != expected_sha256:
        raise InputError(f"{name} in the backup is not the file its manifest names. Nothing was restored.")


def _settle_config(made: Path) -> None:
    """The database lies in the folder now, wherever it lay before."""
    members = parse_object((made / CONFIG_FILE).read_bytes(), limits=CONFIGURATION)
    if members.pop("database", None) is not None:
        (made / CONFIG_FILE).write_bytes(write_json(members, indent=2))


def _note_restored(made: Path, manifest: Mapping[str, Any], *, now: datetime, actor: str) -> None:
    """Log it, and have every list that is not final signed anew: what was published since must look older.

    A badge issued after the backup may hold any place that looks free here, so the old lists give out none.
    """
    with open_instance(made) as instance, instance.store.writing() as connection:
        head = audit_log.load_head(connection)
        if head is None or head.entry_sha256 != manifest["audit_head"]:
            raise InputError("The audit log in the backup does not end as its manifest says. Nothing was restored.")
        list_store.forget_bits(connection)
        list_store.grant_no_more(connection)
        facts = {"taken_at": manifest["taken_at"], "head": manifest["audit_head"]}
        audit.append(connection, at=now, actor=actor, action=audit.RESTORE, facts=facts)
