"""One over a limit fails, and no limit is without a test that names it."""

import io
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from issuer.rows import read_class_list
from keys.suites.jwt import parse_jws
from schemas import limits
from schemas.baking import normalise_artwork, unbake_png, unbake_svg
from schemas.canonical import canonicalize
from schemas.errors import BadgeError, CanonicalizationLimit, TooLarge
from schemas.jsontext import parse_json, parse_object

TESTS = Path(__file__).parent.parent
GOOD = parse_object((TESTS / "vectors" / "badges" / "unsigned-good.json").read_bytes())

# The figures of the design; a decision may change one, with its reason, and then it changes here too.
FIGURES: dict[str, Any] = {
    "DOCUMENT": limits.JsonLimits(max_bytes=2**20, max_depth=32, max_values=1_000),
    "MAX_IMAGE_BYTES": 5 * 2**20,
    "MAX_PROOFS": 8,
    "MAX_STATUS_ENTRIES": 8,
    "MAX_BASE58_CHARS": 200,
    "MAX_BITSTRING_BYTES": 8 * 2**20,
    "MIN_BITSTRING_ENTRIES": 131_072,
    "CANONICALIZATION_SECONDS": 2.0,
    "FETCH_SECONDS": 3.0,
    "FETCH_TOTAL_SECONDS": 12.0,
    "MAX_FETCH_BYTES": 2**20,
    "MAX_REDIRECTS": 2,
    "MAX_JSON_INTEGER": 2**53 - 1,
}
NAMES = sorted(name for name in vars(limits) if re.fullmatch(r"[A-Z0-9_]+", name) and name != "MIB")


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_figure_is_the_designs(name: str) -> None:
    assert getattr(limits, name) == FIGURES[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_is_named_by_a_test(name: str) -> None:
    assert any(re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))


def with_evidence(count: int) -> dict[str, Any]:
    return GOOD | {"evidence": [{"type": ["Evidence"], "name": str(number)} for number in range(count)]}


def test_blank_nodes_over_the_limit_are_refused() -> None:
    inside = limits.MAX_BLANK_NODES - 20  # the badge itself has some
    assert canonicalize(with_evidence(inside))
    with pytest.raises(CanonicalizationLimit):
        canonicalize(with_evidence(limits.MAX_BLANK_NODES + 1))


def test_expansion_that_takes_longer_than_allowed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = limits.CANONICALIZATION_SECONDS
    real = time.monotonic
    start = real()
    monkeypatch.setattr(time, "monotonic", lambda: start if real() == start else real() + limit * 2)
    steps = iter([start, *[start + limit + 0.1] * 10_000])
    monkeypatch.setattr(time, "monotonic", lambda: next(steps))
    with pytest.raises(CanonicalizationLimit):
        canonicalize(GOOD)


def svg(body: str, attributes: str = "") -> bytes:
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"'
    credential = '<openbadges:credential verify="a.b.c"/>'
    return f"{head}{attributes}>{credential}{body}</svg>".encode()


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(svg("<g>" * limits.MAX_SVG_DEPTH + "</g>" * limits.MAX_SVG_DEPTH), id="MAX_SVG_DEPTH"),
        pytest.param(svg("<g/>" * limits.MAX_SVG_ELEMENTS), id="MAX_SVG_ELEMENTS"),
        pytest.param(
            svg("".join(f'<g a{n}=""/>' for n in range(limits.MAX_SVG_ATTRIBUTES + 1))), id="MAX_SVG_ATTRIBUTES"
        ),
    ],
)
def test_an_svg_over_its_limits_is_refused(picture: bytes) -> None:
    assert unbake_svg(svg("<g/>")) == "a.b.c"
    with pytest.raises(BadgeError):
        unbake_svg(picture)


