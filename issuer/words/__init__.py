"""The words of pages and mail in te reo Māori: gettext catalogues in PO form, read as they are; English is the source.

The Māori drafts await a te reo speaker's review; pages in te reo say so.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from gettext import NullTranslations
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

ENGLISH: Final = "en"
MAORI: Final = "mi"
LANGUAGES: Final = (ENGLISH, MAORI)
# BCP 47 tags as pages carry them.
TAGS: Final = {ENGLISH: "en-NZ", MAORI: "mi"}


def parse_language(wanted: str | None) -> str:
    """`mi` for te reo Māori however it is tagged, else English."""
    return MAORI if (wanted or "").lower().split("-")[0] in {"mi", "mri", "mao"} else ENGLISH


@lru_cache(maxsize=4)
def translations(language: str) -> NullTranslations:
    """What turns a sentence of the source into one of that language."""
    if parse_language(language) != MAORI:
        return NullTranslations()
    merged = Translations()
    for part in sorted(catalogues(), key=lambda path: path.name):
        merged.merge(_load(part))
    return merged


def catalogues() -> list[Traversable]:
    """The PO files, one for each part of the pages."""
    return [path for path in resources.files("issuer.words").joinpath("parts").iterdir() if path.name.endswith(".po")]


def _load(path: Traversable) -> Translations:
    # Composed letters, whatever the editor wrote: a macron is one character on every page.
    text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(text.encode()), locale=MAORI))
    compiled.seek(0)
    return Translations(compiled)
