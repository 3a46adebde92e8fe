"""Log-linear buckets of durations: which bucket a duration is in, what a bucket stands for, quantiles from counts.

Below 64 ns each integer is its own bucket; above, every power of two is cut into 32 equal parts. Bucket numbers are
integers made by shifts, so no logarithm can differ between machines or engines, and histograms merge by adding counts.

The estimate of a bucket is its midpoint: it misses a value in it by at most 1/64 of the value (half a part of a power
of two that holds 32 of them), plus one half for the rounding to an integer.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from logsight_assets.errors import UsageError

_PARTS_BITS = 5  # 32 parts to a power of two
_EXACT = 1 << (_PARTS_BITS + 1)  # values below are their own bucket
# Longest duration that intake keeps is 30 days; its bucket bounds the scale below.
_LONGEST_NS = 30 * 86_400 * 10**9


def bucket_of(ns: int) -> int:
    """Bucket of a duration of `ns` ≥ 0 nanoseconds; the same as in sql/intake/events.sql."""
    if ns < _EXACT:
        return ns
    exponent = ns.bit_length() - _PARTS_BITS - 1
    return (exponent << _PARTS_BITS) + (ns >> exponent)


def bounds(bucket: int) -> tuple[int, int]:
    """Shortest and longest duration in a bucket, both inclusive."""
    exponent = _exponent(bucket)
    part = bucket - (exponent << _PARTS_BITS)
    return part << exponent, ((part + 1) << exponent) - 1


def estimate(bucket: int) -> int:
    """What a duration in this bucket counts as: its midpoint, rounded down."""
    low, high = bounds(bucket)
    return (low + high) // 2


def _exponent(bucket: int) -> int:
    return 0 if bucket < _EXACT else (bucket >> _PARTS_BITS) - 1


def quantile(buckets: Mapping[int, int], q: float) -> int:
    """Estimate of the smallest duration that at least the share `q` of all do not exceed, from bucket → count.

    Compares in integers: `ceil(q * n)` in floats takes the 8th of 100 for q = 0.07.
    """
    share = Fraction(q).limit_denominator(1_000_000)
    if not 0 <= share <= 1:
        raise UsageError(f"quantile {q} is not between 0 and 1")
    total = sum(buckets.values())
    if total <= 0:
        raise UsageError("a quantile of no durations does not exist")
    reached = 0
    last = 0
    for bucket, count in sorted(buckets.items()):
        reached += count
        if count > 0:
            last = bucket
            if reached * share.denominator >= total * share.numerator:
                break
    return estimate(last)


def scale_sql() -> str:
    """The buckets as a SQL relation `(first_bucket, last_bucket, shift, width)`, one row a power of two.

    With it a query needs neither shifts nor divisions, which engines write differently: the midpoint of a bucket is
    `(bucket - shift) * width + (width - 1) / 2`, and the half comes as a column too.
    """
    rows = []
    for exponent in range(_exponent(bucket_of(_LONGEST_NS)) + 1):
        shift = exponent << _PARTS_BITS
        first = 0 if exponent == 0 else shift + (_EXACT >> 1)
        width = 1 << exponent
        rows.append(
            f"(cast({first} as bigint), cast({shift + _EXACT - 1} as bigint), cast({shift} as bigint), "
            f"cast({width} as bigint), cast({(width - 1) // 2} as bigint))"
        )
    return "(select * from (values " + ", ".join(rows) + ") as parts (first_bucket, last_bucket, shift, width, half))"
