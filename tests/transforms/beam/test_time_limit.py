import threading

import pytest

from wellspring.transforms.beam.time_limit import within


def test_what_is_done_in_time_comes_back():
    assert within(60, lambda: 7, "seven") == 7
    assert within(60, lambda: None, "nothing") is None


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt()])
def test_what_it_raises_is_raised_here(error):
    def fail():
        raise error

    with pytest.raises(type(error)) as raised:
        within(60, fail, "it")
    assert raised.value is error


def test_what_is_late_is_named():
    released = threading.Event()
    with pytest.raises(TimeoutError, match=r"^the long one was not done within 0\.05 seconds$"):
        within(0.05, released.wait, "the long one")
    released.set()
