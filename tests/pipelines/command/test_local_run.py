"""Worker processes that die. The main job's are in tests/integration/test_faults.py."""

import os
import signal
import time

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.pipelines.command.local_run import WorkerDiedError, run_locally

TWO_PROCESSES = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")


def run(do, *flags: str) -> None:
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", *flags]))
    _ = pipeline | beam.Create([1, 2, 3]) | beam.Map(do)
    run_locally(pipeline)


def kill_this_process(_: int) -> None:
    time.sleep(1)  # until the runner waits for nothing but the end of the bundle
    os.kill(os.getpid(), signal.SIGKILL)


def fail(_: int) -> None:
    raise ValueError("not a death")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # Beam's own threads
def test_a_worker_that_dies_where_beam_would_wait_for_ever_fails_the_run() -> None:
    with pytest.raises(WorkerDiedError, match="a worker process died .*137.*start it again"):
        run(kill_this_process, *TWO_PROCESSES)


@pytest.mark.parametrize("flags", [(), pytest.param(TWO_PROCESSES, marks=pytest.mark.slow)])
def test_other_errors_are_raised_as_they_are(flags: tuple[str, ...]) -> None:
    with pytest.raises(Exception, match="not a death") as raised:
        run(fail, *flags)
    assert not isinstance(raised.value, WorkerDiedError)
