"""Going from page to page and looking at each as the tests do, on a machine that may be slow: axe at WCAG 2.2 AA,
nothing wider than the screen, nothing the policy blocked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

from playwright.sync_api import expect

from tests.patience import PATIENCE

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (360, 1280)
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


PATIENCE_MS = PATIENCE * 1_000

expect.set_options(timeout=PATIENCE_MS)


def new_page(browser: Any, **options: Any) -> Any:
    """A page in a context of its own, which waits as long as a busy machine needs."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


# A click or a key returns before the page it leads to is there, or when a part of it is. Whatever is asked of the page
# next would be asked of the old one or of half of the new one; so a test turns pages by these three and no other way.
@contextmanager
def turning(page: Any) -> Iterator[None]:
    """What is done within leads to another page; goes on when that page is whole."""
    with page.expect_navigation(wait_until="load"):
        yield


def follow(page: Any, leading: Any) -> None:
    """Clicks what leads to another page."""
    with turning(page):
        leading.click()


def arrive(page: Any, sign: Any) -> None:
    """Waits for a page that comes by itself, after work of the server's or the page's own, until it is whole."""
    sign.wait_for()
    page.wait_for_load_state("load")


def painted(page: Any) -> None:
    """Waits until the page has been drawn: what is typed before goes astray."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@cache
def axe_script() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def axe_faults(page: Any) -> list[str]:
    """What axe finds, one line each: rule, where, why."""
    page.wait_for_load_state("load")
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
