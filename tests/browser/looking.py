"""Looking at a page as the tests do: axe at WCAG 2.2 AA, nothing wider than the screen, nothing the policy blocked."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (360, 1280)
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


@cache
def axe_script() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def axe_faults(page: Any) -> list[str]:
    """What axe finds, one line each: rule, where, why."""
    page.wait_for_load_state("load")  # a click waits for the page to begin, not for its style
    # Evaluated by the debugger, not by the page: the page's own policy forbids injected scripts, as it should.
    page.evaluate(axe_script())
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", AXE_TAGS
    )
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def width_fault(page: Any, width: int) -> str | None:
    """Whether the page itself must be scrolled sideways."""
    page.wait_for_load_state("load")
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    return f"is {wide} px wide on a screen of {width}" if wide > width else None


def watch(page: Any) -> list[str]:
    """A list that fills with what goes wrong while the page is open: scripts that fail, things the policy blocks."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            faults.append(f"console: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    return faults
