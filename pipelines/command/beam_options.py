"""Arguments in Beam's manner: a job's own flags, the rest for Beam, and one line when wrong."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.runner import create_runner

from wellspring.pipelines.command.arguments import JobParser, UsageError

LOCAL_RUNNER = "FnApiRunner"
# Runners that drop or mix outputs without an error.
_REFUSED_RUNNERS = {
    "daskrunner": "the Dask runner drops outputs without an error",
    "bundlebaseddirectrunner": "the bundle-based runner is superseded",
}

# Beam takes any integer here, and fails on these in the middle of a run.
_LEAST = {"direct_num_workers": 0, "num_workers": 1, "max_num_workers": 1}


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
    beam_parser = _beam_parser(parser)
    known, unknown = beam_parser.parse_known_args(rest)
    if unknown:
        parser.refuse_unknown(
            unknown[0], (o for action in beam_parser._actions for o in action.option_strings)
        )
    for name, least in _LEAST.items():
        value = getattr(known, name, None)
        if value is not None and value < least:
            raise UsageError(f"{parser.prog}: --{name}={value}: at least {least}")
    runner = known.runner or LOCAL_RUNNER
    # A runner may be named by its class path too.
    if reason := _REFUSED_RUNNERS.get(runner.rpartition(".")[2].lower()):
        raise UsageError(
            f"{parser.prog}: --runner={runner}: {reason}; use {LOCAL_RUNNER}, DataflowRunner or FlinkRunner"
        )
    return arguments, PipelineOptions(rest if known.runner else [*rest, f"--runner={LOCAL_RUNNER}"])


class _BeamParser(argparse.ArgumentParser):
    """Beam's options; what is wrong with them is said as what is wrong with the job's own flags."""

    def __init__(self, job: JobParser) -> None:
        super().__init__(allow_abbrev=False, add_help=False, conflict_handler="resolve")
        self._job = job

    def error(self, message: str) -> NoReturn:
        self._job.error(message)


def _beam_parser(job: JobParser) -> argparse.ArgumentParser:
    parser = _BeamParser(job)
    for option_class in [PipelineOptions, *PipelineOptions.__subclasses__()]:
        if option_class.__module__.startswith("apache_beam."):
            option_class._add_argparse_args(parser)
    return parser


def check_runner(options: PipelineOptions) -> None:
    """Whether the runner can be had, and has what it needs, as far as this machine can tell.

    Raises:
        UsageError: it can't.
    """
    values = options.get_all_options()
    name = values["runner"]
    for flag in ("flink_job_server_jar", "spark_job_server_jar", "prism_location"):
        jar = values.get(flag)
        if jar and "://" not in jar and not Path(jar).is_file():
            raise UsageError(f"--{flag}={jar}: there is no such file")
    if name.rpartition(".")[2].lower() == "portablerunner" and not values.get("job_endpoint"):
        raise UsageError(f"--runner={name} takes the engine's --job_endpoint=HOST:PORT")
    try:
        runner = create_runner(name)
        errors = PipelineOptionsValidator(options, runner).validate()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise UsageError(f"--runner={name}: {str(error).partition(chr(10))[0]}") from error
    if errors:
        raise UsageError(f"--runner={name}: {errors[0].strip()}")


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
