import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.text.vocabulary import mattr, type_token_ratio

WORDS = st.lists(st.sampled_from("abcdefg"), max_size=60)


def plain_mattr(words, window):
    windows = [words[i : i + window] for i in range(len(words) - window + 1)]
    return sum(len(set(w)) / window for w in windows) / len(windows)


@given(WORDS, st.integers(1, 12))
def test_mattr_is_the_mean_over_all_windows(words, window):
    if len(words) < window:
        assert mattr(words, window) is None
    else:
        assert mattr(words, window) == pytest.approx(plain_mattr(words, window))


def test_mattr_of_a_long_text_does_not_fall_with_length():
    text = [str(i % 40) for i in range(120)]
    assert mattr(text) == mattr(text * 20) == pytest.approx(0.8)
    assert type_token_ratio(text * 20) < type_token_ratio(text)


def test_type_token_ratio():
    assert type_token_ratio(["a", "b", "a", "c"]) == 0.75
    assert type_token_ratio([]) is None
