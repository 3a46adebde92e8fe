"""Chance that comes out the same everywhere: on any platform, Python version and PYTHONHASHSEED.

Only `random()` and `getrandbits()` of a seeded Mersenne twister are used. `choices`, `sample`, `shuffle`, `randrange`
and `gauss` have changed their use of it between Python versions and may again, so the few draws needed are here.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from itertools import accumulate
from math import isqrt
from typing import Generic, TypeVar

T = TypeVar("T")

# Quantiles of a log-logistic law in per mille of the median: sqrt(u / (1 - u)), in integers, because a libm's exp and
# log differ in the last digit. From 0.04 to 22 times the median, p95 at 4.3 times.
_LATENCY = tuple(isqrt(1_000_000 * (2 * i + 1) // (511 - 2 * i)) for i in range(256))


class Dice:
    """One stream of chance; streams with other labels are independent of it."""

    __slots__ = ("bits", "fraction")

    def __init__(self, seed: int, *labels: object) -> None:
        text = "/".join(str(label) for label in (seed, *labels))
        seed_bytes = hashlib.blake2b(text.encode(), digest_size=16).digest()
        source = random.Random(int.from_bytes(seed_bytes, "big"))  # noqa: S311 - it makes samples, not secrets
        self.fraction = source.random
        self.bits = source.getrandbits

    def below(self, limit: int) -> int:
        """An integer in 0 … limit - 1."""
        return int(self.fraction() * limit)

    def between(self, low: int, high: int) -> int:
        """An integer in low … high, both included."""
        return low + int(self.fraction() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in `share` of the draws."""
        return self.fraction() < share

    def pick(self, values: Sequence[T]) -> T:
        """One of `values`, each equally likely."""
        return values[int(self.fraction() * len(values))]

    def hexadecimal(self, digits: int) -> str:
        """`digits` lower-case hexadecimal digits."""
        return f"{self.bits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """A text in the shape of a UUID."""
        text = f"{self.bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def latency_us(self, median_us: int) -> int:
        """A latency with a long tail, in microseconds."""
        return median_us * _LATENCY[self.bits(8)] // 1000 + 1


class Weighted(Generic[T]):
    """Values with integer weights: drawn through a table with one place a unit of weight."""

    __slots__ = ("_table",)

    def __init__(self, *weights: tuple[T, int]) -> None:
        ends = list(accumulate(weight for _, weight in weights))
        self._table = tuple(
            next(value for (value, _), end in zip(weights, ends, strict=True) if place < end)
            for place in range(ends[-1])
        )

    def draw(self, dice: Dice) -> T:
        """One of the values, by weight."""
        return self._table[int(dice.fraction() * len(self._table))]
