"""What a provider adds to a listing, read as typed, kept with its audit entry; badges signed before stay."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime

from issuer import audit
from issuer.instance import Instance
from issuer.store.setups import Setup, load_setup, save_setup
from schemas.errors import InputError
from schemas.nzqcf import looks_like_nsn

MAX_CRITERIA_CHARS = 4_000
MAX_LINE_CHARS = 120
MAX_ALT_CHARS = 300
MAX_VALID_MONTHS = 600  # fifty years: more is a slip of the finger


def read_criteria(text: str) -> str | None:
    """The provider's wording of what was achieved, as Markdown; None when empty. Raises InputError."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(plain) > MAX_CRITERIA_CHARS:
        raise InputError(f"This text has {len(plain):,} characters; the limit is {MAX_CRITERIA_CHARS:,}.")
    _refuse_unfit(plain.replace("\n", " "))
    return plain or None


def read_line(text: str, *, limit: int = MAX_LINE_CHARS) -> str | None:
    """One line of text; None when empty. Raises InputError."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if len(plain) > limit:
        raise InputError(f"This has {len(plain)} characters; the limit is {limit}.")
    _refuse_unfit(plain)
    return plain or None


def read_months(text: str) -> int | None:
    """How many months a badge lasts; None for a badge without end. Raises InputError."""
    plain = text.strip()
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or not 1 <= int(plain[:6]) <= MAX_VALID_MONTHS:
        raise InputError(f"Give a whole number of months from 1 to {MAX_VALID_MONTHS}, or leave it empty.")
    return int(plain)


def change_setup(instance: Instance, setup: Setup, *, now: datetime, actor: str) -> bool:
    """Keep a set-up. False when it is so already. A signatory's role without a name is refused (InputError)."""
    if setup.signatory_role and not setup.signatory_name:
        raise InputError("Give the name of who signs too, or take the role away.")
    with instance.store.writing() as connection:
        before = load_setup(connection, setup.nzqa_ref)
        if before == setup or (before is None and setup == Setup(nzqa_ref=setup.nzqa_ref)):
            return False
        save_setup(connection, setup, at=now, by=actor)
        artwork = None if setup.artwork is None else hashlib.sha256(setup.artwork).hexdigest()
        facts = {"ref": setup.nzqa_ref, "artwork": artwork, "valid_months": setup.valid_months}
        audit.append(connection, at=now, actor=actor, action=audit.SETUP_CHANGE, facts=facts)
    return True


def _refuse_unfit(text: str) -> None:
    if any(not character.isprintable() for character in text):
        raise InputError("The text holds characters that cannot be shown.")
    if looks_like_nsn(text):
        raise InputError("The text holds a number that looks like a student number (NSN); it must not stand in badges.")
