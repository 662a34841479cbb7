"""Uploaded artwork -> a clean PNG: the one place where strangers' pixels are decoded, bounded and stripped."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

from schemas.baking.carrier import refuse_large
from schemas.errors import BakingError, TooLarge
from schemas.limits import MAX_ARTWORK_SIDE, MAX_IMAGE_PIXELS

# What Pillow raises on broken pictures; it has no root of its own for them.
_UNREADABLE: Final = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, struct.error, zlib.error)


def normalise_artwork(data: bytes) -> bytes:
    """A PNG, JPEG or WebP as a PNG of at most MAX_ARTWORK_SIDE pixels a side, upright, with no metadata and no badge.

    Raises BakingError or TooLarge.
    """
    from PIL import Image, ImageOps  # only artwork needs it: a verifier reads badges without decoding a pixel

    refuse_large(data)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_IMAGE_PIXELS:
                raise TooLarge(
                    f"The artwork is {picture.width:,} × {picture.height:,} pixels; the limit is "
                    f"{MAX_IMAGE_PIXELS:,} in all."
                )
            # A phone's JPEG may hold a second picture; only these two kinds move.
            if picture.format in ("PNG", "WEBP") and getattr(picture, "n_frames", 1) > 1:
                raise BakingError(
                    "The artwork moves. A badge is printed too: save one frame of it, as PNG.", reason="animated"
                )
            upright = ImageOps.exif_transpose(picture)
            clean = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge(f"The artwork has more than {MAX_IMAGE_PIXELS:,} pixels.") from None
    except _UNREADABLE:
        raise BakingError("The artwork cannot be read as a PNG, JPEG or WebP picture.", reason="malformed") from None
    clean.thumbnail((MAX_ARTWORK_SIDE, MAX_ARTWORK_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(clean.mode, clean.size)
    bare.paste(clean)
    written = io.BytesIO()
    bare.save(written, "PNG", optimize=True)
    return written.getvalue()
