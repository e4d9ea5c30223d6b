"""The command `wellspring`: finds the job and runs it."""

import atexit
import difflib
import importlib
import os
import sys
from typing import NoReturn

from wellspring.pipelines.command.broken_pipe import flush_output, leave_quietly
from wellspring.pipelines.command.interruption import Interruptible, Interruption, end_children

JOBS = {
    "curate": "the main job: label documents, audit training batches, hold the doubtful ones",
    "reprocess": "a finished run under another profile or scorer, without reading the crawl again",
    "score": "measure and judge the documents of one file",
    "evaluate": "how right the verdicts of `score` are on labelled text",
    "calibrate": "labelled text into a profile, and a page that says what it is worth",
    "review": "look at held batches and decide on them, in the terminal or as a page",
    "release": "decided batches leave the hold queue",
    "mix": "draw a training set from finished runs by a recipe",
    "lineage": "why a document is in a training set, how often, or why not",
    "anchor": "verified human text that no training set touches: create, add, verify, export",
    "forget": "take documents out of runs, training sets and anchor sets, with a record of it",
    "estimate": "what a run would read, take and cost, from a sample of its files",
    "report": "write the report page of a finished run again",
    "train-reference": "train an embedded scoring model",
    "tail-reference": "the rare token pairs of human text, for a scorer's tail coverage",
    "simulate": "generations of recursive training on one's own text, under several regimes",
    "tails": "build a benchmark of rare but real items, score models on it",
    "monitor": "early signs of collapse in a model's outputs over time",
    "check-engine": "the jobs on your own engine, compared with the local runner",
    "completion": "a script that completes jobs, flags and paths in bash, zsh or fish",
    "demo": "the main job on text made on the spot, from nothing to a hold queue",
}


RESUMED = ("curate", "reprocess")
"""Jobs that, started again as they were, go on from the scores that an earlier one had come to."""


def command(argv: list[str] | None = None) -> NoReturn:
    """`main` as a process of its own: Ctrl-C and SIGTERM end it with one line, exit code 130 or 143."""
    interruptible = Interruptible()
    arguments = sys.argv[1:] if argv is None else argv
    try:
        code = main(arguments)
    except SystemExit as stop:  # argparse's, after --help
        code = stop.code if isinstance(stop.code, int) else 1
        flush_output()
    except Interruption as stop:
        code = stop.code
        job = arguments[0] if arguments else ""
        more = ": started again as it was, it goes on from what was scored" if job in RESUMED else ""
        interruptible.say(f"wellspring {job}: interrupted{more}")
    except BaseException:  # noqa: BLE001  printed as the interpreter would
        sys.excepthook(*sys.exc_info())
        code = 1
    # What runs at a normal end runs here too. The interpreter's own end is left out: threads of libraries
    # (gRPC's, Arrow's, torch's) outlive it now and then, and then the process aborts with 134 after its work.
    atexit._run_exitfuncs()
    end_children()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code)


def main(argv: list[str] | None = None) -> int:
    """Runs one job. Exit codes: 0 done, 1 the run failed, 2 the arguments are wrong, 3 done and an alarm was
    raised (`monitor`); 141 nobody reads the output any more.
    """
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            flush_output()
    except BrokenPipeError as error:
        return leave_quietly(error)


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0
    if arguments[0] == "--version":
        from wellspring.schemas import CODE_VERSION

        print(f"wellspring {CODE_VERSION}")
        return 0
    job, rest = arguments[0], arguments[1:]
    if job not in JOBS:
        close = difflib.get_close_matches(job, JOBS, n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; the jobs are {', '.join(JOBS)}"
        print(f"wellspring: no job {job!r}{hint}", file=sys.stderr)
        return 2
    from wellspring.pipelines.command.arguments import UsageError
    from wellspring.pipelines.flags.commands import check_flags
    from wellspring.transforms.storage.public_path import public_text

    try:
        # What the flags alone can tell is told before the job and its libraries are loaded.
        if not check_flags(job, rest):
            return 0
        return int(importlib.import_module(f"wellspring.pipelines.{job.replace('-', '_')}").run(rest))
    except UsageError as error:
        said = public_text(str(error))
        print(said if said.startswith(f"wellspring {job}") else f"wellspring {job}: {said}", file=sys.stderr)
        return 2


def _usage() -> str:
    width = max(map(len, JOBS))
    lines = [f"  {job:<{width}}  {what}" for job, what in JOBS.items()]
    return "\n".join(
        [
            "usage: wellspring JOB --flag=value ...",
            "",
            *lines,
            "",
            "wellspring JOB --help lists a job's flags; what it doesn't know goes to Apache Beam.",
            "wellspring --version prints the version.",
        ]
    )


if __name__ == "__main__":
    command()
