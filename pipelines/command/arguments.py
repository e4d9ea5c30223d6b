"""Arguments in Beam's manner: a job's own flags, the rest for Beam, and one line when wrong."""

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.transforms.formats.detect import wide_text
from wellspring.transforms.storage.storage import open_storage
from wellspring.transforms.storage.whole_file import STANDARD

LOCAL_RUNNER = "FnApiRunner"
# Runners that drop or mix outputs without an error.
_REFUSED_RUNNERS = {
    "daskrunner": "the Dask runner drops outputs without an error",
    "bundlebaseddirectrunner": "the bundle-based runner is superseded",
}


class UsageError(ValueError):
    """The arguments are wrong: exit code 2, and one line that says what to write instead."""


class JobParser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` in place of printing its whole usage."""

    def __init__(self, job: str, description: str) -> None:
        super().__init__(
            prog=f"wellspring {job}",
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def parse_arguments(
    parser: JobParser, argv: Sequence[str] | None
) -> tuple[argparse.Namespace, PipelineOptions]:
    """The job's own arguments, and Beam's options from all the others.

    Without `--runner` the local runner is FnApiRunner: Beam's own default changes its engine with
    the pipeline's content and the network.

    Raises:
        UsageError: an argument is neither the job's nor Beam's, or names a runner known to lose data.
    """
    arguments, rest = parser.parse_known_args(sys.argv[1:] if argv is None else list(argv))
    beam_parser = _beam_parser()
    known, unknown = beam_parser.parse_known_args(rest)
    if unknown:
        flags = [o for p in (parser, beam_parser) for a in p._actions for o in a.option_strings]
        close = difflib.get_close_matches(unknown[0].split("=")[0], flags, n=1)
        hint = f"; did you mean {close[0]}?" if close else f" (see {parser.prog} --help)"
        raise UsageError(f"{parser.prog}: unknown argument {unknown[0]}{hint}")
    runner = known.runner or LOCAL_RUNNER
    # A runner may be named by its class path too.
    if reason := _REFUSED_RUNNERS.get(runner.rpartition(".")[2].lower()):
        raise UsageError(
            f"{parser.prog}: --runner={runner}: {reason}; use {LOCAL_RUNNER}, DataflowRunner or FlinkRunner"
        )
    return arguments, PipelineOptions(rest if known.runner else [*rest, f"--runner={LOCAL_RUNNER}"])


def _beam_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False, conflict_handler="resolve")
    for option_class in [PipelineOptions, *PipelineOptions.__subclasses__()]:
        if option_class.__module__.startswith("apache_beam."):
            option_class._add_argparse_args(parser)
    return parser


def is_local(options: PipelineOptions) -> bool:
    """Whether the job runs on this machine's local runner."""
    return bool(options.get_all_options()["runner"] == LOCAL_RUNNER)


def ends_with_client(options: PipelineOptions) -> bool:
    """Whether the runner is in this process or is started by it, so that the job ends when it does."""
    values = options.get_all_options()
    runner = values["runner"].rpartition(".")[2].lower()
    if values.get("job_endpoint"):
        return False
    if runner == "flinkrunner":
        return (values.get("flink_master") or "[auto]") in ("[auto]", "[local]")
    return bool(runner != "dataflowrunner")


def outliving_runner(options: PipelineOptions) -> str | None:
    """The runner whose job goes on when this process ends; None for one that ends with it."""
    return None if ends_with_client(options) else str(options.get_all_options()["runner"])


def check_detach(options: PipelineOptions) -> None:
    """Whether a job can be left with its runner.

    Raises:
        UsageError: its runner ends with this process.
    """
    if ends_with_client(options):
        raise UsageError(
            f"--detach: {options.get_all_options()['runner']} runs in this process or is started by it, and "
            "ends with it: leave --detach away, or name the engine's --job_endpoint"
        )


def read_text(path: str, what: str) -> str:
    """The text of a small file that a flag names, local or in a bucket; a byte order mark is no part of it.

    Raises:
        UsageError: it can't be read.
    """
    content = read_bytes(path, what)
    if encoding := wide_text(content):
        raise UsageError(f"{what} {path!r} is {encoding}: write it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} {path!r} can't be read: {error}") from error


def read_bytes(path: str, what: str) -> bytes:
    """The content of a small file that a flag names, `-` for standard input, as it is: nothing is unpacked.

    Raises:
        UsageError: it can't be read.
    """
    try:
        if path == STANDARD:
            return sys.stdin.buffer.read()
        if path.startswith("gs://"):
            folder, _, name = path.rpartition("/")
            return open_storage(folder).read(name)
        with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            return bytes(file.read())
    except (OSError, ValueError) as error:
        raise UsageError(f"{what} {path!r} can't be read: {error}") from error


def local_path(text: str) -> Path:
    """argparse type: a path on this machine."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} is not on this machine: it has to be")
    return Path(text)


def positive(text: str) -> int:
    """argparse type: a whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return value
