"""The corpus's words and the median of rarity, against the exact median."""

import statistics

import numpy as np

from wellspring.signals.mix.corpus_words import DOCUMENTS, CorpusWords
from wellspring.signals.mix.rarity import rarities


def documents(n: int) -> list[tuple[str, np.ndarray]]:
    """Twelve words each: of a small vocabulary the more, the lower the number of the document."""
    words = []
    for i in range(n):
        common = np.arange(i % 12, dtype=np.uint64)
        own = np.arange(12 - i % 12, dtype=np.uint64) + np.uint64(1000 + 12 * i)
        words.append((f"d{i}", np.concatenate([common, own])))
    return words


def test_of_few_documents_the_median_is_exact():
    words = CorpusWords()
    words.add(documents(300))
    exact = statistics.median(
        r for r in rarities([k for _, k in documents(300)], words.counted) if r is not None
    )
    assert words.median() == exact


def test_of_many_it_is_close_and_parts_merge():
    made = documents(3 * DOCUMENTS)
    whole, parts, other = CorpusWords(), CorpusWords(), CorpusWords()
    whole.add(made)
    other.add(made[100:])
    parts.add(made[:100])
    parts.merge(other)
    assert parts.median() == whole.median()
    assert parts.counted == whole.counted
    values = sorted(rarities([k for _, k in made], whole.counted))
    assert values[int(0.46 * len(values))] <= whole.median() <= values[int(0.54 * len(values))]


def test_nothing_has_no_median():
    assert CorpusWords().median() is None
