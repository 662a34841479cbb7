"""A badge's address as a QR code, black on white with its quiet zone, as PNG and as SVG; made to be printed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

from qrcode.base import rs_blocks
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode, precomputed_qr_blanks
from qrcode.util import BIT_LIMIT_TABLE, MODE_8BIT_BYTE, BitBuffer, create_bytes, length_in_bits, mask_func

from schemas.baking.carrier import PNG_SIGNATURE
from schemas.errors import IssuingError
from schemas.limits import MAX_URL_CHARS

QUIET_ZONE: Final = 4  # modules on every side: ISO/IEC 18004, 9.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What every symbol of a version shares. Grids are whole numbers, row by row, the top left module highest."""

    side: int
    places: tuple[int, ...]  # where the data's bits go, in their order
    fixed: tuple[int, ...]  # the patterns and format information, for each of the eight masks
    masks: tuple[int, ...]  # the data modules each mask flips


@lru_cache(maxsize=1024)
def qr_modules(url: str) -> tuple[str, ...]:
    """The symbol's rows without its quiet zone, `1` for dark, at error correction level Q. Raises IssuingError."""
    if not url or not url.isascii() or not url.isprintable() or len(url) > MAX_URL_CHARS:
        raise IssuingError("Only a plain address, in ASCII and not too long, is put into a QR code.")
    version = _version(len(url))
    frame = _frame(version)
    codewords = _codewords(url.encode("ascii"), version)
    bits = "".join(f"{codeword:08b}" for codeword in codewords).ljust(len(frame.places), "0").encode()
    cells = bytearray(b"0" * frame.side**2)
    for place, bit in zip(frame.places, bits, strict=True):
        cells[place] = bit
    data = int(cells, 2)
    candidates = [(data ^ mask) | fixed for mask, fixed in zip(frame.masks, frame.fixed, strict=True)]
    grid = min(candidates, key=lambda candidate: penalty(candidate, side=frame.side))
    rows = f"{grid:0{frame.side**2}b}"
    return tuple(rows[start : start + frame.side] for start in range(0, len(rows), frame.side))


def penalty(grid: int, *, side: int) -> int:
    """ISO/IEC 18004, 7.8.3.1: how hard a symbol may be to read, all modules at once instead of one by one."""
    size = side * side
    dark, light = grid, ~grid & ((1 << size) - 1)
    points = 0
    # Each module against the one to its left, then against the one above it.
    alike = []
    for step, reaches in ((1, _columns_from(side)), (side, _rows_from(side))):
        same = ~(grid ^ grid >> step) & reaches[1]
        alike.append(same)
        five = same & same >> step & same >> 2 * step & same >> 3 * step
        runs = five & ~(five >> step)
        points += five.bit_count() + 2 * runs.bit_count()  # N1: 3 for a run of five, 1 for each module more
        finder = dark & light >> step & dark >> 2 * step & dark >> 3 * step & dark >> 4 * step
        finder &= light >> 5 * step & dark >> 6 * step
        clear = light & light >> step & light >> 2 * step & light >> 3 * step
        found = ((finder & clear >> 7 * step) & reaches[10]).bit_count()
        found += ((finder >> 4 * step & clear) & reaches[10]).bit_count()
        points += 40 * found  # N3: a finder pattern's look with four light modules on a side
    beside, below = alike
    points += 3 * (beside & beside >> side & below).bit_count()  # N2: blocks of two by two
    return points + 10 * int(abs(dark.bit_count() * 100 / size - 50) / 5)  # N4: too dark or too light


@lru_cache(maxsize=40)
def _columns_from(side: int) -> tuple[int, ...]:
    """For each number up to ten: the modules with at least so many to their left."""
    return tuple(int(("0" * first + "1" * (side - first)) * side, 2) for first in range(11))


@lru_cache(maxsize=40)
def _rows_from(side: int) -> tuple[int, ...]:
    return tuple((1 << side * (side - first)) - 1 for first in range(11))


@lru_cache(maxsize=MAX_URL_CHARS)
def _version(length: int) -> int:
    """The smallest version whose level Q holds so many bytes (ISO/IEC 18004, 7.4.10)."""
    for version in range(1, 41):
        if 4 + length_in_bits(MODE_8BIT_BYTE, version) + 8 * length <= BIT_LIMIT_TABLE[ERROR_CORRECT_Q][version]:
            return version
    raise IssuingError(f"The address is {length:,} characters long; no QR code holds it.")


