"""`--by`: who decides, releases."""

import getpass

from wellspring.pipelines.command.arguments import JobParser


def add_by(parser: JobParser, what: str) -> None:
    """Adds `--by`, this user's name by default; to be given where the machine has no name for the user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        parser.add_argument("--by", required=True, help=what)
    else:
        parser.add_argument("--by", default=name, help=f"{what}; default: this user's name")
