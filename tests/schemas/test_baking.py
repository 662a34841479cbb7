"""Badges in pictures: what goes in comes out, and every broken or ambiguous picture is refused with a sentence."""

import contextlib
import io
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from schemas import baking
from schemas.errors import BadgeError, BakingError, TooLarge
from schemas.limits import MAX_IMAGE_BYTES

IMAGES = Path(__file__).parents[1] / "vectors" / "images"
JSON = '{"name":"Wharehuia Tāmaki 🐝"}'
JWS = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"


def picture(name):
    return (IMAGES / name).read_bytes()


def stems(pattern):
    return sorted(path.name for path in IMAGES.glob(pattern))


def unbake(name):
    data = picture(name)
    return baking.unbake_png(data) if name.endswith(".png") else baking.unbake_svg(data)


@pytest.mark.parametrize("name", stems("good*"))
def test_a_sound_badge_is_read_from_a_picture(name):
    assert unbake(name) == (JWS if "jws" in name else JSON)


REFUSED = {
    "plain.png": "carries no badge; use the link",
    "keyword-in-capitals.png": "carries no badge",
    "open-badges-2.png": "Open Badges 2 badge",
    "learner-record.png": "Comprehensive Learner Record",
    "two-badges.png": "more than one badge",
    "the-same-badge-twice.png": "more than one badge",
    "second-badge-in-a-tEXt-chunk.png": "more than one badge",
    "badge-in-a-tEXt-chunk.png": "tEXt chunk",
    "badge-in-a-zTXt-chunk.png": "zTXt chunk",
    "badge-compressed.png": "compressed",
    "badge-compression-method-not-zero.png": "compressed",
    "badge-with-a-language.png": "names a language",
    "badge-with-a-translated-keyword.png": "translated keyword",
    "badge-cut-short-after-its-keyword.png": "cut short",
    "badge-cut-short-in-its-fields.png": "cut short",
    "badge-not-utf-8.png": "not UTF-8",
    "badge-empty.png": "text is empty",
    "badge-checksum-wrong.png": "checksum of the PNG's iTXt chunk",
    "pixel-checksum-wrong.png": "checksum of the PNG's IDAT chunk",
    "not-a-png.png": "not a PNG",
    "signature-mangled-by-a-text-transfer.png": "not a PNG",
    "signature-only.png": "cut short",
    "cut-in-a-chunk-header.png": "cut short",
    "cut-before-the-end.png": "cut short",
    "chunk-length-beyond-the-file.png": "cut short",
    "chunk-type-not-letters.png": "not four letters",
    "no-header.png": "begin with its one IHDR",
    "header-not-first.png": "begin with its one IHDR",
    "two-headers.png": "begin with its one IHDR",
    "header-too-short.png": "no size",
    "header-without-width.png": "no size",
    "header-of-ten-thousand-million-pixels.png": "100,000 by 100,000 pixels",
    "no-pixels.png": "ends without a picture",
    "pixels-not-together.png": "do not follow one another",
    "end-not-empty.png": "ends without a picture",
    "bytes-after-the-end.png": "1 bytes after its end",
    "badge-after-the-end.png": "after its end",
    "another-png-after-the-end.png": "after its end",
    "unknown-critical-chunk.png": "NZXX",
    "more-chunks-than-allowed.png": "more than 10,000 chunks",
    "plain.svg": "carries no badge; use the link",
    "artwork-that-is-one-empty-tag.svg": "carries no badge",
    "badge-in-the-wrong-namespace.svg": "carries no badge",
    "open-badges-2.svg": "Open Badges 2 badge",
    "learner-record.svg": "Comprehensive Learner Record",
    "two-badges.svg": "more than one badge",
    "two-badges-under-two-prefixes.svg": "more than one badge",
    "badge-in-verify-and-body.svg": "given twice",
    "badge-empty.svg": "is empty",
    "badge-with-empty-verify.svg": "is empty",
    "badge-of-white-space.svg": "is empty",
    "badge-not-under-the-root.svg": "directly under <svg>",
    "badge-is-the-root.svg": "not an SVG",
    "badge-in-an-inner-svg.svg": "directly under <svg>",
    "badge-with-elements-inside.svg": "elements of its own",
    "badge-inside-a-badge.svg": "elements of its own",
    "badge-broken-by-a-comment.svg": "by a comment",
    "badge-broken-by-an-instruction.svg": "by a processing instruction",
    "not-an-svg.svg": "not an SVG",
    "svg-without-its-namespace.svg": "not an SVG",
    "empty.svg": "not well-formed",
    "cut-short.svg": "not well-formed",
    "tags-crossed.svg": "not well-formed: mismatched tag",
    "text-after-the-end.svg": "not well-formed",
    "not-utf-8.svg": "not UTF-8",
    "utf-16.svg": "not UTF-8",
    "declared-as-another-encoding.svg": "UTF-8",
    "doctype.svg": "DOCTYPE",
    "entity-from-a-file.svg": "DOCTYPE",
    "entities-that-multiply.svg": "DOCTYPE",
    "undefined-entity.svg": "undefined entity",
    "nested-too-deep.svg": "more than 64 deep",
    "more-attributes-than-allowed.svg": "more than 5,000 attributes",
    "more-elements-than-allowed.svg": "more than 20,000 elements",
}


