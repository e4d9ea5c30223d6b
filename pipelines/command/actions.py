"""Jobs of several actions: `wellspring review list`, `wellspring tails build`."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from wellspring.pipelines.command.arguments import JobParser, UsageError, nearest


class Action(NamedTuple):
    """One action of a job."""

    parser: Callable[[], JobParser]
    what: str
    """What it does, in a line."""


def chosen_action(job: str, actions: Mapping[str, Action], arguments: Sequence[str]) -> str | None:
    """The action that the first argument names; None where help was asked for, which is printed.

    Raises:
        UsageError: it names none.
    """
    if arguments and arguments[0] in ("-h", "--help"):
        print(_usage(job, actions))
        return None
    if arguments and arguments[0] in actions:
        return arguments[0]
    there = f"; there are {', '.join(actions)}"
    if not arguments:
        raise UsageError(f"wellspring {job}: say what to do{there}")
    hint = nearest(arguments[0], actions) or there
    raise UsageError(f"wellspring {job}: no action {arguments[0]!r}{hint}")


def _usage(job: str, actions: Mapping[str, Action]) -> str:
    width = max(map(len, actions))
    lines = [f"  {name:<{width}}  {action.what}" for name, action in actions.items()]
    return "\n".join(
        [
            f"usage: wellspring {job} ACTION --flag=value ...",
            "",
            *lines,
            "",
            f"wellspring {job} ACTION --help lists an action's flags.",
        ]
    )
