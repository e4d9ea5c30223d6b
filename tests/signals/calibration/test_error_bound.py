import numpy as np
import pytest
from scipy.stats import beta, binom

from wellspring.signals.calibration.error_bound import bounded_threshold, fewest_documents, upper_bound


@pytest.mark.parametrize(("documents", "above"), [(300, 0), (500, 1), (1000, 4), (2000, 12), (5000, 38)])
def test_so_many_human_texts_may_lie_above_for_one_percent(documents, above):
    scores = np.arange(documents) / documents
    found = bounded_threshold(scores.tolist(), 0.01)
    assert (scores > found.threshold).sum() == above
    assert found.bound == pytest.approx(beta.ppf(0.95, above + 1, documents - above))
    assert found.bound <= 0.01 < upper_bound(above + 1, documents)


def test_fewer_than_299_texts_promise_nothing_of_one_percent():
    assert bounded_threshold([0.5] * 298, 0.01) is None
    assert bounded_threshold([0.5] * 299, 0.01) is not None
    assert bounded_threshold([], 0.5) is None
    assert [fewest_documents(share) for share in (0.01, 0.05, 0.2)] == [299, 59, 14]
    for share in (0.001, 0.01, 0.05, 0.3):
        assert upper_bound(0, fewest_documents(share)) <= share < upper_bound(0, fewest_documents(share) - 1)


def test_the_promise_holds_in_nineteen_of_twenty_samples():
    """The true rate of a threshold on uniform scores is 1 - threshold, so no sampling is needed for it."""
    generator = np.random.default_rng(11)
    broken = 0
    for _ in range(1000):
        found = bounded_threshold(generator.random(400).tolist(), 0.02)
        broken += 1 - found.threshold > 0.02
    assert broken <= binom.ppf(0.9999, 1000, 0.05)
    assert broken >= 1  # or it would be set too high
