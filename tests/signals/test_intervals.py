import numpy as np
import pytest
from scipy import stats

from signals.intervals import ratio_estimate


def test_with_equal_weights_it_is_the_students_interval_of_a_mean():
    x = np.array([3.0, 4.5, 2.2, 5.1, 3.9])
    estimate = ratio_estimate(x, np.ones(5))
    low, high = stats.t.interval(0.95, 4, loc=x.mean(), scale=stats.sem(x))
    assert estimate == pytest.approx((x.mean(), low, high))


def test_it_covers_documents_not_tokens():
    """Documents cluster: 95% intervals must cover the true ratio in about 95 of 100 draws."""
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        tokens = generator.integers(50, 500, size=60).astype(float)
        means = generator.normal(4.0, 0.5, size=60)
        estimate = ratio_estimate(means * tokens, tokens)
        covered += estimate.low <= 4.0 <= estimate.high
    assert 0.91 <= covered / 400 <= 0.98


def test_the_order_of_documents_does_not_change_a_bit():
    generator = np.random.default_rng(2)
    x, w = generator.lognormal(size=200), generator.lognormal(size=200)
    order = generator.permutation(200)
    assert ratio_estimate(x, w) == ratio_estimate(x[order], w[order])


def test_one_document_has_no_interval():
    assert ratio_estimate(np.array([6.0]), np.array([2.0])) == (3.0, None, None)
