import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wellspring.signals.text.word_grams import hash_words, word_grams

texts_of_few_words = st.lists(
    st.lists(st.sampled_from(["a", "b", "ab", "ba", "é", "x" * 100, "x" * 99]), max_size=8).map(" ".join),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(texts_of_few_words)
def test_equal_words_have_equal_hashes_and_others_do_not(texts):
    words = hash_words(texts)
    plain = [word for text in texts for word in text.split()]
    assert np.diff(words.offsets).tolist() == [len(text.split()) for text in texts]
    assert len(words.hashes) == len(plain)
    for (one, a), (other, b) in itertools.combinations(zip(plain, words.hashes, strict=True), 2):
        assert (one == other) == (a == b)


@settings(max_examples=200, deadline=None)
@given(texts_of_few_words, st.integers(1, 4))
def test_runs_are_those_of_each_text_alone(texts, n):
    grams = word_grams(hash_words(texts), n)
    plain, places, first = [], [], 0
    for text in texts:
        words = text.split()
        plain += [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        places += [first + i for i in range(len(words) - n + 1)]
        first += len(words)
    assert grams.places.tolist() == places
    assert np.diff(grams.offsets).tolist() == [max(len(text.split()) - n + 1, 0) for text in texts]
    for (one, a), (other, b) in itertools.combinations(zip(plain, grams.hashes, strict=True), 2):
        assert (one == other) == (a == b)


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_no_words_have_no_runs(texts):
    words = hash_words(texts)
    assert len(words.hashes) == len(word_grams(words, 2).hashes) == 0
    assert len(words.offsets) == len(texts) + 1


def test_hashes_do_not_depend_on_the_texts_beside():
    alone = word_grams(hash_words(["one two three four"]), 3).hashes
    beside = word_grams(hash_words(["zero", "one two three four", ""]), 3).hashes
    assert alone.tolist() == beside.tolist()
