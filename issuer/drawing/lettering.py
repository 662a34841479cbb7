"""Lines of text in the one typeface: what it can show, how wide they are, where they break; draws nothing."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from PIL import ImageFont


def plain(text: str) -> str:
    """The text as one line: composed, without controls and marks that change its direction."""
    visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Cn") else " " for c in text)
    return " ".join(unicodedata.normalize("NFC", visible).split())


def credits_text(value: float) -> str:
    """`10 credits`, `1 credit`."""
    return "1 credit" if value == 1 else f"{value:g} credits"


@lru_cache(maxsize=256)
def typeface(size: float, weight: int) -> ImageFont.FreeTypeFont:
    """Source Sans 3 at so many pixels; weights from 200 to 900."""
    font = ImageFont.truetype(io.BytesIO(_font_file()), size)
    font.set_variation_by_axes([weight])
    return font


@lru_cache(maxsize=1)
def _font_file() -> bytes:
    return files("issuer").joinpath("fonts", "SourceSans3-wght.ttf").read_bytes()


@lru_cache(maxsize=4096)
def _glyph(character: str) -> bytes:
    mask = typeface(24, 400).getmask(character)
    return bytes(mask) + bytes(str(mask.size), "ascii")


def missing_glyphs(text: str) -> set[str]:
    """Characters the font would draw as its empty box."""
    box = _glyph("\U0010ffff")
    return {character for character in text if not character.isspace() and _glyph(character) == box}


@lru_cache(maxsize=8192)
def width(text: str, size: float, weight: int, tracking: float = 0.0) -> float:
    """Pixels; `tracking` is the space between letters."""
    # Measured once at 100 pixels and scaled: unhinted, so that every size breaks lines the same way.
    return typeface(100, weight).getlength(text) * size / 100 + tracking * max(len(text) - 1, 0)


def wrap(words: Sequence[str], widths: Sequence[float], size: float, weight: int) -> list[str] | None:
    """The words in at most as many lines as there are widths, greedily; None when they do not fit."""
    lines: list[str] = []
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if len(lines) < len(widths) and width(longer, size, weight) <= widths[len(lines)]:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        if len(lines) >= len(widths) or width(word, size, weight) > widths[len(lines)]:
            return None
    return [*lines, line] if line else lines


def balanced(words: Sequence[str], widths: Sequence[float], size: float, weight: int) -> list[str] | None:
    """As `wrap`, but the lines about equally long: the narrowest column that still needs no further line."""
    best = wrap(words, widths, size, weight)
    if best is None:
        return None
    for share in (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        narrow = wrap(words, [share * wide for wide in widths], size, weight)
        if narrow is not None and len(narrow) <= len(best):
            return narrow
    return best


def shorten(text: str) -> str:
    """The text without its last word, or half of its only one: the page and the credential hold it whole."""
    words = text.removesuffix("…").split()
    kept = " ".join(words[:-1]) if len(words) > 1 else words[0][: len(words[0]) // 2]
    return kept.rstrip(" ,;:-–") + "…"
