"""A cell that cannot be used, and what of it may be repeated to a person."""

from __future__ import annotations

from issuer.rows.model import Cell
from issuer.words.sayings import say
from schemas.nzqcf import looks_like_nsn

_SHOWN_CHARS = 40


class UnfitCell(Exception):
    """Why one cell cannot be used; becomes a RowFault, never leaves the package."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def shown(cell: Cell) -> str:
    """The value in quotation marks, shortened; only “this value” when it may be a student number or an address."""
    text = "" if cell is None else " ".join(str(cell).split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    if not text or "@" in text or looks_like_nsn(text):
        return say("This value")
    return f"“{text[:_SHOWN_CHARS]}{'…' if len(text) > _SHOWN_CHARS else ''}”"
