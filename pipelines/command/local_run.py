"""A pipeline on the local runner, whose worker processes are watched.

Where a worker process is killed (by a person, or by the kernel when memory is short), Beam's runner waits
for its answer for ever, unless it was expecting data of it just then.
"""

import threading
from collections.abc import Callable

import apache_beam as beam
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SubprocessSdkWorkerHandler,
    WorkerHandler,
)

_EVERY_SECONDS = 0.2
_UNINTERRUPTED = b"trap '' INT; exec "
"""Before a worker's command line: a terminal's Ctrl-C is for the launcher, which takes its workers along."""


class WorkerDiedError(RuntimeError):
    """A worker process ended before its work was done; the message says how."""


def run_locally(pipeline: beam.Pipeline) -> None:
    """Runs a pipeline to its end.

    Raises:
        WorkerDiedError: a worker process of `--direct_running_mode=multi_processing` died.
        Exception: whatever else the pipeline raised.
    """
    deaths: list[str] = []
    _WatchedWorker.on_death = deaths.append
    WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)(_WatchedWorker)
    try:
        pipeline.run().wait_until_finish()
    except Exception as error:
        if not deaths:
            raise
        raise WorkerDiedError(
            f"a worker process died ({deaths[0]}); 137 or -9 is a kill, often for want of memory: "
            "use fewer workers or a smaller input. This run is not finished: start it again as it was"
        ) from error


class _WatchedWorker(SubprocessSdkWorkerHandler):
    """A worker process in whose place, once it is dead, every request is answered with an error."""

    on_death: Callable[[str], None]

    def start_worker(self) -> None:
        self._closing = threading.Event()
        self.worker = local_job_service.SubprocessSdkWorker(
            _UNINTERRUPTED + self._worker_command_line,
            self.control_address,
            self.provision_info,
            self.worker_id,
        )
        self.worker_thread = threading.Thread(target=self._run, args=(type(self).on_death,))
        self.worker_thread.start()

    def _run(self, on_death: Callable[[str], None]) -> None:
        try:
            self.worker.run()
            death = "it ended by itself"
        except RuntimeError as error:  # Beam's, of an exit code
            death = str(error)
        if self._closing.is_set():
            return
        on_death(death)
        # Again and again: what the runner is about to ask must not wait either.
        while not self._closing.wait(_EVERY_SECONDS):
            for instruction, future in list(self.control_conn._futures_by_id.items()):
                future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=instruction, error=death))

    def close(self) -> None:
        self._closing.set()
        super().close()
