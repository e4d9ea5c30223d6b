"""The checker of runs finds what is wrong with one: otherwise the tests that rest on it couldn't fail."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.review.held_run import held_run
from tests.run_checker import differences, violations


def _change(run: Path, **values: object) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(manifest | values))


def _first(run: Path, pattern: str) -> Path:
    return min(run.glob(pattern))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda run: (run / "manifest.json").unlink(), "not a finished run"),
    "a sum": (lambda run: _change(run, records_read=1), "records_read 1 != labelled"),
    "a count of batches": (lambda run: _change(run, batches=77), "manifest says 77 batches"),
    "a lost batch": (lambda run: _first(run, "hold/*/documents.parquet").unlink(), "is missing"),
    "a lost measurement": (lambda run: _first(run, "measurements/*").unlink(), "measurements/: 0 rows"),
    "a changed file": (
        lambda run: _first(run, "hold/*/ticket.json").write_text("{}"),
        "not those of the manifest",
    ),
    "a file too many": (lambda run: (run / "audits/x.json").write_text("{}"), "not in the manifest"),
    "what an upload left": (lambda run: (run / "hold/.tmp1").write_text(""), "a temporary file"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=2)
    assert violations(run) == []
    harm, words = FAULTS[fault]
    harm(run)
    assert any(words in line for line in violations(run)), violations(run)


def test_two_runs_differ_where_their_files_do(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=2)
    other = Path(shutil.copytree(run, tmp_path / "other"))
    assert differences(run, other) == []
    manifest = json.loads((other / "manifest.json").read_text())
    path = min(manifest["files"])
    manifest["files"][path]["sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(manifest))
    assert differences(run, other) == [f"{path}: other bytes"]
