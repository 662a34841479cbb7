"""The verifier as an employer meets it: each state in both languages, light and dark, by keyboard, by camera, printed."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from issuer.qr import qr_png
from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.browser.looking import (
    PATIENCE_MS,
    arrive,
    axe_faults,
    follow,
    new_page,
    painted,
    turning,
    watch,
    width_fault,
)
from tests.scenes import SCENES, Scene
from verifier.web.app import make_app
from verifier.wording_states import HEADINGS, State

PHONE, DESK = {"width": 360, "height": 640}, {"width": 1280, "height": 900}


@contextmanager
def serving(scene: Scene) -> Iterator[str]:
    """The verifier of a scene, on this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, make_app(scene.service), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages, each in a browser of its own, and finds out afterwards what went wrong in them."""
    opened: list[tuple[Any, list[str]]] = []

    def opening(**options: Any) -> Any:
        page = new_page(browser, **options)
        opened.append((page.context, watch(page)))
        return page

    yield opening
    faults = [fault for _, found in opened for fault in found]
    for context, _ in opened:
        context.close()
    assert faults == []


def give(page: Any, origin: str, scene: Scene, *, language: str) -> None:
    """By the link where there is one, as a phone's camera opens it; else as a file."""
    if scene.url:
        page.goto(f"{origin}/verify?badge={scene.url}&lang={language}")
        return
    page.goto(f"{origin}/?lang={language}")
    page.set_input_files(
        "#file", files=[{"name": "badge", "mimeType": "application/octet-stream", "buffer": scene.given}]
    )
    follow(page, page.locator("button.main"))


# Every scene on a phone, the languages and the schemes taking turns; one scene of each kind in every other way too.
LOOKS = (("en", PHONE, "light"), ("mi", PHONE, "dark"), ("en", DESK, "dark"), ("mi", DESK, "light"))
OF_EACH_KIND = ("good-hidden-recipient", "altered")


@pytest.mark.parametrize("name", SCENES)
def test_each_answer_is_above_the_fold_and_clean_in_both_languages_light_and_dark(
    open_page: Callable[..., Any], name: str
) -> None:
    make, state, _ = SCENES[name]
    turn = list(SCENES).index(name) % 2
    for language, screen, scheme in LOOKS if name in OF_EACH_KIND else LOOKS[turn : turn + 1]:
        scene = make()
        page = open_page(viewport=screen, color_scheme=scheme)
        with serving(scene) as origin:
            give(page, origin, scene, language=language)
            heading = HEADINGS[State(state)]
            said = page.inner_text("h1")
            assert said.startswith((heading.mi if language == "mi" else heading.en).partition("{day}")[0])
            assert page.context.cookies() == []
            for place in (".state", ".answers li:first-child .word"):
                box = page.locator(place).first.bounding_box()
                assert box["y"] + box["height"] <= screen["height"], f"{place} ends at {box}"
            for summary in page.locator("summary").all():
                summary.click()
            assert axe_faults(page) == []
            assert width_fault(page, screen["width"]) is None


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("mi", "light")])
def test_the_ways_in_and_the_table_are_clean_at_both_widths(
    open_page: Callable[..., Any], language: str, scheme: str
) -> None:
    scene = SCENES["good"][0]()
    names = ("good", "altered", "unknown-issuer", "no-badge-in-a-pdf", "not-checked-pdf-locked")
    files = [
        {"name": f"{name}.json", "mimeType": "application/octet-stream", "buffer": SCENES[name][0]().given}
        for name in names
    ]
    with serving(scene) as origin:
        for screen in (PHONE, DESK):
            page = open_page(viewport=screen, color_scheme=scheme)
            page.goto(f"{origin}/?lang={language}")
            assert axe_faults(page) == []
            assert width_fault(page, screen["width"]) is None
            page.set_input_files("#file", files=files)
            follow(page, page.locator("button.main"))
            expect(page.locator("tbody tr")).to_have_count(len(names))
            assert axe_faults(page) == []
            assert width_fault(page, screen["width"]) is None
        with page.expect_download() as saved:
            page.click("a[download]")
        assert Path(saved.value.path()).read_bytes().startswith(b"\xef\xbb\xbffile,genuine,")


