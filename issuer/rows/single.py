"""One value by itself, by the rules of a class list's cells: what a correction gives on the command line."""

from __future__ import annotations

from collections.abc import Collection

from issuer.rows import cells
from issuer.rows.columnmap import ColumnMap
from issuer.rows.unfit import UnfitCell
from issuer.words.sayings import say
from schemas.errors import InputError


def read_one_name(text: str) -> str:
    """A person's name, as a class list may hold it. Raises InputError."""
    try:
        name = cells.read_name(text)
    except UnfitCell as unfit:
        raise InputError(unfit.sentence) from None
    if not name:
        raise InputError(say("A name must have at least one letter."))
    return name


def read_one_reference(text: str, *, register_refs: Collection[str]) -> str:
    """An NZQA reference, in capitals and with the zero a spreadsheet ate, as in a class list. Raises InputError."""
    try:
        return cells.read_reference(text, column_map=ColumnMap(), register_refs=register_refs)
    except UnfitCell as unfit:
        raise InputError(unfit.sentence) from None


def read_one_email(text: str) -> str:
    """An e-mail address of the usual shape; never repeated in the fault. Raises InputError."""
    try:
        return cells.read_email(text)
    except UnfitCell as unfit:
        raise InputError(unfit.sentence) from None
