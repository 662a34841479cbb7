"""The picture that a link to a badge is shown with: 1200 × 630 pixels, as Open Graph readers want it; facts only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from PIL import Image, ImageDraw

from issuer import lettering

CARD_WIDTH, CARD_HEIGHT = 1200, 630
MAX_CARD_BYTES: Final = 150_000  # some readers of links give up on large pictures
_COLOURS: Final = (160, 64, 24, 12)
_SCALE: Final = 2  # drawn larger and scaled down: smooth edges
_HARBOUR, _TEAL, _SLATE, _PAPER, _MIST = "#0b3b4b", "#17736e", "#38535d", "#fbfdfc", "#e3efec"
_AMBER, _UMBER, _RED = "#f4b942", "#3a2900", "#8f1d1d"
_PANEL: Final = 492  # width of the part that holds the artwork
_LEFT, _RIGHT = 540, 1148  # where lines begin and end
_BAND: Final = 58  # height of the strip along the lower edge
_STATES: Final = {"revoked": ("WITHDRAWN", _RED, "#ffffff"), "suspended": ("ON HOLD", _AMBER, _UMBER)}

CardState = Literal["current", "suspended", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialCard:
    """What the card says. `learner_name` is given only where the learner made the badge public."""

    title: str
    level: int
    credits: float
    provider_name: str
    artwork_png: bytes = field(repr=False)
    learner_name: str | None = None
    state: CardState = "current"
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Lines of one kind; `gap` is the space above them, in pixels of the card."""

    lines: tuple[str, ...]
    size: int
    weight: int
    colour: str
    gap: int
    tracking: float = 0.0

    @property
    def height(self) -> float:
        return self.gap + len(self.lines) * self.size * _LEADING


_LEADING: Final = 1.14


