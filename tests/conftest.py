"""Fixtures that all tests share."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of test data beside the repository; the test is skipped where it isn't there."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no test data at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tiny_scorer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model folder small enough for any test: random weights, one token a byte."""
    from tests.signals.tiny_models import write_model

    return str(write_model(tmp_path_factory.mktemp("tiny-scorer"), "gpt2"))


@pytest.fixture(scope="session")
def check_run() -> Callable[..., None]:
    """Checks a run folder against the contract by a tool that knows nothing of this code; does
    nothing where that tool isn't there."""
    tool = SHARED_DATA.parent / "tools" / "check_run.py"

    def check(*runs: Path) -> None:
        if tool.is_file():
            command = [sys.executable, str(tool), *map(str, runs)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

    return check
