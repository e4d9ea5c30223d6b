"""A table from 64-bit hashes to numbers that answers a million questions at once.

Sorted keys, and before them a map of bits by the first bits of a key: nearly all that isn't there is
known from one byte of memory, the rest is looked up. It can be pickled, and nothing in it is a Python
object for each key.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_BITS_PER_KEY = 16
"""One in sixteen of the bits is set at most: so many keys that aren't there are looked up for nothing."""
_LEAST_BITS, _MOST_BITS = 10, 33


class Found(NamedTuple):
    """Keys that are there: values[begins[i]:ends[i]] belong to query `queries[i]`; queries rise."""

    queries: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


class KeyTable:
    """Keys with their values; a key may come several times, its values then rise."""

    def __init__(self, keys: NDArray[np.uint64], values: NDArray[Any]) -> None:
        # Several times as fast as a stable sort; the few keys that come again are put in order after.
        order = np.argsort(keys)
        self.keys = keys[order]
        self.values = values[order]
        same = self.keys[1:] == self.keys[:-1]
        again = np.flatnonzero(np.append(same, False) | np.append(False, same))
        self.values[again] = self.values[again][np.lexsort((self.values[again], self.keys[again]))]
        bits = min(max((_BITS_PER_KEY * len(keys)).bit_length(), _LEAST_BITS), _MOST_BITS)
        self._shift = np.uint64(64 - bits)
        self._map = np.zeros(1 << (bits - 3), dtype=np.uint8)
        if len(keys):
            first_bits = self.keys >> self._shift
            places = first_bits >> np.uint64(3)
            firsts = np.flatnonzero(np.append(True, places[1:] != places[:-1]))
            self._map[places[firsts]] = np.bitwise_or.reduceat(_bit(first_bits), firsts)

    def find(self, queries: NDArray[np.uint64]) -> Found:
        """Which of the queries are keys, and where their values lie."""
        first_bits = queries >> self._shift
        maybe = np.flatnonzero(self._map[first_bits >> np.uint64(3)] & _bit(first_bits))
        asked = queries[maybe]
        begins = np.searchsorted(self.keys, asked)
        there = begins < len(self.keys)
        there[there] = self.keys[begins[there]] == asked[there]
        ends = np.searchsorted(self.keys, asked[there], side="right")
        return Found(maybe[there], begins[there], ends)


def _bit(first_bits: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (first_bits & np.uint64(7)).astype(np.uint8))
