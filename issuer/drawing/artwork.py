"""The picture of an achievement: one layout of shapes and lines of text, written as PNG and as SVG."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from PIL import Image, ImageColor, ImageDraw

from issuer.drawing import lettering
from schemas.errors import IssuingError

SIZE: Final = 600
_SUPERSAMPLE: Final = 4  # drawn larger and scaled down: smooth edges
_CENTRE: Final = SIZE / 2
_DISC, _RING, _RING_WIDTH, _FACE = 296.0, 271.0, 16.0, 246.0  # radii of the disc, the level ring and the white face
_TEXT_RADIUS: Final = 222.0  # no line of text reaches further from the centre
_RING_GAP: Final = 5.0  # degrees between two of the ring's ten segments
# No NZQA or NZQCF mark, no government identity, no Māori motif: a plain seal whose ring counts the ten levels.
_HARBOUR, _DEEP, _FOAM, _TEAL, _PAPER, _SLATE = "#0b3b4b", "#2c5866", "#79dcc1", "#17736e", "#fbfdfc", "#38535d"
_AMBER, _UMBER = "#f4b942", "#3a2900"
_FONT_STACK: Final = "'Source Sans 3','Source Sans Pro','Noto Sans','Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_TITLE_SIZES: Final = tuple(range(62, 19, -2))
_PROVIDER_SIZES: Final = tuple(range(24, 13, -1))
_LEADING: Final = 1.16
_MAX_TITLE_CHARS: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of text, centred on the picture's axis; `y` is its baseline, `tracking` the space between letters."""

    text: str
    y: float
    size: float
    weight: int
    colour: str
    tracking: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Badge:
    title: str
    level: int
    credits: float
    provider_name: str
    demonstration: bool

    @property
    def summary(self) -> str:
        return f"Micro-credential · Level {self.level} · {lettering.credits_text(self.credits)}"


def draw_badge_png(title: str, level: int, credits: float, provider_name: str, *, demonstration: bool) -> bytes:  # noqa: A002 - OB 3.0's own word
    """A PNG of 600 × 600 pixels, transparent outside the seal. Raises IssuingError for text it cannot draw."""
    return _png(_badge(title, level, credits, provider_name, demonstration=demonstration))


def draw_badge_svg(title: str, level: int, credits: float, provider_name: str, *, demonstration: bool) -> bytes:  # noqa: A002 - OB 3.0's own word
    """The same picture as SVG 1.1: shapes and text only, nothing to load. Raises IssuingError as above."""
    return _svg(_badge(title, level, credits, provider_name, demonstration=demonstration))


def badge_alt_text(title: str, level: int, credits: float, provider_name: str, *, demonstration: bool) -> str:  # noqa: A002 - OB 3.0's own word
    """What the picture says, for those who do not see it."""
    badge = _badge(title, level, credits, provider_name, demonstration=demonstration)
    note = " Demonstration." if badge.demonstration else ""
    return f"Badge: {badge.title}. {badge.summary}. {badge.provider_name}.{note}"


def _badge(title: str, level: int, credits_: float, provider_name: str, *, demonstration: bool) -> _Badge:
    badge = _Badge(
        title=lettering.plain(title)[:_MAX_TITLE_CHARS],
        level=level,
        credits=credits_,
        provider_name=lettering.plain(provider_name)[:_MAX_TITLE_CHARS],
        demonstration=demonstration,
    )
    for text in (badge.title, badge.provider_name):
        if missing := "".join(sorted(lettering.missing_glyphs(text))):
            raise IssuingError(f"The badge picture cannot show “{missing}” in “{text}”; give artwork of your own.")
    return badge


# --- measuring --------------------------------------------------------------------------------------------------


def _chord(top: float, bottom: float) -> float:
    """The width inside the text circle between two heights."""
    furthest = max(abs(top - _CENTRE), abs(bottom - _CENTRE))
    return 2 * math.sqrt(max(_TEXT_RADIUS**2 - furthest**2, 0.0))


