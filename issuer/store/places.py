"""The order in which a status list gives out its places: random to whoever lacks the list's own key, and never twice.

The n-th badge of a list gets the n-th place of a secret order, so that a counter is all there is to keep: two writers
that move it never get one place, and places are had before anything is written that takes them.
"""

from __future__ import annotations

import hashlib
import secrets
from array import array
from collections.abc import Sequence
from functools import lru_cache

_ROUNDS = 10
_KEY_BYTES = 16


def new_key() -> str:
    """128 random bits in hexadecimal."""
    return secrets.token_hex(_KEY_BYTES)


def places(key: str, *, length: int, first: int, count: int) -> list[int]:
    """Places `first` to `first + count - 1` of the order: distinct numbers below `length`."""
    if not 0 <= first <= first + count <= length:
        raise ValueError(f"a list of {length} has no places {first} to {first + count - 1}")
    order = _order(key, length)
    return [order.place(number) for number in range(first, first + count)]


class _Order:
    """A permutation of the numbers below `length`: a Feistel network of random tables, walked until it is in range."""

    def __init__(self, key: str, length: int) -> None:
        bits = max(2, (length - 1).bit_length())
        self._length = length
        self._low = bits // 2
        self._mask = (1 << self._low) - 1
        high = bits - self._low
        sizes = [(1 << self._low, high), (1 << high, self._low)] * (_ROUNDS // 2)
        self._rounds = _tables(key, length, sizes)

    def place(self, number: int) -> int:
        low_bits, mask, length = self._low, self._mask, self._length
        while True:
            high, low = number >> low_bits, number & mask
            for of_low, of_high in self._rounds:
                high ^= of_low[low]
                low ^= of_high[high]
            number = high << low_bits | low
            if number < length:
                return number


def _tables(key: str, length: int, sizes: Sequence[tuple[int, int]]) -> list[tuple[array[int], array[int]]]:
    """A table for each round, from SHAKE-256 of the key: `size` entries of so many bits."""
    stream = hashlib.shake_256(f"nz-open-badges places {length} {key}".encode()).digest(4 * sum(s for s, _ in sizes))
    words, tables, at = memoryview(stream), [], 0
    for size, bits in sizes:
        entries = (int.from_bytes(words[4 * n : 4 * n + 4], "big") & (1 << bits) - 1 for n in range(at, at + size))
        tables.append(array("I", entries))
        at += size
    return list(zip(tables[::2], tables[1::2], strict=True))


@lru_cache(maxsize=64)
def _order(key: str, length: int) -> _Order:
    return _Order(key, length)
