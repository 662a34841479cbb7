"""Small line charts as SVG, readable on light and dark pages: axes, a few lines, labels; no library, no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

_WIDTH, _HEIGHT = 760, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 40, 64, 62
_STYLE = """
 svg { background: #fff; color: #1b1f24; font: 13px system-ui, sans-serif }
 text { fill: currentColor } .quiet { opacity: .72; font-size: 12px }
 .grid { stroke: currentColor; opacity: .16 } .axis { stroke: currentColor; opacity: .6 }
 .line { fill: none; stroke-width: 2 }
 .c0 { stroke: #0b61a4; fill: #0b61a4 } .c1 { stroke: #b3460b; fill: #b3460b } .c2 { stroke: #2c7a3f; fill: #2c7a3f }
 .line.c0, .line.c1, .line.c2 { fill: none } .mark { stroke: #b00020; stroke-dasharray: 3 3; opacity: .7 }
 @media (prefers-color-scheme: dark) {
  svg { background: #14171b; color: #e8eaed } .mark { stroke: #ff8a9a }
  .c0 { stroke: #6cb6ff; fill: #6cb6ff } .c1 { stroke: #ffa45c; fill: #ffa45c } .c2 { stroke: #7fd394; fill: #7fd394 }
 }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A named line through points (x, y); dots on them where they are few."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn. y starts at zero, so that a flat line looks as flat as it is."""

    title: str
    caption: str
    x_name: str
    y_name: str
    lines: Sequence[Line]
    log_x: bool = False
    marks: Sequence[float] = field(default=())  # vertical lines, at these x

    def draw(self) -> str:
        """The whole file."""
        points = [point for line in self.lines for point in line.points]
        xs = [x for x, _ in points] + list(self.marks)
        top = _nice_top(max((y for _, y in points), default=1.0))
        across = _Scale(low=min(xs), high=max(xs), start=_LEFT, end=_WIDTH - _RIGHT, log=self.log_x)
        up = _Scale(low=0, high=top, start=_HEIGHT - _BOTTOM, end=_TOP, log=False)
        body = [*self._frame(across, up, top)]
        body += [
            f'<line class="mark" x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
            for x in self.marks
        ]
        for number, line in enumerate(self.lines):
            body += _drawn(line, number, across, up)
        told = "; ".join(line.name for line in self.lines)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'aria-label="{escape(self.title)}: {escape(told)}">\n<style>{_STYLE}</style>\n'
            + "\n".join(body)
            + "\n</svg>\n"
        )

    def _frame(self, across: _Scale, up: _Scale, top: float) -> list[str]:
        bottom = _HEIGHT - _BOTTOM
        right, middle = _WIDTH - _RIGHT, (_LEFT + _WIDTH - _RIGHT) / 2
        body = [
            f'<text x="{_LEFT}" y="24" font-size="16" font-weight="600">{escape(self.title)}</text>',
            _quiet(right, _HEIGHT - 6, self.caption, anchor="end"),
            _quiet(_LEFT, _TOP - 10, self.y_name),
            _quiet(middle, bottom + 38, self.x_name, anchor="middle"),
        ]
        for step in range(5):
            value = top * step / 4
            y = up(value)
            body.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            body.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,.10g}</text>')
        for value in _ticks(across, log=self.log_x):
            x = across(value)
            body.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>')
            body.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{value:,.10g}</text>')
        body.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float
    log: bool

    def __call__(self, value: float) -> float:
        low, high, here = (self.low, self.high, value)
        if self.log:
            low, high, here = math.log10(low), math.log10(high), math.log10(here)
        share = (here - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def _drawn(line: Line, number: int, across: _Scale, up: _Scale) -> list[str]:
    places = [(across(x), up(y)) for x, y in line.points]
    colour = f"c{number % 3}"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    legend = _LEFT + 110 + 190 * number
    body = [
        f'<polyline class="line {colour}" points="{path}"/>',
        f'<rect class="{colour}" x="{legend}" y="{_TOP - 19}" width="14" height="4"/>',
        _quiet(legend + 20, _TOP - 10, line.name),
    ]
    if len(places) <= 30:
        body += [f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    return body


def _quiet(x: float, y: float, words: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="quiet">{escape(words)}</text>'


def _ticks(across: _Scale, *, log: bool) -> list[float]:
    if log:
        first, last = math.floor(math.log10(across.low)), math.ceil(math.log10(across.high))
        decades = [10.0**power for power in range(first, last + 1)]
        return [value for value in decades if across.low * 0.999 <= value <= across.high * 1.001]
    step = _nice_top((across.high - across.low) / 6)
    return [step * number for number in range(int(across.high // step) + 1)]


def _nice_top(number: float) -> float:
    """The next round number: 1, 2, 4 or 8 times a power of ten."""
    if number <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(number))
    return next(factor * power for factor in (1, 2, 4, 8, 10) if number <= factor * power * (1 + 1e-9))
