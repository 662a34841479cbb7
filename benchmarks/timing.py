"""Taking turns: samples of all peers in one run, A B C A B C …, so that a machine that slows down slows them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Peer: TypeAlias = Callable[[], float]
"""Does its work once and says how many seconds of CPU time one unit of it took."""

Samples: TypeAlias = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median and the quartiles of some numbers."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """Of at least one number."""
        if len(numbers) == 1:
            return cls(median=numbers[0], low=numbers[0], high=numbers[0])
        low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
        return cls(median=middle, low=low, high=high)

    def to_json(self) -> dict[str, float]:
        return {"median": self.median, "lower_quartile": self.low, "upper_quartile": self.high}


def per_unit(work: Callable[[], object], *, units: int = 1) -> Peer:
    """A peer in this process: one call of `work` does `units` of it."""

    def timed() -> float:
        started = time.process_time_ns()
        work()
        return (time.process_time_ns() - started) / 1e9 / units

    return timed


def times(work: Callable[[], object], count: int) -> Peer:
    """A peer in this process that does the same thing `count` times in a row."""

    def timed() -> float:
        started = time.process_time_ns()
        for _ in range(count):
            work()
        return (time.process_time_ns() - started) / 1e9 / count

    return timed


def take_turns(peers: Mapping[str, Peer], *, rounds: int, warm_up: int = 1) -> Samples:
    """One sample of every peer in each round; the first rounds are not counted."""
    samples: Samples = {name: [] for name in peers}
    for number in range(-warm_up, rounds):
        for name, peer in peers.items():
            seconds = peer()
            if number >= 0:
                samples[name].append(seconds)
    return samples


def ratio(samples: Samples, above: str, below: str) -> Spread:
    """above / below, pair by pair: each pair is from one round."""
    return Spread.of(quotients(samples[above], samples[below]))


def quotients(above: Iterable[float], below: Iterable[float]) -> list[float]:
    return [one / other for one, other in zip(above, below, strict=True) if other > 0]
