import pytest

from benchmarks.low_frequency import corpus_of, gains, planted_texts
from wellspring.signals.mix.low_frequency import multiplicity


@pytest.fixture(scope="module")
def corpus():
    return corpus_of(planted_texts(2_000))


def test_a_planted_tail_is_kept_one_and_a_half_times_as_well_at_half_the_effective_size_or_more(corpus):
    weights = [multiplicity(r, corpus.median, strength=1) for r in corpus.rarities]
    gain = gains(corpus, {"by rarity": weights}, draws=20)["by rarity"]
    assert gain["kept"] >= 1.5
    assert gain["effective_share"] >= 0.5


def test_without_strength_nothing_changes(corpus):
    weights = [multiplicity(r, corpus.median, strength=0) for r in corpus.rarities]
    assert gains(corpus, {"plain": weights}, draws=2)["plain"] == {
        "kept": 1.0,
        "effective_share": 1.0,
        "mean_weight": 1.0,
    }
