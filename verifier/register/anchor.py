"""The pinned word on who keeps a register: a name, a DID and public keys with their windows; given, never looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from keys.did import split_did_url
from keys.multikey import KeyType, PublicKey, parse_multikey
from schemas.errors import BadgeError, InputError, RegisterError
from schemas.jsontext import JsonObject, JsonValue, parse_object
from schemas.times import parse_date

_MEMBERS = {"name", "did", "keys"}
_KEY_MEMBERS = {"id", "publicKeyMultibase", "from", "to"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorKey:
    """A public key of the authority, and the New Zealand days on which it may sign, both included."""

    id: str
    public_key: PublicKey
    from_day: date
    to_day: date | None = None

    def covers(self, day: date) -> bool:
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    name: str
    did: str
    keys: tuple[AnchorKey, ...]

    def key(self, method: str) -> AnchorKey | None:
        return next((key for key in self.keys if key.id == method), None)


def load_anchor(path: Path) -> Anchor:
    """The anchor in a file. Raises RegisterError."""
    try:
        return parse_anchor(path.read_bytes())
    except OSError as error:
        raise RegisterError(f"The anchor {path} cannot be read: {error.strerror}.") from None


def parse_anchor(data: bytes) -> Anchor:
    """`{name, did, keys: [{id, publicKeyMultibase, from, to?}]}`. Raises RegisterError."""
    try:
        document = parse_object(data)
        _refuse_unknown(document, _MEMBERS)
        did, fragment = split_did_url(_text(document, "did"))
        if fragment is not None:
            raise InputError("the did ends before the '#'")
        members = document.get("keys")
        if not isinstance(members, list) or not members:
            raise InputError("it holds no keys")
        keys = tuple(_anchor_key(member) for member in members)
        if len({key.id for key in keys}) != len(keys) or len({key.public_key for key in keys}) != len(keys):
            raise InputError("a key stands in it twice")
        return Anchor(name=_text(document, "name"), did=did, keys=keys)
    except BadgeError as error:
        raise RegisterError(f"The anchor cannot be used: {error.detail.rstrip('.')}.") from None


def anchor_document(anchor: Anchor) -> JsonObject:
    return {
        "name": anchor.name,
        "did": anchor.did,
        "keys": [
            {
                "id": key.id,
                "publicKeyMultibase": key.public_key.multibase,
                "from": key.from_day.isoformat(),
                **({} if key.to_day is None else {"to": key.to_day.isoformat()}),
            }
            for key in anchor.keys
        ],
    }


def _anchor_key(member: JsonValue) -> AnchorKey:
    if not isinstance(member, dict):
        raise InputError("a key is an object with id, publicKeyMultibase and from")
    _refuse_unknown(member, _KEY_MEMBERS)
    method = _text(member, "id")
    if split_did_url(method)[1] is None:
        raise InputError(f"the key id {method!r} names no key after a '#'")
    public_key = parse_multikey(_text(member, "publicKeyMultibase"))
    if public_key.key_type is not KeyType.ED25519:
        raise InputError("an edition is signed with an Ed25519 key (eddsa-jcs-2022)")
    from_day = parse_date(member.get("from"))
    to_day = None if member.get("to") is None else parse_date(member["to"])
    if to_day is not None and to_day < from_day:
        raise InputError(f"the window of the key {method} ends before it begins")
    return AnchorKey(id=method, public_key=public_key, from_day=from_day, to_day=to_day)


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} is missing")
    return value


def _refuse_unknown(document: JsonObject, known: set[str]) -> None:
    if unknown := sorted(document.keys() - known):
        raise InputError(f"it has a member that this program does not know: {unknown[0][:40]!r}")
