import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score, roc_curve

from wellspring.signals.stats.roc import (
    calibration_error,
    roc_auc,
    roc_auc_interval,
    share_interval,
    true_positive_rate_at,
)


def sample(seed: int, n: int = 300, ties: bool = True):
    generator = np.random.default_rng(seed)
    labels = generator.random(n) < 0.4
    scores = generator.normal(labels * 1.0)
    return (scores.round(1) if ties else scores), labels


@pytest.mark.parametrize("ties", [True, False])
def test_roc_auc_is_sklearns(ties):
    scores, labels = sample(1, ties=ties)
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_its_interval_covers_the_true_area_with_clusters_as_the_unit():
    """Prompts with a shared offset: as wide as a bootstrap over prompts would make it."""
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        prompts = np.repeat(np.arange(60), 4)
        labels = np.tile([True, True, False, False], 60)
        scores = np.repeat(generator.normal(size=60), 4) + generator.normal(size=240) + labels
        interval = roc_auc_interval(scores, labels, prompts)
        covered += interval.low <= 0.6915 <= interval.high  # Phi(1 / 2), difference of variance 4
    assert 178 <= covered <= 199


def test_a_share_of_none_or_all_still_has_room():
    none = share_interval(np.zeros(100, dtype=bool), np.arange(100))
    assert (none.value, none.low) == (0.0, 0.0)
    assert 3 / 100 < none.high < 4 / 100
    everything = share_interval(np.ones(100, dtype=bool), np.arange(100))
    assert (everything.value, everything.high) == (1.0, 1.0)
    assert everything.low == pytest.approx(1 - none.high)
    for few in (1, 2, 5):
        assert share_interval(np.zeros(few, dtype=bool), np.arange(few)).high > 1 - 0.5 ** (2 / few)


def test_many_independent_documents_have_wilsons_interval():
    hits = np.arange(4000) < 60
    wilson = binomtest(60, 4000).proportion_ci(method="wilson")
    assert share_interval(hits, np.arange(4000))[1:] == pytest.approx(tuple(wilson), rel=2e-3)


@pytest.mark.parametrize(("documents", "share"), [(12, 0.2), (25, 0.08), (60, 0.95)])
def test_the_interval_of_a_small_share_holds_it_about_as_often_as_it_says(documents, share):
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(1000):
        _, low, high = share_interval(generator.random(documents) < share, np.arange(documents))
        assert 0 <= low < high <= 1
        held += low <= share <= high
    assert held > 920


def test_a_share_that_every_prompt_shows_alike_is_no_surer_than_its_documents():
    hits = np.tile([True, False], 10)
    _, low, high = share_interval(hits, np.repeat(np.arange(10), 2))
    assert low < 0.31 and high > 0.69


def test_texts_of_one_prompt_count_once_in_the_width():
    hits = np.repeat(np.random.default_rng(2).random(50) < 0.5, 10)
    apart = share_interval(hits, np.arange(500))
    together = share_interval(hits, np.repeat(np.arange(50), 10))
    assert together.value == apart.value
    assert (together.high - together.low) > 2.5 * (apart.high - apart.low)


def test_true_positives_at_a_rate_are_the_best_point_of_sklearns_curve():
    scores, labels = sample(3)
    false, true, _ = roc_curve(labels, scores, drop_intermediate=False)
    for rate in (0.01, 0.05, 0.2):
        found, threshold = true_positive_rate_at(scores, labels, rate)
        assert found == pytest.approx(true[false <= rate].max())
        assert (scores[~labels] > threshold).mean() <= rate


def test_calibration_error_of_a_calibrated_and_of_a_boastful_forecast():
    generator = np.random.default_rng(4)
    p = generator.random(20_000)
    labels = generator.random(20_000) < p
    even = np.ones(20_000)
    assert calibration_error(p, labels, even) < 0.02
    assert calibration_error(np.where(p > 0.5, 1.0, 0.0), labels, even) == pytest.approx(0.25, abs=0.02)