@pytest.mark.parametrize(("name", "sentence"), REFUSED.items(), ids=REFUSED)
def test_a_broken_or_ambiguous_picture_is_refused_with_a_sentence(name, sentence):
    with pytest.raises((BakingError, TooLarge), match=sentence):
        unbake(name)


def test_every_vector_stands_in_a_table():
    known = set(REFUSED) | set(stems("good*")) | set(stems("unsafe-*")) | set(stems("artwork-*")) | {"build.py"}
    assert {path.name for path in IMAGES.iterdir() if path.is_file()} == known


@pytest.mark.parametrize("name", ["plain.png", "plain.svg"])
def test_a_picture_without_a_badge_says_so_to_a_machine_too(name):
    with pytest.raises(BakingError) as caught:
        unbake(name)
    assert caught.value.extensions == {"reason": "no-badge"}


TEXTS = [
    pytest.param(JSON, id="macrons and an emoji"),
    pytest.param(JWS, id="a compact JWS"),
    pytest.param('{"a":"]]>]]>]]"}', id="the end of a CDATA section"),
    pytest.param('{"a":"<b> & \\"c\\" &amp; <![CDATA["}', id="everything XML escapes"),
    pytest.param('{\n\t"a": 1\n}', id="indented"),
    pytest.param('{"a":"' + "ā🐝" * 174_762 + '"}', id="a mebibyte"),
    pytest.param("a." + "b" * 1_048_576 + ".c", id="a mebibyte of JWS"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_baked_into_a_png_is_read_back_and_the_picture_stays(text):
    plain = picture("plain.png")
    baked = baking.bake_png(plain, text)
    assert baking.unbake_png(baked) == text
    assert baked[:33] == plain[:33]
    assert baked.endswith(plain[33:])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "name", ["plain.svg", "artwork-that-is-one-empty-tag.svg", "artwork-with-everything-harmless.svg"]
)
def test_what_is_baked_into_an_svg_is_read_back_and_the_picture_stays(name, text):
    plain = picture(name)
    baked = baking.bake_svg(plain, text)
    assert baking.unbake_svg(baked) == text
    if not plain.endswith(b"/>"):
        inside = plain[plain.index(b">") + 1 :]
        assert baked.endswith(b">" + inside)


def test_pillow_still_shows_a_baked_png_and_reads_the_same_text():
    with Image.open(io.BytesIO(baking.bake_png(picture("plain.png"), JSON))) as image:
        image.load()
        assert image.getpixel((1, 1)) == 0x80
        assert image.text == {"openbadgecredential": JSON}


@pytest.mark.parametrize("name", ["good.png", "good-badge-after-the-pixels.png", "open-badges-2.png", "two-badges.png"])
def test_a_baked_png_is_baked_again_only_when_asked(name):
    with pytest.raises(BakingError, match="already carries a badge"):
        baking.bake_png(picture(name), JWS)
    assert baking.bake_png(picture(name), JWS, replace=True) == baking.bake_png(picture("plain.png"), JWS)


@pytest.mark.parametrize(
    "name", ["good.svg", "good-jws.svg", "two-badges.svg", "good-jws-in-an-open-and-a-closing-tag.svg"]
)
def test_a_baked_svg_is_baked_again_only_when_asked(name):
    with pytest.raises(BakingError, match="already carries a badge"):
        baking.bake_svg(picture(name), JSON)
    rebaked = baking.bake_svg(picture(name), JSON, replace=True)
    assert baking.unbake_svg(rebaked) == JSON
    assert rebaked.count(b"<openbadges:credential") == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("https://old.example/badge", id="a URL, as Open Badges 2 had it"),
        pytest.param("[1]", id="an array"),
        pytest.param(' {"a":1}', id="white space around it"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c\n", id="a newline after a JWS"),
        pytest.param("a..c", id="an empty part"),
    ],
)
def test_only_a_credential_is_baked(text):
    with pytest.raises(BakingError, match="Only a credential"):
        baking.bake_png(picture("plain.png"), text)
    with pytest.raises(BakingError, match="Only a credential"):
        baking.bake_svg(picture("plain.svg"), text)


