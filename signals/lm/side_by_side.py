"""Several pieces of torch's work side by side, each on one thread of its own.

Inside an operator torch splits what it calculates among its threads and waits for the last of them:
small matrices are worth neither. Whole passes side by side wait for each other once, at the end.
"""

import threading
from collections.abc import Callable


def side_by_side(work: Callable[[], None], threads: int) -> None:
    """Calls `work` in so many threads at once, this one among them; no operator in them is split.

    How many threads torch's operators use is a setting of the whole process: it is 1 meanwhile, and
    what it was afterwards. Raises what `work` raised in one of the threads, when all have ended.

    The process doesn't wait for these threads when it ends: work that hangs, and that somebody has given
    up, would keep it for ever (as a pool of `concurrent.futures` does).
    """
    import torch

    errors: list[BaseException] = []

    def beside() -> None:
        # a new thread of OpenMP's begins with as many as there are cores, until it is told
        torch.set_num_threads(1)
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised below, in the caller's thread
            errors.append(error)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        others = [threading.Thread(target=beside, daemon=True) for _ in range(threads - 1)]
        for other in others:
            other.start()
        try:
            work()
        finally:
            for other in others:
                other.join()
        if errors:
            raise errors[0]
    finally:
        torch.set_num_threads(before)
