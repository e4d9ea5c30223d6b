"""Means over seeds with their intervals, and differences of two regimes paired by seed."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from scipy.special import expit, logit

from wellspring.signals.stats.intervals import Estimate, t_interval


def over_seeds(values: Sequence[float], *, least: float = -math.inf, most: float = math.inf) -> Estimate:
    """Mean and 95% t interval of one value per seed; without bounds for a single seed.

    An interval can't leave the range of the figure: with a lower end to it, it is Student's on the scale
    log(mean - least); with two, on the logit scale, the standard error carried over by the slope of the
    scale at the mean (so the mean stays the mean, and values at the ends of the range are welcome). Seeds
    that all agree give an interval of no width.

    Args:
        least: the figure can't be less than this.
        most: nor more than this; finite only where `least` is.

    Raises:
        ValueError: there is no value, or one is out of range.
    """
    if not values:
        raise ValueError("no seeds to average over")
    if not all(least <= value <= most for value in values):
        raise ValueError(f"values from {min(values)} to {max(values)}, which can only be {least} to {most}")
    if len(values) < 2:
        return Estimate(values[0], None, None)
    if min(values) == max(values):
        return Estimate(values[0], values[0], values[0])
    mean, freedom = fmean(values), len(values) - 1
    error = stdev(values) / math.sqrt(len(values))
    if least == -math.inf:
        return t_interval(mean, error, freedom)
    if most == math.inf:
        above = mean - least
        _, low, high = t_interval(math.log(above), error / above, freedom)
        return Estimate(mean, least + math.exp(low or 0), least + math.exp(high or 0))
    width = most - least
    share = (mean - least) / width
    _, low, high = t_interval(float(logit(share)), error / width / (share * (1 - share)), freedom)
    return Estimate(mean, least + width * float(expit(low)), least + width * float(expit(high)))


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
