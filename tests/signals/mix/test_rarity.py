import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents import measurements
from wellspring.signals.mix.rarity import (
    FEWEST_WORDS,
    FUNCTION_WORDS,
    content_keys,
    not_boosted_because,
    rarities,
    rarity,
    symbol_share,
)
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.text.words import words_of

COMMON = "river house morning letter garden window street father summer winter bread table"
TEXTS = [COMMON for _ in range(30)] + [f"{COMMON} rare{i}word other{i}one third{i}kind" for i in range(3)]


def counted(texts):
    sketch = CountMin(1 << 16)
    sketch.add_documents([content_keys(text) for text in texts])
    return sketch


def plain_rarity(text, texts):
    """By dictionaries, without a hash."""

    def content(of):
        return {w for w in words_of(of) if w not in FUNCTION_WORDS and not w.isdecimal() and len(w) <= 40}

    count = Counter(word for other in texts for word in content(other))
    words = content(text)
    return sum(max(0.0, math.log(len(texts) / (count[word] + 1))) for word in words) / len(words)


def test_keys_are_distinct_sorted_content_words():
    keys = content_keys("The River met the river, and it was 1234 or ÉTÉ.")
    assert keys.tolist() == sorted(content_keys("river").tolist() + content_keys("met été").tolist())
    assert content_keys(f"the and of 12 {'x' * 41}").tolist() == []
    assert content_keys("").dtype == np.uint64


def test_it_is_the_plain_sum():
    sketch = counted(TEXTS)
    for text in (TEXTS[0], TEXTS[-1], COMMON + " never seen words"):
        assert rarity(content_keys(text), sketch) == pytest.approx(plain_rarity(text, TEXTS))


def test_rare_words_make_a_document_rare():
    sketch = counted(TEXTS)
    assert rarity(content_keys(TEXTS[0]), sketch) == 0
    assert rarity(content_keys(TEXTS[-1]), sketch) == pytest.approx(3 * math.log(33 / 2) / 15)


def test_few_words_say_nothing_and_an_empty_corpus_is_an_error():
    few = " ".join(COMMON.split()[: FEWEST_WORDS - 1])
    assert rarity(content_keys(few), counted(TEXTS)) is None
    assert rarity(content_keys(few + " bread table"), counted(TEXTS)) is not None
    with pytest.raises(ValueError, match="no document has been counted"):
        rarity(content_keys(COMMON), CountMin(256))


@given(st.lists(st.lists(st.sampled_from([f"w{i}" for i in range(60)]), max_size=30), max_size=8))
@pytest.mark.slow
def test_many_at_once_are_the_same_bits_as_one_by_one(documents):
    sketch = counted(TEXTS)
    keys = [content_keys(" ".join(words)) for words in documents]
    assert rarities(keys, sketch) == [rarity(one, sketch) for one in keys]


@pytest.mark.parametrize(
    "values, text, reason",
    [
        ({}, COMMON, None),
        ({"language": None}, COMMON, "unknown_language"),
        ({"language": "ja"}, COMMON, "no_word_breaks"),
        ({"perplexity": 1000.1}, COMMON, "high_perplexity"),
        ({"perplexity": 1000.0}, COMMON, None),
        ({"perplexity": None}, COMMON, None),
        ({}, "a|b|c|{}<>#~~^^ \n\n", "symbols"),
        ({}, "“Don't,” he said — twice (or more): ‘no!’", None),
        ({"language": "hi"}, "यह हिन्दी में लिखा हुआ एक साधारण वाक्य है।", None),
        ({"language": "ru"}, "Обычный текст, и в нём нет ничего странного.", None),
    ],
)
def test_why_a_document_is_not_boosted(values, text, reason):
    assert not_boosted_because(measurements(**values), text, 1000.0) == reason


def test_without_a_limit_perplexity_says_nothing():
    assert not_boosted_because(measurements(perplexity=1e9), COMMON, None) is None


def test_the_share_of_symbols_leaves_white_space_out():
    assert symbol_share("ab  |\n|") == 0.5
    assert symbol_share(" \n") == symbol_share("") == 0
    assert symbol_share("a_b") == pytest.approx(1 / 3)
