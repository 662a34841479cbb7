"""The picture that a link to a badge is shown with: 1200 × 630 pixels, as Open Graph readers want it; facts only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from PIL import Image, ImageColor, ImageDraw

from issuer.drawing import lettering

CARD_WIDTH, CARD_HEIGHT = 1200, 630
MAX_CARD_BYTES: Final = 150_000  # some readers of links give up on large pictures
_MAX_GROUND_BYTES: Final = 110_000  # of it without its lines
_COLOURS: Final = (160, 64, 24, 12)
_HARBOUR, _TEAL, _SLATE, _PAPER, _MIST = "#0b3b4b", "#17736e", "#38535d", "#fbfdfc", "#e3efec"
_AMBER, _UMBER, _RED = "#f4b942", "#3a2900", "#8f1d1d"
_PANEL: Final = 492  # width of the part that holds the artwork
_LEFT, _RIGHT = 540, 1148  # where lines begin and end
_BAND: Final = 58  # height of the strip along the lower edge
_STATE_BAND: Final = 74
_ARTWORK_SIDE: Final = 420
_INKS: Final = (_HARBOUR, _TEAL, _SLATE)  # what lines are printed in, each in steps from the paper's colour
_INK_STEPS: Final = 32
_FIRST_INK: Final = 160  # the place of the first of those steps in the palette
_SCALE: Final = 3  # lines are drawn larger and scaled down: letters keep their distances
_MARGIN: Final = 6  # room for what reaches left of a letter's place
_SEEN: Final = [0] + [255] * 255
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
    drawn = _ground(card.artwork_png, card.state, demonstration=card.demonstration).copy()
    top, foot = _edges(card.state, demonstration=card.demonstration)
    rows = _rows(card, room=foot - top - 56)
    at = top + (foot - top - sum(row.height for row in rows)) / 2
    for row in rows:
        _print_row(drawn, row, top=at + row.gap)
        at += row.height
    return _png(drawn)


def _edges(state: CardState, *, demonstration: bool) -> tuple[int, int]:
    """Between which heights the lines stand."""
    return _STATE_BAND if state in _STATES else 0, CARD_HEIGHT - (_BAND if demonstration else 0)


@lru_cache(maxsize=32)
def _ground(artwork_png: bytes, state: CardState, *, demonstration: bool) -> Image.Image:
    """What all cards of a micro-credential share, with a palette that holds the inks of the lines too."""
    picture = Image.new("RGB", (CARD_WIDTH, CARD_HEIGHT), _PAPER)
    pen = ImageDraw.Draw(picture)
    _top, foot = _edges(state, demonstration=demonstration)
    pen.rectangle((0, 0, _PANEL - 1, CARD_HEIGHT), fill=_MIST)
    _place_artwork(picture, artwork_png, faded=state in _STATES, middle=foot // 2)
    if demonstration:
        pen.rectangle((0, foot, CARD_WIDTH, CARD_HEIGHT), fill=_AMBER)
        _draw_row(pen, _DEMONSTRATION, top=foot + 13, left=_centred(_DEMONSTRATION), fill=_UMBER)
    if state in _STATES:
        words, fill, ink = _STATES[state]
        pen.rectangle((_PANEL, 0, CARD_WIDTH, _STATE_BAND - 1), fill=fill)
        row = _Row(lines=(words,), size=32, weight=700, colour=ink, gap=0, tracking=4)
        _draw_row(pen, row, top=19, left=_LEFT, fill=ink)
    return _in_few_colours(picture)


def _in_few_colours(picture: Image.Image) -> Image.Image:
    """In as many colours as leave the file light: a photograph as artwork needs fewer than ours do."""
    for colours in _COLOURS:
        few = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        if len(_png(few)) < _MAX_GROUND_BYTES:
            break
    palette = (few.getpalette() or [])[: _FIRST_INK * 3]
    palette += [0] * (_FIRST_INK * 3 - len(palette))
    paper = ImageColor.getrgb(_PAPER)
    for ink in _INKS:
        for step in range(_INK_STEPS):
            share = step / (_INK_STEPS - 1)
            pairs = zip(paper, ImageColor.getrgb(ink), strict=True)
            palette += [round(light + (dark - light) * share) for light, dark in pairs]
    few.putpalette(palette)
    return few


def _print_row(drawn: Image.Image, row: _Row, *, top: float) -> None:
    """In the steps between paper and ink that the palette has: no colour is sought, so a class is drawn quickly."""
    height = round(row.height - row.gap + row.size * 0.4)
    large = Image.new("L", ((_RIGHT - _LEFT + 30) * _SCALE, height * _SCALE))
    _draw_row(ImageDraw.Draw(large), row, top=0, left=_MARGIN, fill=255, scale=_SCALE)
    mask = large.reduce(_SCALE)
    first = _FIRST_INK + _INKS.index(row.colour) * _INK_STEPS
    ink = mask.point([first + value * (_INK_STEPS - 1) // 255 for value in range(256)])
    drawn.paste(ink, (_LEFT - _MARGIN, round(top)), mask.point(_SEEN))


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=6)
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


def _place_artwork(picture: Image.Image, artwork_png: bytes, *, faded: bool, middle: int) -> None:
    with Image.open(io.BytesIO(artwork_png), formats=("PNG",)) as opened:
        artwork = opened.convert("RGBA")
    share = _ARTWORK_SIDE / max(artwork.size)
    size = round(artwork.width * share), round(artwork.height * share)
    artwork = artwork.resize(size, Image.Resampling.LANCZOS)
    mask = artwork.getchannel("A")
    if faded:
        artwork = artwork.convert("L").convert("RGB")
        mask = mask.point([value * 11 // 20 for value in range(256)])
    picture.paste(artwork.convert("RGB"), ((_PANEL - artwork.width) // 2, middle - artwork.height // 2), mask)


def _centred(row: _Row) -> float:
    return (CARD_WIDTH - lettering.width(row.lines[0], row.size, row.weight, row.tracking)) / 2


def _draw_row(pen: ImageDraw.ImageDraw, row: _Row, *, top: float, left: float, fill: str | int, scale: int = 1) -> None:
    font = lettering.typeface(row.size * scale, row.weight)
    for number, line in enumerate(row.lines):
        x, y = left * scale, (top + number * row.size * _LEADING + row.size * 0.9) * scale
        if not row.tracking:
            pen.text((x, y), line, font=font, fill=fill, anchor="ls")
            continue
        for letter in line:
            pen.text((x, y), letter, font=font, fill=fill, anchor="ls")
            x += font.getlength(letter) + row.tracking * scale
