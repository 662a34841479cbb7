"""An archive as a custodian gets it: is every file the one its manifest names, and is the manifest the provider's?"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from issuer.archive import MANIFEST_FILE, MANIFEST_TYPE
from issuer.trust.enrolment import JCS_SUITES
from keys.did import canonical_id
from keys.multikey import parse_multikey
from keys.suites import verify_proof
from schemas.errors import BadgeError, Fault, InputError, ProofInvalid
from schemas.jsontext import JsonObject, parse_object
from schemas.limits import CONFIGURATION
from schemas.times import parse_time
from verifier.register.binding import bind
from verifier.register.edition import Edition
from verifier.register.records import KeyPurpose

_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReport:
    """`signed_by` is the register's key that signed the manifest; None when no register was given or it is not."""

    name: str
    files: int
    signed_by: str | None
    faults: tuple[Fault, ...]

    def __bool__(self) -> bool:
        return not self.faults


def check_archive(path: Path, *, edition: Edition | None) -> ArchiveReport:
    """Compare every file with the manifest, and the manifest's signature with the register's key, where one is given.

    Raises InputError for what is no archive.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            manifest = _manifest(bundle)
            faults = _file_faults(bundle, manifest["files"])
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path} is not an archive that can be read: {error}.") from None
    signed_by = None
    if edition is not None:
        try:
            signed_by = _signed_by(manifest, edition)
        except (BadgeError, KeyError, TypeError, AttributeError) as error:
            told = error.detail if isinstance(error, BadgeError) else "its proof cannot be read."
            faults.append(Fault(file=MANIFEST_FILE, message=f"is not shown to be the provider's: {told}"))
    return ArchiveReport(
        name=str(manifest.get("name")), files=len(manifest["files"]) + 1, signed_by=signed_by, faults=tuple(faults)
    )


def _manifest(bundle: zipfile.ZipFile) -> JsonObject:
    try:
        with bundle.open(MANIFEST_FILE) as file:
            manifest = parse_object(file.read(CONFIGURATION.max_bytes + 1), limits=CONFIGURATION)
    except KeyError:
        raise InputError(f"The archive has no {MANIFEST_FILE}.") from None
    if manifest.get("type") != MANIFEST_TYPE or not isinstance(manifest.get("files"), dict):
        raise InputError(f"The archive's {MANIFEST_FILE} is not one of ours.")
    return manifest


def _file_faults(bundle: zipfile.ZipFile, named: JsonObject) -> list[Fault]:
    faults: list[Fault] = []
    found: set[str] = set()
    for entry in bundle.infolist():
        name = entry.filename
        if name == MANIFEST_FILE and name not in found:
            found.add(name)
            continue
        if name in found or name not in named:
            faults.append(Fault(file=name, message="is not in the manifest, or is there twice"))
        elif _digest(bundle, entry) != named[name]:
            faults.append(Fault(file=name, message="is not the file that the manifest names"))
        found.add(name)
    faults += [Fault(file=name, message="is missing") for name in named if name not in found]
    return faults


def _digest(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str | None:
    """By the block, so that a file that inflates without end costs time and not memory; None for a damaged one."""
    digest, size = hashlib.sha256(), 0
    try:
        with bundle.open(entry) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > entry.file_size:
                    return None
                digest.update(block)
    except zipfile.BadZipFile:
        return None
    return digest.hexdigest()


def _signed_by(manifest: JsonObject, edition: Edition) -> str:
    proofs = manifest.get("proof")
    if not isinstance(proofs, list) or len(proofs) != 1:
        raise ProofInvalid("it carries no signature, as when the instance's keys were destroyed before.")
    proof, did = proofs[0], str(manifest["did"])
    method = str(proof["verificationMethod"])
    binding = bind(
        edition.register,
        did=did,
        method=method,
        signed_at=parse_time(manifest["created"]),
        purpose=KeyPurpose.STATUS,
    )
    if not binding:
        binding = bind(edition.register, did=did, method=method, signed_at=parse_time(manifest["created"]))
    if not binding or binding.key_multibase is None or canonical_id(method.partition("#")[0]) != canonical_id(did):
        raise ProofInvalid(f"the register does not have {method[:200]} as a key of {did[:200]} on that day.")
    key = parse_multikey(binding.key_multibase)
    if proof.get("cryptosuite") != JCS_SUITES.get(key.key_type):
        raise ProofInvalid("its signature is of another kind than an archive has.")
    verify_proof(manifest, proof, key)
    return method
