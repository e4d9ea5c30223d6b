import math

import numpy as np
import pytest
from scipy import stats

from wellspring.signals.stats.seed_intervals import over_seeds, ratio_over_seeds


def test_the_interval_is_students() -> None:
    values = [1.0, 2.0, 4.0, 5.0, 9.0]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert over_seeds(values) == pytest.approx((np.mean(values), low, high))


def test_one_seed_has_no_interval_and_none_is_refused() -> None:
    assert over_seeds([3.0]) == (3.0, None, None)
    with pytest.raises(ValueError, match="no seeds"):
        over_seeds([])


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        ([11_000.0, 300.0, 31_000.0], 0, math.inf),
        ([0.0, 0.0, 5.0], 0, math.inf),
        ([1.0, 1.5], 1, math.inf),
        ([0.99, 1.0, 1.0], 0, 1),
        ([0.0, 0.0, 0.001], 0, 1),
        ([0.0, 1.0], 0, 1),
        ([97.0, 60.0, 100.0], 0, 103),
    ],
)
def test_an_interval_stays_in_the_range_of_its_figure_and_holds_the_mean(
    values: list[float], least: float, most: float
) -> None:
    value, low, high = over_seeds(values, least=least, most=most)
    assert value == pytest.approx(np.mean(values))
    assert low is not None and high is not None
    assert least <= low < value < high <= most
    assert over_seeds(values)[1] < least or over_seeds(values)[2] > most  # type: ignore[operator]


def test_where_the_ends_are_far_off_it_is_students_still() -> None:
    values = [0.5, 0.501, 0.502]
    assert over_seeds(values, least=0, most=1) == pytest.approx(over_seeds(values), abs=1e-5)
    assert over_seeds(values, least=0) == pytest.approx(over_seeds(values), abs=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_seeds_that_agree_give_an_interval_of_no_width(value: float) -> None:
    assert over_seeds([value] * 3, least=0, most=1) == (value, value, value)
    assert over_seeds([value], least=0, most=1) == (value, None, None)


def test_a_value_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"from 0\.5 to 1\.1, which can only be 0 to 1"):
        over_seeds([0.5, 1.1], least=0, most=1)


def test_a_ratio_is_paired_by_seed() -> None:
    below = {0: 1.0, 1: 10.0, 2: 100.0}
    ratio = ratio_over_seeds({seed: 2 * value for seed, value in below.items()}, below)
    assert ratio is not None
    assert ratio == pytest.approx((2, 2, 2))
    one = ratio_over_seeds({0: math.e}, {0: 1.0})
    assert one is not None
    assert (round(one.value, 6), one.low) == (round(math.e, 6), None)
    assert ratio_over_seeds({0: 0.0}, {0: 1.0}) is None
