"""The jobs on Prism, Beam's own portable runner, or on the local one where Prism isn't there."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import pytest

from wellspring.pipelines import check_engine
from wellspring.pipelines.check_engine import Compared, Outcome, table
from wellspring.pipelines.cli import main

ROOT = Path(__file__).parents[2]
PRISM = shutil.which("prism", path=f"{ROOT / '.cache'}{os.pathsep}{os.environ['PATH']}")
LOOPBACK = ["--runner=PrismRunner", f"--prism_location={PRISM}", "--environment_type=LOOPBACK"]
GLOBAL = "beam:window_fn:global_windows:v1"

needs_prism = pytest.mark.skipif(
    PRISM is None, reason="no Prism here: `make prism` builds it, which takes Go"
)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str, list]:
    """A check's folder, its exit code, what it printed, and the graphs that it ran."""
    folder = tmp_path_factory.mktemp("check") / "engine"
    graphs, run = [], beam.Pipeline.run
    printed = folder.parent / "printed"
    with pytest.MonkeyPatch.context() as patched, printed.open("w") as out:
        patched.setattr(
            beam.Pipeline,
            "run",
            lambda self, *a, **k: graphs.append(self.to_runner_api()) or run(self, *a, **k),
        )
        patched.setattr(sys, "stdout", out)
        code = main(["check-engine", f"--output={folder}", *(LOOPBACK if PRISM else [])])
    return folder, code, printed.read_text(), graphs


@pytest.mark.slow
def test_every_job_gives_the_same_bytes_on_another_engine(checked, check_run):
    folder, code, printed, _ = checked
    assert code == 0, printed
    assert [line.split()[:2] for line in printed.splitlines()[1:6]] == [
        [name, "equal"] for name in check_engine.jobs("")
    ]
    check_run(folder / "local" / "curate", folder / "engine" / "curate")


@pytest.mark.slow
def test_no_grouping_depends_on_an_engine_s_time(checked):
    """With windows, watermarks and lateness an engine would decide what is lost."""
    *_, graphs = checked
    assert len(graphs) >= 2 * len(check_engine.jobs(""))
    for graph in graphs:
        assert {w.window_fn.urn for w in graph.components.windowing_strategies.values()} == {GLOBAL}


def outcome(**documents: int) -> Outcome:
    files = {f"documents/{id}": str(count) for id, count in documents.items()}
    return Outcome(1.0, None, files, check_engine.Counter(documents))


def test_what_an_engine_loses_or_repeats_is_in_the_table():
    one = Compared("curate", outcome(a=1, b=1, c=1), outcome(a=1, c=3))
    assert not one.equal
    assert table([one]).splitlines()[1].split()[:7] == ["curate", "DIFFERENT", "1", "of", "3", "1", "2"]
    failed = Compared("mix", outcome(a=1), outcome(a=1)._replace(error="no room"))
    assert not failed.equal
    assert table([failed]).endswith("no room")


def test_a_folder_that_is_not_empty_is_refused(tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert main(["check-engine", f"--output={tmp_path}"]) == 2
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [
        ["--runner=PrismRunner"],
        ["--runner=FnApiRunner"],
        ["--runner=apache_beam.runners.portability.prism_runner.PrismRunner"],
        ["--runner=FlinkRunner", "--flink_master=[local]"],
    ],
)
def test_a_job_is_not_left_with_a_runner_that_ends_with_the_client(flags, tmp_path, capsys):
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n')
    argv = ["curate", f"--input={tmp_path}/in.jsonl", f"--output={tmp_path}/run", "--detach", *flags]
    assert main(argv) == 2
    assert "ends with it: leave --detach away" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_refused_runner_is_refused_by_its_full_name_too(tmp_path, capsys):
    runner = "apache_beam.runners.dask.dask_runner.DaskRunner"
    assert main(["curate", "--input=x", f"--output={tmp_path}/run", f"--runner={runner}"]) == 2
    assert "drops outputs without an error" in capsys.readouterr().err


def curate_flags(folder: Path) -> list[str]:
    return check_engine.jobs(str(folder))["curate"]


def digests(run: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "report.html")
    }


@needs_prism
@pytest.mark.slow
def test_workers_in_another_process(checked, tmp_path):
    folder, *_ = checked
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    port = 50_000 + os.getpid() % 10_000
    pool = subprocess.Popen(
        [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"],
        env=environment,
        start_new_session=True,
    )
    try:
        wait_for(lambda: listens(port))
        engine = [*LOOPBACK[:2], "--environment_type=EXTERNAL", f"--environment_config=localhost:{port}"]
        assert main([*curate_flags(folder), f"--output={tmp_path}/run", *engine]) == 0
    finally:
        os.killpg(pool.pid, signal.SIGKILL)
        pool.wait()
    assert digests(tmp_path / "run") == digests(folder / "local" / "curate")


@needs_prism
@pytest.mark.slow
def test_a_runner_that_dies_leaves_no_manifest_and_the_run_can_be_started_again(checked, tmp_path):
    folder, *_ = checked
    run = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "wellspring.pipelines.cli",
        *curate_flags(folder),
        f"--output={run}",
        *LOOPBACK,
    ]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_for(lambda: list(run.rglob("*.parquet")))  # it writes already
    os.kill(prism_children(started.pid)[0], signal.SIGKILL)
    started.communicate(timeout=120)
    assert started.returncode == 1
    assert not (run / "manifest.json").exists()
    assert main(command[3:]) == 0
    assert digests(run) == digests(folder / "local" / "curate")


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("localhost", port)) == 0


def prism_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for file in children for child in file.read_text().split()]
    return [child for child in found if "prism" in Path(f"/proc/{child}/cmdline").read_text()]
