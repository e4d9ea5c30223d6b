"""The flags of `wellspring completion`: the shell's name, which is written without a flag."""

from wellspring.pipelines.command.arguments import JobParser

SHELLS = ("bash", "zsh", "fish")
_DESCRIPTION = """\
Prints a script that completes jobs, actions, flags, choices and paths. Load it where the shell starts:

    bash   source <(wellspring completion bash)         in ~/.bashrc
    zsh    source <(wellspring completion zsh)          in ~/.zshrc, after compinit
    fish   wellspring completion fish | source          in ~/.config/fish/config.fish

Write it to a file where the start of the shell is to be quick: it changes only with the version.
"""


def parser() -> JobParser:
    """The flags of `wellspring completion`."""
    p = JobParser("completion", _DESCRIPTION)
    p.add_argument("shell", choices=SHELLS, help="whose script")
    return p
