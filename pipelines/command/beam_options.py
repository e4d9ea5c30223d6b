"""Arguments in Beam's manner: a job's own flags, the rest for Beam, and one line when wrong."""

import argparse
import sys
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.pipelines.command.arguments import JobParser, UsageError

LOCAL_RUNNER = "FnApiRunner"
# Runners that drop or mix outputs without an error.
_REFUSED_RUNNERS = {
    "daskrunner": "the Dask runner drops outputs without an error",
    "bundlebaseddirectrunner": "the bundle-based runner is superseded",
}


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
        parser.refuse_unknown(
            unknown[0], (o for action in beam_parser._actions for o in action.option_strings)
        )
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
