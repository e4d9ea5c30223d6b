import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wellspring.signals.stats.ratio_sums import RatioSums, fixed_point

PAIRS = st.lists(
    st.tuples(
        st.floats(-1e9, 1e9, allow_nan=False), st.floats(0.001, 1e6, allow_nan=False, allow_infinity=False)
    ),
    min_size=2,
    max_size=30,
)


def of(x, w):
    return RatioSums.of(zip(np.asarray(x).tolist(), np.asarray(w).tolist(), strict=True)).estimate()


def test_with_equal_weights_it_is_the_students_interval_of_a_mean():
    x = np.array([3.0, 4.5, 2.2, 5.1, 3.9])
    low, high = stats.t.interval(0.95, 4, loc=x.mean(), scale=stats.sem(x))
    assert of(x, np.ones(5)) == pytest.approx((x.mean(), low, high))


def test_it_covers_documents_not_tokens():
    """Documents cluster: 95% intervals must cover the true ratio in about 95 of 100 draws."""
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        tokens = generator.integers(50, 500, size=60).astype(float)
        means = generator.normal(4.0, 0.5, size=60)
        estimate = of(means * tokens, tokens)
        covered += estimate.low <= 4.0 <= estimate.high
    assert 0.91 <= covered / 400 <= 0.98


@given(PAIRS, st.data())
def test_any_partition_in_any_order_gives_the_same_bits(pairs, data):
    order = data.draw(st.permutations(pairs))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(pairs)), max_size=5)))
    parts = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    merged = RatioSums()
    for part in data.draw(st.permutations(parts)):
        merged = merged.merged(RatioSums.of(part))
    assert merged == RatioSums.of(pairs)
    assert merged.estimate() == RatioSums.of(pairs).estimate()


@given(PAIRS)
def test_it_is_the_formula_in_exact_arithmetic(pairs):
    x, w = ([Fraction(round(v * 2**40), 2**40) for v in column] for column in zip(*pairs, strict=True))
    ratio = sum(x) / sum(w)
    squares = sum((a - ratio * b) ** 2 for a, b in zip(x, w, strict=True))
    error = math.sqrt(Fraction(len(x), len(x) - 1) * squares) / float(sum(w))
    estimate = RatioSums.of(pairs).estimate()
    assert estimate.value == pytest.approx(float(ratio), rel=1e-15)
    half = stats.t.ppf(0.975, len(x) - 1) * error
    assert estimate.high - estimate.low == pytest.approx(2 * half, rel=1e-9, abs=1e-9 * abs(float(ratio)))


def test_one_document_has_no_interval():
    assert of([6.0], [2.0]) == (3.0, None, None)


def test_what_has_no_ratio_is_an_error():
    with pytest.raises(ValueError, match="the weights of 0 documents add up to 0"):
        RatioSums().estimate()
    with pytest.raises(ValueError, match="nan can't be summed"):
        fixed_point(math.nan)
