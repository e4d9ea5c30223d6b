"""Ctrl-C and SIGTERM: the command ends with one line and an exit code, and so do its worker processes."""

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
_STDERR = 2


class Interruption(KeyboardInterrupt):
    """The process was asked to end; `code` is the exit code that a shell expects of it."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class Interruptible:
    """Turns the first SIGINT or SIGTERM into an `Interruption`; a second ends the process at once.

    From the first one on nothing else is printed: Beam's threads would each say what they were at.
    """

    def __init__(self) -> None:
        self._stderr: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # it was closed before the start
            self._stderr = os.dup(_STDERR)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _STDERR)
            os.close(nowhere)
        raise Interruption(128 + number)

    def say(self, line: str) -> None:
        """Prints the one line that is left to say."""
        with contextlib.suppress(OSError):
            if self._stderr is None:
                print(line, file=sys.stderr)
            else:
                os.write(self._stderr, f"{line}\n".encode())


def end_children() -> None:
    """Kills all processes that this one has started, theirs too, where the system lists them."""
    waiting, found = [os.getpid()], []
    while waiting:
        parent = waiting.pop()
        for file in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # the thread has ended meanwhile
                children = [int(child) for child in file.read_text().split()]
                found += children
                waiting += children
    for child in found:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
