"""One provider's instance: its folder, its names, its keys and secrets, its database; how it is made and opened."""

from __future__ import annotations

import fcntl
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from issuer import audit, settings
from issuer.baseurl import parse_base_url
from issuer.files import PRIVATE, write_whole
from issuer.store import Store, audit_log, open_store
from issuer.store import batches as batch_store
from issuer.store.engine import SQLITE_FILE, parse_database_url, sqlite_url
from issuer.store.tables import credentials
from keys.did import did_key_of, did_web_of
from keys.keyring import Keyring, Purpose
from keys.multikey import KeyType
from keys.signing import Signer
from schemas.errors import BadgeError, InputError, IssuingError
from schemas.jsontext import parse_object, write_json
from schemas.limits import CONFIGURATION
from schemas.nzqcf import is_moe_number
from schemas.times import write_time

CONFIG_FILE = "instance.json"
KEYS_FOLDER = "keys"
SECRETS_FOLDER = "secrets"
REGISTER_FOLDER = "register"
ROW_KEY_SECRET = "row-key"
NSN_KEY = "nsn-key"
_FORMAT = 1
_SECRET_BYTES = 32
_MAX_NAME_CHARS = 200
_FILE_SUFFIX = re.compile(r"\.(?:json|jwt|png|svg|qr\.svg)$")


class DidMethod(StrEnum):
    WEB = "web"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `instance.json` says. Keys are named by their ids in the keyring."""

    name: str
    provider: str
    base_url: str
    did: str
    credential_key: str
    status_key: str
    jwt_key: str | None = None
    database: str | None = None  # None: SQLite inside the folder
    visibility: str = "link"  # of the badge pages: "public" lets search engines in, "link" does not
    staple: bool = False  # whether badges carry the register authority's statement about them
    suspension: bool = False  # whether badges signed from now on can be put on hold
    verifier_url: str | None = None  # where the pages' “check this badge” leads
    created: str
    format: int = _FORMAT

    @property
    def is_did_key(self) -> bool:
        return self.did.startswith("did:key:")


class Identity:
    """An instance without its database: who it is, what its addresses are, and its keys. What a worker needs."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self.config = config

    @cached_property
    def keyring(self) -> Keyring:
        """The private keys; their passphrase is asked for only when one is first needed."""
        return Keyring(self.folder / KEYS_FOLDER, settings.key_passphrase(self.folder))

    def secret(self, name: str) -> bytes:
        """One of the instance's own secrets. Raises IssuingError when it is gone or open to others."""
        path = self.folder / SECRETS_FOLDER / name
        try:
            if path.stat().st_mode & 0o077:
                raise IssuingError(f"The secret {path} can be read by others; run: chmod 600 {path}")
            value = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise IssuingError(f"The secret {path} cannot be read; restore it from a backup.") from error
        if len(value) != _SECRET_BYTES:
            raise IssuingError(f"The secret {path} is cut short; restore it from a backup.")
        return value

    def method_of(self, key_id: str) -> str:
        """The verification method (a DID URL) under which others know one of our keys."""
        if self.config.is_did_key:
            return f"{self.config.did}#{self.config.did.removeprefix('did:key:')}"
        return f"{self.config.did}#{key_id}"

    def credential_signer(self) -> Signer:
        return self.keyring.signer(self.config.credential_key)

    def status_signer(self) -> Signer:
        return self.keyring.signer(self.config.status_key)

    def badge_url(self, short_id: str) -> str:
        return f"{self.config.base_url}/badges/{short_id}"

    def list_url(self, number: int) -> str:
        return f"{self.config.base_url}/status/{number}"

    def short_id(self, text: str) -> str:
        """The short id in what a person gave: the credential id, its last part, or the address of one of its files.

        Raises InputError.
        """
        given = text.strip().removeprefix(f"{self.config.base_url}/badges/").removesuffix("index.html").rstrip("/")
        short = _FILE_SUFFIX.sub("", given).lower()
        if not short.isalnum() or not short.isascii():
            raise InputError(f"“{text[:120]}” is no credential id of this instance ({self.config.base_url}/badges/…).")
        return short


class Instance(Identity):
    """An opened instance. Comes from `open_instance`; close it when done."""

    def __init__(self, folder: Path, config: Config, store: Store) -> None:
        super().__init__(folder, config)
        self.store = store

    def save_config(self, config: Config) -> None:
        _write_config(self.folder, config)
        self.config = config

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class FreshConfig:
    """The settings of an instance that stays open, read again once another process changed them."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._stamp: tuple[int, int] | None = None  # what was read at the opening may have changed since

    def refresh(self) -> bool:
        """Whether they were read again. A file that cannot be read changes nothing: the next look may find it whole."""
        stamp = _stamp(self._instance.folder)
        if stamp is None or stamp == self._stamp:
            return False
        try:
            self._instance.config = load_config(self._instance.folder)
        except BadgeError:
            return False
        self._stamp = stamp
        return True


def _stamp(folder: Path) -> tuple[int, int] | None:
    """When the file was written and which file it is: each change puts another one there."""
    try:
        found = (folder / CONFIG_FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def open_instance(folder: Path, *, database: str | None = None) -> Instance:
    """The instance in `folder`; `database` wins over the one it was made with. Raises IssuingError."""
    config = load_config(folder)
    url = database or config.database or sqlite_url(folder / SQLITE_FILE)
    store = open_store(url)
    try:
        with store.reading() as connection:
            owner = batch_store.load_owner(connection)
    except BaseException:
        store.close()
        raise
    if owner is None or owner.did != config.did:
        store.close()
        whose = f"belongs to {owner.did}" if owner else "belongs to no instance yet"
        raise IssuingError(f"The database {store.place} {whose}, not to {config.did}; nothing was changed.")
    return Instance(folder, config, store)


def load_config(folder: Path) -> Config:
    """What the folder's `instance.json` says. Raises IssuingError when it is no instance."""
    path = folder / CONFIG_FILE
    try:
        members = parse_object(path.read_bytes(), limits=CONFIGURATION)
    except FileNotFoundError:
        raise IssuingError(
            f"There is no instance in {folder}. Make one with `badge-issuer init`, or name its folder with --instance."
        ) from None
    except OSError as error:
        raise IssuingError(f"{path} cannot be read: {error.strerror}.") from error
    if members.get("format") != _FORMAT:
        raise IssuingError(f"{path} was written by another version of this program.")
    try:
        return Config(**members)
    except TypeError:
        raise IssuingError(f"{path} lacks a member or has one too many; restore it from a backup.") from None


