import numpy as np
import pytest

from tests.documents import measurements
from wellspring.signals.batch.batch_signals import Document
from wellspring.signals.calibration.gate_trials import (
    SHARES,
    Pool,
    Sided,
    held_by_long_baseline,
    held_by_own_baseline,
    mean_over_sources,
    mixed_batches,
    pools_of,
    shares_held,
)

ABOVE = Sided("made", "above")


def pool(human: int = 300, shift: float = 1.0, seed: int = 1) -> Pool:
    """One signal, weights that differ by document, synthetic text `shift` standard deviations above."""
    generator = np.random.default_rng(seed)
    sides = []
    for count, mean in ((human, 0.0), (200, shift)):
        weight = generator.uniform(0.5, 1.5, count)
        sides.append(np.stack([generator.normal(mean, 1.0, count) * weight, weight], axis=1)[:, None, :])
    return Pool(*sides)


def test_pools_keep_sources_with_twenty_human_documents_and_signals_that_most_documents_have():
    sources = ["a"] * 40 + ["b"] * 30
    labels = [i % 2 == 1 for i in range(40)] + [i >= 19 for i in range(30)]
    made = [Document(measurements(curvature=None), 0.9 if i else None) for i in range(70)]
    signals, pools = pools_of(sources, labels, made)
    assert list(pools) == ["a"]
    assert (pools["a"].human.shape, pools["a"].synthetic.shape) == ((20, len(signals), 2),) * 2
    assert {"mean_log_odds", "confident_share", "mattr"} <= set(signals)
    assert not {"curvature", "binoculars"} & set(signals)
    assert pools["a"].human[0, signals.index("mean_log_odds")].tolist() == [0.0, 0.0]


def test_batches_are_drawn_by_hash_and_hold_the_share_asked_for():
    sides = (np.array([[[value, 1.0]]] * 30) for value in (0.0, 1.0))
    values = mixed_batches(Pool(*sides), 20, "seed")
    assert values.shape == (len(SHARES), 200, 1)
    assert [set(row.ravel()) for row in values] == [{share} for share in SHARES]
    assert (mixed_batches(pool(), 20, "a") == mixed_batches(pool(), 20, "a")).all()
    assert (mixed_batches(pool(), 20, "a") != mixed_batches(pool(), 20, "b")).any()


@pytest.mark.parametrize("held_by", [held_by_own_baseline, held_by_long_baseline])
@pytest.mark.slow
def test_an_own_baseline_holds_few_human_batches_and_what_lies_beyond_its_noise(held_by):
    held = {f"s{seed}": held_by(["made"], pool(seed=seed), 40, f"s{seed}") for seed in range(12)}
    row = mean_over_sources(shares_held(held, [ABOVE]))
    assert row["0%"] <= 0.045  # 2% asked for
    assert row["0%"] < row["25%"] < row["100%"]
    assert row["100%"] > 0.99
    other_side = mean_over_sources(shares_held(held, [Sided("made", "below")]))
    assert other_side["100%"] == 0.0


def test_tests_that_share_the_promise_hold_less_each():
    held = held_by_own_baseline(["made"], pool(shift=0.4), 40, "s")
    parts = [held[ABOVE, tests].mean() for tests in (1, 2, 3)]
    assert parts[0] > parts[1] >= parts[2]


def test_a_source_of_fewer_than_a_hundred_human_documents_has_no_baseline_to_try():
    assert held_by_own_baseline(["made"], pool(human=99), 40, "s") == {}
    assert held_by_own_baseline(["made"], Pool(pool().human, pool().synthetic[:0]), 40, "s") == {}
