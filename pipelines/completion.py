"""`wellspring completion`: a script that completes jobs, actions, flags, choices and paths in a shell."""

import sys
from collections.abc import Sequence

from wellspring.pipelines.cli import JOBS
from wellspring.pipelines.command.shell_scripts import bash_script, fish_script, zsh_script
from wellspring.pipelines.flags.commands import completed
from wellspring.pipelines.flags.completion import parser


def run(argv: Sequence[str] | None = None) -> int:
    """Prints the script; exit code 0."""
    arguments = parser().parse_args(argv)
    script = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[arguments.shell]
    print(script(JOBS, [each for job in JOBS for each in completed(job)]), end="")
    return 0


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["completion", *sys.argv[1:]])
