"""The transformer learner at its smallest: what is scored, what is kept, what repeats itself."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.signals.simulated_corpus import zipf_texts
from wellspring.signals.collapse.corpus_split import CorpusSplit, split_corpus
from wellspring.signals.collapse.simulation import simulate
from wellspring.signals.collapse.transformer_learner import (
    ROW_TOKENS,
    TransformerLearner,
    transformer_learners,
)
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.training import Recipe

pytestmark = pytest.mark.slow

TINY = Recipe(layers=1, width=32, heads=2, context=ROW_TOKENS, vocabulary=400, rows_per_step=8)


@pytest.fixture(scope="module")
def split() -> CorpusSplit:
    whole = split_corpus(zipf_texts(120, 200), 20_000)
    return CorpusSplit(whole.pool[:20], whole.tuning[:4], whole.test[:4], 4_000)


@pytest.fixture(scope="module")
def kept(
    split: CorpusSplit, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TransformerLearner, Path, list]:
    folder = tmp_path_factory.mktemp("kept")
    learner = transformer_learners(split, folder, recipe=TINY)(split, 0)
    lines = [line for regime in ("replace", "clean") for line in simulate(learner, regime, 1, 0)]
    return learner, folder, lines


def test_every_model_is_kept_as_a_scorer_and_gives_the_perplexity_reported(kept) -> None:
    learner, folder, lines = kept
    for line in lines:
        model = folder / line.regime / str(line.seed) / str(line.generation)
        scorer = Scorer.load(str(model), device="cpu")
        total = sum(float(each.sum()) for each in scorer.surprisals(list(learner._test)))
        # Words hold nearly all of the text's surprisal, here all: there is no punctuation.
        assert np.log(line.perplexity) * len(learner.held_out) == pytest.approx(total, rel=1e-5)


def test_what_it_measures_of_generation_0_is_the_yardstick(kept) -> None:
    first, replaced, _, clean = kept[2]
    assert (first.tail_coverage, first.tail_recall, first.missing_mass, first.rare_kept) == (1, 1, 0, 1)
    assert replaced.human_share == 0
    assert clean.human_share == pytest.approx(0.1, abs=0.02)
    assert replaced.rare_kept < clean.rare_kept < 1
    assert replaced.tail_recall < 1


def test_the_same_seed_gives_the_same_figures(kept, split: CorpusSplit) -> None:
    learner = transformer_learners(split, None, recipe=TINY)(split, 0)
    again = list(simulate(learner, "replace", 1, 0))
    assert msgspec.json.encode(again) == msgspec.json.encode(kept[2][:2])


def test_every_generation_starts_from_the_model_that_was_named(kept, split: CorpusSplit) -> None:
    _, folder, lines = kept
    start = folder / "replace/0/0"
    learner = transformer_learners(split, None, str(start))(split, 0)
    first = next(simulate(learner, "replace", 1, 0))
    # It has seen the text before: trained on, it reads the held-out text better than after the first time.
    assert first.perplexity < lines[0].perplexity


def test_a_start_that_is_no_model_is_refused(split: CorpusSplit, tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        transformer_learners(split, None, str(tmp_path))
