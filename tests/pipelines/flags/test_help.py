"""`--help` of every command, each in a process of its own: nothing heavy is loaded for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from wellspring.pipelines.cli import JOBS
from wellspring.pipelines.flags.commands import parsers

HEAVY = ("apache_beam", "numpy", "pyarrow", "pydantic", "scipy", "torch", "transformers")
COMMANDS = [command for job in JOBS for command in parsers(job)]
CODE = f"""
import sys
from wellspring.pipelines.cli import main
code = 2
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
print(code, [name for name in {HEAVY!r} if name in sys.modules])
"""


def last_line(*arguments: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command: str) -> None:
    assert last_line(*command.split(), "--help") == "0 []"


@pytest.mark.parametrize("job", [job for job in JOBS if len(parsers(job)) > 1])
def test_the_overview_of_a_jobs_actions_loads_nothing_heavy(job: str) -> None:
    assert last_line(job, "--help") == "0 []"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_flag_is_told_before_anything_heavy_is_loaded(command: str) -> None:
    assert last_line(*command.split(), "--limit=0", "--window=nan") == "2 []"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_parser_is_the_one_that_the_command_is_called_by(command: str) -> None:
    assert parsers(command.split()[0])[command].prog == f"wellspring {command}"
