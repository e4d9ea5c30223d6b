"""Every command's parser: a job's, or those of its actions."""

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType

from wellspring.pipelines.command.actions import Action, chosen_action
from wellspring.pipelines.command.arguments import JobParser


def parsers(job: str) -> dict[str, JobParser]:
    """{command: its parser} of a job; a job of one command is called as itself."""
    if actions := _actions(job):
        return {f"{job} {name}": action.parser() for name, action in actions.items()}
    return {job: _parser(job)}


def check_flags(job: str, arguments: Sequence[str]) -> bool:
    """Whether there is something to run: False where an overview of a job's actions was asked for.

    The job itself, which may load much, is not imported. Its `--help` ends here.

    Raises:
        UsageError: its own flags are wrong.
        SystemExit: the help was printed.
    """
    if not (actions := _actions(job)):
        _parser(job).check(arguments)
        return True
    name = chosen_action(job, actions, arguments)
    if name is None:
        return False
    actions[name].parser().check(arguments[1:])
    return True


def _actions(job: str) -> Mapping[str, Action]:
    found: Mapping[str, Action] = getattr(_module(job), "ACTIONS", {})
    return found


def _parser(job: str) -> JobParser:
    made: JobParser = _module(job).parser()
    return made


def _module(job: str) -> ModuleType:
    return importlib.import_module(f"wellspring.pipelines.flags.{job.replace('-', '_')}")
