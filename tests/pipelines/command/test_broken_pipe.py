"""Who reads the output may stop: the job ends quietly, whatever it prints and when."""

import subprocess
import sys

import pytest

from wellspring.pipelines.command.broken_pipe import BROKEN_PIPE, leave_quietly

PRINTS = {
    "much, while it works": "for i in range(100_000): print(i)",
    "little, kept back to the end": "print(1)",
    "and ends by itself": "print(1); raise SystemExit(0)",
    "bytes": "sys.stdout.buffer.write(b'a' * 1_000_000)",
    "and messages": "print(1, file=sys.stderr); print(1, file=sys.stderr)",
}
COMMAND = """
import sys
from wellspring.pipelines import cli
def work(arguments):
    sys.stdin.read()
    {prints}
    return 0
cli._run = work
sys.exit(cli.main([]))
"""


def without_a_reader(prints: str, **more) -> tuple[int, bytes]:
    """The exit code and the messages of a command whose output nobody reads any more."""
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(prints=prints)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **{"stderr": subprocess.PIPE} | more,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        process.stdout.close()
        process.stdin.close()
        said = process.stderr.read() if process.stderr else b""
        return process.wait(), said


@pytest.mark.parametrize("prints", list(PRINTS)[:-1])
def test_nothing_is_said(prints):
    assert without_a_reader(PRINTS[prints]) == (BROKEN_PIPE, b"")


def test_nor_where_the_messages_go_the_same_way():
    code, _ = without_a_reader(PRINTS["and messages"], stderr=subprocess.STDOUT)
    assert code == BROKEN_PIPE


def test_a_pipe_that_broke_elsewhere_is_an_error():
    with pytest.raises(BrokenPipeError):
        leave_quietly(BrokenPipeError())
