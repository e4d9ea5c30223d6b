import math

import numpy as np
import pytest

from wellspring.schemas.profile import Limit
from wellspring.signals.batch.drift import (
    Baseline,
    alarm_allowance,
    alarm_threshold,
    baseline_of_limit,
    baseline_of_windows,
    cusum,
    detectable_shift,
    run_length,
)
from wellspring.signals.batch.window_sums import WindowFigure
from wellspring.signals.stats.intervals import t_interval

KNOWN = Baseline(mean=3.0, spread=0.5, units=1_000_000, sampling=0.16, basis="test")
"""tau = 0.3; with a standard error of 0.4 SE_tot is 0.5."""


def figure(value, error=0.4, freedom=10_000):
    return WindowFigure(t_interval(value, error, freedom), error, freedom, error**2)


def figures(z, baseline=KNOWN, total=0.5):
    return [figure(baseline.mean + total * one) for one in z]


def test_it_is_the_recursion():
    z = np.random.default_rng(1).normal(0.8, 1, size=200)
    steps = cusum(figures(z), KNOWN, "above", 1)
    total = 0.0
    for one, step in zip(z, steps, strict=True):
        total = max(0.0, total + one - 0.5)
        assert step.z == pytest.approx(one, abs=0.02)
        assert step.alarm == (step.cusum > 5)
        assert step.cusum == pytest.approx(total, abs=0.1)
        total = 0.0 if step.alarm else step.cusum
    assert sum(step.alarm for step in steps) > 2


def test_below_is_the_mirror_of_above():
    z = np.random.default_rng(2).normal(0.6, 1, size=50)
    above, below = (cusum(figures(s * z), KNOWN, d, 3) for s, d in ((1, "above"), (-1, "below")))
    for one, other in zip(above, below, strict=True):
        assert one.z == pytest.approx(other.z)
        assert (one.alarm, one.since) == (other.alarm, other.since)
    assert not any(step.alarm for step in cusum(figures(z), KNOWN, "below", 1))


@pytest.mark.slow
def test_a_step_of_one_deviation_is_seen_within_some_twelve_windows_and_false_alarms_are_rare():
    """The promise, in simulation: `python -m benchmarks drift` has more draws and the realistic baselines."""
    generator = np.random.default_rng(3)
    quiet = cusum(figures(generator.normal(size=30_000)), KNOWN, "above", 1)
    assert sum(step.alarm for step in quiet) <= 30_000 / 500
    delays = []
    for _ in range(300):
        steps = cusum(figures(generator.normal(1.0, 1, size=100)), KNOWN, "above", 1)
        delays.append(next(i for i, step in enumerate(steps, 1) if step.alarm))
    assert np.mean(delays) < 13


@pytest.mark.slow
def test_many_strata_together_have_no_more_false_alarms():
    generator = np.random.default_rng(4)
    alarms = sum(
        step.alarm
        for _ in range(20)
        for step in cusum(figures(generator.normal(size=3000)), KNOWN, "above", 20)
    )
    assert alarms <= 2 * 3000 / 500
    assert alarm_threshold(1) == 5.0
    assert alarm_threshold(4) < alarm_threshold(40) < 10


def test_a_baseline_of_few_windows_asks_for_more():
    """8 windows say little: without a larger allowance a false alarm would come every 150 windows or so."""
    generator = np.random.default_rng(5)
    alarms = 0
    for _ in range(60):
        series = figures(generator.normal(size=308), total=0.4)
        baseline, taken = baseline_of_windows(series)
        assert taken == 8
        alarms += sum(step.alarm for step in cusum(series[taken:], baseline, "above", 1))
    assert alarms <= 60 * 300 / 500
    assert alarm_allowance(0.0, 1) == 0.5
    assert 0.5 < alarm_allowance(0.2, 1) < alarm_allowance(0.35, 1) < alarm_allowance(0.35, 10) < 1.5


