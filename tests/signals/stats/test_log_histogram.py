import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.stats.log_histogram import LogHistogram

VALUES = st.floats(0, 1e300, allow_nan=False)


@given(st.lists(VALUES, min_size=1, max_size=50), st.floats(0, 1))
def test_a_quantile_is_near_the_value_of_its_rank(values, q):
    histogram = LogHistogram()
    histogram.add_all(np.array(values))
    true = sorted(values)[max(math.ceil(q * len(values)) - 1, 0)]
    assert histogram.quantile(q) == pytest.approx(true, rel=1 / 256, abs=1e-306)


@given(st.lists(st.tuples(VALUES, st.integers(0, 10**6)), max_size=30), st.randoms())
def test_parts_merge_to_the_same_in_any_order(pairs, order):
    whole = LogHistogram()
    whole.add_all(np.array([v for v, _ in pairs]), np.array([a for _, a in pairs], dtype=np.int64))
    order.shuffle(pairs)
    merged = LogHistogram()
    for pair in pairs:
        part = LogHistogram()
        part.add(pair)
        merged.merge(part)
    assert merged == whole
    assert sum(b.values for b in merged.buckets()) == len(pairs)
    assert sum(b.amount for b in merged.buckets()) == sum(a for _, a in pairs)


@given(st.lists(VALUES, min_size=1, max_size=30))
def test_a_bucket_holds_its_values_and_is_narrow(values):
    histogram = LogHistogram()
    histogram.add_all(np.array(values))
    for bucket in histogram.buckets():
        assert bucket.values == sum(bucket.low <= v < bucket.high for v in values)
        assert bucket.high - bucket.low <= bucket.low / 128 or bucket.low < 1e-306


def test_none_of_nothing_and_zeros_of_either_sign():
    histogram = LogHistogram()
    assert histogram.quantile(0.5) is None
    histogram.add_all(np.array([0.0, -0.0]))
    assert [b.values for b in histogram.buckets()] == [2]


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_other_values_are_refused(value):
    with pytest.raises(ValueError, match="negative or not finite"):
        LogHistogram().add((value, 1))
