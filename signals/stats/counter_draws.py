"""Numbers for a simulation, read off a counter: any of them can be had without those before it."""

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.splitmix import mixed

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniforms(key: str, count: int) -> NDArray[np.float64]:
    """`count` numbers in [0, 1), number i a function of (key, i) alone.

    SplitMix64 (Steele, Lea and Flood 2014) whose state is the hash of the key plus i times the golden
    ratio: a counter, so there is no generator whose state a call could change.
    """
    state = np.uint64(stable_hash(key, "draws")) + np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    return (mixed(state) >> np.uint64(11)).astype(np.float64) / 2**53


def shuffled(key: str, count: int) -> NDArray[np.int64]:
    """The numbers 0..count-1 in an order that the key decides."""
    return np.argsort(uniforms(key, count), kind="stable")
