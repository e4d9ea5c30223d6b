"""Fixtures that all tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.run_checker import differences, violations

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
    """Checks run folders against the contract, and two of them against each other."""

    def check(run: Path, other: Path | None = None) -> None:
        assert violations(run) == []
        if other is not None:
            assert violations(other) == []
            assert differences(run, other) == []

    return check
