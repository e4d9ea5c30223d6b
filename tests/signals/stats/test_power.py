import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from wellspring.signals.stats.power import EXAMPLES, FEWEST_ITEMS, detectable, items_needed


def test_the_numbers_are_those_of_the_published_formula():
    assert [items_needed(*example) for example in EXAMPLES] == [626, 469, 870, 155, 234]


@pytest.mark.parametrize(("discordant", "difference", "power"), [(0.2, 0.05, 0.8), (0.3, 0.1, 0.9)])
def test_the_power_is_what_simulated_tests_have(discordant, difference, power):
    items = items_needed(discordant, difference, power)
    generator = np.random.default_rng(1)
    first_only = (discordant + difference) / 2
    drawn = generator.multinomial(items, [first_only, discordant - first_only, 1 - discordant], size=4000)
    b, c = drawn[:, 0], drawn[:, 1]
    found = (b - c) ** 2 / (b + c) > stats.chi2.ppf(0.95, 1)
    assert found.mean() == pytest.approx(power, abs=0.03)


def test_by_hand():
    z = NormalDist().inv_cdf
    expected = (z(0.975) * math.sqrt(0.2) + z(0.9) * math.sqrt(0.2 - 0.01)) ** 2 / 0.01
    assert items_needed(0.2, 0.1, 0.9) == math.ceil(expected)


def test_what_so_many_items_show_takes_no_more_than_them():
    least = detectable(FEWEST_ITEMS, 0.2)
    assert least is not None
    assert least < 0.05
    assert items_needed(0.2, least) <= FEWEST_ITEMS < items_needed(0.2, least - 0.001)
    assert detectable(3, 0.2) is None


@pytest.mark.parametrize("wrong", [(0.05, 0.1), (0.2, 0.0), (1.2, 0.1), (0.2, 0.1, 1.0), (0.2, 0.1, 0.8, 0)])
def test_impossible_questions_are_refused(wrong):
    with pytest.raises(ValueError, match="items differ|between 0 and 1"):
        items_needed(*wrong)
