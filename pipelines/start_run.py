"""A job that makes a run: on this machine to its end, or handed to the runner that the flags name."""

import tempfile
import time
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.arguments import is_local
from pipelines.closing_table import closing_table
from pipelines.local_run import run_locally
from pipelines.progress_line import ProgressLine
from pipelines.run_folder import start_run_folder
from schemas.manifest import Manifest
from transforms.finished_run import FinishedRun
from transforms.progress import Progress
from transforms.run_log import RUN_STARTED, log_event


def start_run(
    build: Callable[[beam.Pipeline, Progress | None], None],
    output: str,
    options: PipelineOptions,
    *,
    input_bytes: int | None,
    **known: object,
) -> Manifest | None:
    """Runs what `build` makes of a pipeline, and prints the closing table; the manifest of the run.

    Args:
        output: the run's folder, which is cleared of what an unfinished run left.
        input_bytes: size of the input where it is known.
        known: what the log's first line says of the run.

    Returns:
        None where another runner has the job: its manifest appears at its end.

    Raises:
        Exception: what the pipeline raised.
    """
    started = time.monotonic()
    start_run_folder(output)
    pipeline = beam.Pipeline(options=options)
    if not is_local(options):
        build(pipeline, None)
        pipeline.run()
        log_event(RUN_STARTED, output, **known)
        print(f"The job is with its runner; {output}/manifest.json appears at its end.")
        return None
    with tempfile.TemporaryDirectory(prefix="wellspring-progress-") as folder:
        progress = Progress(folder)
        build(pipeline, progress)
        with ProgressLine(progress, input_bytes):
            run_locally(pipeline)
    manifest = FinishedRun(output).manifest
    print(closing_table(manifest, output, time.monotonic() - started))
    return manifest
