import numpy as np
import pytest
from scipy.stats import binom, t

from wellspring.signals.batch.gate_limits import (
    baseline_limits,
    prediction_limit,
    unknown_source_limit,
    unknown_source_share_limit,
)


def test_the_limit_for_a_new_source_is_a_prediction_bound_over_sources():
    generator = np.random.default_rng(3)
    held = []
    for _ in range(400):
        means = generator.normal(5.0, 1.0, 11)
        batches = np.array([m + generator.normal(0, 0.1, 50) for m in means[:10]])
        limit = unknown_source_limit(batches.mean(axis=1), float(batches.var(axis=1).mean()), "above")
        held.append(means[10] > limit.limit)
    assert 0.005 <= np.mean(held) <= 0.045  # 2% asked for


def test_tests_that_stand_together_share_what_they_may_hold():
    limits = [prediction_limit(3.0, 0.5, 9, "below", tests) for tests in (1, 2, 3)]
    for tests, limit in enumerate(limits, start=1):
        reach = t.ppf(1 - 0.02 / tests, 8) * 0.5 * np.sqrt(1 + 1 / 9)
        assert limit.limit == pytest.approx(3.0 - reach)
        assert (limit.batches, limit.mean, limit.spread) == (9, 3.0, 0.5)


@pytest.mark.slow
def test_a_share_near_zero_has_a_limit_that_new_sources_keep():
    generator = np.random.default_rng(5)
    held = []
    for _ in range(300):
        shares = 1 / (1 + np.exp(-generator.normal(-4.5, 0.8, 16)))
        documents = generator.integers(60, 900, 15)
        limit = unknown_source_share_limit(generator.binomial(documents, shares[:15]), documents, 100)
        held.append(binom.sf(limit.limit * 100, 100, shares[15]))
    assert np.mean(held) <= 0.02


def test_sources_without_a_hit_are_no_proof_that_there_is_none():
    none = unknown_source_share_limit(np.zeros(15, dtype=np.int64), np.full(15, 70), 100)
    more = unknown_source_share_limit(np.zeros(15, dtype=np.int64), np.full(15, 7000), 100)
    assert 0 < none.limit < 0.1
    assert more.limit == 0
    two = unknown_source_share_limit(np.zeros(15, dtype=np.int64), np.full(15, 70), 100, tests=2)
    assert two.limit >= none.limit
    assert (none.batches, none.mean, none.spread) == (15, 0.0, 0.0)


def test_baselines_by_stratum_need_two_batches_and_are_no_narrower_than_their_intervals():
    limits = baseline_limits({"a": [(1.0, 0.2), (1.0, 0.2)], "b": [(1.0, 0.2)]}, "above")
    assert list(limits) == ["a"]
    assert limits["a"].spread == pytest.approx(0.2)
    shared = baseline_limits({"a": [(1.0, 0.2), (1.0, 0.2)]}, "above", tests=3)
    assert shared["a"].limit > limits["a"].limit
