import threading

import pytest
import torch

from wellspring.signals.lm.side_by_side import side_by_side


@pytest.fixture(autouse=True)
def _threads_of_torch():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 3])
def test_all_run_at_once_with_one_thread_an_operator(threads: int) -> None:
    together = threading.Barrier(threads, timeout=20)
    found = []

    def work() -> None:
        together.wait()
        found.append((threading.get_ident(), torch.get_num_threads()))

    side_by_side(work, threads)
    assert len({thread for thread, _ in found}) == threads
    assert {operators for _, operators in found} == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("among_the_others", [False, True])
def test_an_error_in_one_of_them_is_raised_and_the_setting_is_restored(among_the_others: bool) -> None:
    here = threading.get_ident()
    ended = []

    def work() -> None:
        if (threading.get_ident() == here) != among_the_others:
            raise KeyError("torn")
        ended.append(1)

    with pytest.raises(KeyError, match="torn"):
        side_by_side(work, 2)
    assert ended == [1]
    assert torch.get_num_threads() == 2
