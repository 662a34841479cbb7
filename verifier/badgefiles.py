"""Badge files on this disk: which files of a folder may be badges, and what lies beside one; judges nothing in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from schemas.errors import InputError
from schemas.jsontext import JsonObject, parse_object
from schemas.limits import MAX_IMAGE_BYTES
from verifier.intake import Subject, intake_bytes

_BADGE_SUFFIXES = frozenset({".json", ".jsonld", ".jws", ".jwt", ".png", ".svg", ".pdf", ".1ob"})
# What lies beside badges in our own folders and is none.
_NO_BADGES = ("*.anchor.json", "*.qr.png", "did-map.json", "summary.json", "edition*.json", "anchor.json", "did.json")


def badge_files(folder: Path) -> tuple[list[Path], list[str]]:
    """The files of a folder that may be badges, in order, and the names of the others. Raises OSError."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    found = [path for path in files if _may_be_badge(path)]
    return found, [path.name for path in files if path not in found]


def load_subject(path: Path) -> Subject:
    """The badge in a file, with the inclusion proof that lies beside it (`X.anchor.json`). Raises OSError."""
    with path.open("rb") as file:
        data = file.read(MAX_IMAGE_BYTES + 1)  # one byte over is enough to be refused for its size
    return replace(intake_bytes(data, name=str(path)), anchor=_anchor_beside(path))


def _anchor_beside(path: Path) -> JsonObject | None:
    beside = path.with_suffix(".anchor.json")
    try:
        return parse_object(beside.read_bytes()) if beside != path and beside.is_file() else None
    except (OSError, InputError):
        return None


def _may_be_badge(path: Path) -> bool:
    named_otherwise = any(path.match(pattern) for pattern in _NO_BADGES)
    return path.suffix.lower() in _BADGE_SUFFIXES and not named_otherwise and not path.name.startswith(".")
