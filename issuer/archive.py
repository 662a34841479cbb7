"""Everything public in one zip that outlives the server and the domain: the site, the register, a map, a manifest.

The same instance at the same moment gives the same bytes. Private keys, learners' e-mails and student numbers are not
in it: the site is made of signed documents and public keys alone.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from issuer.export import did_map
from issuer.instance import REGISTER_FOLDER, Instance
from issuer.publish import publish_into, publisher_of
from issuer.store import anchors as anchor_store
from issuer.store import endings
from issuer.store import lists as list_store
from issuer.trust.editions import ANCHOR_FILE, load_edition
from issuer.trust.enrolment import JCS_SUITES
from keys.signing import add_proof
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject, write_json
from schemas.nzqcf import format_nz_date, nz_date
from schemas.times import write_time
from verifier.register.edition import Edition

SITE = "site"
REGISTER = "register"
MAP_FILE = "did-map.json"
SUMS_FILE = "SHA256SUMS"
MANIFEST_FILE = "manifest.json"
README_FILE = "README.txt"
MANIFEST_TYPE = "BadgeArchive"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip knows: when a file was written says nothing here
_SQUEEZED_ALREADY = frozenset({".png"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What went into an archive, and what a person should know before relying on it."""

    files: int
    badges: int
    sha256: str
    notes: tuple[str, ...]


def write_archive(instance: Instance, path: Path, *, now: datetime) -> Archived:
    """Write the archive, whole or not at all. Raises OSError, IssuingError."""
    edition = load_edition(instance)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(beside, "w") as bundle:
            files, badges = _fill(instance, bundle, edition, now=now)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Archived(files=files, badges=badges, sha256=digest, notes=_notes(instance, edition))


class _Shelf:
    """One folder of a zip; remembers the digest of what was put there."""

    def __init__(self, bundle: zipfile.ZipFile, folder: str, digests: dict[str, str]) -> None:
        self._bundle = bundle
        self._prefix = f"{folder}/" if folder else ""
        self._digests = digests
        self.files = 0
        self.written = 0

    def write(self, name: str, data: bytes) -> None:
        entry = zipfile.ZipInfo(self._prefix + name, date_time=_EPOCH)
        entry.create_system = 3  # Unix, on every system
        entry.external_attr = 0o100644 << 16
        squeezed = Path(name).suffix in _SQUEEZED_ALREADY
        entry.compress_type = zipfile.ZIP_STORED if squeezed else zipfile.ZIP_DEFLATED
        self._bundle.writestr(entry, data)
        self._digests[entry.filename] = hashlib.sha256(data).hexdigest()
        self.files += 1
        self.written += 1


def _fill(instance: Instance, bundle: zipfile.ZipFile, edition: Edition | None, *, now: datetime) -> tuple[int, int]:
    """(files, badges). The manifest comes last: it names everything before it."""
    digests: dict[str, str] = {}
    done = publish_into(_Shelf(bundle, SITE, digests), instance, publisher=publisher_of(instance), now=now)
    register = _Shelf(bundle, REGISTER, digests)
    kept = instance.folder / REGISTER_FOLDER
    for file in sorted([*kept.glob("edition-*.json"), *kept.glob(ANCHOR_FILE)]):
        register.write(file.name, file.read_bytes())
    top = _Shelf(bundle, "", digests)
    top.write(MAP_FILE, write_json(did_map(instance, site=Path(SITE), map_file=Path(MAP_FILE)), indent=2))
    top.write(README_FILE, _readme(instance, edition, now=now).encode())
    top.write(SUMS_FILE, "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode())
    top.write(MANIFEST_FILE, write_json(_manifest(instance, edition, digests, now=now), indent=2))
    return len(digests), done.badges


def _manifest(instance: Instance, edition: Edition | None, digests: dict[str, str], *, now: datetime) -> JsonObject:
    with instance.store.reading() as connection:
        closed_at = endings.load_closed_at(connection)
    config = instance.config
    document: JsonObject = {
        "type": MANIFEST_TYPE,
        "name": config.name,
        "provider": config.provider,
        "did": config.did,
        "base_url": config.base_url,
        "created": write_time(now),
        "closed_at": None if closed_at is None else write_time(closed_at),
        "register": None
        if edition is None
        else {"edition": edition.number, "sha256": edition.sha256, "authority": edition.authority_did},
        "files": dict(digests),
    }
    if instance.keyring.entry(config.status_key).retired is not None:
        return document
    signer = instance.status_signer()
    method = instance.method_of(config.status_key)
    suite = JCS_SUITES[signer.key_type]
    return add_proof(document, signer=signer, cryptosuite=suite, verification_method=method, created=now)


def _readme(instance: Instance, edition: Edition | None, *, now: datetime) -> str:
    config = instance.config
    register = "" if edition is None else f" --register {REGISTER}/edition-{edition.number}.json"
    pinned = "" if edition is None else f" --anchor {REGISTER}/{ANCHOR_FILE}"
    return f"""\
The badges of {config.name} (provider {config.provider}), as published on {format_nz_date(nz_date(now))}.

{SITE}/ is the whole public site of {config.base_url}; any web host can serve it.
{REGISTER}/ holds the editions of the register these badges were issued by.
{MANIFEST_FILE} names every file with its SHA-256 and is signed; `sha256sum -c {SUMS_FILE}` checks them too.

To check a badge when the server and the domain are gone, unpack this archive and run, inside it:

  badge-verifier check BADGE --did-map {MAP_FILE} --offline{register}{pinned}

Take the authority's anchor.json from where you always had it, if you had it before: the copy in here is only as
trustworthy as whoever gave you this archive.
"""


def _notes(instance: Instance, edition: Edition | None) -> tuple[str, ...]:
    with instance.store.reading() as connection:
        unanchored = anchor_store.count_unanchored(connection)
        roots = {one.merkle_root for one in anchor_store.load_anchors(connection)}
        ends = [one.valid_until for one in list_store.load_signed_lists(connection) if one.valid_until is not None]
    recorded = set() if edition is None else {row.merkle_root for row in edition.register.anchors}
    notes = []
    if unanchored:
        notes.append(f"{unanchored:,} signed documents are in no anchor: badge-issuer anchor.")
    if missing := len(roots - recorded):
        notes.append(f"The register in use does not have {missing:,} of the anchors' roots: badge-issuer anchor.")
    if ends:
        day = format_nz_date(nz_date(min(ends)))
        notes.append(f"The status lists end on {day}. If this is the last archive, close the instance first.")
    return tuple(notes)


def refuse_no_archive(path: Path) -> None:
    """Raises IssuingError for a name that would hide what the file is."""
    if path.suffix.lower() != ".zip":
        raise IssuingError(f"An archive is a zip: name it {path.with_suffix('.zip').name}.")
