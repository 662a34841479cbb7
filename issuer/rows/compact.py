"""Numbers of up to 64 bits by the million: eight bytes each, and which of them are there more than once."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, Self

_PARTS: Final = 256  # sorted one at a time: what sorting needs is never more than a 256th of the whole
_MASK: Final = 2**64 - 1
_TEN_DIGITS: Final = 10**10  # added to a student number of ten digits: 0123456789 is not 123456789


def digest_of(value: object) -> int:
    """A number for anything hashable, good within this process; that two have the same does not make them equal."""
    return hash(value) & _MASK


class Numbers:
    """Takes numbers in any order; `sort` makes a set of them. It can be pickled."""

    __slots__ = ("_parts",)

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._parts = [array("Q") for _ in range(_PARTS)]
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        self._parts[number % _PARTS].append(number)

    def sort(self) -> Self:
        """Keep each number once, and make it findable. Returns those that were there more than once, findable too."""
        doubled = type(self)()
        for place, part in enumerate(self._parts):
            unique = sorted(set(part))
            if len(unique) < len(part):
                several = sorted(part)
                again = {one for one, next_one in pairwise(several) if one == next_one}
                doubled._parts[place] = array("Q", sorted(again))
            self._parts[place] = array("Q", unique)
        return doubled

    def place_of(self, number: int) -> tuple[int, int] | None:
        """Where the number is, among those sorted."""
        part = self._parts[number % _PARTS]
        place = bisect_left(part, number)
        return (number % _PARTS, place) if place < len(part) and part[place] == number else None

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.place_of(number) is not None

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def sizes(self) -> Iterator[int]:
        return map(len, self._parts)


class StudentNumbers:
    """A set of student numbers, each nine or ten ASCII digits, in eight bytes each. It can be pickled."""

    __slots__ = ("_numbers",)

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def __contains__(self, nsn: object) -> bool:
        return (
            isinstance(nsn, str)
            and len(nsn) in (9, 10)
            and nsn.isascii()
            and nsn.isdigit()
            and number_of(nsn) in self._numbers
        )

    def __len__(self) -> int:
        return len(self._numbers)


def number_of(nsn: str) -> int:
    return int(nsn) + (_TEN_DIGITS if len(nsn) == 10 else 0)


class Contest:
    """Which of some numbers go with more than one text."""

    def __init__(self, among: Numbers) -> None:
        self._among = among
        self._first = [array("Q", bytes(8 * size)) for size in among.sizes()]  # a digest of the first text; 0: none yet
        self.contested: set[int] = set()

    def add(self, number: int, text: str) -> None:
        place = self._among.place_of(number)
        if place is None:
            return
        part, at = place
        digest = digest_of(text) or 1
        first = self._first[part][at]
        if not first:
            self._first[part][at] = digest
        elif first != digest:
            self.contested.add(number)
