"""Several pieces of torch's work side by side, each on one thread of its own.

Inside an operator torch splits what it calculates among its threads and waits for the last of them:
small matrices are worth neither. Whole passes side by side wait for each other once, at the end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def side_by_side(work: Callable[[], None], threads: int) -> None:
    """Calls `work` in so many threads at once, this one among them; no operator in them is split.

    How many threads torch's operators use is a setting of the whole process: it is 1 meanwhile, and
    what it was afterwards. Raises what `work` raised in one of the threads, when all have ended.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if threads == 1:
            work()
            return
        # a new thread of OpenMP's begins with as many as there are cores, until it is told
        with ThreadPoolExecutor(threads - 1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            others = [pool.submit(work) for _ in range(threads - 1)]
            work()
            for other in others:
                other.result()
    finally:
        torch.set_num_threads(before)
