import numpy as np
import pytest
from scipy.stats import t

from signals.batch_signals import Document
from signals.gate_calibration import (
    baseline_limits,
    batch_values,
    choose_gate,
    prediction_limit,
    unknown_source_limit,
)
from tests.documents import measurements


def documents(sources: int = 6, each: int = 100):
    """Log-odds that differ by label, cross-entropy that doesn't; sources lie apart by less."""
    generator = np.random.default_rng(1)
    names, labels, made = [], [], []
    for source in range(sources):
        offset = generator.normal(0, 0.3)
        for synthetic in (False, True):
            for _ in range(each):
                log_odds = generator.normal(offset + (2.0 if synthetic else -2.0), 1.0)
                names.append(f"s{source}")
                labels.append(synthetic)
                nll = float(generator.normal(900, 90))
                made.append(
                    Document(measurements(nll=nll, curvature=None), float(1 / (1 + np.exp(-log_odds))))
                )
    return names, labels, made


def test_the_gate_takes_the_signal_that_tells_batches_apart_and_says_what_it_holds():
    gate, tables = choose_gate(*documents(), size=50, language="en")
    assert (gate.signal, gate.direction) == ("mean_log_odds", "above")
    assert "curvature" not in tables  # undefined everywhere
    limit = gate.languages["en"].limit
    assert -2.0 < limit < 0.5
    held = tables["mean_log_odds"]
    assert held.unknown_source["0%"] <= 0.05
    assert held.unknown_source["100%"] == 1.0
    assert held.own_baseline["0%"] <= 0.05
    assert held.own_baseline["25%"] > held.unknown_source["25%"]
    assert tables["cross_entropy_bits"].unknown_source["100%"] < 0.3


def test_too_few_sources_make_no_gate():
    names, labels, made = documents(sources=2)
    with pytest.raises(ValueError, match="a gate needs 3 sources"):
        choose_gate(names, labels, made, size=100, language="en")


def test_the_limit_for_a_new_source_is_a_prediction_bound_over_sources():
    generator = np.random.default_rng(3)
    held = []
    for _ in range(400):
        means = generator.normal(5.0, 1.0, 11)
        limit = unknown_source_limit([m + generator.normal(0, 0.1, 50) for m in means[:10]], "above")
        held.append(means[10] > limit.limit)
    assert 0.005 <= np.mean(held) <= 0.045  # 2% asked for


def test_the_limit_of_an_own_baseline_is_students():
    limit = prediction_limit(3.0, 0.5, 9, "below")
    assert limit.limit == pytest.approx(3.0 - t.ppf(0.98, 8) * 0.5 * np.sqrt(1 + 1 / 9))
    assert (limit.batches, limit.mean, limit.spread) == (9, 3.0, 0.5)


def test_baselines_by_stratum_need_two_batches_and_are_no_narrower_than_their_intervals():
    limits = baseline_limits({"a": [(1.0, 0.2), (1.0, 0.2)], "b": [(1.0, 0.2)]}, "above")
    assert list(limits) == ["a"]
    assert limits["a"].spread == pytest.approx(0.2)


def test_batches_are_drawn_by_hash_and_hold_the_share_asked_for():
    human, synthetic = np.array([[0.0, 1.0]] * 30), np.array([[1.0, 1.0]] * 30)
    values = batch_values(human, synthetic, 20, 0.25, "seed")
    assert set(values) == {0.25}
    x = np.random.default_rng(0).random((30, 2)) + 0.5
    assert (batch_values(x, None, 20, 0.0, "a") == batch_values(x, None, 20, 0.0, "a")).all()
    assert (batch_values(x, None, 20, 0.0, "a") != batch_values(x, None, 20, 0.0, "b")).any()
