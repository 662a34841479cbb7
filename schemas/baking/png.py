"""Badges in PNG (Open Badges 3.0, 5.3.1): a strict chunk reader and writer of our own; pixels are never decoded."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

from schemas.baking.carrier import (
    PNG_SIGNATURE,
    already_baked,
    check_text,
    learner_record,
    no_badge,
    open_badges_2,
    refuse_large,
    several_badges,
)
from schemas.errors import BakingError, TooLarge
from schemas.limits import MAX_IMAGE_PIXELS, MAX_PNG_CHUNKS

KEYWORD: Final = b"openbadgecredential"
_OPEN_BADGES_2_KEYWORD: Final = b"openbadges"
_CLR_KEYWORD: Final = b"clrcredential"
_TEXT_CHUNKS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
_CRITICAL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_ITXT_HEAD: Final = KEYWORD + b"\0\0\0\0\0"  # compression flag 0, method 0, no language, no translated keyword
_AFTER_IHDR: Final = len(PNG_SIGNATURE) + 12 + 13


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """One chunk, and where it stands in the file: `start` at its length field, `end` after its CRC."""

    kind: bytes
    body: bytes = field(repr=False)
    start: int
    end: int

    @property
    def keyword(self) -> bytes | None:
        return self.body.partition(b"\0")[0] if self.kind in _TEXT_CHUNKS else None


def bake_png(png: bytes, text: str, *, replace: bool = False) -> bytes:
    """The same picture carrying `text`, a JSON object or compact JWS, right after its header.

    With `replace`, a badge it carries already gives way; without, that is refused. Raises BakingError or TooLarge.
    """
    check_text(text)
    if "\0" in text:
        raise BakingError("The text holds a NUL, which a PNG cannot carry.")
    try:
        body = _ITXT_HEAD + text.encode("utf-8")
    except UnicodeEncodeError:
        raise BakingError("The text holds a lone surrogate, which UTF-8 cannot write.") from None
    badges = [chunk for chunk in _chunks(png) if chunk.keyword in (KEYWORD, _OPEN_BADGES_2_KEYWORD)]
    if badges and not replace:
        raise already_baked()
    rest, position = [], _AFTER_IHDR
    for chunk in badges:
        rest.append(png[position : chunk.start])
        position = chunk.end
    rest.append(png[position:])
    baked = b"".join((png[:_AFTER_IHDR], _write_chunk(b"iTXt", body), *rest))
    refuse_large(baked)
    return baked


def unbake_png(data: bytes) -> str:
    """The text of the one badge in a PNG. Raises BakingError (with `reason` among its extensions) or TooLarge."""
    texts = [(chunk, chunk.keyword) for chunk in _chunks(data) if chunk.kind in _TEXT_CHUNKS]
    badges = [chunk for chunk, keyword in texts if keyword == KEYWORD]
    if len(badges) > 1:
        raise several_badges()
    if badges:
        return _badge_text(badges[0])
    keywords = {keyword for _, keyword in texts}
    if _OPEN_BADGES_2_KEYWORD in keywords:
        raise open_badges_2()
    if _CLR_KEYWORD in keywords:
        raise learner_record()
    raise no_badge()


def _badge_text(chunk: _Chunk) -> str:
    """PNG 11.3.3.4: keyword, 0, compression flag, compression method, language, 0, translated keyword, 0, text."""
    if chunk.kind != b"iTXt":
        _malformed(f"The badge stands in a {chunk.kind.decode()} chunk; Open Badges 3.0 asks for iTXt.")
    rest = chunk.body[len(KEYWORD) :]
    if len(rest) < 5 or rest[0] != 0:
        _malformed("The badge's iTXt chunk is cut short.")
    if rest[1:3] != b"\0\0":
        _malformed("The badge's iTXt chunk is compressed, which Open Badges 3.0 does not allow.")
    if rest[3:5] != b"\0\0":
        _malformed("The badge's iTXt chunk names a language or translated keyword; both must be empty.")
    try:
        text = rest[5:].decode("utf-8")
    except UnicodeDecodeError:
        _malformed("The badge's text is not UTF-8.")
    if not text:
        _malformed("The badge's text is empty.")
    return text


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Every chunk of a sound PNG (PNG 5, 7.1): order, lengths and checksums hold, nothing follows IEND."""
    refuse_large(data)
    if not data.startswith(PNG_SIGNATURE):
        _malformed("This is not a PNG picture.")
    position, seen, last = len(PNG_SIGNATURE), 0, b""
    idat_ended = False
    while last != b"IEND":
        chunk = _read_chunk(data, position)
        seen += 1
        if seen > MAX_PNG_CHUNKS:
            raise TooLarge(f"The PNG has more than {MAX_PNG_CHUNKS:,} chunks.")
        if (chunk.kind == b"IHDR") is not (seen == 1):
            _malformed("The PNG must begin with its one IHDR chunk.")
        if chunk.kind == b"IHDR":
            _check_header(chunk)
        if chunk.kind == b"IDAT" and idat_ended:
            _malformed("The PNG's IDAT chunks do not follow one another.")
        if last == b"IDAT" and chunk.kind != b"IDAT":
            idat_ended = True
        if chunk.kind == b"IEND" and (chunk.body or not idat_ended):
            _malformed("The PNG ends without a picture.")
        yield chunk
        position, last = chunk.end, chunk.kind
    if position != len(data):
        _malformed(f"The PNG holds {len(data) - position:,} bytes after its end.")


def _read_chunk(data: bytes, start: int) -> _Chunk:
    body_at = start + 8
    if body_at + 4 > len(data):
        _malformed("The PNG is cut short.")
    length = int.from_bytes(data[start : start + 4], "big")
    kind = data[start + 4 : body_at]
    if not kind.isalpha():
        _malformed("The PNG holds a chunk whose type is not four letters.")
    end = body_at + length + 4
    if end > len(data):
        _malformed(f"The PNG is cut short in its {kind.decode()} chunk.")
    body = data[body_at : end - 4]
    if zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
        _malformed(f"The checksum of the PNG's {kind.decode()} chunk is wrong: the file is damaged.")
    if kind[0:1].isupper() and kind not in _CRITICAL_CHUNKS:
        _malformed(f"The PNG needs a chunk we do not know, {kind.decode()}.")  # PNG 5.4, critical chunks
    return _Chunk(kind=kind, body=body, start=start, end=end)


def _check_header(chunk: _Chunk) -> None:
    if len(chunk.body) != 13 or not any(chunk.body[0:4]) or not any(chunk.body[4:8]):
        _malformed("The PNG's header gives it no size.")
    width, height = int.from_bytes(chunk.body[0:4], "big"), int.from_bytes(chunk.body[4:8], "big")
    if width * height > MAX_IMAGE_PIXELS:
        raise TooLarge(f"The PNG says it has {width:,} by {height:,} pixels; the limit is {MAX_IMAGE_PIXELS:,} in all.")


def _write_chunk(kind: bytes, body: bytes) -> bytes:
    tagged = kind + body
    return len(body).to_bytes(4, "big") + tagged + zlib.crc32(tagged).to_bytes(4, "big")


def _malformed(sentence: str) -> NoReturn:
    raise BakingError(sentence, reason="malformed")
