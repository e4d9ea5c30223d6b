import pytest

from wellspring.schemas.simulation import LEAST_WORDS
from wellspring.signals.collapse.corpus_split import SmallCorpusError, drawn, split_corpus


def texts(documents: int, words: int) -> list[str]:
    return [f"document {number} " + "Word, " * (words - 2) for number in range(documents)]


def test_no_document_is_on_two_sides_and_the_order_of_the_input_does_not_matter() -> None:
    corpus = texts(300, 100)
    split = split_corpus(corpus, 100_000)
    sides = [{each.text for each in side} for side in (split.pool, split.tuning, split.test)]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 300
    assert split == split_corpus(corpus[::-1], 100_000)
    assert split.words == 18_000
    assert [len(side) for side in sides] == [180, 30, 90]


def test_equal_texts_count_once() -> None:
    corpus = texts(300, 100)
    twice = split_corpus([*corpus, corpus[7], corpus[8].lower()], 5_000)
    assert [len(side) for side in twice[:3]] == [len(side) for side in split_corpus(corpus, 5_000)[:3]]


def test_a_large_corpus_holds_out_what_is_needed_and_no_more() -> None:
    split = split_corpus(texts(1000, 100), 10_000)
    assert [len(side) for side in (split.pool, split.tuning, split.test)] == [780, 20, 200]


def test_seeds_draw_other_text_of_the_pool() -> None:
    pool = split_corpus(texts(1000, 100), 10_000).pool
    first, second = drawn(pool, 10_000, 0), drawn(pool, 10_000, 1)
    assert len(first) == len(second) == 100
    assert first == drawn(pool, 10_000, 0)
    assert {each.key for each in first} != {each.key for each in second}


@pytest.mark.parametrize(
    ("corpus", "words", "asked", "message"),
    [
        ([], 100_000, False, r"0 words in 0 documents.*give 20,000 more words, some 10 documents"),
        (texts(10, 100), 100_000, False, r"1,000 words in 10 doc.*give 19,000 more words, some 190 d"),
        (texts(300, 100), 30_000, True, r"of 30,000 words needs 50,000: give 20,000 more words, some 200"),
        (texts(3, LEAST_WORDS), 100_000, False, r"3 documents, .* needs 10 to hold some out: give 7 more"),
    ],
)  # fmt: skip
def test_too_small_a_corpus_says_what_is_missing(
    corpus: list[str], words: int, asked: bool, message: str
) -> None:
    with pytest.raises(SmallCorpusError, match=message):
        split_corpus(corpus, words, asked=asked)
