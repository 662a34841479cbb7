"""Writes the status-list vectors of this folder, each an `encodedList` named after what is wrong with it."""

import base64
import gzip
import zlib
from pathlib import Path

HERE = Path(__file__).parent
BITS = bytes([0b1000_0001, 0b0100_0000]) + bytes(16_384 - 3) + bytes([0b0000_0001])  # 0, 7, 9 and 131,071 are set
LIMIT = 8 * 1024 * 1024


def multibase(octets: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def squeeze(bits: bytes) -> bytes:
    return gzip.compress(bits, compresslevel=9, mtime=0)


def flip(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 0xFF]) + octets[at + 1 :]


GOOD = squeeze(BITS)
VECTORS = {
    "good": multibase(GOOD),
    "good-with-a-file-name-in-the-gzip-header": multibase(
        b"\x1f\x8b\x08\x08\0\0\0\0\0\x03list\0" + GOOD[10:],
    ),
    "good-at-the-size-limit": multibase(squeeze(bytes(LIMIT))),
    "one-byte-over-the-size-limit": multibase(squeeze(bytes(LIMIT + 1))),
    "one-entry-byte-too-short-for-herd-privacy": multibase(squeeze(bytes(16_383))),
    "empty-list": multibase(squeeze(b"")),
    "empty-text": "",
    "nothing-after-the-u": "u",
    "no-u-prefix": multibase(GOOD)[1:],
    "base58-prefix": "z" + multibase(GOOD)[1:],
    "padded-base64url": multibase(GOOD) + "=" * (-len(multibase(GOOD)[1:]) % 4 or 4),
    "standard-base64-alphabet": "u" + base64.b64encode(GOOD).rstrip(b"=").decode(),
    "space-inside": multibase(GOOD)[:20] + " " + multibase(GOOD)[20:],
    "newline-at-the-end": multibase(GOOD) + "\n",
    "impossible-length": "uH4sIA",
    "stray-bits-in-the-last-character": multibase(b"\x1f\x8b")[:-1] + "t",
    "not-gzip": multibase(b"plain bytes, no gzip"),
    "zlib-instead-of-gzip": multibase(zlib.compress(BITS)),
    "bare-bits": multibase(BITS),
    "cut-short": multibase(GOOD[:-9]),
    "trailer-missing": multibase(GOOD[:-8]),
    "checksum-wrong": multibase(flip(GOOD, len(GOOD) - 6)),
    "length-in-trailer-wrong": multibase(flip(GOOD, len(GOOD) - 2)),
    "bytes-after-the-end": multibase(GOOD + b"\0"),
    "two-gzip-members": multibase(GOOD + GOOD),
}

if __name__ == "__main__":
    for name, text in VECTORS.items():
        (HERE / f"{name}.txt").write_text(text, encoding="ascii", newline="")
