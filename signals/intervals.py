"""Intervals with documents as the unit: tokens of one document are not independent."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit


class Estimate(NamedTuple):
    """A point estimate and its 95% interval; the bounds are None with fewer than two documents."""

    value: float
    low: float | None
    high: float | None


def ratio_estimate(x: NDArray[np.float64], w: NDArray[np.float64], level: float = 0.95) -> Estimate:
    """Sum(x) / sum(w) over documents with a cluster-robust interval.

    SE^2 = n/(n-1) * sum((x - R w)^2) / sum(w)^2, with the t quantile of n - 1. With iid tokens
    in place of documents the interval of a mean cross-entropy covers 24-30% instead of 95%.
    Sums are exact (`math.fsum`), so that the order of documents can't change a bit.

    Args:
        x: one value a document, shape (n,), n >= 1; w: its weight, sum > 0.
    """
    n = len(x)
    total_x, total_w = math.fsum(x), math.fsum(w)
    value = total_x / total_w
    if n < 2:
        return Estimate(value, None, None)
    standard_error = math.sqrt(n / (n - 1) * math.fsum((x - value * w) ** 2)) / total_w
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * standard_error
    return Estimate(value, value - half, value + half)
