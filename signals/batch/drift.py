"""Drift over crawl windows: a CUSUM of each stratum against a baseline that doesn't learn.

    z_t = (R_t - mu0) / SE_tot,  SE_tot^2 = SE_t^2 + tau^2
    S_t = max(0, S_(t-1) + z_t - k),  alarm at S_t > h

on the suspicious side (Page 1954); after an alarm S starts again at 0. R_t is the mean of the window's
batches, SE_t its standard error with documents as the unit, mu0 and tau mean and spread of the baseline.
mu0 is frozen: a baseline that learns from what it accepts follows a slow drift and never sees it.

k and h follow from what is promised: over all strata together at most one false alarm in 500 windows.
- One stratum with a baseline known exactly: k = 0.5, h = 5 (Siegmund's approximation: one in 938).
- Many strata: h rises until all together have no more false alarms than one alone. So the family's
  rate holds whatever their correlation, and no stratum's alarm depends on another's values, as it would
  under Benjamini and Hochberg. The price is small, since h grows with the logarithm: to see one standard
  deviation takes 10 windows with one stratum, 13 with four, 20 with a hundred.
- A baseline of few batches is itself uncertain, and a CUSUM adds its error up window after window. So the
  spread is taken at its upper 90% bound, and k rises until the false alarms, averaged over what the mean
  may be wrong by, are as promised. Eight windows of a run's own see two standard deviations, hardly one.
`python -m benchmarks drift` prints what that comes to in simulation.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, ndtr, ndtri, stdtr, stdtrit

from wellspring.schemas.profile import Direction, Limit
from wellspring.signals.batch.window_sums import WindowFigure

ALLOWANCE = 0.5
THRESHOLD = 5.0
WINDOWS_PER_FALSE_ALARM = 500
BASELINE_WINDOWS = 8
"""So many first windows are the baseline of a stratum that has no limit of its own; of a shorter series
half, at least five."""
_FEWEST_BASELINE_WINDOWS = 5
_SPREAD_TAIL = 0.1
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
_FURTHEST_Z = 8.0


class Baseline(NamedTuple):
    """Mean and standard deviation of human batches or windows, frozen."""

    mean: float
    spread: float
    """Standard deviation of one batch, or one window, of the baseline."""
    units: int
    """How many batches or windows gave it, >= 2."""
    sampling: float | None
    """The part of spread^2 that comes from sampling documents; null: that of the batches at hand."""
    basis: str
    """Where it comes from, in words."""


class Step(NamedTuple):
    """The state of a CUSUM after one window; null figures where the window has no value."""

    z: float | None
    cusum: float
    allowance: float
    threshold: float
    alarm: bool
    since: int | None
    """Index of the window in which the excursion began, null at 0."""


def baseline_of_limit(limit: Limit) -> Baseline:
    """The baseline behind a stratum's own limit."""
    return Baseline(
        limit.mean, limit.spread, max(limit.batches, 2), None, f"profile: {limit.batches} batches of its own"
    )


def baseline_of_windows(figures: Sequence[WindowFigure | None]) -> tuple[Baseline, int] | None:
    """A baseline from a series' own first windows, and how many it took; None where it is too short.

    It says what the source was like when the run began, which is no proof that it was human.
    """
    wanted = min(BASELINE_WINDOWS, sum(figure is not None for figure in figures) // 2)
    if wanted < _FEWEST_BASELINE_WINDOWS:
        return None
    defined = [index for index, figure in enumerate(figures) if figure is not None]
    taken = defined[wanted - 1] + 1
    first = [figure for figure in figures[:taken] if figure is not None]
    values = [figure.estimate.value for figure in first]
    mean = math.fsum(values) / wanted
    spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (wanted - 1))
    sampling = math.fsum(figure.standard_error**2 for figure in first) / wanted
    words = f"the first {wanted} windows of this run"
    return Baseline(mean, spread, wanted, sampling, words), taken


