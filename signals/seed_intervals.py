"""Means over seeds with their intervals, and differences of two regimes paired by seed."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from signals.intervals import Estimate, t_interval


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean and 95% t interval of one value a seed; without bounds for a single seed.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("no seeds to average over")
    mean = fmean(values)
    if len(values) < 2:
        return Estimate(mean, None, None)
    return t_interval(mean, stdev(values) / math.sqrt(len(values)), len(values) - 1)


def ratio_over_seeds(above: Mapping[int, float], below: Mapping[int, float]) -> Estimate | None:
    """Geometric mean over seeds of above / below, seed by seed, with its interval; None where a value of
    either is 0.

    Raises:
        KeyError: the seeds differ.
    """
    if min(*above.values(), *below.values()) <= 0:
        return None
    value, low, high = over_seeds([math.log(value / below[seed]) for seed, value in above.items()])
    if low is None or high is None:
        return Estimate(math.exp(value), None, None)
    return Estimate(math.exp(value), math.exp(low), math.exp(high))
