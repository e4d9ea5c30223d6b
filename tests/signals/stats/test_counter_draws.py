import numpy as np
import pytest
from scipy.stats import kstest

from wellspring.signals.stats.counter_draws import shuffled, uniforms


def test_draws_are_uniform_and_unrelated_between_keys() -> None:
    one, other = uniforms("a", 20_000), uniforms("b", 20_000)
    assert one.min() >= 0
    assert one.max() < 1
    assert kstest(one, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03


def test_a_draw_depends_on_its_place_alone() -> None:
    assert np.array_equal(uniforms("a", 100)[:7], uniforms("a", 7))
    assert not np.array_equal(uniforms("a", 7), uniforms("a2", 7))
    assert len(uniforms("a", 0)) == 0


@pytest.mark.parametrize("count", [0, 1, 50])
def test_an_order_holds_every_number_once(count: int) -> None:
    assert sorted(shuffled("key", count).tolist()) == list(range(count))
