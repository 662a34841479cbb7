"""QR codes: another program reads them, printed small, turned and blurred; the symbols equal the library's own."""

import io
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData, lost_point

from issuer.qr import QUIET_ZONE, penalty, qr_modules, qr_png, qr_svg
from schemas.errors import IssuingError

URL = "https://badges.example.nz/badges/k5x2mz7qlr4hwvt3ay6dcbnuoe"
ADDRESSES = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26).map(
    "https://badges.example.nz/badges/{}".format
)


def parsed(svg_bytes):
    return ET.fromstring(svg_bytes)  # noqa: S314 - our own output


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def read(image):
    return [(found.text, found.ec_level) for found in zxingcpp.read_barcodes(image)]


def librarys_own(url, mask=None):
    code = QRCode(error_correction=ERROR_CORRECT_Q, mask_pattern=mask)
    code.add_data(QRData(url.encode(), mode=MODE_8BIT_BYTE))
    code.make()
    return code


@pytest.mark.parametrize("box_size", [1, 3, 10])
def test_another_reader_reads_the_address_at_level_q(box_size):
    assert read(opened(qr_png(URL, box_size=box_size)).convert("L")) == [(URL, "Q")]


def test_it_is_read_turned_and_blurred():
    image = opened(qr_png(URL, box_size=6)).convert("L")
    worn = image.rotate(17, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(2))
    assert read(worn) == [(URL, "Q")]


def test_it_is_read_with_a_corner_of_the_data_worn_off():
    image = opened(qr_png(URL, box_size=6)).convert("L")
    side = image.width
    image.paste(255, (side - 80, side - 60, side - 24, side - 24))
    assert read(image) == [(URL, "Q")]


@settings(max_examples=25, deadline=None)
@given(ADDRESSES)
def test_any_badge_address_is_read(url):
    assert read(opened(qr_png(url, box_size=3)).convert("L")) == [(url, "Q")]


@pytest.mark.parametrize("length", [1, 11, 12, 60, 109, 110, 118, 177, 259, 260, 500, 1_000, 1_662, 1_663])
def test_the_symbol_is_the_librarys_own_at_every_size_under_the_best_of_its_masks(length):
    url = ("https://badges.example.nz/" + "abc/DEF-123" * 200)[:length]
    ours = qr_modules(url)
    symbols = [librarys_own(url, mask=mask).modules for mask in range(8)]
    written = [tuple("".join("1" if dark else "0" for dark in row) for row in modules) for modules in symbols]
    penalties = [lost_point(modules) for modules in symbols]
    assert [penalty(int("".join(rows), 2), side=len(rows)) for rows in written] == penalties
    assert ours == written[penalties.index(min(penalties))]


def test_the_quiet_zone_is_white_and_four_modules_wide():
    image = opened(qr_png(URL, box_size=5))
    side = len(qr_modules(URL))
    assert image.mode == "1"
    assert image.size == ((side + 2 * QUIET_ZONE) * 5,) * 2
    dark = image.convert("L").point(lambda value: 255 - value).getbbox()
    assert dark == (QUIET_ZONE * 5, QUIET_ZONE * 5, (side + QUIET_ZONE) * 5, (side + QUIET_ZONE) * 5)


def test_the_svg_draws_the_same_modules():
    root = parsed(qr_svg(URL))
    side = len(qr_modules(URL)) + 2 * QUIET_ZONE
    assert root.get("viewBox") == f"0 0 {side} {side}"
    drawn = Image.new("L", (side, side), 255)
    path = root.find("{http://www.w3.org/2000/svg}path").get("d")
    for run in path.split("z")[:-1]:
        corner, _, length = run[1:].partition("h")
        x, y = map(int, corner.split())
        drawn.paste(0, (x, y, x + int(length.split("v")[0]), y + 1))
    assert drawn.tobytes() == opened(qr_png(URL, box_size=1)).convert("L").tobytes()
    assert root.findtext("{http://www.w3.org/2000/svg}title") == f"QR code: {URL}"


def test_the_address_in_the_svg_is_escaped():
    assert b"<script>" not in qr_svg("https://x.example/?a=<script>&b")


def test_the_same_address_gives_the_same_bytes():
    first = qr_png(URL), qr_svg(URL)
    qr_modules.cache_clear()
    assert (qr_png(URL), qr_svg(URL)) == first


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("https://tohu.nz/ā", id="not ASCII"),
        pytest.param("https://x.nz/\n", id="a newline"),
        pytest.param("https://x.nz/" + "a" * 1_651, id="one more than the largest symbol holds"),
        pytest.param("https://x.nz/" + "a" * 2_036, id="one over the limit"),
    ],
)
def test_what_is_no_plain_address_is_refused(url):
    with pytest.raises(IssuingError, match="QR code"):
        qr_png(url)