def test_siegmunds_approximation_is_what_a_simulation_gives():
    generator = np.random.default_rng(6)
    for allowance, threshold, shift in ((0.5, 3.0, 0.0), (0.5, 5.0, 1.0), (0.5, 4.0, 0.5)):
        lengths = []
        for _ in range(600):
            total, windows = 0.0, 0
            while total <= threshold:
                total, windows = max(0.0, total + generator.normal(shift) - allowance), windows + 1
            lengths.append(windows)
        assert run_length(allowance, threshold, shift) == pytest.approx(np.mean(lengths), rel=0.15)


@pytest.mark.parametrize(("units", "windows"), [(5, 2), (5, 12), (40, 3), (40, 10)])
def test_a_change_is_called_detectable_where_an_alarm_comes_in_time(units, windows):
    baseline = Baseline(mean=10.0, spread=2.0, units=units, sampling=None, basis="windows")

    def alarms(shift):
        value = 10.0 + 2.0 * shift
        lasting = [WindowFigure(t_interval(value, 0, 29), 0.0, 29, 0.0)] * windows
        return [step.alarm for step in cusum(lasting, baseline, "above", 10)]

    shift = detectable_shift(baseline, 10, windows, 29)
    assert shift is not None
    assert any(alarms(1.05 * shift))
    assert not any(alarms(0.5 * shift))


def test_one_window_alone_is_no_test():
    baseline = Baseline(mean=10.0, spread=2.0, units=5, sampling=None, basis="windows")
    assert detectable_shift(baseline, 10, 1, 29) is None
    assert detectable_shift(baseline, 10, 0, 29) is None


def test_the_baseline_does_not_learn():
    slow = [figure(3.0 + 0.02 * i) for i in range(200)]
    baseline, taken = baseline_of_windows(slow)
    assert baseline.mean == pytest.approx(3.07)
    assert any(step.alarm for step in cusum(slow[taken:], baseline, "above", 1))


def test_a_window_without_a_value_changes_nothing():
    series = figures([2.0, 2.0, 2.0])
    with_gap = [series[0], None, *series[1:]]
    plain, gapped = (cusum(one, KNOWN, "above", 1) for one in (series, with_gap))
    assert gapped[1].cusum == gapped[0].cusum
    assert gapped[1].z is None
    assert gapped[-1].cusum == plain[-1].cusum


def test_since_is_where_the_excursion_began():
    steps = cusum(figures([1.5, -3, -3, 2, 2, 2, 2, 2]), KNOWN, "above", 1)
    assert [step.since for step in steps] == [0, None, None, 3, 3, 3, 3, 7]
    assert steps[6].alarm


def test_few_documents_count_for_less():
    certain, few = figure(3.0 + 3 * 0.5), figure(3.0 + 3 * 0.5, freedom=4)
    z = [step.z for step in cusum([certain, few], KNOWN, "above", 1)]
    assert z[0] == pytest.approx(3, abs=0.01)
    assert z[1] == pytest.approx(2.05, abs=0.1)  # the normal score of a t of 3 with 4 degrees of freedom


def test_text_that_never_varies_is_no_error():
    flat = [figure(2.0, error=0.0) for _ in range(12)]
    baseline, taken = baseline_of_windows([*flat, figure(2.5, error=0.0)])
    steps = cusum([*flat[taken:], figure(2.5, error=0.0)], baseline, "above", 1)
    assert [step.z for step in steps[:-1]] == [0.0] * (len(steps) - 1)
    assert steps[-1].z == 8.0


def test_baselines_say_where_they_come_from():
    own = baseline_of_limit(Limit(limit=2.0, batches=40, mean=3.0, spread=0.4))
    assert (own.mean, own.units, own.basis) == (3.0, 40, "profile: 40 batches of its own")
    assert baseline_of_windows([figure(1.0)] * 9) is None
    short, taken = baseline_of_windows([None, *figures(np.linspace(-1, 1, 11))])
    assert (short.units, taken, short.basis) == (5, 6, "the first 5 windows of this run")
    assert not math.isnan(short.spread)
