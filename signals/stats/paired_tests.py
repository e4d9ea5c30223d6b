"""Two models on the same items: McNemar's exact test, and a bootstrap that draws whole documents.

Items of one document are not independent, and the tail and head items of a document share it too. So
documents are drawn, each with all its items: the same draws for both models and both sets.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from wellspring.signals.stats.counter_draws import uniforms
from wellspring.signals.stats.intervals import Estimate

DRAWS = 10_000
_AT_ONCE = 200


class McNemar(NamedTuple):
    """Items that only the first model has right, only the second; two-sided exact p."""

    only_first: int
    only_second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """The exact test: of the items on which two models differ, each has half of them right.

    Args:
        first, second: which items each model has right, shape (items,).

    Raises:
        ValueError: of different length.
    """
    if first.shape != second.shape:
        raise ValueError(f"{len(first)} items and {len(second)}: not the same ones")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differ = only_first + only_second
    p = min(1.0, 2 * float(bdtr(min(only_first, only_second), differ, 0.5))) if differ else 1.0
    return McNemar(only_first, only_second, p)


class Drawn(NamedTuple):
    """A figure, its 95% interval (percentiles), and the two-sided p of its being 0."""

    estimate: Estimate
    p: float


class DocumentDraws:
    """Documents drawn with replacement, as many as there are, `DRAWS` times: weights (DRAWS, documents).

    A draw is a hash of (seed, draw, place) over the documents' sorted names: the same everywhere.
    """

    def __init__(self, documents: Sequence[str], seed: int, draws: int = DRAWS) -> None:
        """Args:
        documents: of each item, shape (items,); at least one.
        """
        names, self._document = np.unique(np.array(documents, dtype=object), return_inverse=True)
        self.documents = len(names)
        self._weights = np.empty((draws, self.documents), dtype=np.int32)
        for first in range(0, draws, _AT_ONCE):
            rows = min(_AT_ONCE, draws - first)
            drawn = uniforms(f"bootstrap {seed} {first}", rows * self.documents)
            chosen = (drawn * self.documents).astype(np.int64).reshape(rows, self.documents)
            chosen += self.documents * np.arange(rows)[:, None]
            counts = np.bincount(chosen.ravel(), minlength=rows * self.documents)
            self._weights[first : first + rows] = counts.reshape(rows, self.documents)

    def mean(self, values: NDArray[np.float64], items: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The mean over the chosen items in each draw, shape (draws,); NaN in a draw that has none.

        Args:
            values: of each item. items: which of them count.
        """
        document = self._document[items]
        sums = np.bincount(document, weights=values[items], minlength=self.documents)
        counts = np.bincount(document, minlength=self.documents)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((self._weights @ sums) / (self._weights @ counts))


def judged(value: float, drawn: NDArray[np.float64], documents: int) -> Drawn:
    """A figure with the interval and p that its values in the draws give, shape (draws,).

    p = 2 (1 + draws on the other side of 0, or at it) / (draws + 1), at most 1: never 0, since draws are
    few. With fewer than two documents there is no interval, and p is 1.
    """
    drawn = drawn[np.isfinite(drawn)]
    if documents < 2 or not len(drawn):
        return Drawn(Estimate(value, None, None), 1.0)
    low, high = np.percentile(drawn, [2.5, 97.5])
    beyond = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return Drawn(Estimate(value, float(low), float(high)), min(1.0, 2 * (1 + beyond) / (len(drawn) + 1)))


def mean_of(values: NDArray[np.float64], items: NDArray[np.bool_]) -> float | None:
    """The mean over the chosen items; None without any."""
    return math.fsum(values[items]) / int(items.sum()) if items.any() else None
