"""Every page there is, in both languages, on a phone and on a desk: axe finds nothing, nothing is wider than the screen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Town
from tests.browser.looking import WIDTHS, arrive, axe_faults, follow, new_page, painted, turning, watch, width_fault
from tests.patience import until

PASSWORD = "correct horse battery staple"
MAX_PAGE_BYTES = 100_000
LIST = """Name,NZQA ref,Date achieved,Email
Āwhina Tāmati,0426,3/05/2026,awhina@pages.example
Tom O'Brien,0426,3/05/2026,
Mere Hōhepa,5055,4/05/2026,mere@pages.example
"""
PROBLEMS = """Name,Course,Date achieved,Email
Ana Rēweti,0426,31/02/2026,ana@pages.example
,0426,3/05/2026,nobody@pages.example
Hēmi Pūriri,0426,3/05/2026,hemi@pages.example
"""
_IDS = re.compile(r"[a-z2-7]{26}|[0-9a-f]{32}")


@pytest.fixture(scope="module")
def staff(town: Town, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A browser signed in with every role, over an instance in which something of everything lies."""
    folder = tmp_path_factory.mktemp("pages")
    every = [word for role in ("issue", "approve", "read", "administer") for word in ("--role", role)]
    added = json.loads(town.issuer("user", "add", "all@film.example", "--name", "Aroha All", *every, "--json"))
    (folder / "list.csv").write_text(LIST, encoding="utf-8")
    (folder / "problems.csv").write_text(PROBLEMS, encoding="utf-8")
    town.issuer("issue", folder / "list.csv", "--out", folder / "out")
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(f"{town.origin}/desk")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill("all@film.example")
    page.get_by_label("Password", exact=True).fill(added["one_time_password"])
    follow(page, page.get_by_role("button", name="Sign in"))
    for box in page.locator("input[type=password]").all():
        old = "current" in (box.get_attribute("autocomplete") or "")
        box.fill(added["one_time_password"] if old else PASSWORD)
    follow(page, page.get_by_role("button", name="Change password"))
    upload(page, town, folder / "problems.csv")
    return page


def upload(page: Any, town: Town, path: Path) -> None:
    page.goto(f"{town.origin}/desk/issue")
    page.set_input_files("input[type=file]", path)
    follow(page, page.get_by_role("button", name="Read the list"))
    if page.get_by_role("button", name="Check the list").count():
        follow(page, page.get_by_role("button", name="Check the list"))
    arrive(page, page.get_by_role("heading", name=re.compile("need")))


def faults_of(page: Any, url: str) -> list[str]:
    """What is wrong with a page at every width and in both languages."""
    wrong: list[str] = []
    joiner = "&" if "?" in url else "?"
    for language, tag in (("mi", "mi"), ("en", "en-NZ")):
        answer = page.goto(f"{url}{joiner}lang={language}")
        if answer.status != 200:
            wrong.append(f"{url}: {answer.status}")
        if page.locator("html").get_attribute("lang") != tag:
            wrong.append(f"{url}: is not in {language}")
        if len(page.locator("h1").all()) != 1:
            wrong.append(f"{url}: has not one h1")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wrong += [f"{url} {language} {width}: {fault}" for fault in axe_faults(page)]
            if fault := width_fault(page, width):
                wrong.append(f"{url} {language} {fault}")
    return wrong


def links_of(page: Any, start: str) -> list[str]:
    hrefs = page.eval_on_selector_all("main a[href], nav a[href]", "found => found.map(one => one.href)")
    return [
        href.split("#")[0]
        for href in hrefs
        if href.startswith(start) and not re.search(r"lang=|\.(csv|png|json|svg|pdf)|download|/results|/problems", href)
    ]


def test_every_page_of_the_desk_is_accessible_in_both_languages(staff: Any, town: Town) -> None:
    start = f"{town.origin}/desk"
    console = watch(staff)
    wrong: list[str] = []
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        url = waiting.pop(0)
        kind = _IDS.sub("ID", url.split("?")[0])
        if kind in seen:
            continue
        seen.add(kind)
        wrong += faults_of(staff, url)
        waiting += links_of(staff, start)
    assert not wrong, "\n".join(wrong)
    assert not console, console
    assert len(seen) >= 20, sorted(seen)


@pytest.mark.parametrize("path", ["/", "/my", "/s", "/desk/sign-in"])
def test_a_page_for_everybody_is_accessible_in_both_languages(browser: Any, town: Town, path: str) -> None:
    page = new_page(browser, viewport={"width": 360, "height": 740})
    console = watch(page)
    answer = page.goto(town.origin + path)
    assert answer.status == 200
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert axe_faults(page) == []
        assert width_fault(page, width) is None
    assert not console


def badge_ids(town: Town, tmp_path: Path) -> list[str]:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    town.issuer("issue", tmp_path / "list.csv", "--out", tmp_path / "out")
    return sorted(path.stem for path in (tmp_path / "out" / "badges").glob("*.json"))


@pytest.mark.parametrize("where", ["", "/mi"], ids=["in English", "in te reo Māori"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_badge_page_is_accessible_small_and_whole_without_scripts(
    browser: Any, town: Town, tmp_path: Path, where: str, theme: str
) -> None:
    short_id = badge_ids(town, tmp_path)[0]
    page = new_page(browser, viewport={"width": 360, "height": 740}, color_scheme=theme)
    answer = page.goto(f"{town.origin}/badges/{short_id}{where}")
    assert answer.status == 200
    assert len(answer.body()) < MAX_PAGE_BYTES
    assert "unsafe" not in answer.headers["content-security-policy"]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert axe_faults(page) == []
        assert width_fault(page, width) is None


def test_the_desk_is_used_with_the_keyboard_alone(browser: Any, town: Town, tmp_path: Path) -> None:
    told = json.loads(town.issuer("user", "add", "keys@film.example", "--role", "read", "--json"))
    page = new_page(browser)
    page.goto(f"{town.origin}/desk")
    painted(page)
    page.keyboard.press("Tab")
    until(lambda: page.evaluate("document.activeElement.className") == "skip", "the first stop, past everything")
    type_into(page, "email", "keys@film.example")
    type_into(page, "password", told["one_time_password"])
    with turning(page):
        page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name=re.compile("password", re.IGNORECASE)).wait_for()
    painted(page)
    page.keyboard.press("Tab")
    shown = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert shown != "none"  # where the keyboard is can be seen


def type_into(page: Any, name: str, text: str) -> None:
    for _ in range(30):
        if page.evaluate("document.activeElement.name") == name:
            page.keyboard.type(text)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never comes to the field {name}")
