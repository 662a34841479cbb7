"""An authority's folder: its two keys, its anchor, and the editions it signs; judges no award."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from issuer.authority.shrinkage import refuse_shrunken
from issuer.files import PRIVATE, write_whole
from issuer.settings import key_passphrase
from keys.did import did_key_of
from keys.keyring import KeyEntry, Keyring, Purpose
from keys.multikey import KeyType
from keys.signing import add_proof
from schemas.errors import IssuingError
from schemas.jsontext import write_json
from schemas.nzqcf import credit_warning, nz_date, review_warning, title_warnings
from schemas.vocabulary import EDDSA_JCS_2022
from verifier.register.edition import (
    Anchor,
    AnchorKey,
    Edition,
    anchor_document,
    edition_document,
    load_anchor,
    parse_edition,
    verify_chain,
)
from verifier.register.importing import load_records
from verifier.register.records import Basis, Listing, Register

KEYS_FOLDER = "keys"
EDITIONS_FOLDER = "editions"
ANCHOR_FILE = "anchor.json"
AUTHORITY_KEYS = 2  # so that one can be replaced with the other's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A signed edition, not yet written anywhere public, and what a person should look at."""

    data: bytes
    edition: Edition
    notes: tuple[str, ...]


def init_office(folder: Path, *, name: str, created: datetime) -> Anchor:
    """Make the folder, the keys and the anchor. Continues where a killed run stopped. Raises IssuingError."""
    if (folder / ANCHOR_FILE).exists():
        raise IssuingError(f"{folder} is a register office already; its anchor must not change.")
    if not name.strip():
        raise IssuingError("The authority needs a name.")
    keyring = office_keyring(folder)
    while len(keyring.entries(Purpose.REGISTER)) < AUTHORITY_KEYS:
        keyring.new(Purpose.REGISTER, KeyType.ED25519, created=created)
    entries = keyring.entries(Purpose.REGISTER)
    anchor = Anchor(
        name=name.strip(),
        did=did_key_of(entries[0].public_key),
        keys=tuple(
            AnchorKey(id=method_of(entry), public_key=entry.public_key, from_day=nz_date(entry.created))
            for entry in entries
        ),
    )
    write_whole(folder / ANCHOR_FILE, write_json(anchor_document(anchor), indent=2), durable=True)
    return anchor


def method_of(entry: KeyEntry) -> str:
    """Each authority key under its own did:key, so that anyone can check an edition's proof without asking us."""
    did = did_key_of(entry.public_key)
    return f"{did}#{did.removeprefix('did:key:')}"


def office_anchor(folder: Path) -> Anchor:
    """The anchor of an office. Raises IssuingError when the folder is none."""
    path = folder / ANCHOR_FILE
    if not path.is_file():
        raise IssuingError(f"{folder} is not a register office; make one with `badge-register init`.")
    return load_anchor(path)


def build_edition(
    folder: Path,
    *,
    records: Path,
    as_at: date,
    previous: bytes | None = None,
    demonstration: bool = False,
    created: datetime,
    key_id: str | None = None,
    allow_shrink: bool = False,
) -> Built:
    """Import the records and sign them as the next edition. Nothing is written but a copy in the office.

    Raises RegisterError with every fault of the records, for a register that shrank suspiciously, or for a previous
    edition that this one cannot follow; IssuingError when the office cannot sign.
    """
    anchor = office_anchor(folder)
    register = load_records(records)
    before = None if previous is None else parse_edition(previous, anchor=anchor)
    if before is not None and not allow_shrink:
        refuse_shrunken(before.register, register)
    document = edition_document(
        register,
        number=1 if before is None else before.number + 1,
        previous_sha256=None if before is None else before.sha256,
        as_at=as_at,
        authority=anchor,
        demonstration=demonstration,
    )
    keyring = office_keyring(folder)
    entry = signing_key(keyring, anchor, key_id, on=nz_date(created))
    signed = add_proof(
        document,
        signer=keyring.signer(entry.id),
        cryptosuite=EDDSA_JCS_2022,
        verification_method=method_of(entry),
        created=created,
    )
    data = write_json(signed)
    edition = parse_edition(data, anchor=anchor)  # what verifiers will do, before they have to
    if before is not None:
        verify_chain([before, edition])
    notes = (*_fork_notes(folder, edition), *_record_notes(register, as_at=as_at, on=nz_date(created)))
    kept = folder / EDITIONS_FOLDER / f"{edition.number:06d}-{edition.sha256[:16]}.json"
    write_whole(kept, data, mode=PRIVATE, durable=True)
    return Built(data=data, edition=edition, notes=notes)


def existing_edition_note(path: Path, new: Edition) -> str | None:
    """A warning when a file about to be written over holds another edition of the same number."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() == new.sha256:
        return None
    return f"{path} held another file, which is now replaced; the office keeps a copy of every edition it signed."


def office_keyring(folder: Path) -> Keyring:
    return Keyring(folder / KEYS_FOLDER, key_passphrase(folder))


def signing_key(keyring: Keyring, anchor: Anchor, key_id: str | None, *, on: date) -> KeyEntry:
    for entry in keyring.entries(Purpose.REGISTER):
        if key_id is not None and entry.id != key_id:
            continue
        pinned = anchor.key(method_of(entry))
        if pinned is not None and pinned.covers(on) and entry.retired is None:
            return entry
    wanted = "No key of the office" if key_id is None else f"The key {key_id!r} is not one that"
    raise IssuingError(f"{wanted} may sign editions today; `anchor.json` gives the windows.")


def _fork_notes(folder: Path, edition: Edition) -> Iterator[str]:
    signed = sorted((folder / EDITIONS_FOLDER).glob(f"{edition.number:06d}-*.json"))
    if any(edition.sha256[:16] not in path.name for path in signed):
        yield (
            f"Another edition {edition.number} was signed before. If it was published, publish the next one with "
            "--previous instead: two editions of one number are a fork."
        )


def _overdue(row: Listing, as_at: date) -> str | None:
    return review_warning(approved_on=row.first_day, years=row.review_years, as_at=as_at, seen_on=row.checked_on)


def _record_notes(register: Register, *, as_at: date, on: date) -> Iterator[str]:
    if as_at > on:
        yield f"The register is as at {as_at}, a day that has not come yet."
    for row in register.listings:
        place = f"listings.csv, {row.nzqa_ref} version {row.version}: "
        if row.level is None or row.credits is None:
            yield f"{place}level or credits are blank, so no badge can be compared with them."
        if row.credits is not None and (warning := credit_warning(row.credits, on=row.first_day)):
            yield place + warning
        for warning in title_warnings(row.title, on=row.first_day):
            yield place + warning
        if row.is_in_force(as_at) and (overdue := _overdue(row, as_at)):
            yield place + overdue
    for right in register.awarding_rights:
        if right.last_delivered_on and (right.delivery_checked_on or date.max) < right.last_delivered_on:
            yield (
                f"awarding_rights.csv, {right.moe_number} and {right.nzqa_ref}: last delivered after deliveries were "
                "last checked."
            )
        if right.basis in (Basis.DEVELOPER, Basis.NZQA) and right.reason_text is None:
            yield (
                f"awarding_rights.csv, {right.moe_number} and {right.nzqa_ref}: awarding by {right.basis} needs a "
                "good reason, and none is given."
            )
