"""What everything published of a badge depends on, in 16 bytes: alike means that its files would come out alike."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import issuer
import schemas
from issuer.pages import Publisher
from issuer.store.claims_rows import Visibility
from issuer.store.public_rows import PublicRow

# What draws and words the files: a change to any of it makes them all again.
_DRAWN_BY: Final = ("pages", "drawing", "words", "fonts", "publicface.py", "fingerprints.py", "qr.py", "sharing.py")
_DRAWN_WITH: Final = ("Jinja2", "MarkupSafe", "Pillow", "qrcode", "Babel")
_BYTES: Final = 16


class Fingerprints:
    """Of one run. `setups` has a digest of what the provider added to each listing, its artwork among it."""

    def __init__(self, publisher: Publisher, setups: Mapping[str, bytes]) -> None:
        self._setups = setups
        self._common = hashlib.sha256(program_digest() + repr(sorted(asdict(publisher).items())).encode())

    def of_badge(self, row: PublicRow, visibility: Visibility) -> bytes:
        """Every field of the row but its id counts: an anchor, a report to NZQA, the learner's choices."""
        return self._digest(
            row.nzqa_ref,
            (
                row.version,
                row.state.value,
                row.document_sha256,
                row.has_jwt,
                visibility.value,
                row.share_serial,
                row.nzroa_link,
                row.reported_at,
                row.leaves,
            ),
        )

    def of_achievement(self, nzqa_ref: str, document: bytes) -> bytes:
        return self._digest(nzqa_ref, (hashlib.sha256(document).hexdigest(),))

    def _digest(self, nzqa_ref: str, facts: tuple[object, ...]) -> bytes:
        digest = self._common.copy()
        digest.update(self._setups.get(nzqa_ref, b"-"))
        digest.update(repr(facts).encode())
        return digest.digest()[:_BYTES]


@lru_cache(maxsize=1)
def program_digest() -> bytes:
    """SHA-256 of the templates, stylesheet, catalogues, fonts and code that make the files, and of what they use."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for name in _DRAWN_WITH:
        digest.update(f"{name} {_version(name)}\n".encode())
    for file in _sources():
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.digest()


def _sources() -> Iterator[Path]:
    ours = Path(issuer.__file__).parent
    for place in (*(ours / name for name in _DRAWN_BY), Path(schemas.__file__).parent):
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (file for file in found if file.is_file() and file.suffix != ".pyc")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
