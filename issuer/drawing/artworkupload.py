"""A picture somebody uploaded -> our own square PNG of it, drawn anew; knows no form and no store.

Nothing of the file survives but its pixels: no metadata (a photograph knows where it was taken), no second frame, no
trailing data. What it shows is for a person to judge: it must not be a logo of NZQA or of the government.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from schemas.baking import normalise_artwork
from schemas.errors import InputError, TooLarge
from schemas.limits import MAX_ARTWORK_SIDE, MAX_IMAGE_BYTES

MAX_ARTWORK_BYTES: Final = MAX_IMAGE_BYTES
MIN_ARTWORK_SIDE: Final = 200  # pixels of the longer side: fewer cannot be printed on a certificate
_MAX_RATIO: Final = 3  # a banner made square is mostly empty
_MAX_KEPT_BYTES: Final = 300 * 1024  # every badge of the micro-credential carries these bytes
_SIDES: Final = (MAX_ARTWORK_SIDE, 900, 600)
_OTHERS: Final = (
    (b"GIF8", "a GIF"),
    (b"%PDF", "a PDF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"8BPS", "a Photoshop file"),
)
_SAVE_AS: Final = "Save the picture as PNG, JPEG or WebP, and upload that."


def read_artwork(data: bytes) -> bytes:
    """A square PNG, at most MAX_ARTWORK_SIDE wide, transparent where it was made square. Raises InputError."""
    if not data:
        raise InputError("The file is empty.")
    if len(data) > MAX_ARTWORK_BYTES:
        raise TooLarge(f"The picture is larger than {MAX_ARTWORK_BYTES // 1024**2} MiB. Save it smaller.")
    _refuse_other_kinds(data)
    with Image.open(io.BytesIO(normalise_artwork(data)), formats=("PNG",)) as picture:
        _check_measures(picture)
        return _written(_square(picture))


def _refuse_other_kinds(data: bytes) -> None:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<", b"\x1f\x8b")):
        raise InputError(
            "This is an SVG or another file of text. It is not taken, because a drawing of that kind can hold "
            f"scripts and links that would go out with every badge. {_SAVE_AS}"
        )
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise InputError(f"This is a HEIC or AVIF photograph. {_SAVE_AS}")
    for signature, name in _OTHERS:
        if data.startswith(signature):
            raise InputError(f"This is {name}. {_SAVE_AS}")


def _check_measures(picture: Image.Image) -> None:
    width, height = picture.size
    if max(width, height) < MIN_ARTWORK_SIDE:
        raise InputError(
            f"The picture is {width} × {height} pixels. It needs at least {MIN_ARTWORK_SIDE} on its longer side, "
            "or it cannot be printed; 600 × 600 is good."
        )
    if max(width, height) > _MAX_RATIO * min(width, height):
        raise InputError("The picture is more than three times as long as it is wide. Badges are square.")


def _square(picture: Image.Image) -> Image.Image:
    """In the middle of a transparent square."""
    side = max(picture.size)
    square = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    square.paste(picture.convert("RGBA"), ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def _written(square: Image.Image) -> bytes:
    """As large as it may be while every badge stays light: first with fewer colours, then smaller."""
    for side in _SIDES:
        scaled = square if square.width <= side else square.resize((side, side), Image.Resampling.LANCZOS)
        for colours in (None, 256):
            data = _png(scaled, colours=colours)
            if len(data) <= _MAX_KEPT_BYTES:
                return data
    return data


def _png(picture: Image.Image, *, colours: int | None) -> bytes:
    solid = picture.getchannel("A").getextrema() == (255, 255)
    plain = picture.convert("RGB") if solid else picture
    if colours is not None:
        method = Image.Quantize.MEDIANCUT if solid else Image.Quantize.FASTOCTREE
        plain = plain.quantize(colours, method=method)
    written = io.BytesIO()
    plain.save(written, "PNG", optimize=True)
    return written.getvalue()
