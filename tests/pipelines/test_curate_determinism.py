"""The same input gives the same bytes, whatever the runner does with it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.crawl import write_crawl
from wellspring.pipelines.cli import main

pytestmark = pytest.mark.slow


def flags(crawl: Path, output: Path, scorer: str) -> list[str]:
    paths = [f"--input={crawl}/*.gz", f"--sources={crawl}/sources.yaml", f"--output={output}"]
    return ["curate", *paths, f"--scorer={scorer}", "--batch_documents=8"]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"))


@pytest.fixture(scope="module")
def undisturbed(crawl, tiny_scorer, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("undisturbed") / "run"
    assert main(flags(crawl, output, tiny_scorer)) == 0
    return output


@pytest.mark.parametrize(
    "extra",
    [
        ["--direct_num_workers=3"],
        ["--direct_num_workers=3", "--direct_running_mode=multi_threading"],
        ["--direct_num_workers=2", "--direct_running_mode=multi_processing"],
        ["--direct_runner_bundle_repeat=2"],
    ],
    ids=lambda extra: " ".join(extra),
)
def test_workers_processes_and_repeated_bundles(extra, undisturbed, crawl, tiny_scorer, tmp_path, check_run):
    # In a process of its own: what an earlier run left in this one must not help.
    command = [
        sys.executable,
        "-m",
        "wellspring.pipelines.cli",
        *flags(crawl, tmp_path / "run", tiny_scorer),
        *extra,
    ]
    subprocess.run(command, check=True, capture_output=True)
    check_run(undisturbed, tmp_path / "run")
    assert data(tmp_path / "run") == data(undisturbed)


def test_the_order_and_spelling_of_inputs(undisturbed, crawl, tiny_scorer, tmp_path):
    files = sorted(crawl.glob("*.gz"), reverse=True)
    argv = [a for a in flags(crawl, tmp_path / "run", tiny_scorer) if not a.startswith("--input")]
    argv += [f"--input={file}" for file in files] + [f"--input={crawl}/0.*"]
    assert main(argv) == 0
    assert data(tmp_path / "run") == data(undisturbed)


KILLED_AT = """
import os, signal, sys
from wellspring.pipelines.cli import main
from wellspring.transforms.beam import write_shards
from wellspring.transforms.curate import write_held
from wellspring.transforms.storage import publish as module

calls = 0

def publish_or_die(run, path, content, rows, publish=module.publish):
    global calls
    calls += 1
    if calls == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return publish(run, path, content, rows)

write_shards.publish = write_held.publish = module.publish = publish_or_die
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("call", [1, 3, 6, 7])
def test_a_killed_run_looks_unfinished_and_run_again_ends_the_same(
    call, undisturbed, crawl, tiny_scorer, tmp_path, check_run
):
    """Killed at the first file, in the middle, before the report and before the manifest."""
    argv = flags(crawl, tmp_path / "run", tiny_scorer)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT.format(call=call), *argv], capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "run/manifest.json").exists()
    assert any((tmp_path / "run").iterdir())

    assert main(argv) == 0
    check_run(undisturbed, tmp_path / "run")
    assert data(tmp_path / "run") == data(undisturbed)


def data(run: Path) -> dict[str, bytes]:
    """Every file of a run but the two that hold times."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "report.html")
    }
