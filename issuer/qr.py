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
# Any mask may be read; weighing all eight, as ISO/IEC 18004 7.8.3 has it, costs ten times the rest. On badge addresses
# this one's penalty lies within a tenth of the best (tests/issuer/test_qr.py).
_MASK: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What every symbol of a version shares: the fixed modules, where data bits go, and which of them are flipped."""

    side: int
    modules: bytes
    places: tuple[int, ...]
    flips: int


@lru_cache(maxsize=1024)
def qr_modules(url: str) -> tuple[str, ...]:
    """The symbol's rows without its quiet zone, `1` for dark, at error correction level Q. Raises IssuingError."""
    if not url or not url.isascii() or not url.isprintable() or len(url) > MAX_URL_CHARS:
        raise IssuingError("Only a plain address, in ASCII and not too long, is put into a QR code.")
    version = _version(len(url))
    frame = _frame(version)
    codewords = _codewords(url.encode("ascii"), version)
    spare = len(frame.places) - 8 * len(codewords)  # up to seven modules hold no data
    bits = (int.from_bytes(codewords, "big") << spare) ^ frame.flips
    grid = bytearray(frame.modules)
    for place, bit in zip(frame.places, format(bits, f"0{len(frame.places)}b").encode(), strict=True):
        grid[place] = bit
    return tuple(grid[start : start + frame.side].decode() for start in range(0, len(grid), frame.side))


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
    code = QRCode(version=version, error_correction=ERROR_CORRECT_Q, mask_pattern=_MASK)
    code.add_data(b"", optimize=0)
    code.make(fit=False)
    code.modules = [row[:] for row in precomputed_qr_blanks[version]]
    code.setup_type_info(False, _MASK)
    if version >= 7:
        code.setup_type_number(False)
    side = len(code.modules)
    places, flips, flipped = [], 0, mask_func(_MASK)
    for row, column in _zigzag(side):
        if code.modules[row][column] is None:
            places.append(row * side + column)
            flips = flips << 1 | bool(flipped(row, column))
    modules = "".join("1" if dark else "0" for row in code.modules for dark in row).encode()
    return _Frame(side=side, modules=modules, places=tuple(places), flips=flips)


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
