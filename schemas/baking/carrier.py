"""What PNG and SVG baking share: which picture this is, which texts may be baked, and the sentences for people."""

from __future__ import annotations

import re
from typing import Final, Literal

from schemas.errors import BakingError, TooLarge
from schemas.limits import MAX_IMAGE_BYTES

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PROLOG: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_SVG_START: Final = re.compile(rb"<(?:!DOCTYPE\s+|[A-Za-z_][\w.-]*:)?svg[\s/>\[]")
_JWS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def sniff(data: bytes) -> Literal["png", "svg"] | None:
    """Which kind of picture the bytes begin like; says nothing about whether they are a sound one."""
    if data.startswith(PNG_SIGNATURE):
        return "png"
    prolog = PROLOG.match(data[:MAX_IMAGE_BYTES])  # anchored at the start by what it is
    return "svg" if prolog and _SVG_START.match(data, prolog.end()) else None


def is_compact_jws(text: str) -> bool:
    return _JWS.fullmatch(text) is not None


def refuse_large(data: bytes) -> None:
    if len(data) > MAX_IMAGE_BYTES:
        raise TooLarge(f"The picture is {len(data):,} bytes; the limit is {MAX_IMAGE_BYTES:,}.")


def check_text(text: str) -> None:
    """Only a JSON object without outer white space, or a compact JWS, is baked. Raises BakingError."""
    if not (text.startswith("{") and text.endswith("}")) and not is_compact_jws(text):
        raise BakingError("Only a credential, as a JSON object or a compact JWS, can be baked into a picture.")


def no_badge() -> BakingError:
    return BakingError("This picture carries no badge; use the link.", reason="no-badge")


def several_badges() -> BakingError:
    return BakingError("This picture carries more than one badge, so none of them can be trusted.", reason="several")


def already_baked() -> BakingError:
    return BakingError("This picture already carries a badge.", reason="already-baked")


def open_badges_2() -> BakingError:
    return BakingError(
        "This picture carries an Open Badges 2 badge; only Open Badges 3.0 is read here. Ask its issuer to check it.",
        reason="open-badges-2",
    )


def learner_record() -> BakingError:
    return BakingError(
        "This picture carries a Comprehensive Learner Record, not an Open Badge; it is not read here.", reason="clr"
    )
