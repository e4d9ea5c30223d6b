"""Every token scored once, and a shape that is a function of the length alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.lm.windows import Window, document_windows, forward_passes, padded_length


@given(st.integers(0, 3000), st.integers(1, 300), st.data())
def test_every_position_is_scored_once_with_context(positions: int, window: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(1, window))
    windows = document_windows(0, positions, window, stride)
    scored = [at for item in windows for at in range(item.scored_from, item.end)]
    assert scored == list(range(positions))
    for item in windows:
        assert 1 <= item.length <= window
        assert item.start == 0 or item.scored_from - item.start >= window - stride


def test_a_stride_past_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="stride"):
        document_windows(0, 100, 10, 11)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_padding_is_small(length: int, window: int) -> None:
    length = min(length, window)
    padded = padded_length(length, window)
    assert length <= padded <= window
    assert padded - length <= max(7, length / 16)


@given(st.lists(st.integers(1, 700), max_size=60), st.integers(1, 5000))
def test_passes_hold_every_window_once_within_the_budget(lengths: list[int], budget: int) -> None:
    windows = [Window(i, 0, length, 0) for i, length in enumerate(lengths)]
    passes = list(forward_passes(windows, 700, budget))
    assert sorted(item for group in passes for item in group) == windows
    for group in passes:
        shapes = {padded_length(item.length, 700) for item in group}
        assert len(shapes) == 1
        assert len(group) == 1 or len(group) * shapes.pop() <= budget
