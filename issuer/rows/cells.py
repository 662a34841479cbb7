"""The rules of one cell: names, references, addresses and the few words with a fixed meaning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date, time, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from issuer.rows.columnmap import ColumnMap
from issuer.rows.model import Cell
from issuer.rows.unfit import UnfitCell, shown
from issuer.words.sayings import say
from schemas.limits import MAX_CELL_CHARS, MAX_NAME_CHARS, MAX_ROW_KEY_CHARS, MAX_URL_CHARS
from schemas.nzqcf import is_nsn, is_reference, looks_like_nsn, regain_reference

_FORMULA_STARTS: Final = ("=", "+", "-", "@")
# Not `\s`: that takes control characters for spaces, and they are refused.
_SPACES: Final = re.compile("[ \t\r\n\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_JOINERS: Final = frozenset("\u200c\u200d")  # within words of Persian and Indic scripts
_GARBLED: Final = re.compile("[ÃÂÄÅÊËÌÐÑ][\u0080-¿“”‘’‚„†‡ˆ‰Š‹ŒŽ•–—˜™š›œžŸ€ƒ…]")
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"/.]+(?:\.[^\s@<>()\[\],;:\\\"/.]+)+")
_EMAIL_WITHIN: Final = re.compile(r"[\w.+-]@[\w-]+\.\w")
_ROW_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=-]*")
_NSN_SPACES: Final = re.compile(r"(?<=[0-9])[ -](?=[0-9])")
# What most cells hold: each is taken as it stands by the careful rules too, so these only save the asking.
_LETTERS: Final = "A-Za-zāēīōūĀĒĪŌŪ"  # all of them one character in NFC, and none that garbled text is made of
_PLAIN_NAME: Final = re.compile(rf"[{_LETTERS}]+(?:[ '-][{_LETTERS}]+)*")
_PLAIN_EMAIL: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PLAIN_EMAIL_CHARS: Final = 64  # of the whole, so that no part is too long
_NAME_DISPLAYS: Final = ("full", "preferred", "none")
_LANGUAGES: Final = {
    **dict.fromkeys(("en", "en-nz", "english", "te reo pakeha", "te reo pākehā"), "en"),
    **dict.fromkeys(("mi", "mi-nz", "maori", "māori", "te reo", "te reo maori", "te reo māori"), "mi"),
}


def plain_text(cell: Cell) -> str:
    """The cell as trimmed NFC text with single spaces; a whole number without its `.0`. Raises UnfitCell."""
    if isinstance(cell, str):
        if len(cell) > MAX_CELL_CHARS:
            raise UnfitCell(
                say(
                    "The cell holds %(number)s characters; the limit is %(limit)s.",
                    number=f"{len(cell):,}",
                    limit=f"{MAX_CELL_CHARS:,}",
                )
            )
        if cell.isascii() and cell.isprintable():
            return " ".join(cell.split())
        return unicodedata.normalize("NFC", _SPACES.sub(" ", cell).strip(" "))
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)


def read_name(cell: Cell) -> str:
    """A person's name, or a part of one. Raises UnfitCell."""
    if isinstance(cell, str) and len(cell) <= MAX_NAME_CHARS and _PLAIN_NAME.fullmatch(cell):
        return cell
    return _read_any_name(cell)


def _read_any_name(cell: Cell) -> str:
    text = _public_text(cell)
    if isinstance(cell, date | time | timedelta):
        raise UnfitCell(say("The cell holds a date, not a name."))
    if len(text) > MAX_NAME_CHARS:
        raise UnfitCell(
            say(
                "The name is %(number)s characters long; the limit is %(limit)s.",
                number=f"{len(text):,}",
                limit=MAX_NAME_CHARS,
            )
        )
    if text and not _has_letter(text):
        raise UnfitCell(say("%(value)s is not a name: there is no letter in it.", value=shown(text)))
    if _GARBLED.search(text):
        raise UnfitCell(
            say("The name looks garbled, as UTF-8 read in another encoding does. Export the file as UTF-8 anew.")
        )
    return text


def doubtful_name(text: str) -> str | None:
    """A warning when a letter was probably lost on the way: `T?maki`."""
    if "?" in text:
        return say("The name holds a question mark. If a macron was lost there, correct it before you issue.")
    return None


def read_text(cell: Cell) -> str:
    """A short public text. Raises UnfitCell."""
    return _public_text(cell)


def read_reference(cell: Cell, *, column_map: ColumnMap, register_refs: Collection[str]) -> str:
    """The NZQA reference: by the map's course codes, as written, or with the zeros a spreadsheet ate. UnfitCell."""
    text = plain_text(cell)
    if mapped := column_map.reference_of(text):
        return mapped
    regained = regain_reference(text, among=register_refs)
    if regained:
        return regained
    if is_reference(text.upper()):
        return text.upper()
    if re.fullmatch(r"[0-9]{1,3}", text):
        raise UnfitCell(
            say(
                "%(value)s is not an NZQA reference. If a spreadsheet dropped its leading zero, note that the "
                "register has no %(reference)s.",
                value=shown(text),
                reference=text.zfill(4),
            )
        )
    raise UnfitCell(
        say(
            "%(value)s is not an NZQA reference, such as 0426, TF0849 or 128480-1. If it is a course code of your "
            "own, say which reference it stands for.",
            value=shown(text),
        )
    )


