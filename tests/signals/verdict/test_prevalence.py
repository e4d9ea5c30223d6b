import numpy as np
import pytest
from scipy.stats import binomtest

from wellspring.schemas.classifier import LeftOut, Operating
from wellspring.signals.verdict.prevalence import (
    BINS,
    adjusted_count,
    estimated_share,
    least_share,
    probability_bin,
)


def binned(scores) -> list[int]:
    return np.bincount([probability_bin(p) for p in scores], minlength=BINS).tolist()


def draw(generator, synthetic: bool, n: int, separation: float = np.sqrt(2)):
    """Probabilities of a detector that is calibrated at even prevalence: log-odds are normal, their mean half
    their variance from 0."""
    mean = separation**2 / 2 if synthetic else -(separation**2) / 2
    return 1 / (1 + np.exp(-generator.normal(mean, separation, n)))


def crawl(generator, share: float, n: int, separation: float = np.sqrt(2)):
    machine = int(generator.binomial(n, share))
    parts = draw(generator, False, n - machine, separation), draw(generator, True, machine, separation)
    return np.concatenate(parts)


def operating_of(human, synthetic) -> Operating:
    return Operating(
        true_positives=int((synthetic > 0.5).sum()),
        synthetic=len(synthetic),
        false_positives=int((human > 0.5).sum()),
        human=len(human),
    )


@pytest.mark.parametrize("true", [0.0, 0.01, 0.05, 0.2, 0.8])
def test_both_estimates_find_the_share_that_counting_misstates(true):
    generator = np.random.default_rng(7)
    human, synthetic = draw(generator, False, 20_000), draw(generator, True, 20_000)
    left_out = LeftOut(human=binned(human), synthetic=binned(synthetic))
    seen = crawl(generator, true, 20_000)
    flagged = int((seen > 0.5).sum())
    if true <= 0.05:
        assert flagged / 20_000 > true + 0.1
    assert adjusted_count(flagged, 20_000, operating_of(human, synthetic)).value == pytest.approx(
        true, abs=0.02
    )
    assert estimated_share(binned(seen), left_out).value == pytest.approx(true, abs=0.02)


@pytest.mark.parametrize(
    ("true", "counted", "mean"), [(0.01, 0.094, 0.139), (0.05, 0.127, 0.168), (0.2, 0.252, 0.280)]
)
@pytest.mark.slow
def test_a_detector_that_counts_one_percent_nine_fold(true, counted, mean):
    """The memo's simulation (3e): wrongs 8.6% of human text, finds 91.7% of the synthetic."""
    generator = np.random.default_rng(3)
    separation = 2.74
    rows = []
    for _ in range(150):
        human, synthetic = (draw(generator, label, 1000, separation) for label in (False, True))
        seen = crawl(generator, true, 1000, separation)
        flagged = int((seen > 0.5).sum())
        adjusted = adjusted_count(flagged, 1000, operating_of(human, synthetic))
        left_out = LeftOut(human=binned(human), synthetic=binned(synthetic))
        estimated = estimated_share(binned(seen), left_out)
        rows.append((flagged / 1000, seen.mean(), adjusted.value, estimated.value))
    found = np.mean(rows, axis=0)
    assert found[0] == pytest.approx(counted, abs=0.01)
    assert found[1] == pytest.approx(mean, abs=0.04)
    assert found[2] == pytest.approx(true, abs=0.006)
    assert found[3] == pytest.approx(true, abs=0.004)
    assert np.std(rows, axis=0)[3] < np.std(rows, axis=0)[2]