def _block(
    text: str, *, top: float, bottom: float, sizes: Sequence[int], weight: int, colour: str, centred: bool = False
) -> tuple[_Line, ...]:
    """The text as large as it fits between two heights, from the top or centred, broken to the circle's width."""
    words = text.split()
    if not words:
        return ()
    for size in sizes:
        step = size * _LEADING
        for count in range(1, int((bottom - top) // step) + 1):
            start = (top + bottom - count * step) / 2 if centred else top
            widths = [_chord(start + i * step, start + (i + 1) * step) for i in range(count)]
            lines = lettering.balanced(words, widths, size, weight)
            if lines is not None and len(lines) == count:
                return tuple(
                    _Line(text=line, y=start + i * step + size * 0.86, size=size, weight=weight, colour=colour)
                    for i, line in enumerate(lines)
                )
    return _block(
        lettering.shorten(text), top=top, bottom=bottom, sizes=sizes, weight=weight, colour=colour, centred=centred
    )


# --- the layout -------------------------------------------------------------------------------------------------


def _lines(badge: _Badge) -> Iterator[_Line]:
    yield _Line(text="MICRO-CREDENTIAL", y=133, size=21, weight=650, colour=_TEAL, tracking=3.2)
    yield from _block(badge.title, top=152, bottom=372, sizes=_TITLE_SIZES, weight=700, colour=_HARBOUR, centred=True)
    facts = f"Level {badge.level} · {lettering.credits_text(badge.credits)}"
    yield _Line(text=facts, y=424, size=30, weight=600, colour=_TEAL)
    yield from _block(badge.provider_name, top=441, bottom=507, sizes=_PROVIDER_SIZES, weight=450, colour=_SLATE)
    if badge.demonstration:
        yield _DEMONSTRATION


_DEMONSTRATION: Final = _Line(text="DEMONSTRATION", y=560.5, size=22, weight=750, colour=_UMBER, tracking=3.5)
_RULE: Final = (_CENTRE - 36, 384.0, _CENTRE + 36, 387.0)
_BAND: Final = (_CENTRE - 140, 529.0, _CENTRE + 140, 577.0)
_BAND_RADIUS: Final = 24
_BAND_BORDER: Final = 5


def _segments(level: int) -> Iterator[tuple[float, float, str]]:
    """Start and end in degrees clockwise from three o'clock, and colour, of each of the ring's ten segments."""
    for index in range(10):
        start = -90 + index * 36 + _RING_GAP / 2
        yield start, start + 36 - _RING_GAP, _FOAM if index < level else _DEEP


# --- PNG --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _png(badge: _Badge) -> bytes:
    scale = _SUPERSAMPLE
    large = Image.new("RGBA", (SIZE * scale, SIZE * scale), (11, 59, 75, 0))
    pen = ImageDraw.Draw(large)

    def circle(radius: float) -> tuple[float, float, float, float]:
        low, high = (_CENTRE - radius) * scale, (_CENTRE + radius) * scale
        return low, low, high, high

    pen.ellipse(circle(_DISC), fill=_HARBOUR)
    for start, end, colour in _segments(badge.level):
        pen.arc(circle(_RING + _RING_WIDTH / 2), start, end, fill=colour, width=round(_RING_WIDTH * scale))
    pen.ellipse(circle(_FACE), fill=_PAPER)
    pen.rectangle(tuple(edge * scale for edge in _RULE), fill=_FOAM)
    if badge.demonstration:
        _draw_band(pen, scale)
    for line in _lines(badge):
        _draw_line(pen, line, scale)
    written = io.BytesIO()
    _with_few_colours(large.reduce(scale)).save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_band(pen: ImageDraw.ImageDraw, scale: float) -> None:
    border = _BAND_BORDER / 2
    x0, y0, x1, y1 = _BAND
    pen.rounded_rectangle(
        tuple(edge * scale for edge in (x0 - border, y0 - border, x1 + border, y1 + border)),
        radius=(_BAND_RADIUS + border) * scale,
        fill=_AMBER,
        outline=_HARBOUR,
        width=round(_BAND_BORDER * scale),
    )


@lru_cache(maxsize=32)
def mark_demonstration_png(picture_png: bytes) -> bytes:
    """A provider's own square picture under the band that every picture of a demonstration wears."""
    with Image.open(io.BytesIO(picture_png), formats=("PNG",)) as opened:
        picture = opened.convert("RGBA")
    scale = picture.width / SIZE * 2
    large = Image.new("RGBA", (picture.width * 2, picture.width * 2))
    pen = ImageDraw.Draw(large)
    _draw_band(pen, scale)
    _draw_line(pen, _DEMONSTRATION, scale)
    picture.alpha_composite(large.reduce(2))
    written = io.BytesIO()
    _fewer_colours(picture).save(written, "PNG", optimize=True)
    return written.getvalue()


def _fewer_colours(picture: Image.Image) -> Image.Image:
    if picture.getchannel("A").getextrema() == (255, 255):
        return picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT)
    return picture.quantize(256, method=Image.Quantize.FASTOCTREE)


def carry_in_svg(picture_png: bytes, *, alt: str) -> bytes:
    """A provider's own picture as SVG, which holds it whole."""
    data = base64.b64encode(picture_png).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{SIZE}" '
        f'height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}" role="img">\n<title>{escape(alt)}</title>\n'
        f'<image width="{SIZE}" height="{SIZE}" xlink:href="data:image/png;base64,{data}"/></svg>\n'
    ).encode()