def read_email(cell: Cell) -> str:
    """An e-mail address of the usual shape; never repeated in a fault. Raises UnfitCell."""
    if isinstance(cell, str) and len(cell) <= _PLAIN_EMAIL_CHARS and _PLAIN_EMAIL.fullmatch(cell):
        return cell
    return _read_any_email(cell)


def _read_any_email(cell: Cell) -> str:
    text = plain_text(cell)
    _refuse_unprintable(text)
    if not _EMAIL.fullmatch(text) or len(text) > 254 or ".." in text:
        raise UnfitCell(say("This is not one e-mail address of the usual shape, name@example.nz."))
    return text


def read_row_key(cell: Cell) -> str:
    """A key of the provider's own: ASCII letters, digits and `._:/=-`. Raises UnfitCell."""
    text = plain_text(cell)
    _refuse_nsn(text)
    if not _ROW_KEY.fullmatch(text):
        raise UnfitCell(
            say("%(value)s cannot be a row key: use letters, digits and . _ : / = - only.", value=shown(text))
        )
    if len(text) > MAX_ROW_KEY_CHARS:
        raise UnfitCell(
            say(
                "The row key is %(number)s characters long; the limit is %(limit)s.",
                number=f"{len(text):,}",
                limit=MAX_ROW_KEY_CHARS,
            )
        )
    return text


def read_nsn(cell: Cell) -> str:
    """A National Student Number, for the private store; never repeated in a fault. Raises UnfitCell."""
    if isinstance(cell, str) and is_nsn(cell):
        return cell
    text = _NSN_SPACES.sub("", plain_text(cell))
    if not is_nsn(text):
        raise UnfitCell(say("This is not a National Student Number: nine or ten digits. (It is not repeated here.)"))
    return text


def read_name_display(cell: Cell) -> str:
    text = plain_text(cell).lower()
    if text not in _NAME_DISPLAYS:
        raise UnfitCell(say("%(value)s is not one of %(words)s.", value=shown(text), words=", ".join(_NAME_DISPLAYS)))
    return text


def read_language(cell: Cell) -> str:
    text = plain_text(cell).lower()
    if text not in _LANGUAGES:
        raise UnfitCell(say("%(value)s is not a language of badges here: en or mi.", value=shown(text)))
    return _LANGUAGES[text]


def read_evidence_url(cell: Cell) -> str:
    """An https address that anyone may open. Raises UnfitCell."""
    text = plain_text(cell)
    _refuse_nsn(text)
    if len(text) > MAX_URL_CHARS:
        raise UnfitCell(
            say(
                "The address is %(number)s characters long; the limit is %(limit)s.",
                number=f"{len(text):,}",
                limit=f"{MAX_URL_CHARS:,}",
            )
        )
    if not text.isascii() or not text.isprintable() or re.search(r"[\s<>\"\\^`{|}]", text):
        raise UnfitCell(say("The address holds a character that an address cannot; copy it from the browser's bar."))
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UnfitCell(say("%(value)s is not a web address.", value=shown(text))) from None
    if parts.scheme != "https":
        raise UnfitCell(say("%(value)s does not begin with https://.", value=shown(text)))
    if "." not in host.strip(".") or parts.username is not None or parts.password is not None:
        raise UnfitCell(say("%(value)s is not an address that anyone can open.", value=shown(text)))
    _refuse_email(unquote(text))
    return text


def _has_letter(text: str) -> bool:
    return text[0].isalpha() or any(character.isalpha() for character in text)


def _public_text(cell: Cell) -> str:
    text = plain_text(cell)
    _refuse_unprintable(text)
    _refuse_nsn(text)
    _refuse_email(text)
    if text.startswith(_FORMULA_STARTS):
        raise UnfitCell(
            say(
                "The value looks like a spreadsheet formula: it begins with “%(character)s”. Take that away.",
                character=text[0],
            )
        )
    return text


def _refuse_nsn(text: str) -> None:
    if looks_like_nsn(text):
        raise UnfitCell(
            say(
                "A number that looks like a National Student Number stands in a public column. Take it out; the NSN "
                "has a column of its own. (It is not repeated here.)"
            )
        )


def _refuse_email(text: str) -> None:
    if _EMAIL_WITHIN.search(text):
        raise UnfitCell(
            say(
                "An e-mail address stands in a public column. Take it out; learner_email is the column for it. (It is "
                "not repeated here.)"
            )
        )


def _refuse_unprintable(text: str) -> None:
    if text.isprintable() and "\ufffd" not in text:
        return
    if "\ufffd" in text:
        raise UnfitCell(
            say("A letter was lost: “%(mark)s” stands where it was. Export the file as UTF-8 anew.", mark="\ufffd")
        )
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Co", "Cs", "Cn", "Zl", "Zp") or (category == "Cf" and character not in _JOINERS):
            raise UnfitCell(
                say(
                    "The value holds an invisible or control character, %(code)s. Take it out.",
                    code=f"U+{ord(character):04X}",
                )
            )
