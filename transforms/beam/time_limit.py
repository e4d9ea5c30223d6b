"""A call that must come back in time, for work that Python can't interrupt."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T], what: str) -> T:
    """What `work` returns or raises, if it does so in time.

    It runs in a thread of its own. A thread can't be stopped from outside: one that is late is left
    behind and ends with the process, which is to end soon.

    Raises:
        TimeoutError: it is late; the message names `what`.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  raised below, in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"{what} was not done within {seconds:g} seconds")
    return results[0]
