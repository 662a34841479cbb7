"""Multibase text <-> bytes: knows base58btc and base64url, nothing about what the bytes mean."""

from __future__ import annotations

import base64
import binascii
import re

from schemas.errors import InputError, TooLarge
from schemas.limits import MAX_BASE58_CHARS

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_BASE64URL = re.compile("[A-Za-z0-9_-]*")
_ALPHABET_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# What may stand last, by how many characters there are beyond fours: 4 or 2 of its bits stand for nothing.
_LAST = (_ALPHABET_64, "", _ALPHABET_64[::16], _ALPHABET_64[::4])
# To the alphabet that `binascii` reads; what base64url does not have, to what no alphabet has.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")


def base58btc_encode(data: bytes) -> str:
    """Base58 with the Bitcoin alphabet: leading zero bytes become leading ones."""
    zeros = len(data) - len(data.lstrip(b"\0"))
    number = int.from_bytes(data, "big")
    fives: list[str] = []
    while number:  # twenty digits at a time, then five: numbers that Python holds in one word of its own
        number, twenty = divmod(number, 58**20)
        high, low = divmod(twenty, 58**10)
        fives += [
            f"{_ALPHABET[five // 58**4]}{_PAIRS[five // 58**2 % 58**2]}{_PAIRS[five % 58**2]}"
            for five in (low % 58**5, low // 58**5, high % 58**5, high // 58**5)
        ]
    text = "1" * zeros + "".join(reversed(fives)).lstrip("1")
    if len(text) > MAX_BASE58_CHARS:  # nothing we write may be more than we would read
        raise TooLarge(f"{len(data)} bytes make more than {MAX_BASE58_CHARS} characters of base58.")
    return text


def base58btc_decode(text: str) -> bytes:
    """The bytes of a base58btc text without its multibase prefix. Raises InputError, or TooLarge before any work."""
    if len(text) > MAX_BASE58_CHARS:
        raise TooLarge(f"The base58 text has {len(text):,} characters; the limit is {MAX_BASE58_CHARS}.")
    number = 0
    for position, character in enumerate(text):
        value = _VALUES.get(character)
        if value is None:
            raise InputError(f"{character!r} at position {position + 1} is not a base58 character.")
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64url_decode(text: str) -> bytes:
    """The bytes of an unpadded base64url text. Each value has one spelling: stray bits at the end are refused."""
    try:
        standard = text.encode("ascii").translate(_TO_STANDARD)
        data = binascii.a2b_base64(standard + b"=" * (-len(text) % 4), strict_mode=True)
    except ValueError:  # binascii.Error is one, and so is what is not ASCII
        if not _BASE64URL.fullmatch(text):
            raise InputError("The text holds characters that base64url without padding does not have.") from None
        raise InputError("The base64url text has an impossible length.") from None
    if text and text[-1] not in _LAST[len(text) % 4]:
        raise InputError("The base64url text has stray bits at its end; a value has only one spelling.")
    return data


def multibase_encode(data: bytes) -> str:
    """`z` and base58btc (Controlled Identifiers 1.0, section 2.4)."""
    return "z" + base58btc_encode(data)


def multibase_decode(text: str) -> bytes:
    """Bytes of a `z` (base58btc) or `u` (base64url) multibase text. Raises InputError."""
    match text[:1]:
        case "z":
            return base58btc_decode(text[1:])
        case "u":
            return base64url_decode(text[1:])
    raise InputError("The value does not begin with 'z' (base58btc) or 'u' (base64url).")
