from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from tests.zipf_text import documents
from wellspring.signals.text.word_counts import (
    DocumentCounts,
    Vocabulary,
    WordReference,
    pair_type,
    pair_types,
    words_of_pair,
)


def test_words_and_what_joins_them():
    vocabulary = Vocabulary()
    words = vocabulary.split("The  state-of-the-art\nisn't here. The end, the end")
    names = vocabulary.words()
    assert [names[i] for i in words.ids] == [
        "The", "state-of-the-art", "isn't", "here", "The", "end", "the", "end",
    ]  # fmt: skip
    assert words.joined.tolist() == [False, True, True, True, False, True, False, True]
    assert [words.text[a:b] for a, b in zip(words.starts, words.ends, strict=True)][2] == "isn't"


def test_counts_are_those_of_a_plain_loop():
    texts = documents(30, 60, seed=1, vocabulary=60)
    vocabulary = Vocabulary()
    split = [vocabulary.split(text) for text in texts]
    reference = WordReference(split, len(vocabulary))
    names = vocabulary.words()
    words, pairs = Counter(), Counter()
    for text in texts:
        sentences = [sentence.split() for sentence in text.rstrip(".").split(". ")]
        words.update(word for sentence in sentences for word in sentence)
        pairs.update({p for s in sentences for p in pairwise(s)})
    assert {names[i]: int(n) for i, n in enumerate(reference.seen)} == words
    number = {name: i for i, name in enumerate(names)}
    first, second = (np.array([number[pair[i]] for pair in pairs]) for i in (0, 1))
    assert reference.pairs.of(pair_type(first, second)).tolist() == list(pairs.values())
    types, counts = reference.pairs.counted()
    found = zip(*words_of_pair(types), counts, strict=True)
    assert {(names[a], names[b]): int(n) for a, b, n in found} == pairs


def test_a_type_that_a_text_does_not_have_is_in_no_document():
    vocabulary = Vocabulary()
    words = vocabulary.split("a b a b, c")
    counts = DocumentCounts([pair_types(words)])
    assert counts.of(np.array([pair_type(np.int64(0), np.int64(1)), 10**12, -1])).tolist() == [1, 0, 0]
    assert DocumentCounts([]).of(np.array([3])).tolist() == [0]
    assert pair_types(vocabulary.split("a, b a")).tolist() == [-1, -1, pair_type(np.int64(1), np.int64(0))]


@pytest.mark.parametrize(("mass", "expected"), [(0.1, 0), (0.2, 2), (0.49, 2), (0.5, 4), (1.0, 5)])
def test_the_rarest_words_make_up_no_more_than_their_share(mass, expected):
    vocabulary = Vocabulary()
    words = vocabulary.split("x y z z z w w w w w")
    assert WordReference([words], len(vocabulary)).rarest(mass) == expected
