"""What a figure is: a ratio or an amount with its spread, what it must reach, and which checks ran meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.timing import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table. `unit` is what stands behind the number: `x naive`, `ms`, `s`."""

    group: str
    name: str
    spread: Spread
    unit: str
    checks: str
    must: float | None = None
    stretch: float | None = None
    more_is_better: bool = False

    @property
    def value(self) -> float:
        return self.spread.median

    @property
    def is_met(self) -> bool:
        return self._reaches(self.must)

    @property
    def verdict(self) -> str:
        """`met`, `met, stretch too`, `NOT MET`, or a dash where nothing must be reached."""
        if self.must is None:
            return "–"
        if not self.is_met:
            return "NOT MET"
        return "met, stretch too" if self.stretch is not None and self._reaches(self.stretch) else "met"

    def bound(self, limit: float | None) -> str:
        if limit is None:
            return "–"
        return f"{'≥' if self.more_is_better else '≤'} {limit:g}"

    def _reaches(self, limit: float | None) -> bool:
        if limit is None:
            return True
        return self.value >= limit if self.more_is_better else self.value <= limit

    def to_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "name": self.name,
            **self.spread.to_json(),
            "unit": self.unit,
            "must": self.bound(self.must),
            "stretch": self.bound(self.stretch),
            "verdict": self.verdict,
            "checks": self.checks,
        }


def amount(number: float) -> str:
    """Three figures or so."""
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.3g}"


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print them, group by group, and then which checks ran."""
    for group in dict.fromkeys(figure.group for figure in figures):
        table = Table(title=group, title_justify="left", min_width=110)
        for column in ("what", "median", "quartiles", "", "must", "stretch", "verdict"):
            table.add_column(column, overflow="fold")
        for figure in (one for one in figures if one.group == group):
            spread = figure.spread
            table.add_row(
                figure.name,
                amount(spread.median),
                f"{amount(spread.low)} – {amount(spread.high)}",
                figure.unit,
                figure.bound(figure.must),
                figure.bound(figure.stretch),
                figure.verdict,
            )
        console.print(table)
    console.print("Which checks ran:")
    by_checks: dict[str, list[str]] = {}
    for figure in figures:
        by_checks.setdefault(figure.checks, []).append(figure.name)
    for checks, names in by_checks.items():
        console.print(f"  {'; '.join(names)}: {checks}", highlight=False)