def test_texts_a_picture_cannot_carry_are_refused():
    with pytest.raises(BakingError, match="NUL"):
        baking.bake_png(picture("plain.png"), '{"a":"\0"}')
    with pytest.raises(BakingError, match="surrogate"):
        baking.bake_png(picture("plain.png"), '{"a":"\ud800"}')
    for character in "\0\r\ud800\ufffe":
        with pytest.raises(BakingError, match="XML cannot carry"):
            baking.bake_svg(picture("plain.svg"), f'{{"a":"{character}"}}')


@pytest.mark.parametrize("name", stems("unsafe-*"))
def test_artwork_that_could_run_or_load_something_is_not_baked(name):
    with pytest.raises(BakingError, match="The artwork has") as caught:
        baking.bake_svg(picture(name), JSON)
    assert caught.value.extensions.get("reason") in ("unsafe-artwork", "malformed")


def test_artwork_whose_prefix_is_taken_is_not_baked():
    with pytest.raises(BakingError, match="prefix “openbadges”"):
        baking.bake_svg(picture("artwork-with-the-prefix-taken.svg"), JSON)


def test_a_broken_png_is_not_baked():
    with pytest.raises(BakingError, match="after its end"):
        baking.bake_png(picture("bytes-after-the-end.png"), JSON, replace=True)


@pytest.mark.parametrize("read", [baking.unbake_png, baking.unbake_svg, baking.normalise_artwork])
def test_one_byte_over_the_limit_is_refused_unread(read):
    with pytest.raises(TooLarge, match="5,242,881 bytes"):
        read(bytes(MAX_IMAGE_BYTES + 1))


def test_a_picture_that_would_grow_over_the_limit_is_not_baked():
    text = '{"a":"' + "a" * MAX_IMAGE_BYTES + '"}'
    with pytest.raises(TooLarge):
        baking.bake_png(picture("plain.png"), text)
    with pytest.raises(TooLarge):
        baking.bake_svg(picture("plain.svg"), text)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[(name, "png") for name in ("plain.png", "good.png", "signature-only.png")],
        *[(name, "svg") for name in ("plain.svg", "good.svg", "doctype.svg", "entity-from-a-file.svg")],
        ("good-with-declaration-comment-and-byte-order-mark.svg", "svg"),
        ("not-a-png.png", None),
        ("not-an-svg.svg", None),
        ("empty.svg", None),
    ],
)
def test_a_picture_is_known_by_how_it_begins(name, kind):
    assert baking.sniff(picture(name)) == kind


@pytest.mark.parametrize("data", [b"{}", b'{"a":"<svg "}', b"eyJ.e30.c2ln", b"<svgx>", b"<!-- <svg> -->", b"%PDF-1.7"])
def test_other_texts_are_no_picture(data):
    assert baking.sniff(data) is None


