from itertools import pairwise

import numpy as np
import pytest

from wellspring.signals.batch.distinct_ngrams import distinct_2
from wellspring.signals.batch.document_sample import sample_documents
from wellspring.signals.entropy import pack_ids
from wellspring.signals.stats.intervals import delete_group


def sample(documents, name=""):
    return sample_documents([(f"{name}{i}", pack_ids(ids), "") for i, ids in enumerate(documents)])


def test_it_and_its_interval_are_those_of_a_loop():
    generator = np.random.default_rng(1)
    documents = [generator.integers(0, 12, size=generator.integers(1, 40)).tolist() for _ in range(20)]

    def share(chosen):
        pairs = [pair for ids in chosen for pair in pairwise(ids)]
        return len(set(pairs)) / len(pairs)

    long_enough = [ids for ids in documents if len(ids) > 1]
    without = [share([d for d in long_enough if d is not left]) for left in long_enough]
    weights = [len(ids) - 1 for ids in long_enough]
    assert distinct_2(sample(documents)) == pytest.approx(delete_group(share(documents), without, weights))


def test_without_a_pair_it_is_undefined_and_one_document_has_no_interval():
    assert distinct_2(sample([[1], []])) is None
    assert distinct_2(sample([[1, 2, 1, 2]])) == (2 / 3, None, None)


@pytest.mark.slow
def test_its_interval_covers_what_other_samples_show():
    generator = np.random.default_rng(2)

    def one(k):
        documents = []
        for _ in range(64):
            topic = generator.integers(0, 500, size=30)
            documents.append(generator.choice(topic, size=generator.integers(30, 200)))
        return distinct_2(sample(documents, f"{k} "))

    made = [one(k) for k in range(200)]
    truth = np.mean([each.value for each in made])
    assert 0.9 <= np.mean([each.low <= truth <= each.high for each in made]) <= 1.0
