import numpy as np
import pytest

from tests.signals.passages import generated, with_words_replaced
from wellspring.signals.matching.minhash import BANDS, band_keys, jaccard
from wellspring.signals.text.normalised_text import normalised_text
from wellspring.signals.text.word_grams import hash_words


def plain_jaccard(one, other):
    a, b = ({tuple(t.split()[i : i + 5]) for i in range(len(t.split()) - 4)} for t in (one, other))
    return len(a & b) / len(a | b)


def shares_a_band(one, other):
    _, keys = band_keys(hash_words([one, other]))
    return bool(np.any(keys[0] == keys[1]))


def test_jaccard_is_that_of_sets_of_five_words():
    one = "a b c d e f g h"
    other = "a b c d e x g h"
    assert jaccard(one.encode().split(), other.encode().split()) == plain_jaccard(one, other) == 1 / 7
    assert jaccard([b"a"], [b"a"]) == 0


def test_texts_below_five_words_have_no_keys():
    texts, keys = band_keys(hash_words(["a b c d", "", "a b c d e"]))
    assert texts.tolist() == [2]
    assert keys.shape == (1, BANDS)
    assert band_keys(hash_words([""]))[1].shape == (0, BANDS)


def test_keys_depend_on_a_text_alone_and_differ_by_band():
    one, other = generated(2, 50)
    _, alone = band_keys(hash_words([normalised_text(other)]))
    _, beside = band_keys(hash_words(["", normalised_text(one), "x y", normalised_text(other)]))
    assert alone[0].tolist() == beside[1].tolist()
    assert len(set(beside.ravel().tolist())) == 2 * BANDS


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "trials"), [(0.5, 300), (0.7, 300), (0.85, 300)])
def test_a_band_is_shared_as_often_as_the_formula_says(wanted, trials):
    shared, expected = 0, []
    for i, passage in enumerate(map(normalised_text, generated(trials, 300, seed=str(wanted)))):
        copy = with_words_replaced(passage, str(i), wanted)
        s = plain_jaccard(passage, copy)
        expected.append(1 - (1 - s**8) ** 14)
        shared += shares_a_band(passage, copy)
    mean = float(np.mean(expected))
    # Four standard errors of a count of independent events, and one event.
    assert abs(shared - trials * mean) < 4 * np.sqrt(trials * mean * (1 - mean)) + 1
