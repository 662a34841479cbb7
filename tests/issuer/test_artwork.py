"""Badge pictures: they hold every title, show macrons, stay small, and take a badge."""

import io
import itertools
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from issuer.drawing import artwork, lettering
from schemas import baking
from schemas.errors import IssuingError

SVG = "{http://www.w3.org/2000/svg}"
LONG = (
    "Introduction to the Aotearoa New Zealand Screen Industry: preparing yourself for a working life on and off set, "
    "first part of two"
)
CASES = [
    pytest.param(("Te Waha Ohaoha", 6, 40, "Te Whare Whakaatu"), id="a short title"),
    pytest.param(("Assess and manage risks to freshwater from horticultural production", 4, 10, "Harbour Institute"),
                 id="a title of three lines"),
    pytest.param((LONG, 3, 15, "Demonstration Institute of Applied Learning and Trades of the South Limited"),
                 id="a title of more than ninety letters"),
    pytest.param(("Āē Īō Ūā Ēī Ōū", 1, 2.5, "Ōtepoti Pūkenga"), id="every macron"),
    pytest.param(("Faʻavae o le Gagana Sāmoa", 2, 5, "A’oga"), id="a glottal stop"),
    pytest.param(("A", 10, 1, "B"), id="one letter"),
    pytest.param(("Whakawhanaungatanga" * 4, 5, 20, "Taumatawhakatangihanga" * 3), id="words too long for any line"),
]  # fmt: skip


def png(case, **options):
    return artwork.draw_badge_png(*case, demonstration=options.get("demonstration", False))


def svg(case, **options):
    return artwork.draw_badge_svg(*case, demonstration=options.get("demonstration", False))


def parsed(svg_bytes):
    return ET.fromstring(svg_bytes)  # noqa: S314 - our own output


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("case", CASES)
def test_the_png_is_a_small_square_with_a_clear_surround(case):
    data = png(case)
    image = opened(data).convert("RGBA")
    assert image.size == (600, 600)
    assert len(data) < 60_000
    assert image.getpixel((2, 2))[3] == 0
    assert image.getpixel((300, 10))[3] == 255


@pytest.mark.parametrize("case", CASES)
def test_no_line_leaves_the_face_of_the_seal(case):
    badge = artwork._badge(*case, demonstration=True)
    for line in artwork._lines(badge):
        width = lettering.width(line.text, line.size, line.weight, line.tracking)
        if line.text == "DEMONSTRATION":
            assert width < 240
            continue
        corners = [(width / 2, line.y - line.size * 0.6 - 300), (width / 2, line.y + line.size * 0.2 - 300)]
        assert all((x * x + y * y) ** 0.5 < 246 for x, y in corners), line


@pytest.mark.parametrize("case", CASES)
def test_lines_do_not_run_into_one_another(case):
    lines = sorted(artwork._lines(artwork._badge(*case, demonstration=True)), key=lambda line: line.y)
    for above, below in itertools.pairwise(lines):
        assert below.y - above.y >= 0.9 * below.size, (above.text, below.text)


@pytest.mark.parametrize("case", CASES)
def test_the_svg_says_what_the_png_shows(case):
    root = parsed(svg(case))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    badge = artwork._badge(*case, demonstration=False)
    assert texts == [line.text for line in artwork._lines(badge)]
    assert root.findtext(f"{SVG}title") == case[0]
    assert f"Level {case[1]}" in root.findtext(f"{SVG}desc")


def test_a_title_that_fits_is_shown_whole():
    assert "".join(LONG.split()) in "".join(parsed(svg((LONG, 3, 15, "X"))).itertext()).replace(" ", "")


def test_as_many_segments_are_lit_as_the_level_counts():
    for level in range(1, 11):
        root = parsed(svg(("A", level, 1, "B")))
        strokes = [path.get("stroke") for path in root.iter(f"{SVG}path")]
        assert len(strokes) == 10
        assert strokes == sorted(strokes, reverse=True)
        assert strokes.count("#79dcc1") == level


def test_a_macron_is_drawn_and_not_left_out():
    with_macron, without = (lettering.typeface(48, 700).getmask(word) for word in ("ō", "o"))
    assert with_macron.size[1] > without.size[1]
    assert lettering.missing_glyphs("āēīōūĀĒĪŌŪʻ’–—…·") == set()


@pytest.mark.parametrize("text", ["蜂", "🐝"])
def test_a_letter_the_font_lacks_is_refused_and_not_drawn_as_a_box(text):
    with pytest.raises(IssuingError, match=f"cannot show “{text}”"):
        png((f"Beekeeping {text}", 3, 5, "B"))
    with pytest.raises(IssuingError, match="artwork of your own"):
        svg(("Beekeeping", 3, 5, text))


def test_decomposed_macrons_and_stray_spaces_make_no_difference():
    assert png(("Te  Reo Ma\u0304ori\u200b ", 3, 5, "B")) == png(("Te Reo Māori", 3, 5, "B"))


def test_a_demonstration_says_so():
    plain, marked = (png(("A", 3, 5, "B"), demonstration=value) for value in (False, True))
    assert plain != marked
    amber = (0xF4, 0xB9, 0x42)
    assert opened(marked).convert("RGBA").getpixel((180, 553)) == pytest.approx((*amber, 255), abs=6)
    assert b"DEMONSTRATION" in svg(("A", 3, 5, "B"), demonstration=True)
    assert b"DEMONSTRATION" not in svg(("A", 3, 5, "B"))


def test_the_same_facts_give_the_same_bytes():
    first = png(("A", 3, 5, "B")), svg(("A", 3, 5, "B"))
    artwork._png.cache_clear()
    artwork._svg.cache_clear()
    assert (png(("A", 3, 5, "B")), svg(("A", 3, 5, "B"))) == first


def test_both_pictures_take_a_badge():
    text = '{"name":"Wharehuia Tāmaki"}'
    assert baking.unbake_png(baking.bake_png(png(("A", 3, 5, "B")), text)) == text
    assert baking.unbake_svg(baking.bake_svg(svg(("A", 3, 5, "B")), text)) == text
    assert len(baking.normalise_artwork(png(("A", 3, 5, "B")))) > 1_000


def test_markup_in_a_title_stays_text():
    root = parsed(svg(('<script>&"x"', 3, 5, "<b/>")))
    assert root.find(f".//{SVG}script") is None
    assert root.findtext(f"{SVG}title") == '<script>&"x"'


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=150), st.text(max_size=150), st.integers(1, 10))
def test_any_text_is_drawn_or_refused(title, provider, level):
    try:
        data = svg((title, level, 10, provider))
    except IssuingError:
        return
    parsed(data)


def test_the_picture_is_described_in_words():
    described = artwork.badge_alt_text("Te Waha Ohaoha", 6, 1, "Te Whare Whakaatu", demonstration=True)
    assert described == (
        "Badge: Te Waha Ohaoha. Micro-credential · Level 6 · 1 credit. Te Whare Whakaatu. Demonstration."
    )
