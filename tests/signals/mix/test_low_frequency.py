import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.mix.low_frequency import MOST_COPIES, WeightSums, multiplicity


def test_twice_as_rare_is_drawn_twice_as_often_at_strength_one():
    assert multiplicity(5 + math.log(2), 5, strength=1) == pytest.approx(2)
    assert multiplicity(5 + math.log(2), 5, strength=0.5) == pytest.approx(math.sqrt(2))
    assert multiplicity(5 + math.log(2), 5, strength=0) == 1


def test_the_common_and_the_unknown_stay_at_one_and_the_rarest_stop_at_the_cap():
    assert multiplicity(4.9, 5, strength=8) == 1
    assert multiplicity(None, 5, strength=8) == 1
    assert multiplicity(5000.0, 5, strength=8) == MOST_COPIES == 4
    assert multiplicity(9.0, 5, strength=8, cap=1.5) == 1.5


def test_a_sources_weight_multiplies_and_the_cap_holds_for_both():
    assert multiplicity(None, 5, strength=1, source_weight=0.25) == 0.25
    assert multiplicity(5 + math.log(2), 5, strength=1, source_weight=1.5) == pytest.approx(3)
    assert multiplicity(50, 5, strength=1, source_weight=2) == 4


@pytest.mark.parametrize("wrong", [{"strength": -1}, {"cap": 5}, {"cap": 0.5}, {"source_weight": 0}])
def test_what_makes_no_weight_is_refused(wrong):
    with pytest.raises(ValueError, match="is asked for"):
        multiplicity(5, 4, **({"strength": 1} | wrong))


@given(st.lists(st.floats(1, 4), min_size=1, max_size=60))
def test_the_effective_size_is_that_of_a_plain_sum_and_never_below_its_bound(weights):
    sums = WeightSums.of(weights)
    plain = sum(weights) ** 2 / sum(w * w for w in weights)
    assert sums.effective_sample_size == pytest.approx(plain)
    assert sums.effective_sample_size >= 0.64 * len(weights) * (1 - 1e-9)
    assert sums.mean == pytest.approx(sum(weights) / len(weights))


def test_the_bound_is_reached():
    assert WeightSums.of([4.0] + [1.0] * 4).effective_sample_size == pytest.approx(0.64 * 5)


@given(st.lists(st.floats(0.01, 4), max_size=30), st.randoms())
def test_sums_merge_to_the_same_bits_in_any_order(weights, order):
    whole = WeightSums.of(weights)
    order.shuffle(weights)
    merged = WeightSums()
    for weight in weights:
        merged = WeightSums.of([weight]).merged(merged)
    assert merged == whole


def test_no_weights_have_no_size():
    assert (WeightSums().effective_sample_size, WeightSums().mean) == (0, 0)