def _codewords(data: bytes, version: int) -> bytes:
    """Mode, count, data, terminator and padding (7.4), then error correction, interleaved (7.5, 7.6)."""
    blocks = rs_blocks(version, ERROR_CORRECT_Q)
    capacity = sum(block.data_count for block in blocks)
    count_bits = length_in_bits(MODE_8BIT_BYTE, version)
    text = (((MODE_8BIT_BYTE << count_bits) | len(data)) << 8 * len(data)) | int.from_bytes(data, "big")
    used = 4 + count_bits + 8 * len(data)
    filled = -(-min(used + 4, 8 * capacity) // 8)
    padding = (b"\xec\x11" * capacity)[: capacity - filled]
    buffer = BitBuffer()
    buffer.buffer = [*(text << (8 * filled - used)).to_bytes(filled, "big"), *padding]
    return bytes(create_bytes(buffer, blocks))


@lru_cache(maxsize=40)
def _frame(version: int) -> _Frame:
    fixed, masks = [], []
    places: list[int] = []
    for mask in range(8):
        code = QRCode(version=version, error_correction=ERROR_CORRECT_Q, mask_pattern=mask)
        code.add_data(b"", optimize=0)
        code.make(fit=False)
        code.modules = [row[:] for row in precomputed_qr_blanks[version]]
        code.setup_type_info(False, mask)
        if version >= 7:
            code.setup_type_number(False)
        side, flipped = len(code.modules), mask_func(mask)
        fixed.append(int("".join("1" if dark else "0" for row in code.modules for dark in row), 2))
        flips = bytearray(b"0" * side**2)
        places = [row * side + column for row, column in _zigzag(side) if code.modules[row][column] is None]
        for place in places:
            flips[place] += bool(flipped(place // side, place % side))
        masks.append(int(flips, 2))
    return _Frame(side=side, places=tuple(places), fixed=tuple(fixed), masks=tuple(masks))


def _zigzag(side: int) -> Iterator[tuple[int, int]]:
    """Every module in the order data are placed: pairs of columns from the right, up and down (7.7.3)."""
    upward = True
    for right in [*range(side - 1, 6, -2), 5, 3, 1]:
        for row in range(side - 1, -1, -1) if upward else range(side):
            yield row, right
            yield row, right - 1
        upward = not upward


def qr_png(url: str, *, box_size: int = 10) -> bytes:
    """A one-bit PNG, `box_size` pixels a module. At 25 mm and 10 pixels a module it prints at over 400 dpi."""
    rows = qr_modules(url)
    side = (len(rows) + 2 * QUIET_ZONE) * box_size
    margin = "1" * (QUIET_ZONE * box_size)
    again = (b"\2" + bytes(-(-side // 8))) * (box_size - 1)  # filter type 2, Up: the row above once more
    scale = str.maketrans({"0": "1" * box_size, "1": "0" * box_size})
    blank = _scan_line("1" * side) + (b"\2" + bytes(-(-side // 8))) * (QUIET_ZONE * box_size - 1)
    lines = [blank]
    for row in rows:
        lines += (_scan_line(margin + row.translate(scale) + margin), again)
    lines.append(blank)
    header = side.to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"  # 1 bit, greyscale
    return b"".join(
        (
            PNG_SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(b"".join(lines), 4)),
            _chunk(b"IEND", b""),
        )
    )


def qr_svg(url: str) -> bytes:
    """The symbol as one path, a unit a module; scales to any size without blur."""
    rows = qr_modules(url)
    side = len(rows) + 2 * QUIET_ZONE
    path = "".join(_runs(row, QUIET_ZONE + number) for number, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img">'
        f"<title>QR code: {escape(url)}</title>"
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>\n'
    ).encode()


def _runs(row: str, y: int) -> str:
    """Each run of dark modules in a row as a rectangle one unit high."""
    drawn, x = [], QUIET_ZONE
    for light in row.split("0"):
        if light:
            drawn.append(f"M{x} {y}h{len(light)}v1h-{len(light)}z")
        x += len(light) + 1
    return "".join(drawn)


def _scan_line(pixels: str) -> bytes:
    """Filter type 0, then the pixels packed eight to a byte, the last byte filled with white."""
    width = -(-len(pixels) // 8)
    return b"\0" + int(pixels.ljust(width * 8, "1"), 2).to_bytes(width, "big")


def _chunk(kind: bytes, body: bytes) -> bytes:
    tagged = kind + body
    return len(body).to_bytes(4, "big") + tagged + zlib.crc32(tagged).to_bytes(4, "big")
