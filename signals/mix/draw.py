"""Which copies of a document a training set takes: the smallest keys (u + j) / w of its stratum.

u is a hash of (seed, id) in (0, 1), w the document's weight, j = 0, 1, ... the copy. All copies whose key
lies below a threshold t are taken: that is floor(w t) copies and, with probability w t - floor(w t), one
more; w t on average, at most the cap. Without copies it is sequential Poisson sampling (Ohlsson 1998),
known as priority sampling (Duffield, Lund and Thorup 2007), the sibling of Efraimidis and Spirakis' keys
-ln(u) / w: those would make the number of copies a Poisson variable, which spreads far more.

The threshold is the key of the first copy that doesn't fit the stratum's tokens. A document is in with
probability min(1, w t), and sums over the set, each row divided by its `expected_copies`, estimate the sums
over the corpus without bias (Ting 2017 for thresholds set by a budget).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.weighted_sample import Boundary, boundary

ORDER_BITS = 64


class Reach(NamedTuple):
    """How far a stratum's draw goes: all keys below `low` are in, none from `high` on, and of those between
    as many, in order, as `room` tokens hold.
    """

    low: float
    high: float
    room: int


NOTHING = Reach(0.0, 0.0, 0)


def copy_keys(u: float, weight: float, cap: int) -> list[float]:
    """The keys of a document's copies, ascending; `cap` of them."""
    return [(u + copy) / weight for copy in range(cap)]


def all_copy_keys(u: NDArray[np.float64], weights: NDArray[np.float64], cap: int) -> NDArray[np.float64]:
    """`copy_keys` of many documents, shape (documents, cap), the same bits."""
    return (u[:, None] + np.arange(cap)) / weights[:, None]


def expected_copies(weight: float, threshold: float, cap: int) -> float:
    """min(cap, w t): what a document's copies are on average; `cap` where everything is taken."""
    return min(float(cap), weight * threshold)


def inclusion(weight: float, threshold: float) -> float:
    """min(1, w t): the probability that a document is in the set at all."""
    return min(1.0, weight * threshold)


def reach(keys: LogHistogram, tokens: int) -> Reach:
    """Where a draw of that many tokens ends, from a histogram of (key, tokens) of all copies."""
    if tokens <= 0:
        return NOTHING
    end: Boundary | None = boundary(keys, tokens)
    return Reach(math.inf, math.inf, 0) if end is None else Reach(*end)


def order(seed: int, id: str, copy: int) -> int:
    """A copy's place in the set, 0..2^64-1: the set is read in the order of these."""
    return stable_hash(f"{id}\0{copy}", f"order\0{seed}")


def shard_of(place: int, shards: int) -> int:
    """Shards are stretches of the order: read one after the other they are the whole set, shuffled."""
    return place * shards >> ORDER_BITS


def cut_batches(rows: int, size: int) -> list[range]:
    """Stretches of `size` rows; a rest of less than half of that joins the one before it."""
    starts = list(range(0, rows, size))
    if len(starts) > 1 and 2 * (rows - starts[-1]) < size:
        starts.pop()
    ends = [*starts[1:], rows] if starts else []
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]


def largest_remainders(shares: Sequence[float], total: int) -> list[int]:
    """Whole numbers in proportion to the shares that sum to `total` exactly (Hamilton's method)."""
    scale = total / math.fsum(shares)
    exact = [share * scale for share in shares]
    whole = [math.floor(value) for value in exact]
    by_rest = sorted(range(len(shares)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_rest[: total - sum(whole)]:
        whole[i] += 1
    return whole
