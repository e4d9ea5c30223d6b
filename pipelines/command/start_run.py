"""A job that makes a run: on this machine to its end, or handed to the runner that the flags name."""

import tempfile
import time
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult, PipelineState

from wellspring.pipelines.command.beam_options import is_local, outliving_runner
from wellspring.pipelines.command.closing_table import closing_table
from wellspring.pipelines.command.local_run import run_locally
from wellspring.pipelines.command.new_pipeline import new_pipeline
from wellspring.pipelines.command.progress_line import ProgressLine
from wellspring.pipelines.command.run_folder import run_folder, start_run_folder
from wellspring.schemas.manifest import Manifest
from wellspring.transforms.beam.progress import Progress
from wellspring.transforms.runs.finished_run import FinishedRun
from wellspring.transforms.runs.run_log import RUN_STARTED, log_event


def start_run(
    job: str,
    build: Callable[[beam.Pipeline, Progress | None, str], None],
    output: str,
    options: PipelineOptions,
    *,
    overwrite: bool,
    input_bytes: int | None,
    detach: bool,
    **known: object,
) -> Manifest | None:
    """Runs what `build` makes of a pipeline, and prints the closing table; the manifest of the run.

    Args:
        job: whose run it is. build: gets the claim of the folder too, which the run's end checks.
        output: the run's folder, which is claimed, and cleared of what an unfinished run left.
        overwrite: whether a finished run may go.
        input_bytes: size of the input where it is known.
        detach: leave the job with its runner in place of waiting for its end.
        known: what the log's first line says of the run.

    Returns:
        None for a job that was left with its runner: its manifest appears at its end.

    Raises:
        UsageError: the folder can't be used.
        Exception: what the pipeline raised.
    """
    started = time.monotonic()
    runner = outliving_runner(options)
    with run_folder(job, output, overwrite=overwrite, runner=runner) as own:
        start_run_folder(output)
        pipeline = new_pipeline(options)
        if not is_local(options):
            build(pipeline, None, own.id)
            result = pipeline.run()
            log_event(RUN_STARTED, output, **known)
            if runner is not None:
                own.hand_over(_job_id(result))
            if detach:
                print(f"The job is with its runner; {output}/manifest.json appears at its end.")
                return None
            try:
                state = result.wait_until_finish()
            finally:
                if PipelineState.is_terminal(result.state):
                    own.take_back()
            if state != PipelineState.DONE:
                raise RuntimeError(f"the job ended as {state}: {output} is not finished, start it again")
        else:
            with tempfile.TemporaryDirectory(prefix="wellspring-progress-") as folder:
                progress = Progress(folder)
                build(pipeline, progress, own.id)
                with ProgressLine(progress, input_bytes):
                    run_locally(pipeline)
    manifest = FinishedRun(output).manifest
    print(closing_table(manifest, output, time.monotonic() - started))
    return manifest


def _job_id(result: PipelineResult) -> str:
    """The runner's own name for a job; empty where it doesn't say."""
    found = getattr(result, "job_id", None) or getattr(result, "_job_id", "")
    return str(found() if callable(found) else found)
