"""The register edition an instance issues by: verified against the pinned authority, kept, and never an older one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from issuer import audit
from issuer.files import write_whole
from issuer.instance import REGISTER_FOLDER, Identity, Instance
from schemas.errors import HistoryRefused, IssuingError
from schemas.jsontext import parse_object, write_json
from schemas.limits import CONFIGURATION
from verifier.highwater import Authority, HighWater, admit_editions, seen_edition
from verifier.register.anchor import Anchor, parse_anchor
from verifier.register.edition import Edition, parse_edition

ANCHOR_FILE = "anchor.json"
CURRENT_FILE = "current.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What `register use` came to."""

    edition: Edition
    already: bool


def use_edition(instance: Instance, edition_data: bytes, *, anchor_data: bytes, now: datetime, actor: str) -> Use:
    """Verify an edition, keep it and issue by it from now on. Raises RegisterError, or IssuingError for a rollback."""
    anchor = parse_anchor(anchor_data)
    edition = parse_edition(edition_data, anchor=anchor)
    current = load_edition(instance)
    if current is not None:
        if current.sha256 == edition.sha256:
            return Use(edition=current, already=True)
        _refuse_what_cannot_follow(current, edition)
    name = f"edition-{edition.number}.json"
    folder = instance.folder / REGISTER_FOLDER
    write_whole(folder / name, edition_data, durable=True)
    write_whole(folder / ANCHOR_FILE, anchor_data, durable=True)
    # This one step puts it to use; a crash before it leaves the edition before.
    pointer = {"edition": edition.number, "sha256": edition.sha256, "file": name}
    with instance.store.writing() as connection:
        facts = {"edition": edition.number, "sha256": edition.sha256, "authority": edition.authority_did}
        audit.append(connection, at=now, actor=actor, action=audit.REGISTER_USE, facts=facts)
        write_whole(folder / CURRENT_FILE, write_json(pointer, indent=2), durable=True)
    return Use(edition=edition, already=False)


def load_edition(instance: Instance) -> Edition | None:
    """The edition in use, verified again; None when none was ever put to use. Raises RegisterError or IssuingError."""
    folder = instance.folder / REGISTER_FOLDER
    try:
        pointer = parse_object((folder / CURRENT_FILE).read_bytes(), limits=CONFIGURATION)
    except FileNotFoundError:
        return None
    edition = parse_edition(_kept(folder / Path(str(pointer.get("file"))).name), anchor=load_anchor(instance))
    if edition.sha256 != pointer.get("sha256"):
        raise IssuingError(f"The kept register edition {edition.number} is not the one that was put to use.")
    return edition


def load_anchor(instance: Identity) -> Anchor:
    """The pinned authority this instance believes."""
    return parse_anchor(_kept(instance.folder / REGISTER_FOLDER / ANCHOR_FILE))


def _kept(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IssuingError(
            f"{path} cannot be read ({error.strerror}); run `badge-issuer register use` again."
        ) from error


def _refuse_what_cannot_follow(current: Edition, new: Edition) -> None:
    """An instance remembers one edition, the one it issues by; nothing older or from another chain comes after it."""
    if new.authority_did != current.authority_did:
        raise IssuingError(
            f"The edition is by {new.authority_did}, but this instance issues by the register of "
            f"{current.authority_did}; nothing was changed."
        )
    in_use = Authority(did=current.authority_did, editions=(seen_edition(current),))
    try:
        admit_editions(HighWater(authorities=(in_use,)), [new])
    except HistoryRefused as error:
        raise IssuingError(f"Nothing was changed. {error.detail}", reason=error.extensions["reason"]) from None
