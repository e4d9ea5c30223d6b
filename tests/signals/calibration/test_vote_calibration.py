import math

import numpy as np
import pytest

from tests.documents import measurements
from wellspring.signals.calibration.vote_calibration import calibrate
from wellspring.signals.verdict.votes import judge_by_votes


def documents(prefix: str, bits: float, spread: float, burstiness: float, n: int = 120, seed: int = 0):
    """Documents whose cross-entropy (bits), surprisal spread (nats) and burstiness lie about these."""
    g = np.random.default_rng(seed)
    result = []
    for i in range(n):
        b = g.normal(bits, 0.4)
        result.append(
            measurements(
                f"{prefix}{i}",
                nll=200 * b * math.log(2),
                perplexity=2**b,
                surprisal_variance=float(g.normal(spread, 0.2)) ** 2,
                burstiness=float(g.normal(burstiness, 0.1)),
                log_rank=float(g.normal(2.5, 0.3)),
                curvature=float(g.normal(0, 1)),
                mattr=float(g.normal(0.8, 0.03)),
            )
        )
    return result


HUMAN = documents("h", bits=6.0, spread=3.0, burstiness=0.6, seed=1)
SYNTHETIC = documents("s", bits=4.5, spread=2.9, burstiness=0.3, seed=2)


def profile(human=HUMAN, synthetic=SYNTHETIC, batch_documents=10):
    return calibrate(
        human,
        synthetic,
        name="demo",
        description="",
        calibrated_on="made-up text",
        scorer="0123456789abcdef",
        batch_documents=batch_documents,
    )


def test_the_gate_is_the_signal_that_separates_batches_best_in_its_own_direction():
    gate = profile().gate
    assert (gate.signal, gate.direction) == ("cross_entropy_bits", "below")
    limit = gate.languages["en"]
    # 2.58 spreads of a batch of ten below the human mean.
    assert limit.mean == pytest.approx(6.0, abs=0.1)
    assert limit.spread == pytest.approx(0.4 / math.sqrt(10), rel=0.25)
    assert limit.limit == pytest.approx(limit.mean - 2.576 * limit.spread)


def test_where_machine_text_is_the_less_predictable_one_the_limit_is_a_ceiling():
    gate = profile(SYNTHETIC, HUMAN).gate
    assert gate.direction == "above"
    assert gate.languages["en"].limit > gate.languages["en"].mean


@pytest.mark.slow
def test_votes_catch_what_they_were_made_for_on_documents_they_have_not_seen():
    made = profile()
    assert {rule.signal for rule in made.votes.rules} >= {"perplexity", "burstiness"}
    fresh_human = documents("fh", bits=6.0, spread=3.0, burstiness=0.6, seed=3, n=400)
    fresh_synthetic = documents("fs", bits=4.5, spread=2.9, burstiness=0.3, seed=4, n=400)
    human = [judge_by_votes(m, made).verdict for m in fresh_human].count("SYNTHETIC") / 400
    synthetic = [judge_by_votes(m, made).verdict for m in fresh_synthetic].count("SYNTHETIC") / 400
    assert human < 0.05
    assert synthetic > 0.7


def test_its_own_figures_are_in_the_profile():
    measured = profile().measured
    assert measured["batches_held_at_0%_synthetic"] < 0.03
    assert measured["batches_held_at_100%_synthetic"] > 0.97
    assert (
        measured["batches_held_at_0%_synthetic"]
        < measured["batches_held_at_25%_synthetic"]
        <= measured["batches_held_at_50%_synthetic"]
    )


def test_the_order_of_documents_changes_nothing():
    assert profile(HUMAN[::-1], SYNTHETIC[::-1]) == profile()


def test_too_few_documents_are_an_error():
    with pytest.raises(ValueError, match="5 human documents are fewer than a batch of 10"):
        profile(human=HUMAN[:5])
