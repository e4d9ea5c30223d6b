"""What each regime trains on, and the order of the regimes that is known from others' work."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest

from tests.signals.simulated_corpus import zipf_texts
from wellspring.schemas.simulation import SimulatedGeneration
from wellspring.signals.collapse.clean_recipe import HumanText
from wellspring.signals.collapse.collapse_metrics import rarest
from wellspring.signals.collapse.corpus_split import split_corpus
from wellspring.signals.collapse.generation_text import human_share
from wellspring.signals.collapse.ngram_learner import NgramLearner
from wellspring.signals.collapse.recursive_training import Generation, chain, check_regime
from wellspring.signals.collapse.simulation import simulate

pytestmark = pytest.mark.slow

SEEDS, GENERATIONS = range(5), 5
REGIMES = ("replace", "accumulate", "accumulate-subsample", "real10", "real50", "clean")


@pytest.fixture(scope="module")
def learners() -> list[NgramLearner]:
    split = split_corpus(zipf_texts(300, 300), 40_000)
    return [NgramLearner(split, seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def simulated(learners: list[NgramLearner]) -> dict[str, list[list[SimulatedGeneration]]]:
    """Regime -> seed -> generations."""
    return {
        regime: [list(simulate(learners[seed], regime, GENERATIONS, seed)) for seed in SEEDS]
        for regime in REGIMES
    }


def mean(chains: Sequence[Sequence[SimulatedGeneration]], key: str, generation: int = GENERATIONS) -> float:
    return fmean(getattr(each[generation], key) for each in chains)


LOST_MOST_FIRST = ("replace", "real10", "accumulate-subsample", "real50", "accumulate")


@pytest.mark.parametrize("key", ["rare_kept", "tail_coverage", "tail_recall", "hill_0"])
def test_replace_loses_most_of_the_tail_and_real_text_saves_some(simulated: dict, key: str) -> None:
    order = [mean(simulated[regime], key) for regime in LOST_MOST_FIRST]
    assert all(less < more for less, more in pairwise(order))


@pytest.mark.parametrize("key", ["perplexity", "missing_mass", "collapse_profile"])
def test_replace_is_worst_and_accumulating_best(simulated: dict, key: str) -> None:
    order = [mean(simulated[regime], key) for regime in LOST_MOST_FIRST]
    assert all(more > less for more, less in pairwise(order))


def test_replace_grows_worse_without_end_and_accumulating_is_bounded(simulated: dict) -> None:
    """sum 1/n^2 < pi^2 / 6: what accumulating loses in later generations is less and less."""
    for regime, limit in (("replace", 1.0), ("accumulate", 0.5)):
        lost = [-mean(simulated[regime], "log_probability_rest", g) for g in range(GENERATIONS + 1)]
        first, last = lost[1] - lost[0], lost[5] - lost[4]
        assert 0 < last < limit * first
    accumulated = [mean(simulated["accumulate"], "perplexity", g) for g in range(GENERATIONS + 1)]
    assert accumulated[-1] < 1.61 * accumulated[0]
    assert mean(simulated["replace"], "perplexity") > 2 * accumulated[0]


def test_entropy_falls_little_while_most_rare_types_die(simulated: dict) -> None:
    first, last = (mean(simulated["replace"], "entropy_bits", g) for g in (0, GENERATIONS))
    assert 0.9 * first < last < first
    assert mean(simulated["replace"], "rare_kept") < 0.4


def test_the_tail_loses_more_than_the_rest(simulated: dict) -> None:
    profile = [mean(simulated["replace"], "collapse_profile", g) for g in range(GENERATIONS + 1)]
    assert profile[0] == 1
    assert all(before < after for before, after in pairwise(profile))
    assert profile[-1] > 3


def test_clean_keeps_twice_the_rare_types_of_ten_percent_real(simulated: dict) -> None:
    assert mean(simulated["clean"], "rare_kept") >= 2 * mean(simulated["real10"], "rare_kept")
    assert mean(simulated["clean"], "tail_coverage") > mean(simulated["real10"], "tail_coverage")
    for clean, real in zip(simulated["clean"], simulated["real10"], strict=True):
        for one, other in zip(clean[1:], real[1:], strict=True):
            assert one.human_share <= other.human_share
            assert one.human_share == pytest.approx(0.1, abs=0.001)
            assert one.training_tokens == pytest.approx(other.training_tokens, rel=0.001)


def test_all_regimes_begin_with_the_same_model(simulated: dict) -> None:
    for seed in SEEDS:
        first = {str(simulated[regime][seed][0]).partition(",")[2] for regime in REGIMES}
        assert len(first) == 1


def generations(learner: NgramLearner, regime: str) -> list[Generation]:
    return list(chain(learner, regime, 2, 3))


def test_what_each_regime_trains_on(learners: list[NgramLearner]) -> None:
    learner = learners[0]
    real = {row.tobytes() for row in learner.real}
    one = generations(learner, "replace")
    assert np.array_equal(one[2].training[0].rows, one[1].output)
    grown = generations(learner, "accumulate")[2].training
    assert [len(each.rows) for each in grown] == 3 * [len(learner.real)]
    assert np.array_equal(grown[0].rows, learner.real)
    drawn = generations(learner, "accumulate-subsample")[2].training
    assert sum(len(each.rows) for each in drawn) == len(learner.real)
    assert len(drawn) == 3
    shared = generations(learner, "real25")
    for generation in shared[1:]:
        synthetic, human = generation.training
        assert human_share(generation.training) == pytest.approx(0.25)
        assert {row.tobytes() for row in human.rows} <= real
        assert not synthetic.human
    assert not np.array_equal(shared[1].training[1].rows, shared[2].training[1].rows)
    assert human_share(generations(learner, "real100")[2].training) == 1


def test_clean_trains_on_passages_of_real_text_and_the_last_models_text(
    learners: list[NgramLearner],
) -> None:
    learner = learners[0]
    every = {
        row[at : at + learner.passage].tobytes()
        for row in learner.real
        for at in range(learner.real.shape[1] - learner.passage + 1)
    }
    made = generations(learner, "clean")
    more = made[1].model.sample(*learner.real.shape, "3/1/more")
    written = {row.tobytes() for row in np.concatenate([made[1].output, more])}
    synthetic, injected, weighted = made[2].training
    assert {row.tobytes() for row in synthetic.rows} <= written
    assert {row.tobytes() for row in injected.rows} <= every
    assert {row.tobytes() for row in weighted.rows} <= every
    assert (injected.weights == 1).all()
    assert weighted.weights.mean() == pytest.approx(1, abs=0.05)
    counts = np.bincount(learner.real.ravel())
    rarity = (counts[weighted.rows] ** -0.5).mean(1)
    # What is rare is drawn more often and weighs less.
    assert np.corrcoef(rarity, weighted.weights)[0, 1] < -0.8
    assert rarity.mean() > (counts[learner.real] ** -0.5).mean()


def test_a_chain_repeats_itself_and_seeds_differ(learners: list[NgramLearner]) -> None:
    one, again = generations(learners[1], "clean"), generations(learners[1], "clean")
    assert np.array_equal(one[2].output, again[2].output)
    other = list(chain(learners[1], "clean", 2, 4))
    assert not np.array_equal(one[2].output, other[2].output)


@pytest.mark.parametrize("name", ["real0", "real101", "real", "real1.5", "clean0", "cleaner", "", "Replace"])
def test_an_unknown_regime_names_the_known(name: str) -> None:
    with pytest.raises(ValueError, match=r"they are replace, accumulate, .*clean, and realP and cleanP"):
        check_regime(name)
    assert check_regime("real7") == "real7"
    assert check_regime("clean100") == "clean100"


@pytest.mark.parametrize("share", [1, 30, 75])
def test_clean_takes_another_share_of_human_text(learners: list[NgramLearner], share: int) -> None:
    made = list(chain(learners[0], f"clean{share}", 2, 3))
    assert human_share(made[1].training) == pytest.approx(share / 100, abs=0.005)
    assert human_share(made[2].training) == pytest.approx(share / 100, abs=0.005)
    assert sum(each.rows.size for each in made[2].training) == pytest.approx(learners[0].real.size, rel=0.005)


def test_clean_is_clean_with_a_tenth(learners: list[NgramLearner]) -> None:
    named, tenth = (list(chain(learners[0], name, 1, 3))[1].output for name in ("clean", "clean10"))
    assert np.array_equal(named, tenth)


def test_rare_types_are_those_of_human_text_only(learners: list[NgramLearner]) -> None:
    learner = learners[0]
    counts = np.bincount(learner.real.ravel())
    human = HumanText(learner.real, learner.types_of(learner.real), counts, rarest(counts), learner.passage)
    assert human.rare.sum() > 1000
    assert counts[human.rare].sum() <= 0.1 * counts.sum()
