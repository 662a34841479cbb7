"""Private keys at rest: one encrypted file each in a folder of their own; knows files and passphrases, not proofs."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys.multikey import KeyType, PublicKey, base64url_decode, base64url_encode, parse_multikey, public_key_from_jwk
from keys.signing import Signer, SoftwareSigner
from schemas.errors import BadgeError, InputError, IssuingError
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.times import parse_time, write_time

SCRYPT_N = 2**15  # 32 MiB and about 0.1 s for each guess at a passphrase; once for each key an instance opens
_SCRYPT_R, _SCRYPT_P = 8, 1
_MAX_SCRYPT_N = 2**20  # a file that asks for more is not ours, and would take the machine's memory
_FORMAT = "nz-open-badges-key/1"
_KEY_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
_MAX_KEY_FILE = 64 * 1024
_PACKAGES = ("schemas", "keys", "verifier", "issuer")


class Purpose(StrEnum):
    """What a key may sign; a key serves one purpose for life."""

    CREDENTIAL = "credential"
    STATUS = "status"
    REGISTER = "register"
    CONFORMANCE = "conformance"  # whatever a conformance suite asks for, in a folder apart; never a badge


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """What anyone may know of a key. A retired key signs nothing more; a destroyed one cannot."""

    id: str
    purpose: Purpose
    key_type: KeyType
    public_key: PublicKey
    created: datetime
    retired: datetime | None = None
    destroyed: datetime | None = None

    @property
    def public_key_multibase(self) -> str | None:
        return self.public_key.multibase


class Keyring:
    """The private keys in one folder, opened with one passphrase.

    Folder 0700, files 0600, both refused when looser. Each file is self-contained: scrypt of the passphrase with a
    salt of its own gives the AES-256-GCM key, and the associated data binds id, purpose, creation and public key, so
    that files cannot be renamed or relabelled into each other. A key that was opened stays open in memory.
    """

    def __init__(self, folder: Path, passphrase: bytes, *, scrypt_n: int = SCRYPT_N) -> None:
        """Makes the folder when it is not there. Raises IssuingError."""
        if not passphrase:
            raise IssuingError("The key passphrase is empty.")
        _refuse_package_folder(folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise IssuingError(f"The key folder {folder} cannot be made: {error.strerror}.") from None
        self.folder = folder
        self._passphrase = passphrase
        self._scrypt_n = scrypt_n
        self._signers: dict[str, SoftwareSigner] = {}
        self._check_folder()

    def __repr__(self) -> str:
        return f"Keyring({str(self.folder)!r})"

    def new(self, purpose: Purpose | str, key_type: KeyType | str, *, created: datetime) -> KeyEntry:
        """A new key, written before it is returned. Its id is the purpose and a number never used before."""
        purpose, key_type = _one_of(Purpose, purpose), _one_of(KeyType, key_type)
        if created.tzinfo is None:
            raise IssuingError("The time a key is made needs its zone.")
        signer = SoftwareSigner.generate(key_type)
        taken = {entry.id for entry in self.entries()}
        number = 1
        while True:
            if (key_id := f"{purpose}-{number}") not in taken:
                entry = KeyEntry(
                    id=key_id,
                    purpose=purpose,
                    key_type=key_type,
                    public_key=signer.public_key,
                    created=parse_time(write_time(created)),
                )
                if self._write_new(entry, signer):
                    self._signers[key_id] = signer
                    return entry
            number += 1

    def entries(self, purpose: Purpose | str | None = None) -> tuple[KeyEntry, ...]:
        """Every key, by purpose and number, or those of one purpose. Needs no passphrase. Raises IssuingError."""
        wanted = tuple(Purpose) if purpose is None else (_one_of(Purpose, purpose),)
        chosen = [entry for entry, _ in self._files() if entry.purpose in wanted]
        return tuple(sorted(chosen, key=lambda entry: (entry.purpose, len(entry.id), entry.id)))

    def entry(self, key_id: str) -> KeyEntry:
        """The key of that id. Raises IssuingError."""
        return self._read(key_id)[0]

    def signer(self, key_id: str) -> Signer:
        """A signer with that key. Raises IssuingError for a retired or destroyed key or a wrong passphrase."""
        entry, document = self._read(key_id)
        if entry.retired is not None or entry.destroyed is not None:
            raise IssuingError(f"The key {key_id} is retired and signs nothing more.")
        if key_id not in self._signers:
            self._signers[key_id] = self._opened(entry, document)
        return self._signers[key_id]

    def retire(self, key_id: str, *, at: datetime, destroy: bool = False) -> KeyEntry:
        """Ends a key's signing. With `destroy`, the private part is removed for good; the public part stays listed."""
        entry, document = self._read(key_id)
        now = parse_time(write_time(at))
        entry = replace(entry, retired=entry.retired or now, destroyed=entry.destroyed or (now if destroy else None))
        envelope = {} if entry.destroyed else {name: document[name] for name in ("kdf", "cipher", "ciphertext")}
        self._replace(key_id, _described(entry) | envelope)
        self._signers.pop(key_id, None)
        return entry

    # --- files --------------------------------------------------------------------------------------------------
    def _files(self) -> Iterator[tuple[KeyEntry, JsonObject]]:
        self._check_folder()
        for path in sorted(self.folder.iterdir()):
            if path.suffix == ".json":
                yield self._read(path.stem)

    def _read(self, key_id: str) -> tuple[KeyEntry, JsonObject]:
        if not _KEY_ID.fullmatch(key_id):
            raise IssuingError(f"{key_id[:80]!r} is not the id of a key.")
        path = self.folder / f"{key_id}.json"
        document = _load(path)
        try:
            entry = _entry(document)
        except (BadgeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IssuingError(f"The key file {path} cannot be read: {error}.") from None
        if entry.id != key_id:
            raise IssuingError(f"The key file {path} holds the key {entry.id[:80]!r}: it was renamed.")
        return entry, document

    def _write_new(self, entry: KeyEntry, signer: SoftwareSigner) -> bool:
        """False when another process has just taken the id."""
        document = _described(entry) | self._sealed(entry, signer)
        with _writing(self.folder):
            temporary = self._temporary(document)
            try:
                os.link(temporary, self.folder / f"{entry.id}.json")  # fails, rather than replaces, when it is there
            except FileExistsError:
                return False
            finally:
                temporary.unlink()
            _sync_folder(self.folder)
        return True

    def _replace(self, key_id: str, document: JsonObject) -> None:
        with _writing(self.folder):
            self._temporary(document).replace(self.folder / f"{key_id}.json")
            _sync_folder(self.folder)

    def _temporary(self, document: JsonObject) -> Path:
        path = self.folder / f".{secrets.token_hex(8)}.part"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(write_json(document, indent=2))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink()
            raise
        return path

    def _check_folder(self) -> None:
        try:
            status = self.folder.stat()
        except OSError as error:
            raise IssuingError(f"The key folder {self.folder} cannot be read: {error.strerror}.") from None
        if not stat.S_ISDIR(status.st_mode):
            raise IssuingError(f"{self.folder} is not a folder.")
        _refuse_loose(status, self.folder, "700")

    # --- the envelope -------------------------------------------------------------------------------------------
    def _sealed(self, entry: KeyEntry, signer: SoftwareSigner) -> JsonObject:
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        kdf = {"name": "scrypt", "salt": base64url_encode(salt), "n": self._scrypt_n, "r": _SCRYPT_R, "p": _SCRYPT_P}
        cipher = AESGCM(_derived(self._passphrase, salt, self._scrypt_n))
        ciphertext = cipher.encrypt(nonce, signer.private_pkcs8(), _bound(entry))
        return {
            "kdf": kdf,
            "cipher": {"name": "AES-256-GCM", "nonce": base64url_encode(nonce)},
            "ciphertext": base64url_encode(ciphertext),
        }

    def _opened(self, entry: KeyEntry, document: JsonObject) -> SoftwareSigner:
        try:
            salt, n = _kdf_parameters(document["kdf"])
            nonce, ciphertext = _cipher_nonce(document["cipher"]), base64url_decode(document["ciphertext"])
            private = AESGCM(_derived(self._passphrase, salt, n)).decrypt(nonce, ciphertext, _bound(entry))
        except InvalidTag:
            message = f"The key {entry.id} does not open: the passphrase is wrong, or the file was changed."
            raise IssuingError(message) from None
        except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IssuingError(f"The key file of {entry.id} cannot be read: {error}.") from None
        signer = SoftwareSigner.from_private_pkcs8(private)
        if signer.public_key != entry.public_key:
            raise IssuingError(f"The key file of {entry.id} holds another key than it says.")
        return signer


_Choice = TypeVar("_Choice", bound=StrEnum)


def _one_of(choices: type[_Choice], value: str) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        raise IssuingError(f"{value!r} is not one of {', '.join(choices)}.") from None


def _described(entry: KeyEntry) -> JsonObject:
    document: JsonObject = {
        "format": _FORMAT,
        "id": entry.id,
        "purpose": str(entry.purpose),
        "keyType": str(entry.key_type),
        "created": write_time(entry.created),
    }
    if entry.public_key.multibase is None:
        document["publicKeyJwk"] = entry.public_key.to_jwk()
    else:
        document["publicKeyMultibase"] = entry.public_key.multibase
    for name, instant in (("retired", entry.retired), ("destroyed", entry.destroyed)):
        if instant is not None:
            document[name] = write_time(instant)
    return document


def _entry(document: JsonObject) -> KeyEntry:
    if document["format"] != _FORMAT:
        raise InputError("an unknown format")
    multibase = document.get("publicKeyMultibase")
    public_key = public_key_from_jwk(document["publicKeyJwk"]) if multibase is None else parse_multikey(multibase)
    if public_key.key_type != KeyType(document["keyType"]):
        raise InputError("the key type does not go with the public key")
    return KeyEntry(
        id=str(document["id"]),
        purpose=Purpose(document["purpose"]),
        key_type=public_key.key_type,
        public_key=public_key,
        created=parse_time(document["created"]),
        retired=parse_time(document["retired"]) if "retired" in document else None,
        destroyed=parse_time(document["destroyed"]) if "destroyed" in document else None,
    )


def _bound(entry: KeyEntry) -> bytes:
    """The associated data: what a key is for is as fixed as the key. Retirement alone may be added later."""
    return write_json(_described(replace(entry, retired=None, destroyed=None)))


def _kdf_parameters(kdf: Any) -> tuple[bytes, int]:
    n = kdf["n"]
    if kdf["name"] != "scrypt" or (kdf["r"], kdf["p"]) != (_SCRYPT_R, _SCRYPT_P):
        raise InputError("an unknown key derivation")
    if type(n) is not int or not 2 <= n <= _MAX_SCRYPT_N or n & (n - 1):
        raise InputError(f"the scrypt cost is not a power of two up to {_MAX_SCRYPT_N}")
    return base64url_decode(kdf["salt"]), n


def _cipher_nonce(cipher: Any) -> bytes:
    if cipher["name"] != "AES-256-GCM":
        raise InputError("an unknown cipher")
    return base64url_decode(cipher["nonce"])


def _derived(passphrase: bytes, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase)


def _load(path: Path) -> JsonObject:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise IssuingError(f"{path} is not a file.")
            _refuse_loose(status, path, "600")
            return parse_object(file.read(_MAX_KEY_FILE + 1)[:_MAX_KEY_FILE])
    except FileNotFoundError:
        raise IssuingError(f"There is no key {path.stem} in {path.parent}.") from None
    except OSError as error:
        raise IssuingError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except InputError as error:
        raise IssuingError(f"The key file {path} cannot be read. {error.detail}") from None


def _refuse_loose(status: os.stat_result, path: Path, mode: str) -> None:
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise IssuingError(f"Others can read {path}. Close it with: chmod {mode} {path}")
    if status.st_uid != os.geteuid():
        raise IssuingError(f"{path} belongs to another user.")


def _refuse_package_folder(folder: Path) -> None:
    """Keys beside the code end in a wheel or a repository."""
    root = Path(__file__).resolve().parent.parent
    real = folder.resolve()
    for package in _PACKAGES:
        if real.is_relative_to(root / package):
            raise IssuingError(f"Keys are not kept beside the program: {folder} is inside {root / package}.")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IssuingError(f"The key folder {folder} cannot be written: {error.strerror}.") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
