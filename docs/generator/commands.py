"""Every job and its flags, from the parsers themselves."""

import argparse
import inspect
import re
from pathlib import Path

from docs.generator.markdown import code, page, table
from wellspring.pipelines.cli import JOBS
from wellspring.pipelines.command.arguments import JobParser
from wellspring.pipelines.flags.commands import parsers

_GUIDES = {
    "anchor": "anchor",
    "calibrate": "calibrate",
    "check-engine": "engines",
    "curate": "curate",
    "estimate": "cost",
    "evaluate": "score",
    "forget": "forget",
    "lineage": "training-set",
    "mix": "training-set",
    "monitor": "monitor",
    "release": "review",
    "reprocess": "reprocess",
    "review": "review",
    "score": "score",
    "simulate": "simulate",
    "tail-reference": "scorer",
    "tails": "tails",
    "train-reference": "scorer",
}
_ROOT = Path(__file__).parents[2]
_SHOWN_CHOICES = 8
_TYPES = {
    "int": "integer",
    "float": "number",
    "positive": "integer from 1",
    "share": "number between 0 and 1",
    "above_zero": "number above 0",
    "Path": "path",
    "local_path": "path on this machine",
}
_DEFAULT = re.compile(r"[;,.]?\s*\(?\bdefault:? ([^;)]+)\)?")


def pages() -> dict[str, str]:
    """{path under reference/: page} for every job, and their list."""
    rows = [(f"[`{job}`]({job}.md)", what) for job, what in JOBS.items()]
    intro = (
        "`wellspring --help` lists the jobs, `wellspring JOB --help` a job's flags. Every flag is "
        "`--name=value`. What the jobs' exit codes mean: [exit codes](../exit-codes.md)."
    )
    index = page("Commands", intro, table(("job", "does"), rows))
    return {
        "commands/index.md": index,
        **{f"commands/{job}.md": _page(job, what) for job, what in JOBS.items()},
    }


def flags(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """A parser's flags, `--help` left out."""
    return [action for action in parser._actions if action.dest != "help"]


def _page(job: str, what: str) -> str:
    guide = f" How to use it: [guide](../../how-to/{_GUIDES[job]}.md)." if job in _GUIDES else ""
    of_job = parsers(job)
    sections = [_section(command, parser, several=len(of_job) > 1) for command, parser in of_job.items()]
    return page(f"wellspring {job}", f"{what[:1].upper()}{what[1:]}.{guide}", *sections)


def _section(command: str, parser: JobParser, *, several: bool) -> str:
    rows = [
        (
            code((action.option_strings or [action.dest])[-1]),
            *_meaning_and_default(parser, action),
            _value(action),
        )
        for action in flags(parser)
    ]
    beam = "Flags that it doesn't know go to Beam." if parser.takes_beam_flags else ""
    parts = [
        f"## wellspring {command}" if several else "## Flags",
        _described(parser.description) if several or "\n" in (parser.description or "") else "",
        table(("flag", "meaning", "default", "value"), rows),
        _described(parser.epilog),
        beam,
    ]
    return "\n\n".join(part for part in parts if part)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    choices = [str(choice) for choice in action.choices or ()]
    if 0 < len(choices) <= _SHOWN_CHOICES:
        value = " or ".join(code(choice) for choice in choices)
    elif choices:
        value = "one of " + ", ".join(code(choice) for choice in choices)
    elif action.metavar:
        value = code(action.metavar)
    else:
        value = _TYPES.get(getattr(action.type, "__name__", ""), "text")
    return f"{value}, repeatable" if isinstance(action, argparse._AppendAction) else value


def _meaning_and_default(parser: argparse.ArgumentParser, action: argparse.Action) -> tuple[str, str]:
    """What a flag's help says its default is goes before what the parser has: it may hang on who asks."""
    meaning = parser._get_formatter()._expand_help(action) if action.help else ""
    meaning = meaning.replace(f"{_ROOT}/", "")
    if action.required:
        return meaning, "required"
    if said := _DEFAULT.search(meaning):
        return meaning[: said.start()] + meaning[said.end() :], said[1].strip()
    shown = action.default not in (None, False) and not isinstance(action.default, list)
    return meaning, code(action.default) if shown else ""


def _described(text: str | None) -> str:
    """Paragraphs as they are, indented ones as code."""
    return inspect.cleandoc(text or "")