@lru_cache(maxsize=64)
def draw_social_card(card: SocialCard) -> bytes:
    """A PNG under 150 KB. Letters the typeface lacks are left out: the page behind the link has them all."""
    large = Image.new("RGB", (CARD_WIDTH * _SCALE, CARD_HEIGHT * _SCALE), _PAPER)
    pen = ImageDraw.Draw(large)
    foot = CARD_HEIGHT - (_BAND if card.demonstration else 0)
    _rectangle(pen, (0, 0, _PANEL, CARD_HEIGHT), _MIST)
    _place_artwork(large, card, middle=foot // 2)
    if card.demonstration:
        _rectangle(pen, (0, foot, CARD_WIDTH, CARD_HEIGHT), _AMBER)
        _draw_row(pen, _DEMONSTRATION, top=foot + 13, left=_centred(_DEMONSTRATION))
    top = 0.0
    if card.state in _STATES:
        words, fill, ink = _STATES[card.state]
        _rectangle(pen, (_PANEL, 0, CARD_WIDTH, 74), fill)
        _draw_row(pen, _Row(lines=(words,), size=32, weight=700, colour=ink, gap=0, tracking=4), top=19, left=_LEFT)
        top = 74
    rows = list(_rows(card, room=foot - top - 56))
    at = top + (foot - top - sum(row.height for row in rows)) / 2
    for row in rows:
        _draw_row(pen, row, top=at + row.gap, left=_LEFT)
        at += row.height
    return _light_png(large.reduce(_SCALE))


def _light_png(picture: Image.Image) -> bytes:
    """In as many colours as leave the file light: a photograph as artwork needs fewer than ours do."""
    for colours in _COLOURS:
        written = io.BytesIO()
        few = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(written, "PNG", optimize=True)
        if written.tell() < MAX_CARD_BYTES:
            break
    return written.getvalue()


_DEMONSTRATION: Final = _Row(
    lines=("DEMONSTRATION · INVENTED, NOT A REAL AWARD",), size=25, weight=700, colour=_UMBER, gap=0, tracking=2.5
)


def _rows(card: SocialCard, *, room: float) -> list[_Row]:
    """From top to bottom; the title takes what room the others leave."""
    kind = _Row(lines=("PŪKENGA-WHĀITI · MICRO-CREDENTIAL",), size=23, weight=650, colour=_TEAL, gap=0, tracking=2.2)
    others = []
    if name := _shown(card.learner_name or "", whole=True):
        others.append(_fitted(name, sizes=range(36, 21, -2), lines=2, weight=600, colour=_HARBOUR, gap=18))
    facts = f"Level {card.level} · {lettering.credits_text(card.credits)}"
    others.append(_Row(lines=(facts,), size=32, weight=600, colour=_TEAL, gap=18))
    if provider := _shown(card.provider_name):
        others.append(_fitted(provider, sizes=range(28, 17, -2), lines=2, weight=450, colour=_SLATE, gap=8))
    left = room - kind.height - sum(row.height for row in others) - 12
    title = _shown(card.title)
    if not title:
        return [kind, *others]
    return [kind, _fitted(title, sizes=range(62, 25, -2), height=left, weight=700, colour=_HARBOUR, gap=12), *others]


def _shown(text: str, *, whole: bool = False) -> str:
    """What the typeface has of the text; of a name nothing, when it lacks a letter (`whole`)."""
    line = lettering.plain(text)
    missing = lettering.missing_glyphs(line)
    if whole and missing:
        return ""
    return " ".join("".join(letter for letter in line if letter not in missing).split())


def _fitted(
    text: str,
    *,
    sizes: Sequence[int],
    weight: int,
    colour: str,
    gap: int,
    lines: int | None = None,
    height: float = 0.0,
) -> _Row:
    """The text as large as it fits, in so many lines or so much height."""
    for size in sizes:
        count = lines or int(height // (size * _LEADING))
        broken = lettering.balanced(text.split(), [_RIGHT - _LEFT] * count, size, weight)
        if broken is not None:
            return _Row(lines=tuple(broken), size=size, weight=weight, colour=colour, gap=gap)
    return _fitted(
        lettering.shorten(text), sizes=sizes, weight=weight, colour=colour, gap=gap, lines=lines, height=height
    )


def _place_artwork(large: Image.Image, card: SocialCard, *, middle: int) -> None:
    side = 420 * _SCALE
    with Image.open(io.BytesIO(card.artwork_png), formats=("PNG",)) as picture:
        artwork = picture.convert("RGBA")
    artwork.thumbnail((side, side), Image.Resampling.LANCZOS)
    if artwork.width < side and artwork.height < side:
        share = side / max(artwork.size)
        artwork = artwork.resize(
            (round(artwork.width * share), round(artwork.height * share)), Image.Resampling.LANCZOS
        )
    mask = artwork.getchannel("A")
    if card.state != "current":
        artwork = artwork.convert("L").convert("RGB")
        mask = mask.point([value * 11 // 20 for value in range(256)])
    corner = (_PANEL * _SCALE - artwork.width) // 2, middle * _SCALE - artwork.height // 2
    large.paste(artwork.convert("RGB"), corner, mask)


def _rectangle(pen: ImageDraw.ImageDraw, edges: tuple[float, float, float, float], colour: str) -> None:
    x0, y0, x1, y1 = (edge * _SCALE for edge in edges)
    pen.rectangle((x0, y0, x1 - 1, y1 - 1), fill=colour)


def _centred(row: _Row) -> float:
    return (CARD_WIDTH - lettering.width(row.lines[0], row.size, row.weight, row.tracking)) / 2


def _draw_row(pen: ImageDraw.ImageDraw, row: _Row, *, top: float, left: float) -> None:
    font = lettering.typeface(row.size * _SCALE, row.weight)
    for number, line in enumerate(row.lines):
        x, y = left * _SCALE, (top + number * row.size * _LEADING + row.size * 0.9) * _SCALE
        if not row.tracking:
            pen.text((x, y), line, font=font, fill=row.colour, anchor="ls")
            continue
        for letter in line:
            pen.text((x, y), letter, font=font, fill=row.colour, anchor="ls")
            x += font.getlength(letter) + row.tracking * _SCALE
