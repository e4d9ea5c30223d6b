import numpy as np
import pytest

from wellspring.signals.lm.surprisal_levels import UNSCORED, surprisal_levels, surprisals_of


def test_levels_are_within_half_a_step_of_the_surprisals_and_saturate():
    surprisals = np.linspace(0, 20, 401, dtype=np.float32)
    levels = surprisal_levels(surprisals, len(surprisals))
    assert len(levels) == len(surprisals)
    back = np.array(surprisals_of(levels), dtype=np.float64)
    small = surprisals <= 254 / 16
    assert np.abs(back - surprisals)[small].max() <= 1 / 32
    assert set(back[~small]) == {254 / 16}


def test_the_first_token_without_a_beginning_has_none():
    levels = surprisal_levels(np.array([1.0, 2.0], dtype=np.float32), 3)
    assert levels[0] == UNSCORED
    assert surprisals_of(levels) == [None, 1.0, 2.0]


@pytest.mark.parametrize("tokens", [1, 4])
def test_surprisals_of_other_tokens_are_refused(tokens):
    with pytest.raises(ValueError, match=f"2 surprisals for {tokens} tokens"):
        surprisal_levels(np.array([1.0, 2.0], dtype=np.float32), tokens)
