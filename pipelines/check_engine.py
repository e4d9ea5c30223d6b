"""`wellspring check-engine`: the jobs on your own engine, compared byte for byte with the local runner."""

import contextlib
import io
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.pipelines import curate, mix, reprocess
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.beam_options import check_runner, is_local, parse_arguments
from wellspring.pipelines.command.columns import columns
from wellspring.pipelines.command.new_pipeline import new_pipeline
from wellspring.pipelines.command.own_output import own_folder
from wellspring.pipelines.demo_data.engine_crawl import write_crawl
from wellspring.pipelines.flags.check_engine import parser
from wellspring.schemas.encoding import sha256_hex
from wellspring.transforms.storage.storage import open_storage

_JOBS = {"curate": curate.run, "reprocess": reprocess.run, "mix": mix.run}
_MODEL_RECORDS = 30
_SOURCES = b"""\
- match: {source: hot}
  evidence: attested_human
  attested_by: "nobody: this crawl is made up"
"""
_RECIPE = b"""\
seed: 7
by: labels
tokens: 20000
when_short: lower
shares: {human_verified: 0.5, human_unverified: 0.5}
"""


class Outcome(NamedTuple):
    """What one job made on one engine."""

    seconds: float
    error: str | None
    """First line of what it failed with."""
    files: dict[str, str]
    """sha256 by path, of the bytes as they lie there; without the two files that hold the time."""
    documents: Counter[str]
    """How often each id stands in `documents/`."""


class Compared(NamedTuple):
    """One job on both engines."""

    name: str
    local: Outcome
    engine: Outcome

    @property
    def equal(self) -> bool:
        return self.engine.error is None and self.local.files == self.engine.files


def run(argv: Sequence[str] | None = None) -> int:
    """Prints the table; exit code 0 if everything is equal, 1 if not."""
    flags = sys.argv[1:] if argv is None else list(argv)
    arguments, options = parse_arguments(parser(), flags)
    check_runner(options)
    _, engine_flags = parser().parse_known_args(flags)
    output = arguments.output.rstrip("/")
    folder = open_storage(output)
    if folder.files(""):
        raise UsageError(f"--output={output} is not empty: choose a new folder")
    with own_folder("check-engine", output):
        return _run(options, output, engine_flags, arguments.scale)


def _run(options: PipelineOptions, output: str, engine_flags: Sequence[str], scale: int) -> int:
    folder = open_storage(output)
    write_crawl(open_storage(f"{output}/crawl"), scale)
    folder.replace("sources.yaml", _SOURCES)
    folder.replace("recipe.yaml", _RECIPE)
    compared = []
    for name, job in jobs(output).items():
        _say(f"{name}: on the local runner")
        local = _outcome(job, f"{output}/local/{name}", [])
        if local.error is not None:
            raise RuntimeError(f"{name} fails on the local runner: {local.error}")
        _say(f"{name}: on the engine")
        compared.append(Compared(name, local, _outcome(job, f"{output}/engine/{name}", engine_flags)))
    print(table(compared))
    print(f"a killed worker: {killed_worker(options, output)}")
    return 0 if all(each.equal for each in compared) else 1


def jobs(output: str) -> dict[str, list[str]]:
    """The jobs that are tried, in order, as command lines without `--output` and Beam's flags.

    What one reads of another it reads from the local runner's folder on both sides: sets name their runs.
    """
    crawl, none = f"--input={output}/crawl", ["--profile=seed", "--scoring=none", "--batch_documents=32"]
    sources = f"--sources={output}/sources.yaml"
    return {
        "curate": ["curate", f"{crawl}/*.jsonl*", sources, *none],
        "curate-reuse": ["curate", f"{crawl}/*", sources, f"--reuse={output}/local/curate", *none],
        "reprocess": ["reprocess", f"--run={output}/local/curate-reuse", "--profile=reference-en"],
        "mix": ["mix", f"--recipe={output}/recipe.yaml", f"--run={output}/local/curate-reuse"],
        "curate-model": [
            "curate", f"{crawl}/part-0.jsonl.gz", f"--limit={_MODEL_RECORDS}", "--profile=seed",
            "--batch_documents=16", "--batch_by=language", "--window_days=30",
        ],
    }  # fmt: skip