def test_everything_is_done_by_keyboard_alone_and_the_focus_is_seen(open_page: Callable[..., Any]) -> None:
    scene = SCENES["good-hidden-recipient"][0]()
    page = open_page(viewport=PHONE)

    def focused() -> Any:
        return page.evaluate("(e => [e.tagName, e.id || e.name || e.textContent.trim()])(document.activeElement)")

    def enter() -> None:
        with turning(page):
            page.keyboard.press("Enter")

    def tab_to(wanted: str) -> None:
        painted(page)
        for _ in range(40):
            page.keyboard.press("Tab")
            if wanted in focused():
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid" or wanted == "Skip to the content"  # fmt: skip
                return
        raise AssertionError(f"{wanted} was never reached")

    with serving(scene) as origin:
        page.goto(origin)
        tab_to("Skip to the content")
        tab_to("text")
        page.keyboard.type(str(scene.url))
        tab_to("Check")
        enter()
        tab_to("recipient")
        page.keyboard.type("mere@learner.example")
        enter()
        tab_to("What was checked")
        page.keyboard.press("Enter")
        expect(page.locator("details[open]")).to_contain_text("was issued to the address or identifier you gave")
        page.goto(f"{origin}/verify?badge={scene.url}")
        tab_to("Te reo Māori")
        enter()
        assert page.get_attribute("html", "lang") == "mi"


def test_it_all_works_without_scripts(open_page: Callable[..., Any]) -> None:
    scene = SCENES["good-certificate"][0]()
    page = open_page(viewport=PHONE, java_script_enabled=False)
    with serving(scene) as origin:
        page.goto(origin)
        assert not page.is_visible("#scan-button")
        give(page, origin, scene, language="en")
        assert page.inner_text("h1") == HEADINGS[State.GOOD].en
        follow(page, page.locator("header button"))
        assert page.inner_text("h1") == HEADINGS[State.GOOD].mi


def test_a_report_is_one_black_and_white_page_with_everything_open(open_page: Callable[..., Any]) -> None:
    scene = SCENES["good"][0]()
    page = open_page(viewport=DESK)
    with serving(scene) as origin:
        page.goto(f"{origin}/verify?badge={scene.url}&print=1")
        sheet = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    text = sheet[0].get_textpage().get_text_range()
    assert len(sheet) == 1
    for words in ("This credential is genuine and current", "The newest version", "Report digest (SHA-256)"):
        assert words in text
    drawn = sheet[0].render(scale=0.5).to_pil().convert("RGB")
    assert all(max(colour) - min(colour) < 12 for _, colour in drawn.getcolors(1 << 20))
    sheet.close()


@pytest.fixture
def camera(browser: Any, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """A browser whose camera sees a QR code."""
    from PIL import Image

    started: list[Any] = []

    def seeing(text: str) -> Any:
        code = Image.open(io.BytesIO(qr_png(text))).convert("RGB").resize((360, 360))
        sight = Image.new("RGB", (640, 480), "#ddd")
        sight.paste(code, (140, 60))
        frame = io.BytesIO()
        sight.save(frame, "JPEG", quality=90)
        film = tmp_path / "camera.mjpeg"
        film.write_bytes(frame.getvalue() * 4)
        seer = browser.browser_type.launch(
            executable_path=CHROMIUM,
            timeout=PATIENCE_MS,
            args=[
                *CHROMIUM_ARGUMENTS,
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        started.append(seer)
        return new_page(seer, viewport=PHONE)

    yield seeing
    for one in started:
        one.close()


def test_the_camera_reads_a_code_and_opens_the_answer_for_what_it_points_to(camera: Callable[[str], Any]) -> None:
    scene = SCENES["good"][0]()
    page = camera(str(scene.url))
    with serving(scene) as origin:
        page.goto(f"{origin}/?lang=mi")
        page.click("#scan-button")
        arrive(page, page.locator(".answers"))
        assert page.inner_text("h1") == HEADINGS[State.GOOD].mi
        assert "badges.totara-training.example" in page.inner_text("main")


def test_a_code_that_is_no_link_is_put_into_the_form_and_said(camera: Callable[[str], Any]) -> None:
    page = camera("KIA ORA")
    with serving(SCENES["good"][0]()) as origin:
        page.goto(origin)
        page.click("#scan-button")
        expect(page.locator("#scan-said")).to_contain_text("holds no link")
        expect(page.locator("#text")).to_have_value("KIA ORA")


def test_a_photograph_of_a_certificate_gives_up_the_link_in_its_code(open_page: Callable[..., Any]) -> None:
    from PIL import Image

    scene = SCENES["good"][0]()
    photo = io.BytesIO()
    Image.open(io.BytesIO(qr_png(str(scene.url)))).convert("RGB").save(photo, "JPEG")
    page = open_page(viewport=PHONE)
    with serving(scene) as origin:
        page.goto(origin)
        page.set_input_files(
            "#file", files=[{"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}]
        )
        expect(page.locator("#scan-said")).to_contain_text("a code in it was read")
        expect(page.locator("#text")).to_have_value(str(scene.url))
        follow(page, page.locator("button.main"))
        assert page.inner_text("h1") == HEADINGS[State.GOOD].en
