"""Bitstring Status List 1.0 as a value: encode, decode and read one bit; knows nothing of who signed the list."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from schemas.errors import StatusListError, TooLarge
from schemas.jsontext import JsonObject
from schemas.limits import MAX_BITSTRING_BYTES
from schemas.vocabulary import BITSTRING_CREDENTIAL, BITSTRING_ENTRY, BITSTRING_LIST, CREDENTIALS_V2

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"  # no name, no time: the same bits, the same bytes
_DEFLATE_LEVEL: Final = 6
# Incompressible bits, in base64; more text than this cannot hold a list within the limit.
_MAX_ENCODED_CHARS: Final = MAX_BITSTRING_BYTES * 3 // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitstring:
    """An uncompressed list; index 0 is the leftmost bit of the first byte (3.4, bitstring generation)."""

    octets: bytes = field(repr=False)

    @property
    def length(self) -> int:
        return len(self.octets) * 8

    def is_set(self, index: int) -> bool:
        """Whether the bit at `index` is 1. Raises StatusListError (reason `index-out-of-range`) beyond the end."""
        if not 0 <= index < self.length:
            # 3.2, validate algorithm: RANGE_ERROR
            raise StatusListError(
                f"The badge points to entry {index:,}; the status list ends at {self.length - 1:,}.",
                reason="index-out-of-range",
            )
        return bool(self.octets[index >> 3] & (0x80 >> (index & 7)))

    def count(self) -> int:
        """How many bits are 1."""
        return int.from_bytes(self.octets, "big").bit_count()


def encode(set_indexes: Iterable[int], *, length: int) -> str:
    """`u` + base64url(gzip(bits)) of a list of `length` entries with these set; the same input, the same text.

    `length` must be a multiple of 8, within MAX_BITSTRING_BYTES. Raises ValueError for that or an index outside.
    """
    if length <= 0 or length % 8 or length > MAX_BITSTRING_BYTES * 8:
        raise ValueError(f"a status list cannot have {length} entries")
    bits = bytearray(length // 8)
    for index in set_indexes:
        if not 0 <= index < length:
            raise ValueError(f"index {index} is outside a list of {length} entries")
        bits[index >> 3] |= 0x80 >> (index & 7)
    squeeze = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = squeeze.compress(bits) + squeeze.flush()
    trailer = zlib.crc32(bits).to_bytes(4, "little") + len(bits).to_bytes(4, "little")
    return "u" + base64.urlsafe_b64encode(_GZIP_HEADER + body + trailer).rstrip(b"=").decode("ascii")


def decode(text: object, *, minimum: int = 0) -> Bitstring:
    """The bits of an `encodedList` (3.3, bitstring expansion).

    `minimum` is the fewest entries a list may have; a verifier passes `limits.MIN_BITSTRING_ENTRIES`.
    Raises StatusListError, or TooLarge before more than MAX_BITSTRING_BYTES are inflated.
    """
    octets = _inflate(_decode_multibase(text))
    if len(octets) * 8 < minimum:
        # 3.2, validate algorithm: STATUS_LIST_LENGTH_ERROR
        raise StatusListError(
            f"The status list has {len(octets) * 8:,} entries; it must have at least {minimum:,}, so that one badge "
            "cannot be told from another.",
            reason="list-too-short",
        )
    return Bitstring(octets=octets)


def parse_index(value: object) -> int:
    """A `statusListIndex`: ASCII digits without sign or leading zero, or (as OB 3.0's own examples have it) a number.

    Raises StatusListError.
    """
    if isinstance(value, str) and _INDEX.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**16:
        return value
    raise StatusListError(f"statusListIndex is {str(value)[:40]!r}; it must be a whole number written in digits.")


def status_entry(*, list_url: str, index: int, purpose: str) -> JsonObject:
    """The `credentialStatus` of a credential whose bit is `index` in the list published at `list_url` (2.1)."""
    return {
        "id": f"{list_url}#{index}",
        "type": BITSTRING_ENTRY,
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def status_list_document(
    *,
    id: str,  # noqa: A002 - the member's own name
    issuer: str,
    purpose: str,
    encoded: str,
    valid_from: datetime,
    valid_until: datetime | None,
    ttl_ms: int | None,
) -> JsonObject:
    """An unsigned BitstringStatusListCredential (2.2); times are aware, `ttl_ms` is milliseconds.

    A list that never changes again has neither an end nor a time to live.
    """
    subject: dict[str, Any] = {
        "id": f"{id}#list",
        "type": BITSTRING_LIST,
        "statusPurpose": purpose,
        "encodedList": encoded,
    }
    if ttl_ms is not None:
        subject["ttl"] = ttl_ms
    document: JsonObject = {
        "@context": [CREDENTIALS_V2],
        "id": id,
        "type": ["VerifiableCredential", BITSTRING_CREDENTIAL],
        "issuer": issuer,
        "validFrom": _utc(valid_from),
    }
    if valid_until is not None:
        document["validUntil"] = _utc(valid_until)
    return document | {"credentialSubject": subject}


def _utc(instant: datetime) -> str:
    if instant.tzinfo is None:
        raise ValueError("a time that is signed must know its zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decode_multibase(text: object) -> bytes:
    if not isinstance(text, str):
        raise StatusListError("encodedList is not a string.")
    if len(text) > _MAX_ENCODED_CHARS:
        raise TooLarge(f"encodedList is {len(text):,} characters; the limit is {_MAX_ENCODED_CHARS:,}.")
    if not text.startswith("u"):
        raise StatusListError("encodedList does not start with “u” (multibase, base64url), as the standard requires.")
    digits = text[1:]
    if not _BASE64URL.fullmatch(digits) or len(digits) % 4 == 1:
        raise StatusListError("encodedList is not base64url without padding.")
    octets = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    if base64.urlsafe_b64encode(octets).rstrip(b"=") != digits.encode("ascii"):
        raise StatusListError("encodedList is not canonical base64url: its last character carries stray bits.")
    return octets


def _inflate(octets: bytes) -> bytes:
    """One gzip member, nothing before or after it, never more than the limit in memory."""
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        bits = stream.decompress(octets, MAX_BITSTRING_BYTES + 1)
    except zlib.error:
        raise StatusListError("encodedList is not gzip, or is damaged.") from None
    if len(bits) > MAX_BITSTRING_BYTES:
        raise TooLarge(f"The status list inflates to more than {MAX_BITSTRING_BYTES:,} bytes.")
    if not stream.eof:
        raise StatusListError("encodedList is cut short: the gzip data do not end.")
    if stream.unused_data:
        raise StatusListError("encodedList holds more after the end of its gzip data.")
    if not bits:
        raise StatusListError("The status list is empty.")
    return bits
