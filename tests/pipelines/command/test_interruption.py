"""Ctrl-C and SIGTERM, and how a process of the command ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipelines.crawl import write_crawl
from wellspring.pipelines.cli import main

COMMAND = [sys.executable, "-m", "wellspring.pipelines.cli"]
SAID = "wellspring curate: interrupted: started again as it was, it goes on from what was scored"
TWO_PROCESSES = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("interrupted"))


def flags(crawl: Path, run: Path) -> list[str]:
    return ["curate", f"--input={crawl}/*.gz", f"--output={run}", "--profile=seed", "--scoring=none"]


def processes_of(session: int) -> list[int]:
    """Processes of a session that are no zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], TWO_PROCESSES], ids=["one process", "two processes"])
@pytest.mark.parametrize(
    ("number", "code", "after"),
    [(signal.SIGINT, 130, "start"), (signal.SIGINT, 130, "run"), (signal.SIGTERM, 143, "run")],
)
def test_a_signal_ends_a_run_with_one_line(crawl, tmp_path, number, code, after, more):
    run = tmp_path / "run"
    started = subprocess.Popen(
        [*COMMAND, *flags(crawl, run), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while after == "run" and not (run / ".unfinished").exists():
        assert started.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.7)
    # To the whole session, as a terminal does; SIGTERM to the process alone, as a supervisor does.
    (os.killpg if number == signal.SIGINT else os.kill)(started.pid, number)
    out, err = started.communicate(timeout=60)
    assert started.returncode == code, err
    assert out == ""
    said = [line for line in err.splitlines() if not re.match("warning|reading|scoring|measuring", line)]
    assert said == [
        "wellspring curate: interrupted: started again as it was, it goes on from what was scored"
    ]
    assert processes_of(started.pid) == []
    assert not (run / "manifest.json").exists()
    assert main(flags(crawl, run)) == 0


def test_a_job_that_is_nearly_one_is_named(capsys):
    assert main(["currate"]) == 2
    assert capsys.readouterr().err == "wellspring: no job 'currate'; did you mean curate?\n"


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert re.fullmatch(r"wellspring \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.slow
def test_importing_the_package_prints_nothing():
    command = [sys.executable, "-c", "import wellspring"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


STRUCT_CODERS = """
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
import pipelines.{job}
from wellspring.pipelines.command.new_pipeline import new_pipeline
from wellspring.transforms.beam.coders import STRUCTS
new_pipeline(PipelineOptions([]))
print({{type(beam.coders.registry.get_coder(struct)).__name__ for struct in STRUCTS}})
"""


@pytest.mark.parametrize("job", ["curate", "mix", "reprocess"])
@pytest.mark.slow
def test_a_job_s_structs_have_their_own_coders_in_a_fresh_process(job):
    command = [sys.executable, "-c", STRUCT_CODERS.format(job=job)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "{'StructCoder'}\n"


def test_every_pipeline_is_made_in_one_place():
    made = [
        path.name
        for path in (Path(__file__).parents[3] / "pipelines").rglob("*.py")
        if "beam.Pipeline(options" in path.read_text()
    ]
    assert made == ["new_pipeline.py"]
