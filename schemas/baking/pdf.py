"""Badges in PDF: asks a process of its own, with caps, for the one credential that is attached; opens no PDF itself.

A certificate carries its badge as an associated file (ISO 19005-3, 6.8). That is a convention and not a part of Open
Badges 3.0, which knows PNG and SVG only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from schemas.errors import BakingError, InputError, TooLarge
from schemas.limits import MAX_IMAGE_BYTES, MAX_PDF_READERS, PDF_SECONDS

_CHILD: Final = Path(__file__).with_name("pdf_child.py")
_USE_THE_LINK: Final = "Use the link or QR code printed on it, or the badge's own file."
_REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "encrypted": "The PDF is locked or encrypted, so it was not opened.",
        "active": "The PDF holds JavaScript or would start something, which no certificate needs, so it was not used.",
        "many-attachments": "The PDF carries too many attached files.",
        "many-objects": "The PDF is made of too many parts.",
        "nested": "The PDF is nested too deeply.",
        "swells": "The PDF holds more than it seems to: unpacked, it is too large to be a badge.",
        "damaged": "The PDF is damaged and could not be read.",
        "not-utf-8": "What the PDF carries as a badge is not UTF-8 text.",
        "too-much-work": "Reading the PDF took too long, so it was given up.",
        "busy": "Too many PDFs are being read just now.",
    }
)
_readers = threading.BoundedSemaphore(MAX_PDF_READERS)


def unbake_pdf(data: bytes) -> str:
    """The text of the one badge attached to the document.

    Raises BakingError when there is none or more than one, TooLarge, and InputError (`pdf-not-read`) for a document
    that cannot or should not be read: that says nothing about a badge.
    """
    if len(data) > MAX_IMAGE_BYTES:
        raise TooLarge(f"The PDF is larger than {MAX_IMAGE_BYTES:,} bytes, which is the limit.")
    answer = _ask(data)
    refused, text = answer.get("refused"), answer.get("text")
    if refused == "no-badge":
        raise BakingError(f"This PDF carries no badge. {_USE_THE_LINK}", reason="no-badge")
    if refused == "several":
        raise BakingError("This PDF carries more than one badge; give them one at a time.", reason="several")
    if not isinstance(text, str):
        sentence = _REFUSED.get(str(refused), _REFUSED["damaged"])
        raise InputError(f"{sentence} {_USE_THE_LINK}", reason="pdf-not-read", why=str(refused))
    return text.strip()


def _ask(data: bytes) -> dict[str, object]:
    if not _readers.acquire(timeout=PDF_SECONDS):
        return {"refused": "busy"}
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a file of this package, no words of a stranger's
            [sys.executable, "-I", str(_CHILD)], input=data, capture_output=True, timeout=PDF_SECONDS, check=False
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else {"refused": "too-much-work"}
    except subprocess.TimeoutExpired:
        return {"refused": "too-much-work"}
    except ValueError:
        return {"refused": "damaged"}
    finally:
        _readers.release()
    return answer if isinstance(answer, dict) else {"refused": "damaged"}
