"""Which key signs: putting one to use in place of another, retiring one, and the key for JWTs made at need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from issuer import audit
from issuer.instance import Config, Instance
from issuer.store import endings
from issuer.trust.enrolment import KeyOffered
from keys.keyring import KeyEntry, Purpose
from keys.multikey import KeyType
from schemas.errors import IssuingError
from schemas.times import write_time
from verifier.register.records import KeyPurpose


def use_key(instance: Instance, key_id: str, *, now: datetime, actor: str, for_jwt: bool = False) -> str | None:
    """Sign with this key from now on. Returns the id of the key it replaces, if another.

    `for_jwt` makes a credential key the one that signs JWTs; an RSA key can be nothing else. Raises IssuingError.
    """
    entry = instance.keyring.entry(key_id)
    if entry.retired is not None:
        raise IssuingError(f"The key {key_id} is retired and signs nothing more.")
    config = instance.config
    if entry.purpose is Purpose.STATUS:
        replaced, new = config.status_key, replace(config, status_key=key_id)
    elif entry.key_type is KeyType.ED25519 and for_jwt:
        raise IssuingError("JWTs are signed with P-256 (ES256) or RSA (RS256) keys.")
    elif entry.key_type is KeyType.RSA or for_jwt:
        replaced, new = config.jwt_key or "", replace(config, jwt_key=key_id)
    elif entry.purpose is Purpose.CREDENTIAL:
        replaced, new = config.credential_key, replace(config, credential_key=key_id)
    else:
        raise IssuingError(f"The key {key_id} is for {entry.purpose}, which an instance does not sign.")
    _save(instance, new, entry, now=now, actor=actor)
    return replaced if replaced and replaced != key_id else None


def keys_to_enrol(instance: Instance) -> tuple[KeyOffered, ...]:
    """Every key the register should have: those in use and those waiting. RSA has no form the register can hold."""
    return tuple(
        KeyOffered(
            id=instance.method_of(entry.id),
            purpose=KeyPurpose(entry.purpose),
            signer=instance.keyring.signer(entry.id),
        )
        for purpose in (Purpose.CREDENTIAL, Purpose.STATUS)
        for entry in instance.keyring.entries(purpose)
        if entry.retired is None and entry.public_key_multibase is not None
    )


def retire_key(instance: Instance, key_id: str, *, destroy: bool, now: datetime, actor: str) -> None:
    """End a key that is not in use; an instance that has closed uses none. Raises IssuingError."""
    config = instance.config
    with instance.store.reading() as connection:
        closed = endings.load_closed_at(connection) is not None
    if key_id in {config.credential_key, config.status_key, config.jwt_key} and not closed:
        raise IssuingError(
            f"The key {key_id} is in use. Put another in its place first: badge-issuer keys new, then keys rotate."
        )
    entry = instance.keyring.retire(key_id, at=now, destroy=destroy)
    with instance.store.writing() as connection:
        facts = {"key": entry.id, "destroyed": entry.destroyed is not None}
        audit.append(connection, at=now, actor=actor, action=audit.KEY_RETIRE, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compromised:
    """What the authority must be told of a stolen key; `in_use` says that nothing is signed until another is."""

    key_id: str
    method: str
    public_key_multibase: str | None
    since: datetime
    in_use: bool


def compromise_key(instance: Instance, key_id: str, *, since: datetime, now: datetime, actor: str) -> Compromised:
    """Stop a stolen key at once, in use or not: it signs nothing more, and `since` is kept and logged.

    Told again, an earlier moment replaces a later one, never the other way about. Raises IssuingError.
    """
    if since > now:
        raise IssuingError("A key is stolen from a moment that has come: give the earliest at which it may have been.")
    entry = instance.keyring.entry(key_id)
    config = instance.config
    in_use = key_id in {config.credential_key, config.status_key, config.jwt_key}
    instance.keyring.retire(key_id, at=now)
    with instance.store.writing() as connection:
        endings.lock_owner(connection)
        known = endings.load_compromises(connection).get(key_id)
        earliest = since if known is None else min(known, since)
        if known is None or since < known:
            endings.keep_compromise(connection, key_id, since=earliest, at=now)
            facts = {"key": key_id, "since": write_time(earliest)}
            audit.append(connection, at=now, actor=actor, action=audit.KEY_COMPROMISE, facts=facts)
    return Compromised(
        key_id=key_id,
        method=instance.method_of(key_id),
        public_key_multibase=entry.public_key_multibase,
        since=earliest,
        in_use=in_use,
    )


def _save(instance: Instance, config: Config, entry: KeyEntry, *, now: datetime, actor: str) -> None:
    with instance.store.writing() as connection:
        facts = {"key": entry.id, "public_key": entry.public_key_multibase}
        audit.append(connection, at=now, actor=actor, action=audit.KEY_USE, facts=facts)
        instance.save_config(config)