def _with_few_colours(picture: Image.Image) -> Image.Image:
    """240 colours, and 16 steps of the disc's own colour for its soft rim: a quarter of the bytes, nothing to see."""
    flat = picture.convert("RGB").quantize(240, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    alpha = picture.getchannel("A")
    steps = alpha.point([240 + value // 17 for value in range(256)])
    flat.paste(steps, mask=alpha.point([255] * 255 + [0]))
    palette = (flat.getpalette() or [])[: 240 * 3]
    flat.putpalette(palette + [0] * (240 * 3 - len(palette)) + list(ImageColor.getrgb(_HARBOUR)) * 16)
    flat.info["transparency"] = bytes([255] * 240 + [step * 17 for step in range(16)])
    return flat


def _draw_line(pen: ImageDraw.ImageDraw, line: _Line, scale: float) -> None:
    font = lettering.typeface(line.size * scale, line.weight)
    x = (_CENTRE - lettering.width(line.text, line.size, line.weight, line.tracking) / 2) * scale
    if not line.tracking:
        pen.text((x, line.y * scale), line.text, font=font, fill=line.colour, anchor="ls")
        return
    for character in line.text:
        pen.text((x, line.y * scale), character, font=font, fill=line.colour, anchor="ls")
        x += font.getlength(character) + line.tracking * scale


# --- SVG --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _svg(badge: _Badge) -> bytes:
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" '
            f'viewBox="0 0 {SIZE} {SIZE}" role="img">'
        ),
        f"<title>{escape(badge.title)}</title>",
        f"<desc>{escape(f'{badge.summary} · {badge.provider_name}')}{' · Demonstration' * badge.demonstration}</desc>",
        f'<circle cx="{_CENTRE:g}" cy="{_CENTRE:g}" r="{_DISC:g}" fill="{_HARBOUR}"/>',
        f'<g fill="none" stroke-width="{_RING_WIDTH:g}">',
        *(_arc(start, end, colour) for start, end, colour in _segments(badge.level)),
        "</g>",
        f'<circle cx="{_CENTRE:g}" cy="{_CENTRE:g}" r="{_FACE:g}" fill="{_PAPER}"/>',
        _rectangle(_RULE, _FOAM),
    ]
    if badge.demonstration:
        parts.append(
            _rectangle(_BAND, _AMBER, radius=_BAND_RADIUS, border=f' stroke="{_HARBOUR}" stroke-width="{_BAND_BORDER}"')
        )
    parts.append(f'<g text-anchor="middle" font-family={quoteattr(_FONT_STACK)}>')
    parts.extend(_text(line) for line in _lines(badge))
    parts.append("</g></svg>\n")
    return "\n".join(parts).encode()


def _arc(start: float, end: float, colour: str) -> str:
    (x0, y0), (x1, y1) = (
        (_CENTRE + _RING * math.cos(math.radians(angle)), _CENTRE + _RING * math.sin(math.radians(angle)))
        for angle in (start, end)
    )
    return f'<path d="M{x0:.2f} {y0:.2f}A{_RING:g} {_RING:g} 0 0 1 {x1:.2f} {y1:.2f}" stroke="{colour}"/>'


def _rectangle(edges: tuple[float, float, float, float], colour: str, *, radius: float = 0, border: str = "") -> str:
    x0, y0, x1, y1 = edges
    rounded = f' rx="{radius:g}"' if radius else ""
    return f'<rect x="{x0:g}" y="{y0:g}" width="{x1 - x0:g}" height="{y1 - y0:g}"{rounded} fill="{colour}"{border}/>'


def _text(line: _Line) -> str:
    # textLength holds the line to its place in whatever font the reader has.
    width = lettering.width(line.text, line.size, line.weight, line.tracking)
    adjust = "spacing" if line.tracking else "spacingAndGlyphs"
    return (
        f'<text x="{_CENTRE:g}" y="{line.y:.1f}" font-size="{line.size:g}" font-weight="{_css_weight(line.weight)}" '
        f'fill="{line.colour}" textLength="{width:.1f}" lengthAdjust="{adjust}">{escape(line.text)}</text>'
    )


def _css_weight(weight: int) -> int:
    """The nearest weight that fonts without a variable axis have."""
    return 700 if weight >= 600 else 400
