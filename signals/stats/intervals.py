"""Intervals with documents as the unit: tokens of one document are not independent."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.special import stdtrit

LEVEL = 0.95


class Estimate(NamedTuple):
    """A point estimate and its 95% interval; the bounds are None with fewer than two documents."""

    value: float
    low: float | None
    high: float | None


def t_interval(value: float, standard_error: float, freedom: int, level: float = LEVEL) -> Estimate:
    """Value and interval by Student's t with so many degrees of freedom, >= 1."""
    half = _reach(freedom, level) * standard_error
    return Estimate(value, value - half, value + half)


def standard_error(low: float, high: float, freedom: int) -> float:
    """The standard error behind a 95% interval of `t_interval`."""
    return (high - low) / 2 / _reach(freedom, LEVEL)


def delete_group(value: float, without: Sequence[float], weights: Sequence[int]) -> Estimate:
    """The 95% interval of any statistic by the delete-group jackknife.

    Documents are dealt into groups by a hash of their ids. Group j's influence is u_j = (1 - w_j / W)
    (value - value without it), w_j its weight in tokens; SE^2 = g/(g-1) sum (u_j - w_j sum(u) / W)^2,
    t quantile of g - 1. For a ratio of sums that is `RatioSums` on groups. Taking each group's share of
    sum(u) off removes what a statistic owes to the sample's size alone, which would count as spread
    where groups differ in size (Busing et al. 1999 weigh for the same reason).

    Args:
        without: the statistic without each group; weights: each group's tokens. Groups without any
            are to be left out by the caller. Fewer than two groups give no interval.
    """
    groups, total = len(without), sum(weights)
    if groups < 2:
        return Estimate(value, None, None)
    influence = [(1 - w / total) * (value - other) for other, w in zip(without, weights, strict=True)]
    mean = math.fsum(influence) / total
    squares = math.fsum((u - mean * w) ** 2 for u, w in zip(influence, weights, strict=True))
    return t_interval(value, math.sqrt(groups / (groups - 1) * squares), groups - 1)


def _reach(freedom: int, level: float) -> float:
    return float(stdtrit(freedom, 0.5 + level / 2))