def _outcome(job: Sequence[str], folder: str, engine_flags: Sequence[str]) -> Outcome:
    started, error = time.monotonic(), None
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            _JOBS[job[0]]([*job[1:], f"--output={folder}", *engine_flags])
    except Exception as failure:  # noqa: BLE001  whatever an engine fails with is a line of the table
        error = (str(failure).strip() or type(failure).__name__).splitlines()[0][:200]
    seconds = time.monotonic() - started
    lying = open_storage(folder)
    contents = {
        path: lying.read(path)
        for path in lying.files("")
        if path not in ("manifest.json", "report.html") and not path.startswith(".unfinished/")
    }
    if error is None and "manifest.json" not in lying.files(""):
        error = "it ended well and left no manifest"
    return Outcome(
        seconds,
        error,
        {path: sha256_hex(content) for path, content in contents.items()},
        Counter(
            id
            for path, content in contents.items()
            if path.startswith("documents/")
            for id in pq.read_table(pa.BufferReader(content), columns=["id"])["id"].to_pylist()
        ),
    )


def table(compared: Sequence[Compared]) -> str:
    """A line for each job: whether its files are equal, what was lost or repeated, and how long it took."""
    rows = []
    for each in compared:
        local, engine = each.local, each.engine
        same = sum(engine.files.get(path) == digest for path, digest in local.files.items())
        extra = len(engine.files.keys() - local.files.keys())
        lost, repeated = local.documents - engine.documents, engine.documents - local.documents
        rows.append(
            [
                each.name,
                "equal" if each.equal else "DIFFERENT",
                f"{same} of {len(local.files)}" + (f" and {extra} more" if extra else ""),
                f"{lost.total():,}",
                f"{repeated.total():,}",
                f"{local.seconds:.1f} s",
                f"{engine.seconds:.1f} s",
                engine.error or "",
            ]
        )  # fmt: skip
    headers = ["job", "result", "files equal", "lost", "repeated", "local", "engine", "error"]
    return columns(headers, rows)


class _KillOnce(beam.DoFn):
    """Kills the first worker process that comes here, unless it is the one that launched the job."""

    def __init__(self, folder: str, launcher: str) -> None:
        self._folder = folder
        self._launcher = launcher

    def process(self, element: int) -> list[str]:
        if _process() == self._launcher:
            return ["same process"]
        with contextlib.suppress(FileExistsError):
            open_storage(self._folder).create("killed", b"")
            os._exit(137)
        return ["other process"]


def killed_worker(options: PipelineOptions, output: str) -> str:
    """What an engine makes of a worker process that dies once in the middle of a bundle, in words."""
    if is_local(options):
        return "not tried, the local runner's workers are this process"
    seen = f"{output}/killed-worker"
    pipeline = new_pipeline(options)
    _ = (
        pipeline
        | "Numbers" >> beam.Create(range(20))
        | "Spread" >> beam.Reshuffle()
        | "KillOnce" >> beam.ParDo(_KillOnce(seen, _process()))
        | "Distinct" >> beam.Distinct()
        | "Write" >> beam.Map(_write_seen, seen)
    )
    try:
        pipeline.run().wait_until_finish()
    except Exception as error:  # noqa: BLE001  the engine's own word for it
        return f"not survived ({(str(error).strip() or type(error).__name__).splitlines()[0][:120]})"
    processes = open_storage(seen).files("seen")
    if processes == ["seen/same process"]:
        return "not tried, the engine's workers are threads of this process"
    return "survived, the job went on with another"


def _write_seen(word: str, folder: str) -> None:
    open_storage(folder).replace(f"seen/{word}", b"")


def _process() -> str:
    return f"{uuid.getnode()} {os.getpid()}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["check-engine", *sys.argv[1:]])
