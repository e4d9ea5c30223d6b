"""The same recipe and runs give the same bytes, whatever the runner does with them."""

import subprocess
import sys

import pytest

from tests.pipelines.mixed_runs import curate, recipe, some_documents
from wellspring.pipelines.cli import main

pytestmark = pytest.mark.slow

CONTENT = """
seed: 11
tokens: 60000
shares: {human_verified: 0.5, human_unverified: 0.4, synthetic_known: 0.1}
low_frequency: {strength: 2, cap: 3}
tail: {pack: top_rarity, share: 0.05}
batch_documents: 16
"""


@pytest.fixture(scope="module")
def flags(tiny_scorer, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("runs")
    first = some_documents(300, sentences=3)
    second = some_documents(200, "e", sentences=3) | dict(list(first.items())[:40])
    runs = [curate(folder / "a", first, tiny_scorer), curate(folder / "b", second, tiny_scorer)]
    listed = ", ".join(map(str, runs))
    return ["mix", f"--recipe={recipe(folder, f'runs: [{listed}]' + CONTENT)}"]


@pytest.fixture(scope="module")
def undisturbed(flags, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "set"
    assert main([*flags, f"--output={output}"]) == 0
    return data(output)


def data(folder) -> dict[str, bytes]:
    """Every file of a set but the two that hold times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "report.html")
    }


@pytest.mark.parametrize(
    "extra",
    [
        ["--direct_num_workers=3"],
        ["--direct_num_workers=2", "--direct_running_mode=multi_processing"],
        ["--direct_runner_bundle_repeat=2"],
    ],
    ids=lambda extra: " ".join(extra),
)
def test_workers_processes_and_repeated_bundles(extra, flags, undisturbed, tmp_path):
    # In a process of its own: what an earlier mix left in this one must not help.
    command = [sys.executable, "-m", "wellspring.pipelines.cli", *flags, f"--output={tmp_path}/set", *extra]
    subprocess.run(command, check=True, capture_output=True)
    assert data(tmp_path / "set") == undisturbed
    assert any(name.startswith("tokens/") for name in undisturbed)


def test_another_seed_draws_another_set(flags, undisturbed, tmp_path):
    path = flags[1].removeprefix("--recipe=")
    content = open(path).read().replace("seed: 11", "seed: 12")  # noqa: SIM115, PTH123
    assert main(["mix", f"--recipe={recipe(tmp_path, content)}", f"--output={tmp_path}/set"]) == 0
    assert data(tmp_path / "set").keys() != undisturbed.keys() or data(tmp_path / "set") != undisturbed
