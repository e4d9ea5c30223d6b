"""Every command's parser: a job's, or those of its actions."""

import argparse
import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType

from wellspring.pipelines.command.actions import Action, chosen_action
from wellspring.pipelines.command.arguments import JobParser, local_path
from wellspring.pipelines.command.shell_scripts import Command, Flag

_PATHS = {
    *(
        "input",
        "output",
        "outputs",
        "run",
        "set",
        "anchor",
        "items",
        "corpus",
        "against",
        "reuse",
        "forgotten",
    ),
    *("against_synthetic", "against_training", "against_benchmarks", "labelled", "text_only", "scored"),
    *("profile", "baseline", "sources", "recipe", "assumptions", "scorer", "start", "tokenizer"),
}
"""Flags that may name a file or folder, of those that take it in a bucket or by a name too."""


def parsers(job: str) -> dict[str, JobParser]:
    """{command: its parser} of a job; a job of one command is called as itself."""
    if actions := _actions(job):
        return {f"{job} {name}": action.parser() for name, action in actions.items()}
    return {job: _parser(job)}


def completed(job: str) -> list[Command]:
    """What a shell completes of a job."""
    if not (actions := _actions(job)):
        return [_completed(job, None, _parser(job))]
    return [_completed(job, name, action.parser(), action.what) for name, action in actions.items()]


def _completed(job: str, action: str | None, parser: JobParser, what: str = "") -> Command:
    flags = []
    words: tuple[str, ...] = ()
    for each in parser._actions:
        choices = tuple(map(str, each.choices or ()))
        if not each.option_strings:
            words = choices
        elif each.dest != "help":
            flags.append(
                Flag(
                    name=each.option_strings[-1],
                    what=" ".join((each.help or "").replace("%%", "%").split()),
                    takes_value=each.nargs != 0,
                    repeatable=isinstance(each, argparse._AppendAction),
                    choices=choices,
                    is_path=each.type is local_path or each.dest in _PATHS,
                )
            )
    return Command(job, action, what, tuple(flags), words)


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