def init_instance(
    folder: Path,
    *,
    name: str,
    provider: str,
    base_url: str,
    did_method: DidMethod = DidMethod.WEB,
    database: str | None = None,
    now: datetime,
    actor: str = "cli",
) -> Config:
    """Make an instance, whole or not at all; one that is there already is refused and left as it is.

    Raises InputError for the arguments, IssuingError for the place.
    """
    base = parse_base_url(base_url)
    title = " ".join(name.split())
    if not title or len(title) > _MAX_NAME_CHARS or not title.isprintable():
        raise InputError(f"The provider's name must have 1 to {_MAX_NAME_CHARS} characters.")
    if not is_moe_number(provider):
        raise InputError(f"The provider number is “{provider}”; the Ministry of Education's has four digits.")
    if database is not None:
        parse_database_url(database)
    folder = folder.resolve()
    _refuse_occupied(folder)
    with _making(folder) as made:
        config = _furnish(made, title, provider, base, did_method=did_method, database=database, now=now)
        _begin_database(made, config, now=now, actor=actor)
        _refuse_occupied(folder)
        made.rename(folder)  # onto nothing or an empty folder: the one step that makes it an instance
    return config


def _refuse_occupied(folder: Path) -> None:
    if (folder / CONFIG_FILE).exists():
        raise IssuingError(f"{folder} holds an instance already; nothing was changed.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise IssuingError(f"{folder} is not empty; name a new folder. Nothing was changed.")


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A folder beside the real one to build in. What a killed init left there is cleared away first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.parent / f".{folder.name}.making"
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IssuingError(f"Another process is making {folder} at this moment.") from None
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
            Path(lock.name).unlink(missing_ok=True)


def _furnish(
    made: Path,
    name: str,
    provider: str,
    base_url: str,
    *,
    did_method: DidMethod,
    database: str | None,
    now: datetime,
) -> Config:
    (made / SECRETS_FOLDER).mkdir(mode=0o700)
    for secret in (ROW_KEY_SECRET, NSN_KEY):
        text = secrets.token_hex(_SECRET_BYTES) + "\n"
        write_whole(made / SECRETS_FOLDER / secret, text.encode("ascii"), mode=PRIVATE, durable=True)
    keyring = Keyring(made / KEYS_FOLDER, settings.key_passphrase(made))
    credential_key = keyring.new(Purpose.CREDENTIAL, KeyType.ED25519, created=now)
    if did_method is DidMethod.KEY:
        # A did:key is one key: it signs the status lists too. Only a did:web can keep keys apart and rotate them.
        did, status_key, jwt_key = did_key_of(credential_key.public_key), credential_key.id, None
    else:
        did = did_web_of("https://" + base_url.partition("://")[2])  # a did:web has no other scheme
        status_key = keyring.new(Purpose.STATUS, KeyType.ED25519, created=now).id
        # Made now, so that the first enrolment has it: JWTs are asked for later, and need a key the register knows.
        jwt_key = keyring.new(Purpose.CREDENTIAL, KeyType.P256, created=now).id
    config = Config(
        name=name,
        provider=provider,
        base_url=base_url,
        did=did,
        credential_key=credential_key.id,
        status_key=status_key,
        jwt_key=jwt_key,
        database=database,
        created=write_time(now),
    )
    _write_config(made, config)
    return config


def _begin_database(made: Path, config: Config, *, now: datetime, actor: str) -> None:
    store = open_store(config.database or sqlite_url(made / SQLITE_FILE), create=True)
    try:
        with store.writing() as connection:
            found = batch_store.load_owner(connection)
            if found is not None and connection.scalar(sa.select(credentials.c.short_id).limit(1)) is not None:
                raise IssuingError(f"The database {store.place} already holds the badges of {found.did}.")
            owner = batch_store.Owner(did=config.did, provider=config.provider, base_url=config.base_url)
            batch_store.keep_owner(connection, owner, at=now)
            audit_log.start_chain(connection, genesis=audit.GENESIS)
            audit.append(
                connection,
                at=now,
                actor=actor,
                action=audit.INSTANCE_INIT,
                facts={"did": config.did, "keys": sorted({config.credential_key, config.status_key})},
            )
    finally:
        store.close()


def _write_config(folder: Path, config: Config) -> None:
    members = {key: value for key, value in asdict(config).items() if value is not None}
    write_whole(folder / CONFIG_FILE, write_json(members, indent=2), mode=PRIVATE, durable=True)
