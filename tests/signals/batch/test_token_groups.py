from collections import Counter

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from wellspring.signals.batch.token_groups import GROUPS, count_estimates, group_of, grouped_counts


def draw(generator, documents, vocabulary=300):
    """Documents with a topic each: half their tokens come from ten of the types."""
    shares = 1 / (np.arange(vocabulary) + 2)
    shares /= shares.sum()
    drawn = []
    for _ in range(documents):
        length = int(generator.integers(40, 200))
        topic = generator.integers(0, vocabulary, size=10)
        ids = np.where(
            generator.random(length) < 0.5,
            generator.choice(vocabulary, size=length, p=shares),
            generator.choice(topic, size=length),
        )
        drawn.append(ids.astype(np.int32))
    return drawn


def estimates(documents, name="d", vocabulary=3000):
    groups = [group_of(f"{name}{i}") for i in range(len(documents))]
    lengths = [len(ids) for ids in documents]
    return count_estimates(grouped_counts(np.concatenate(documents), lengths, groups, vocabulary))


def test_counts_are_those_of_a_loop():
    ids = np.array([1, 2, 2, 0, 1, 1], dtype=np.int32)
    counts = grouped_counts(ids, [3, 0, 2, 1], [5, 6, 7, 5], 4)
    assert counts.shape == (GROUPS, 4)
    assert (counts[5].tolist(), counts[7].tolist()) == ([0, 2, 2, 0], [1, 1, 0, 0])
    assert counts.sum() == 6


def test_plug_in_entropy_is_scipys():
    documents = draw(np.random.default_rng(3), 50)
    counts = list(Counter(np.concatenate(documents).tolist()).values())
    assert estimates(documents)["entropy_bits"].value == pytest.approx(scipy_entropy(counts, base=2))


@pytest.mark.slow
def test_intervals_cover_what_other_batches_show():
    """95% intervals of batches of 100 documents, against the mean of 250 of them."""
    generator = np.random.default_rng(4)
    made = [estimates(draw(generator, 100, 3000), f"{i}-") for i in range(250)]
    for signal in ("entropy_bits", "corrected_entropy_bits", "missing_mass"):
        values = np.array([one[signal] for one in made])
        truth, width = values[:, 0].mean(), (values[:, 2] - values[:, 1]).mean()
        covered = np.mean((values[:, 1] <= truth) & (truth <= values[:, 2]))
        assert 0.9 <= covered <= 0.99, signal
        # and they are not much wider than they have to be
        assert width < 1.5 * 3.92 * values[:, 0].std(), signal


def test_the_same_tokens_in_documents_of_one_token_only_are_far_less_certain():
    generator = np.random.default_rng(6)
    documents = draw(generator, 64)
    spread = estimates(documents)["entropy_bits"]
    clustered = estimates(np.array_split(np.sort(np.concatenate(documents)), 64))["entropy_bits"]
    assert clustered.high - clustered.low > 3 * (spread.high - spread.low)


def test_one_document_has_no_interval():
    one = estimates(draw(np.random.default_rng(1), 1))["entropy_bits"]
    assert one.value > 0
    assert (one.low, one.high) == (None, None)


@pytest.mark.parametrize(("ids", "message"), [([], "no tokens"), ([1, 4], "id 4 lies outside"), ([-1], "-1")])
def test_no_tokens_and_foreign_ids_are_errors(ids, message):
    with pytest.raises(ValueError, match=message):
        grouped_counts(np.array(ids, dtype=np.int32), [len(ids)], [0], 4)