def cusum(
    figures: Sequence[WindowFigure | None], baseline: Baseline, direction: Direction, strata: int
) -> list[Step]:
    """The CUSUM of a series of windows, in their order; a window without a value changes nothing.

    Args:
        strata: how many series are watched in all, >= 1.
    """
    threshold = alarm_threshold(strata)
    side = 1 if direction == "above" else -1
    upper = _upper_variance(baseline)
    # Windows that happen to lie closer together than sampling explains don't make their mean more certain.
    of_mean = max(upper, baseline.sampling or 0.0) / baseline.units
    total, since = 0.0, None
    steps = []
    for index, figure in enumerate(figures):
        if figure is None:
            steps.append(Step(None, total, ALLOWANCE, threshold, False, since))
            continue
        sampling = figure.batch_variance if baseline.sampling is None else baseline.sampling
        error = math.sqrt(figure.standard_error**2 + max(0.0, upper - sampling))
        distance = side * (figure.estimate.value - baseline.mean)
        z = _normal_score(distance, error, figure.freedom)
        allowance = _allowance(math.sqrt(of_mean) / error if error else 0.0, strata)
        since = index if total == 0 else since
        total = max(0.0, total + z - allowance)
        alarm = total > threshold
        steps.append(Step(z, total, allowance, threshold, alarm, since if total else None))
        if alarm:
            total = 0.0
    return steps


def detectable_shift(baseline: Baseline, strata: int, windows: int, freedom: int) -> float | None:
    """The least lasting shift that raises an alarm within so many windows on average, in standard
    deviations of a window of a baseline of windows; None where none does, since no z counts for more than 8.

    Args:
        freedom: of each window's figure.
    """
    allowance, threshold = _allowance(1 / math.sqrt(baseline.units), strata), alarm_threshold(strata)
    if windows < 1 or not baseline.spread or run_length(allowance, threshold, _FURTHEST_Z) > windows:
        return None
    z = _least(0.0, lambda shift: run_length(allowance, threshold, shift) <= windows)
    t = -float(stdtrit(freedom, ndtr(-z)))
    return t * math.sqrt(_upper_variance(baseline)) / baseline.spread


def run_length(allowance: float, threshold: float, shift: float) -> float:
    """Windows on average until an alarm when every z has mean `shift` and variance 1 (Siegmund 1985)."""
    drift, reach = shift - allowance, threshold + 1.166
    if abs(drift * reach) < 1e-4:
        return reach**2
    return (math.expm1(-2 * drift * reach) + 2 * drift * reach) / (2 * drift**2)


@functools.cache
def alarm_threshold(strata: int) -> float:
    """The least h >= 5 by which `strata` series together have no more false alarms than one with h = 5."""
    alone = run_length(ALLOWANCE, THRESHOLD, 0.0)
    return _least(THRESHOLD, lambda h: run_length(ALLOWANCE, h, 0.0) >= alone * strata)


@functools.cache
def alarm_allowance(uncertain: float, strata: int) -> float:
    """The least k >= 0.5 for a baseline whose mean has a standard error of `uncertain` (in units of SE_tot):
    false alarms averaged over N(0, uncertain^2) are as rare as `alarm_threshold` promises.
    """
    threshold = alarm_threshold(strata)

    def rare_enough(allowance: float) -> bool:
        rates = [1 / run_length(allowance, threshold, uncertain * node) for node in _NODES.tolist()]
        rate = math.fsum(w * r for w, r in zip(_WEIGHTS.tolist(), rates, strict=True)) / math.fsum(_WEIGHTS)
        return rate <= 1 / (WINDOWS_PER_FALSE_ALARM * strata)

    return _least(ALLOWANCE, rare_enough)


def _allowance(uncertain: float, strata: int) -> float:
    return alarm_allowance(math.ceil(50 * uncertain) / 50, strata)


def _upper_variance(baseline: Baseline) -> float:
    """Of one unit of the baseline, its upper 90% bound."""
    return baseline.spread**2 * (baseline.units - 1) / _lower_chi_square(baseline.units - 1)


def _least(start: float, enough: Callable[[float], bool]) -> float:
    """The least value from `start` on that is enough, to 0.001; `enough` is monotone."""
    if enough(start):
        return start
    step = 1.0
    while not enough(start + step):
        step *= 2
    low, high = start, start + step
    while high - low > 0.001:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _lower_chi_square(freedom: int) -> float:
    return float(chdtri(freedom, 1 - _SPREAD_TAIL))


def _normal_score(distance: float, error: float, freedom: int) -> float:
    """A t value as the normal one of equal rank: few documents make wide tails. At most 8 either way, also
    where nothing varies.
    """
    if not distance:
        return 0.0
    tail = float(stdtr(freedom, -abs(distance) / error)) if error else 0.0
    return math.copysign(min(-float(ndtri(tail)), _FURTHEST_Z), distance)
