"""A histogram of values >= 0 with narrow buckets of equal ratio: mergeable quantiles, the same in any order.

A bucket holds the values that agree in sign, exponent and the first seven bits of the fraction: 128 buckets
an octave, each at most 1/128 of its value wide. Cutting the bits of a float takes no logarithm, so that a
value's bucket is the same on every machine. (The layout is that of Tene's HdrHistogram.)
"""

import math
import struct
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_CUT = 52 - 7
_INT64, _FLOAT64 = struct.Struct("<q"), struct.Struct("<d")
_REFUSED = "a value is negative or not finite"


class Bucket(NamedTuple):
    """Values in [low, high): how many, and what is summed up beside them (tokens)."""

    low: float
    high: float
    values: int
    amount: int


class LogHistogram:
    """Counts by bucket, and a whole number summed up by bucket; takes memory by the buckets in use."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._amounts: dict[int, int] = {}

    def add(self, element: tuple[float, int]) -> None:
        """Adds one (value, amount).

        Raises:
            ValueError: the value is negative or not finite.
        """
        value, amount = element
        if not 0 <= value < math.inf:
            raise ValueError(_REFUSED)
        # Adding zero makes -0.0 the 0.0 that it equals.
        (bits,) = _INT64.unpack(_FLOAT64.pack(value + 0.0))
        self._add(bits >> _CUT, 1, amount)

    def add_all(self, values: NDArray[np.float64], amounts: NDArray[np.int64] | None = None) -> None:
        """Adds values with their amounts (0 without).

        Raises:
            ValueError: a value is negative or not finite.
        """
        values = np.asarray(values, dtype=np.float64)
        if not (np.isfinite(values) & (values >= 0)).all():
            raise ValueError(_REFUSED)
        buckets, inverse = np.unique((values + 0.0).view(np.int64) >> _CUT, return_inverse=True)
        counts = np.bincount(inverse, minlength=len(buckets))
        sums = np.zeros(len(buckets), dtype=np.int64)
        if amounts is not None:
            np.add.at(sums, inverse, amounts)
        for bucket, count, amount in zip(buckets.tolist(), counts.tolist(), sums.tolist(), strict=True):
            self._add(bucket, count, amount)

    def merge(self, other: "LogHistogram") -> None:
        """Adds what the other counted."""
        for bucket, count in other._counts.items():
            self._add(bucket, count, other._amounts[bucket])

    def rows(self) -> list[tuple[int, int, int]]:
        """(bucket's number, values, amount), in order: what `from_rows` takes."""
        return [(bucket, self._counts[bucket], self._amounts[bucket]) for bucket in sorted(self._counts)]

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, int, int]]) -> "LogHistogram":
        """The histogram that `rows` was taken of."""
        histogram = cls()
        for bucket, values, amount in rows:
            histogram._add(bucket, values, amount)
        return histogram

    def buckets(self) -> list[Bucket]:
        """Those in use, in order."""
        return [
            Bucket(_edge(bucket), _edge(bucket + 1), self._counts[bucket], self._amounts[bucket])
            for bucket in sorted(self._counts)
        ]

    def quantile(self, q: float) -> float | None:
        """The middle of the bucket that holds the value of rank ceil(q n): within 1/256 of that value.
        None of an empty histogram.

        Args:
            q: in 0..1.
        """
        rank = q * sum(self._counts.values())
        so_far, middle = 0, None
        for bucket in self.buckets():
            so_far += bucket.values
            middle = (bucket.low + bucket.high) / 2
            if so_far >= rank:
                break
        return middle

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogHistogram) and self.buckets() == other.buckets()

    __hash__ = None  # type: ignore[assignment]

    def _add(self, bucket: int, count: int, amount: int) -> None:
        self._counts[bucket] = self._counts.get(bucket, 0) + count
        self._amounts[bucket] = self._amounts.get(bucket, 0) + amount


def _edge(bucket: int) -> float:
    return float(np.array(bucket << _CUT, dtype=np.int64).view(np.float64))
