"""`wellspring JOB | head`: who reads the output has seen enough, and the job ends without a word."""

import os
import select
import sys

BROKEN_PIPE = 141
"""The exit code of whatever a shell ends by SIGPIPE."""
_STDOUT, _STDERR = 1, 2


def flush_output() -> None:
    """Writes what is printed and kept back; at the interpreter's own end an error could not be caught."""
    if sys.stdout is not None:  # it was closed before the start
        sys.stdout.flush()


def leave_quietly(error: BrokenPipeError) -> int:
    """The exit code where the reader of the output is gone; a pipe that broke elsewhere is an error.

    Raises:
        BrokenPipeError: it was another one.
    """
    gone = [descriptor for descriptor in (_STDOUT, _STDERR) if _has_no_reader(descriptor)]
    if not gone:
        raise error
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in gone:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return BROKEN_PIPE


def _has_no_reader(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