def test_a_png_of_too_many_chunks_is_refused() -> None:
    from struct import pack
    from zlib import crc32

    def chunk(kind: bytes, data: bytes = b"") -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))

    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    with pytest.raises(TooLarge, match="chunks"):
        unbake_png(header + chunk(b"tEXt", b"a\0b") * (limits.MAX_PNG_CHUNKS + 1) + chunk(b"IEND"))


def test_artwork_of_too_many_pixels_is_refused_and_large_artwork_is_scaled_down() -> None:
    from PIL import Image

    def picture(side: int) -> bytes:
        out = io.BytesIO()
        Image.new("1", (side, side)).save(out, "PNG")
        return out.getvalue()

    with pytest.raises(BadgeError):
        normalise_artwork(picture(int(limits.MAX_IMAGE_PIXELS**0.5) + 1))
    with Image.open(io.BytesIO(normalise_artwork(picture(limits.MAX_ARTWORK_SIDE + 1)))) as scaled:
        assert max(scaled.size) == limits.MAX_ARTWORK_SIDE


def test_a_jose_header_over_its_limit_is_refused() -> None:
    from keys.multibase import base64url_encode

    header = base64url_encode(b'{"alg":"EdDSA","kid":"' + b"k" * limits.JOSE_HEADER.max_bytes + b'"}')
    with pytest.raises(BadgeError):
        parse_jws(f"{header}.e30.AA")


def test_a_configuration_file_may_be_large_but_not_deep() -> None:
    assert parse_json("[" + "1," * 5_000 + "1]", limits=limits.CONFIGURATION)
    deep = limits.CONFIGURATION.max_depth + 1
    with pytest.raises(BadgeError):
        parse_json("[" * deep + "]" * deep, limits=limits.CONFIGURATION)


HEADER = "learner_name,nzqa_ref,achieved_on,row_key\n"


def faults(row: str) -> list[str]:
    read = read_class_list((HEADER + row).encode(), filename="x.csv")
    return [fault.message for fault in read.faults]


def test_a_cell_over_its_limit_fails_its_row() -> None:
    fits, over = "k" * limits.MAX_ROW_KEY_CHARS, "k" * (limits.MAX_ROW_KEY_CHARS + 1)
    assert not faults(f"Ana Latū,5055,2026-05-03,{fits}\n")
    assert faults(f"Ana Latū,5055,2026-05-03,{over}\n")
    assert faults(f"{'N' * (limits.MAX_NAME_CHARS + 1)},5055,2026-05-03,1\n")
    assert faults(f"Ana Latū,5055,2026-05-03,{'k' * (limits.MAX_CELL_CHARS + 1)}\n")


def test_a_quotation_mark_that_is_never_closed_takes_no_more_than_its_lines() -> None:
    rows = "".join(f"Ana Latū,5055,2026-05-03,{number}\n" for number in range(limits.MAX_RECORD_LINES + 20))
    with_open_quote = f'"Ana Latū,5055,2026-05-03,0\n{rows}'
    assert faults(with_open_quote)


def test_a_table_of_too_many_columns_is_refused() -> None:
    header = ",".join(f"c{number}" for number in range(limits.MAX_TABLE_COLUMNS + 1))
    with pytest.raises(BadgeError):
        read_class_list(f"{header}\n".encode(), filename="x.csv")


def test_a_workbook_that_inflates_beyond_its_limit_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (limits.MAX_XLSX_INFLATED + 1))
    with pytest.raises(BadgeError):
        read_class_list(out.getvalue(), filename="x.xlsx")


def test_a_workbook_whose_one_stray_cell_makes_billions_of_cells_is_refused() -> None:
    from openpyxl import Workbook

    assert limits.MAX_TABLE_CELLS < 1_048_576 * 16_384
    workbook, out = Workbook(), io.BytesIO()
    sheet: Any = workbook.active
    sheet.append(HEADER.strip().split(","))
    sheet["XFD1048576"] = "stray"
    workbook.save(out)
    with pytest.raises(BadgeError):
        read_class_list(out.getvalue(), filename="x.xlsx")
