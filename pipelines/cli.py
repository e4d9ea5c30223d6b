"""The command `wellspring`: finds the job and runs it."""

import importlib
import sys

from pipelines.broken_pipe import flush_output, leave_quietly

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
    "demo": "the main job on text made on the spot, from nothing to a hold queue",
}


def main(argv: list[str] | None = None) -> int:
    """Runs one job. Exit codes: 0 done, 1 the run failed, 2 the arguments are wrong, 3 done and an alarm was
    raised (`monitor`); 141 nobody reads the output any more."""
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
    job, rest = arguments[0], arguments[1:]
    if job not in JOBS:
        print(f"wellspring: no job {job!r}; the jobs are {', '.join(JOBS)}", file=sys.stderr)
        return 2
    from pipelines.arguments import UsageError
    from transforms.public_path import public_text

    module = importlib.import_module(f"pipelines.{job.replace('-', '_')}")
    try:
        return int(module.run(rest))
    except UsageError as error:
        print(public_text(str(error)), file=sys.stderr)
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
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
