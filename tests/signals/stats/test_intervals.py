import numpy as np
import pytest
from scipy import stats

from wellspring.signals.stats.intervals import delete_group, standard_error, t_interval
from wellspring.signals.stats.ratio_sums import RatioSums


def test_an_interval_and_its_standard_error_are_scipys():
    low, high = stats.t.interval(0.95, 7, loc=3.0, scale=0.4)
    assert t_interval(3.0, 0.4, 7) == pytest.approx((3.0, low, high))
    assert standard_error(low, high, 7) == pytest.approx(0.4)


def test_for_a_ratio_the_jackknife_is_the_interval_of_the_ratio_of_groups():
    generator = np.random.default_rng(2)
    w = generator.integers(100, 900, size=12)
    x = w * generator.normal(5.0, 0.4, size=12)
    without = [(x.sum() - a) / (w.sum() - b) for a, b in zip(x, w, strict=True)]
    jackknife = delete_group(x.sum() / w.sum(), without, w.tolist())
    exact = RatioSums.of(zip(x.tolist(), w.tolist(), strict=True)).estimate()
    assert jackknife == pytest.approx(exact, rel=1e-6)


def test_one_group_has_no_interval():
    assert delete_group(2.0, [1.5], [10]) == (2.0, None, None)
    assert delete_group(2.0, [], []) == (2.0, None, None)