@pytest.mark.parametrize("true", [0.0, 0.03, 0.3, 1.0])
def test_the_estimate_is_the_fixed_point_of_em(true):
    generator = np.random.default_rng(5)
    human, synthetic, seen = (
        draw(generator, False, 900),
        draw(generator, True, 700),
        crawl(generator, true, 400),
    )
    found = estimated_share(binned(seen), LeftOut(human=binned(human), synthetic=binned(synthetic)))

    def coarse(scores):
        return [int(p * 20) for p in scores]

    s = (np.bincount(coarse(synthetic), minlength=20) + 0.5) / (len(synthetic) + 10)
    h = (np.bincount(coarse(human), minlength=20) + 0.5) / (len(human) + 10)
    posterior_at_even_odds = [s[i] / (s[i] + h[i]) for i in coarse(seen)]
    share = 0.5
    for _ in range(1000):
        share = sum(p * share / (p * share + (1 - p) * (1 - share)) for p in posterior_at_even_odds) / len(
            seen
        )
    assert found.value == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("true", [0.0, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("estimate", ["adjusted", "em"])
@pytest.mark.slow
def test_intervals_count_the_crawl_and_the_calibration_text(true, estimate):
    generator = np.random.default_rng(8)
    covered = 0
    for _ in range(200):
        human, synthetic = draw(generator, False, 600), draw(generator, True, 600)
        seen = crawl(generator, true, 400)
        if estimate == "em":
            found = estimated_share(binned(seen), LeftOut(human=binned(human), synthetic=binned(synthetic)))
        else:
            found = adjusted_count(int((seen > 0.5).sum()), 400, operating_of(human, synthetic))
        assert 0 <= found.low <= found.value <= found.high <= 1
        covered += found.low <= true <= found.high
    assert covered >= 183  # 95% of 200, less two standard errors


@pytest.mark.parametrize("flagged", [0, 1, 30, 100])
def test_of_a_faultless_verdict_the_interval_is_wilsons(flagged):
    many = 10**9
    faultless = Operating(true_positives=many, synthetic=many, false_positives=0, human=many)
    found = adjusted_count(flagged, 100, faultless)
    wilson = binomtest(flagged, 100).proportion_ci(0.95, "wilson")
    assert found == pytest.approx((flagged / 100, wilson.low, wilson.high), abs=1e-6)


@pytest.mark.parametrize(("flagged", "documents"), [(0, 50), (3, 50), (50, 50), (200, 10_000)])
def test_the_least_share_is_exact_where_no_human_text_is_wronged(flagged, documents):
    never = Operating(true_positives=1, synthetic=1, false_positives=0, human=10**9)
    exact = binomtest(flagged, documents).proportion_ci(0.95, "exact").low
    assert least_share(flagged, documents, never) == pytest.approx(exact, abs=1e-6)


def test_the_least_share_leaves_room_for_wronged_human_text():
    rates = Operating(true_positives=1, synthetic=1, false_positives=10, human=1000)
    wronged = binomtest(10, 1000).proportion_ci(0.95, "exact").high
    seen = binomtest(500, 10_000).proportion_ci(0.95, "exact").low
    assert least_share(500, 10_000, rates) == pytest.approx((seen - wronged) / (1 - wronged))
    assert least_share(100, 10_000, rates) == 0.0


def test_text_unlike_the_calibrated_widens_the_interval():
    generator = np.random.default_rng(9)
    human, synthetic = draw(generator, False, 3000), draw(generator, True, 3000)
    left_out = LeftOut(human=binned(human), synthetic=binned(synthetic))
    like = estimated_share(binned(crawl(generator, 0.3, 2000)), left_out)
    assert like.misfit < 2
    # A source whose every text is a little doubtful: no mixture of the two has such probabilities.
    unlike = estimated_share(binned(generator.uniform(0.3, 0.5, 2000)), left_out)
    assert unlike.misfit > 20
    assert unlike.high - unlike.low > 4 * (like.high - like.low)


def test_the_misfit_widens_the_adjusted_count_by_its_root():
    many = 10**9
    faultless = Operating(true_positives=many, synthetic=many, false_positives=0, human=many)
    # As if a quarter of the documents had been seen.
    wilson = binomtest(100, 250).proportion_ci(0.95, "wilson")
    found = adjusted_count(400, 1000, faultless, misfit=4.0)
    assert found == pytest.approx((0.4, wilson.low, wilson.high), abs=1e-6)


def test_a_verdict_that_tells_nothing_apart_estimates_nothing():
    blind = Operating(true_positives=5, synthetic=100, false_positives=5, human=100)
    assert adjusted_count(10, 100, blind) is None
    none = Operating(true_positives=0, synthetic=0, false_positives=0, human=0)
    assert adjusted_count(10, 100, none) is None
    assert least_share(10, 100, none) == 0.0
    assert estimated_share([0] * BINS, LeftOut(human=[1] * BINS, synthetic=[1] * BINS)) is None
    assert estimated_share([1] * BINS, LeftOut(human=[0] * BINS, synthetic=[1] * BINS)) is None


def test_the_same_distribution_under_both_labels_leaves_every_share_open():
    found = estimated_share([3] * BINS, LeftOut(human=[1] * BINS, synthetic=[1] * BINS))
    assert (found.low, found.high) == (0.0, 1.0)
