import numpy as np
import pytest

from schemas.classifier import LeftOut, Operating
from signals.prevalence import BINS, adjusted_count, estimated_share, probability_bin


def binned(scores) -> list[int]:
    return np.bincount([probability_bin(p) for p in scores], minlength=BINS).tolist()


def draw(generator, synthetic: bool, n: int):
    """Probabilities of a middling detector, calibrated at even prevalence."""
    log_odds = generator.normal(1.0 if synthetic else -1.0, np.sqrt(2), n)
    return 1 / (1 + np.exp(-log_odds))


@pytest.mark.parametrize("true", [0.0, 0.01, 0.05, 0.2, 0.8])
def test_both_estimates_find_the_share_that_counting_misstates(true):
    generator = np.random.default_rng(7)
    human, synthetic = draw(generator, False, 20_000), draw(generator, True, 20_000)
    left_out = LeftOut(human=binned(human), synthetic=binned(synthetic))
    operating = Operating(
        true_positives=int((synthetic > 0.5).sum()),
        synthetic=20_000,
        false_positives=int((human > 0.5).sum()),
        human=20_000,
    )
    machine = round(20_000 * true)
    crawl = np.concatenate([draw(generator, False, 20_000 - machine), draw(generator, True, machine)])
    flagged = int((crawl > 0.5).sum())
    if true <= 0.05:
        assert flagged / 20_000 > true + 0.1
    assert adjusted_count(flagged, 20_000, operating).value == pytest.approx(true, abs=0.02)
    assert estimated_share(binned(crawl), left_out).value == pytest.approx(true, abs=0.02)


def test_the_interval_counts_the_crawl_and_the_calibration_text():
    generator = np.random.default_rng(8)
    covered = 0
    for _ in range(200):
        left_out = LeftOut(
            human=binned(draw(generator, False, 400)), synthetic=binned(draw(generator, True, 400))
        )
        crawl = np.concatenate([draw(generator, False, 350), draw(generator, True, 150)])
        found = estimated_share(binned(crawl), left_out)
        covered += found.low <= 0.3 <= found.high
    assert 176 <= covered <= 200


def test_a_verdict_that_tells_nothing_apart_estimates_nothing():
    blind = Operating(true_positives=5, synthetic=100, false_positives=5, human=100)
    assert adjusted_count(10, 100, blind) is None
    none = Operating(true_positives=0, synthetic=0, false_positives=0, human=0)
    assert adjusted_count(10, 100, none) is None
    assert estimated_share([0] * BINS, LeftOut(human=[1] * BINS, synthetic=[1] * BINS)) is None
