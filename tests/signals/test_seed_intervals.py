import math

import numpy as np
import pytest
from scipy import stats

from signals.seed_intervals import over_seeds, ratio_over_seeds


def test_the_interval_is_students() -> None:
    values = [1.0, 2.0, 4.0, 5.0, 9.0]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert over_seeds(values) == pytest.approx((np.mean(values), low, high))


def test_one_seed_has_no_interval_and_none_is_refused() -> None:
    assert over_seeds([3.0]) == (3.0, None, None)
    with pytest.raises(ValueError, match="no seeds"):
        over_seeds([])


def test_a_ratio_is_paired_by_seed() -> None:
    below = {0: 1.0, 1: 10.0, 2: 100.0}
    ratio = ratio_over_seeds({seed: 2 * value for seed, value in below.items()}, below)
    assert ratio is not None
    assert ratio == pytest.approx((2, 2, 2))
    one = ratio_over_seeds({0: math.e}, {0: 1.0})
    assert one is not None
    assert (round(one.value, 6), one.low) == (round(math.e, 6), None)
    assert ratio_over_seeds({0: 0.0}, {0: 1.0}) is None
