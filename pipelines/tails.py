"""`wellspring tails build` and `wellspring tails score`: a benchmark of what is rare but real."""

import sys
from collections.abc import Sequence

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.tail_benchmark import build as tails_build
from wellspring.pipelines.tail_benchmark import score as tails_score

_ACTIONS = {
    "build": (tails_build.run, "a human corpus into paired items, rare ones and a frequent control"),
    "score": (tails_score.run, "one model on the items, or two side by side"),
}


def run(argv: Sequence[str] | None = None) -> int:
    """Runs one of the two; exit code 0.

    Raises:
        UsageError: neither is named, or its arguments are wrong.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments and arguments[0] in ("-h", "--help"):
        print("usage: wellspring tails build|score --flag=value ...\n")
        print("\n".join(f"  {name}  {what}" for name, (_, what) in _ACTIONS.items()))
        return 0
    if not arguments or arguments[0] not in _ACTIONS:
        said = f" {arguments[0]!r}" if arguments else " nothing"
        raise UsageError(f"write build or score first, not{said} (see wellspring tails --help)")
    return _ACTIONS[arguments[0]][0](arguments[1:])


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["tails", *sys.argv[1:]])
