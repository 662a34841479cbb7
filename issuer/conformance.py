"""Any W3C credential, signed by keys of its own: for the public conformance suites alone, and never for a badge.

The keys live in a folder and under a purpose of their own, speak for did:keys that no register binds, and are made at
first use. What is kept beside them is which index each credential has in a status list, and whether its bit is set.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from issuer.files import PRIVATE, write_whole
from issuer.instance import Instance
from issuer.settings import key_passphrase
from keys.did import did_key_of
from keys.keyring import KeyEntry, Keyring, Purpose
from keys.multikey import KeyType
from keys.selective_signing import add_base_proof
from keys.signing import Signer, add_proof
from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.datamodel import credential_faults
from schemas.errors import Fault, InputError
from schemas.jsontext import JsonObject, JsonValue, parse_object, write_json
from schemas.limits import CONFIGURATION, MIN_BITSTRING_ENTRIES
from schemas.lossless import find_losses
from schemas.relatedresource import held_faults, related_resources
from schemas.statuslist import encode, status_entry, status_list_document
from schemas.times import write_time

FOLDER: Final = "vc-api"
SUITES: Final = {
    v.EDDSA_RDFC_2022: (KeyType.ED25519,),
    v.EDDSA_JCS_2022: (KeyType.ED25519,),
    v.ECDSA_RDFC_2019: (KeyType.P256, KeyType.P384),
    v.ECDSA_JCS_2019: (KeyType.P256, KeyType.P384),
    v.ECDSA_SD_2023: (KeyType.P256,),
}
_DEFAULT_SUITE: Final = {
    KeyType.ED25519: v.EDDSA_RDFC_2022,
    KeyType.P256: v.ECDSA_RDFC_2019,
    KeyType.P384: v.ECDSA_RDFC_2019,
}
_PURPOSES: Final = (v.REVOCATION, v.SUSPENSION)
_STATE: Final = "status.json"
_MAX_LISTED: Final = 10_000  # credentials in one list of a server that only tests; the file is written whole each time


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceKey:
    """One of the keys: its did:key, and the name it has in addresses."""

    name: str
    did: str
    signer: Signer

    @property
    def method(self) -> str:
        return f"{self.did}#{self.did.removeprefix('did:key:')}"


class ConformanceIssuer:
    """Signs what it is given when the data model lets it. `list_url` makes the address of a list from its name."""

    def __init__(self, instance: Instance, *, list_url: Callable[[str], str], now: datetime) -> None:
        """Makes the keys when they are not there. Raises IssuingError."""
        self._folder = instance.folder / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._list_url = list_url
        keyring = Keyring(self._folder / "keys", key_passphrase(instance.folder))
        with self._locked():
            entries = [_entry_of(keyring, key_type, now=now) for key_type in _DEFAULT_SUITE]
        self.keys = tuple(
            ConformanceKey(
                name=entry.key_type.value.lower().replace("-", ""),
                did=did_key_of(entry.public_key),
                signer=keyring.signer(entry.id),
            )
            for entry in entries
        )

    def issue(self, credential: JsonObject, options: JsonObject, *, now: datetime) -> JsonObject:
        """The credential with one more proof, and a status entry where it has none and its data model knows them.

        Raises InputError with `faults`, or another BadgeError, for a credential or options that are refused.
        """
        _refuse(credential_faults(credential, secured=False))
        resources, faults = related_resources(credential)
        _refuse((*faults, *held_faults(resources)))
        key = self._key_of(Credential.parse(credential).issuer_id)
        suite = _suite(options, key)
        document = _completed(credential, now=now)
        _refuse(find_losses({name: value for name, value in document.items() if name != "proof"}))
        if document["@context"][0] == v.CREDENTIALS_V2 and "credentialStatus" not in document:
            purpose = options.get("statusPurpose", v.REVOCATION)
            if purpose not in _PURPOSES:
                raise InputError(f"“options.statusPurpose” is one of {', '.join(_PURPOSES)}.")
            document["credentialStatus"] = self._listed(key, str(purpose), document.get("id"), now=now)
        if suite == v.ECDSA_SD_2023:
            return _for_disclosure(document, key, options.get("mandatoryPointers", []), now=now)
        signed = add_proof(document, signer=key.signer, cryptosuite=suite, verification_method=key.method, created=now)
        return signed | {"proof": signed["proof"][0]} if len(signed["proof"]) == 1 else signed

    def set_status(self, credential_id: str, *, purpose: str, value: bool, now: datetime) -> None:
        """Set the bit of a credential issued here, or clear a suspension. Raises InputError."""
        if purpose not in _PURPOSES:
            raise InputError(f"The status purpose is one of {', '.join(_PURPOSES)}.")
        if purpose == v.REVOCATION and not value:
            raise InputError("What was revoked stays revoked.")
        with self._locked():
            state = self._load()
            for name, entries in state.items():
                if not name.endswith(f"/{purpose}"):
                    continue
                for entry in entries.values():
                    if entry["id"] == credential_id:
                        entry["set"] = value
                        self._save(state)
                        self._publish(name, entries, now=now)
                        return
        raise InputError(f"No credential {credential_id[:200]!r} with the status purpose {purpose} was issued here.")

    def status_list(self, name: str) -> bytes | None:
        """The list of that name as it was signed last; None where there is no such list. Nothing is signed here."""
        path = self._list_file(name)
        try:
            return None if path is None else path.read_bytes()
        except FileNotFoundError:
            return None

    def _list_file(self, name: str) -> Path | None:
        known = {f"{key.name}/{purpose}" for key in self.keys for purpose in _PURPOSES}
        return self._folder / f"list-{name.replace('/', '-')}.json" if name in known else None

    def _publish(self, name: str, entries: JsonObject, *, now: datetime) -> None:
        """Sign a list whenever it changed; it has no end, so that nobody need sign it again."""
        key = next(one for one in self.keys if name.startswith(f"{one.name}/"))
        document = status_list_document(
            id=self._list_url(name),
            issuer=key.did,
            purpose=name.rpartition("/")[2],
            encoded=encode((int(i) for i, entry in entries.items() if entry["set"]), length=MIN_BITSTRING_ENTRIES),
            valid_from=now,
            valid_until=None,
            ttl_ms=None,
        )
        suite = _DEFAULT_SUITE[key.signer.key_type]
        signed = add_proof(document, signer=key.signer, cryptosuite=suite, verification_method=key.method, created=now)
        path = self._list_file(name)
        if path is not None:
            write_whole(path, write_json(signed | {"proof": signed["proof"][0]}), mode=PRIVATE)

    def _key_of(self, issuer: str | None) -> ConformanceKey:
        for key in self.keys:
            if key.did == issuer:
                return key
        known = ", ".join(key.did for key in self.keys)
        raise InputError(f"The issuer is not one of the keys kept here: {known}.")

    def _listed(self, key: ConformanceKey, purpose: str, credential_id: object, *, now: datetime) -> JsonObject:
        name = f"{key.name}/{purpose}"
        with self._locked():
            state = self._load()
            entries = state.setdefault(name, {})
            if len(entries) >= _MAX_LISTED:
                raise InputError(f"The list {name} is full: this is a server for tests. Remove its file {_STATE}.")
            while (index := str(secrets.randbelow(MIN_BITSTRING_ENTRIES))) in entries:
                pass
            entries[index] = {"id": credential_id if isinstance(credential_id, str) else None, "set": False}
            self._save(state)
            if self.status_list(name) is None:
                self._publish(name, entries, now=now)
        return status_entry(list_url=self._list_url(name), index=int(index), purpose=purpose)

    # --- the state, shared by the processes of one server ----------------------------------------------------------
    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _load(self) -> dict[str, dict[str, dict[str, Any]]]:
        try:
            return parse_object((self._folder / _STATE).read_bytes(), limits=CONFIGURATION)
        except FileNotFoundError:
            return {}

    def _save(self, state: JsonObject) -> None:
        write_whole(self._folder / _STATE, write_json(state), mode=PRIVATE)


def _entry_of(keyring: Keyring, key_type: KeyType, *, now: datetime) -> KeyEntry:
    for entry in keyring.entries(Purpose.CONFORMANCE):
        if entry.key_type is key_type and entry.retired is None:
            return entry
    return keyring.new(Purpose.CONFORMANCE, key_type, created=now)


def _suite(options: JsonObject, key: ConformanceKey) -> str:
    suite = options.get("cryptosuite", _DEFAULT_SUITE[key.signer.key_type])
    kinds = SUITES.get(suite) if isinstance(suite, str) else None
    if kinds is None:
        raise InputError(f"“options.cryptosuite” is one of {', '.join(SUITES)}.")
    if key.signer.key_type not in kinds:
        raise InputError(f"{key.did} holds a {key.signer.key_type} key, which makes no {suite} proof.")
    return str(suite)


def _for_disclosure(document: JsonObject, key: ConformanceKey, pointers: JsonValue, *, now: datetime) -> JsonObject:
    """A base proof, from which the holder derives what they show."""
    if not isinstance(pointers, list) or not all(isinstance(one, str) for one in pointers) or "proof" in document:
        raise InputError("“options.mandatoryPointers” is a list of JSON pointers, into a credential without a proof.")
    return add_base_proof(document, signer=key.signer, verification_method=key.method, created=now, mandatory=pointers)


def _completed(credential: JsonObject, *, now: datetime) -> JsonObject:
    """Data model 1.1 has no Data Integrity terms of its own, and needs a day of issue."""
    if credential["@context"][0] != v.CREDENTIALS_V1:
        return dict(credential)
    contexts = [*credential["@context"]]
    if v.DATA_INTEGRITY_V2 not in as_list(credential["@context"]):
        contexts.append(v.DATA_INTEGRITY_V2)
    return {"issuanceDate": write_time(now)} | credential | {"@context": contexts}


def _refuse(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise InputError(f"This is not a credential that can be issued: {faults[0]}.", faults=faults)
