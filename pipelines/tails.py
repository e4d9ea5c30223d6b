"""`wellspring tails build` and `wellspring tails score`: a benchmark of what is rare but real."""

import sys
from collections.abc import Sequence

from wellspring.pipelines.command.actions import chosen_action
from wellspring.pipelines.flags.tails import ACTIONS
from wellspring.pipelines.tail_benchmark import build as tails_build
from wellspring.pipelines.tail_benchmark import score as tails_score


def run(argv: Sequence[str] | None = None) -> int:
    """Runs one of the two; exit code 0.

    Raises:
        UsageError: neither is named, or its arguments are wrong.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    name = chosen_action("tails", ACTIONS, arguments)
    if name is None:
        return 0
    return {"build": tails_build.run, "score": tails_score.run}[name](arguments[1:])


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["tails", *sys.argv[1:]])
