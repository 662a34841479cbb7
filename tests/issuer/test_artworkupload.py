"""Uploaded artwork: an honest picture becomes a light square PNG; bombs, drawings and films are told why not."""

import io
import struct
import zlib

import pytest
from PIL import Image

from issuer.drawing.artworkupload import MAX_ARTWORK_BYTES, read_artwork
from schemas import baking
from schemas.errors import InputError, TooLarge


def picture(size=(800, 800), *, mode="RGB", form="PNG", colour=None, **options):
    data = io.BytesIO()
    Image.new(mode, size, colour or ((20, 90, 110, 128) if mode == "RGBA" else (20, 90, 110))).save(
        data, form, **options
    )
    return data.getvalue()


def photograph(form="JPEG", size=(3000, 2000)):
    data = io.BytesIO()
    red, green, blue = (Image.effect_noise(size, 90) for _ in range(3))
    Image.merge("RGB", (red, green, blue)).resize(size).save(data, form, quality=60)
    return data.getvalue()


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.format == "PNG"
        assert set(image.info) <= {"transparency"}
        return image


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_three_kinds_become_a_square_png_without_metadata(form):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    made = read_artwork(picture((900, 600), form=form, exif=exif))
    assert opened(made).size == (900, 900)
    assert b"taken at home" not in made
    shown = opened(made).convert("RGBA")
    assert shown.getpixel((450, 10))[3] == 0
    assert shown.getpixel((450, 450))[3] == 255
    assert baking.unbake_png(baking.bake_png(made, '{"a":"b"}')) == '{"a":"b"}'


def test_a_square_picture_stays_solid_and_a_clear_one_clear():
    assert opened(read_artwork(picture())).mode == "RGB"
    assert opened(read_artwork(picture(mode="RGBA"))).convert("RGBA").getpixel((400, 400))[3] == 128


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_photograph_is_made_light_for_every_badge_carries_it(form):
    made = read_artwork(photograph(form))
    assert len(made) < 600 * 1024
    width, height = opened(made).size
    assert width == height <= 1200


def test_a_large_drawing_is_scaled_down():
    assert opened(read_artwork(picture((4000, 4000)))).size == (1200, 1200)


def test_a_turned_photograph_is_set_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    half = Image.new("RGB", (600, 400), (255, 255, 255))
    half.paste((0, 0, 0), (0, 0, 300, 400))
    data = io.BytesIO()
    half.save(data, "JPEG", exif=exif)
    shown = opened(read_artwork(data.getvalue())).convert("RGB")
    assert shown.getpixel((300, 50))[0] < 60
    assert shown.getpixel((300, 550))[0] > 200


def test_a_badge_hidden_in_the_picture_is_gone():
    with pytest.raises(InputError, match="no badge"):
        baking.unbake_png(read_artwork(baking.bake_png(picture(), '{"a":"b"}')))


def test_what_follows_the_picture_is_gone():
    assert b"<script>" not in read_artwork(picture() + b"<script>alert(1)</script>")


def bomb(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )


def moving(form):
    frames = [Image.new("RGB", (300, 300), (shade, 0, 0)) for shade in (0, 90, 200)]
    data = io.BytesIO()
    frames[0].save(data, form, save_all=True, append_images=frames[1:], duration=100)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "scripts and links", id="SVG"),
        pytest.param(b'\xef\xbb\xbf <?xml version="1.0"?><svg/>', "scripts and links", id="SVG with a byte order mark"),
        pytest.param(b"\x1f\x8b" + bytes(40), "scripts and links", id="a packed SVG"),
        pytest.param(b"GIF89a" + bytes(40), "a GIF", id="GIF"),
        pytest.param(b"%PDF-1.7" + bytes(40), "a PDF", id="PDF"),
        pytest.param(b"\0\0\0\x18ftypheic" + bytes(40), "HEIC", id="a phone's HEIC"),
        pytest.param(moving("PNG"), "moves", id="animated PNG"),
        pytest.param(moving("WEBP"), "moves", id="animated WebP"),
        pytest.param(picture((120, 120)), "at least 200", id="too small to print"),
        pytest.param(picture((1200, 300)), "three times", id="a banner"),
        pytest.param(picture()[:-500], "cannot be read", id="cut short"),
        pytest.param(b"PK\x03\x04" + bytes(200), "cannot be read", id="a zip"),
        pytest.param(bytes(5000), "cannot be read", id="zeros"),
    ],
)
def test_what_is_refused_is_told_why(data, told):
    with pytest.raises(InputError, match=told):
        read_artwork(data)


@pytest.mark.parametrize("size", [(5_001, 5_000), (10_000, 10_000), (30_000, 30_000), (2**31 - 1, 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size):
    with pytest.raises(TooLarge, match="pixels"):
        read_artwork(bomb(*size))


def test_one_byte_too_many_is_refused():
    with pytest.raises(TooLarge, match="5 MiB"):
        read_artwork(picture() + bytes(MAX_ARTWORK_BYTES + 1 - len(picture())))
