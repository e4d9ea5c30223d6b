import math

import numpy as np
import pytest

from wellspring.signals.collapse.collapse_metrics import (
    HeldOutScores,
    RealText,
    collapse_profile,
    measure,
    rarest,
)


def test_rarest_types_make_up_a_tenth_of_the_text() -> None:
    counts = np.array([80, 10, 3, 3, 1, 1, 1, 1, 0])
    # 4 of 100 tokens are of types seen once, 10 of types seen up to three times.
    assert np.flatnonzero(rarest(counts)).tolist() == [2, 3, 4, 5, 6, 7]


def test_where_the_rarest_are_more_than_a_tenth_they_are_all_rare() -> None:
    assert np.flatnonzero(rarest(np.array([5, 2, 2, 9]))).tolist() == [1, 2]


@pytest.fixture
def real() -> RealText:
    # Types 0..3; 2 and 3 are rare. The held-out text has each of them, and one word that is unknown.
    held_out = np.array([0] * 12 + [1] * 6 + [2, 3, -1])
    return RealText(
        training=np.array([12, 6, 1, 1]), held_out=held_out,
        probabilities=np.array([0.6, 0.3, 0.05, 0.05]), size=10,
    )  # fmt: skip


def scores(real: RealText, common: float, two: float, three: float) -> HeldOutScores:
    p = np.array([common, common, two, three])
    log_p = np.where(real.held_out >= 0, np.log(p[real.held_out]), math.log(0.001))
    return HeldOutScores(log_p, p)


def test_every_figure_by_hand(real: RealText) -> None:
    output = np.array([0, 0, 0, 0, 0, 0, 1, 1, 3, 9])
    measured = measure(real, np.array([0, 1, 3, 9, 9]), output, scores(real, 0.4, 0.0049, 0.1))
    assert measured.hill_0 == 4
    assert measured.entropy_bits == pytest.approx(
        -(0.6 * math.log2(0.6) + 0.2 * math.log2(0.2) + 0.2 * math.log2(0.1))
    )
    assert measured.tail_coverage == 0.5  # 0.0049 is less than a tenth of 0.05
    assert measured.tail_recall == pytest.approx((0.098 + 1) / 2)
    assert measured.rare_kept == 0.5
    assert measured.missing_mass == pytest.approx(1 / 20)
    rest = (18 * math.log(0.4) + math.log(0.001)) / 19
    assert measured.log_probability_rest == pytest.approx(rest)
    assert measured.log_probability_rare == pytest.approx((math.log(0.0049) + math.log(0.1)) / 2)
    total = 19 * rest + 2 * measured.log_probability_rare
    assert measured.perplexity == pytest.approx(math.exp(-total / 21))


def test_the_profile_is_how_many_times_more_the_tail_lost(real: RealText) -> None:
    text = np.array([0, 1, 2, 3])
    first = measure(real, text, text, scores(real, 0.4, 0.05, 0.05))
    # The unknown word keeps its probability: the mean of the other 18 in 19 falls.
    later = measure(real, text, text, scores(real, 0.2, 0.01, 0.01))
    assert collapse_profile(first, first) == 1
    assert collapse_profile(first, later) == pytest.approx(5 / 2 ** (18 / 19))
