import numpy as np
import pytest

from wellspring.signals.collapse.token_words import TokenWords
from wellspring.signals.lm.training_text import train_tokenizer

TEXT = "The cat's hat, item42 and 3.5 naïve cats: the HAT sat. " * 20


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([TEXT], 400)


def rows(tokenizer, text: str) -> np.ndarray:
    return np.array([tokenizer.encode(text, add_special_tokens=False).ids], dtype=np.int32)


def read(tokenizer, words, row: np.ndarray) -> list[str]:
    found = words.words(row)
    flat = row.ravel()
    return [
        tokenizer.decode(flat[a:b].tolist()).strip() for a, b in zip(found.first, found.last, strict=True)
    ]


def test_words_are_runs_of_letters_and_digits(tokenizer) -> None:
    words = TokenWords(tokenizer)
    found = read(tokenizer, words, rows(tokenizer, "The cat hat, item42 and naïve cats: the HAT sat."))
    assert found == ["The", "cat", "hat", "item42", "and", "naïve", "cats", "the", "HAT", "sat"]


def test_a_word_keeps_its_number_however_it_is_cut_or_written(tokenizer) -> None:
    words = TokenWords(tokenizer)
    types = words.words(rows(tokenizer, "The hat sat. the HAT")).types.tolist()
    assert types == [0, 1, 2, 0, 1]
    spelled = [tokenizer.token_to_id(character) for character in "Ġhat"]
    assert words.words(np.array([spelled], dtype=np.int32)).types.tolist() == [1]
    assert len(words) == 3


def test_rows_do_not_reach_into_each_other(tokenizer) -> None:
    words = TokenWords(tokenizer)
    ids = [tokenizer.token_to_id(character) for character in "hat"]
    found = words.words(np.array([ids, ids], dtype=np.int32))
    assert found.first.tolist() == [0, 3]
    assert found.last.tolist() == [3, 6]
    assert found.types.tolist() == [0, 0]