# --- artwork ----------------------------------------------------------------------------------------------------


def drawn(mode="RGB", size=(40, 30), fmt="PNG", **options):
    written = io.BytesIO()
    Image.new(mode, size, color=(20, 90, 110, 255)[: len(mode)] if mode in ("RGB", "RGBA") else 7).save(
        written, fmt, **options
    )
    return written.getvalue()


@pytest.mark.parametrize(
    ("mode", "fmt", "expected"),
    [
        ("RGB", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("L", "JPEG", "RGB"),
        ("CMYK", "JPEG", "RGB"),
    ],
)
def test_artwork_becomes_a_clean_png(mode, fmt, expected):
    clean = baking.normalise_artwork(drawn(mode, fmt=fmt))
    with Image.open(io.BytesIO(clean)) as image:
        image.load()
        assert (image.format, image.mode, image.size, image.info) == ("PNG", expected, (40, 30), {})
    assert baking.unbake_png(baking.bake_png(clean, JSON)) == JSON


def test_artwork_loses_its_metadata_and_any_badge():
    carried = baking.bake_png(drawn(), JSON)
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # on its side
    with pytest.raises(BakingError, match="no badge"):
        baking.unbake_png(baking.normalise_artwork(carried))
    turned = baking.normalise_artwork(drawn(fmt="JPEG", exif=exif))
    assert b"taken at home" not in turned
    with Image.open(io.BytesIO(turned)) as image:
        assert image.size == (30, 40)


def test_large_artwork_is_scaled_down():
    with Image.open(io.BytesIO(baking.normalise_artwork(drawn(size=(2_400, 1_200))))) as image:
        assert image.size == (1_200, 600)


@pytest.mark.parametrize("size", [(5_001, 5_000), (30_000, 30_000)])
def test_artwork_with_too_many_pixels_is_refused_before_it_is_decoded(size):
    width, height = size
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    tagged = b"IHDR" + header
    chunk = len(header).to_bytes(4, "big") + tagged + zlib.crc32(tagged).to_bytes(4, "big")
    with pytest.raises(TooLarge, match="pixels"):
        baking.normalise_artwork(picture("plain.png")[:8] + chunk + picture("plain.png")[33:])


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"<svg/>", drawn()[:60], drawn(fmt="JPEG")[:80]])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(BakingError, match="cannot be read as a PNG, JPEG or WebP"):
        baking.normalise_artwork(data)


# --- whatever comes ---------------------------------------------------------------------------------------------


def mutated(data, draw):
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        at = draw(st.integers(min_value=0, max_value=len(data)))
        cut = draw(st.integers(min_value=0, max_value=8))
        data = data[:at] + draw(st.binary(max_size=8)) + data[at + cut :]
    return data


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([*stems("good*"), "two-badges.png", "entity-from-a-file.svg"]))
def test_damaged_pictures_give_a_text_or_a_badge_error_and_nothing_else(data, name):
    damaged = mutated(picture(name), data.draw)
    for read in (baking.unbake_png, baking.unbake_svg):
        with contextlib.suppress(BadgeError):
            assert isinstance(read(damaged), str)
    baking.sniff(damaged)
    for bake in (baking.bake_png, baking.bake_svg):
        with contextlib.suppress(BadgeError):
            bake(damaged, JSON, replace=True)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["PNG", "JPEG"]))
def test_damaged_artwork_gives_a_picture_or_a_badge_error_and_nothing_else(data, fmt):
    with contextlib.suppress(BadgeError):
        baking.normalise_artwork(mutated(drawn(fmt=fmt), data.draw))


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\ufffe\uffff"), max_size=60))
def test_any_text_survives_either_picture(inside):
    text = "{" + inside + "}"
    assert baking.unbake_png(baking.bake_png(picture("plain.png"), text)) == text
    with contextlib.suppress(BakingError):  # control characters, which XML cannot carry
        assert baking.unbake_svg(baking.bake_svg(picture("plain.svg"), text)) == text
