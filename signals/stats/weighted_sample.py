"""Which documents are drawn, and how often: by hash of (seed, id) and weight, in one pass, on any engine.

A document's fate hangs on its own id and weight and, for a draw of fixed size, on one threshold that
follows from the data. Nothing depends on order, bundles or workers.

Draw of fixed size: the smallest keys -ln(u)/w (Efraimidis and Spirakis 2006), until their sizes come to the
limit. Sizes are 1 for a number of documents, tokens for a budget of tokens. The key of the first one that
doesn't fit is the threshold; given it, a document was drawn with probability 1 - exp(-w threshold), and
sums weighted by one over that are unbiased (Cohen and Kaplan 2007 for numbers of documents; Ting 2017 for
budgets: a drawn document with any other key below the threshold would have left the threshold where it is).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.log_histogram import LogHistogram

_BITS = 52


class Item(NamedTuple):
    """A document in a draw; ordered by key, ties by id."""

    key: float
    id: str
    size: int = 1
    """What it takes of the limit, > 0: 1, or its tokens."""


class Threshold(NamedTuple):
    """What lies below (key, id) is drawn; (inf, "") when everything is."""

    key: float
    id: str

    def draws(self, item: Item) -> bool:
        return (item.key, item.id) < (self.key, self.id)


EVERYTHING = Threshold(math.inf, "")


def uniform(seed: int, id: str) -> float:
    """A hash of (seed, id), strictly between 0 and 1: (h + 1/2) / 2^52 of its upper 52 bits, so that
    neither end can be reached by rounding.
    """
    return ((stable_hash(id, f"draw\0{seed}") >> (64 - _BITS)) + 0.5) / 2.0**_BITS


def copies(multiplicity: float, u: float) -> int:
    """How often a document is taken: floor(m) and once more with probability m - floor(m); m on average.

    Args:
        multiplicity: >= 0. u: of `uniform`.
    """
    whole = math.floor(multiplicity)
    return whole + (u < multiplicity - whole)


def is_kept(u: float, rate: float) -> bool:
    """Poisson thinning: true with probability min(1, rate), each document by itself."""
    return u < rate


def sampling_key(u: float, weight: float) -> float:
    """-ln(u)/weight, exponential with rate `weight`: of two documents the heavier one's is lower with
    probability w1 / (w1 + w2).

    Raises:
        ValueError: the weight is not a finite number > 0.
    """
    if not (weight > 0 and math.isfinite(weight)):
        raise ValueError(f"a weight of {weight} can't be drawn by: leave the document out or weight it > 0")
    return -math.log(u) / weight


def inclusion_probability(weight: float, threshold: float) -> float:
    """1 - exp(-w threshold), in (0, 1]; 1 for an infinite threshold."""
    return -math.expm1(-weight * threshold)


def horvitz_thompson(drawn: Iterable[tuple[float, float]]) -> float:
    """The sum over all documents of a value, estimated without bias from the drawn ones.

    Args:
        drawn: (value, probability that the document was drawn) of each.
    """
    return math.fsum(value / probability for value, probability in drawn)


class WeightedDraw:
    """The smallest keys whose sizes sum to at most `limit`, and the one after them.

    Draws of parts merge exactly, in any order: what a part leaves out has enough smaller keys before it.
    Memory goes with the number drawn; for budgets too large for that see `boundary`. Ids must differ.
    """

    def __init__(self, limit: int) -> None:
        """Args:
        limit: documents, or tokens; >= 0.
        """
        if limit < 0:
            raise ValueError(f"a limit of {limit} can't be drawn")
        self.limit = limit
        self._items: list[Item] = []
        self._prune_at = 1024

    def add(self, item: Item) -> None:
        if item.size < 1:
            raise ValueError(f"{item.id}: a size of {item.size} can't be drawn")
        self._items.append(item)
        if len(self._items) >= self._prune_at:
            self._prune()

    def merge(self, other: "WeightedDraw") -> None:
        """Takes in what the other holds.

        Raises:
            ValueError: its limit differs.
        """
        if self.limit != other.limit:
            raise ValueError(f"draws to {self.limit} and to {other.limit} don't merge")
        self._items += other._items
        self._prune()

    def drawn(self) -> list[Item]:
        """In order of their keys."""
        threshold = self.threshold()
        return [item for item in self._items if threshold.draws(item)]

    def threshold(self) -> Threshold:
        """The first that doesn't fit."""
        self._prune()
        if sum(item.size for item in self._items) <= self.limit:
            return EVERYTHING
        return Threshold(*self._items[-1][:2])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WeightedDraw) or self.limit != other.limit:
            return False
        self._prune()
        other._prune()
        return self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def _prune(self) -> None:
        self._items.sort()
        room = self.limit
        for place, item in enumerate(self._items):
            room -= item.size
            if room < 0:
                del self._items[place + 1 :]
                break
        # Sorting again once the list has doubled makes n log n of all of it.
        self._prune_at = max(1024, 2 * len(self._items))


class Boundary(NamedTuple):
    """The keys among which a draw's threshold lies: all below `low` are drawn, none from `high` on."""

    low: float
    high: float
    room: int
    """What is left of the limit for the keys in [low, high)."""

    def holds(self, key: float) -> bool:
        return self.low <= key < self.high


def boundary(keys: LogHistogram, limit: int) -> Boundary | None:
    """Where a draw of `limit` ends, from a histogram of all (key, size); None when everything fits.

    The second pass draws exactly among the keys of that one bucket, by `WeightedDraw(boundary.room)`: some
    hundredth of the drawn documents at most.
    """
    room = limit
    for bucket in keys.buckets():
        if bucket.amount > room:
            return Boundary(bucket.low, bucket.high, room)
        room -= bucket.amount
    return None
