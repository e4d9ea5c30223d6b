"""`wellspring completion`, in the shells that this machine has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from wellspring.pipelines.cli import JOBS, main
from wellspring.pipelines.flags.commands import completed, parsers


@pytest.fixture
def script(request, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def write(shell: str) -> Path:
        if shutil.which(shell) is None:
            pytest.skip(f"this machine has no {shell}")
        assert main(["completion", shell]) == 0
        path = tmp_path / f"completion.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        # Words as bash splits them: `=` stands alone.
        ("wellspring cu", {"curate"}),
        ("wellspring tail", {"tail-reference", "tails"}),
        ("wellspring --v", {"--version"}),
        ("wellspring review re", {"reject"}),
        ("wellspring tails ", {"build", "score", "--help"}),
        ("wellspring curate --scorer", {"--scorer=", "--scorer_timeout_seconds=", "--scorer_accelerator="}),
        ("wellspring curate --ov", {"--overwrite"}),
        ("wellspring curate --gate =", {"monitor", "enforce"}),
        ("wellspring curate --gate = e", {"enforce"}),
        ("wellspring curate --gate e", {"enforce"}),
        ("wellspring curate --gate=e", {"--gate=enforce"}),
        ("wellspring curate --overwrite --strict --det", {"--detach"}),
        ("wellspring curate --gate = enforce --det", {"--detach"}),
        ("wellspring review list --state = rele", {"releasing", "released"}),
        ("wellspring anchor export --purpose = c", {"calibration"}),
        ("wellspring curate --input = te", {"texts.jsonl", "texts"}),
        ("wellspring report --run = text", {"texts.jsonl", "texts"}),
        ("wellspring report --run=text", {"--run=texts.jsonl", "--run=texts"}),
        ("wellspring curate --limit = te", set()),
        ("wellspring completion z", {"zsh"}),
        ("wellspring nonsense --x", set()),
    ],
)
def test_bash_offers(line: str, offered: set[str], script, tmp_path: Path) -> None:
    path = script("bash")
    (tmp_path / "texts.jsonl").touch()
    (tmp_path / "texts").mkdir()
    code = f"""
        set -u
        source {path}
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _wellspring
        printf '%s\\n' ${{COMPREPLY[@]+"${{COMPREPLY[@]}}"}}
    """
    done = subprocess.run(
        ["bash", "-c", code, "bash", *line.split(" ")],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert not done.stderr
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_the_script(shell: str, script, tmp_path: Path) -> None:
    done = subprocess.run([shell, "-n", script(shell)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_offers(script) -> None:
    path = script("fish")
    for line, offered in (("wellspring cur", "curate"), ("wellspring tails sc", "score")):
        code = f"source {path}; complete -C '{line}'"
        done = subprocess.run(["fish", "-c", code], capture_output=True, text=True, check=True)
        assert {row.split("\t")[0] for row in done.stdout.splitlines()} == {offered}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_flag_and_choice_is_in_each_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    for job in JOBS:
        for command in completed(job):
            assert command.name in printed
            for flag in command.flags:
                assert flag.name.removeprefix("--") in printed
                assert all(choice in printed for choice in flag.choices)


def test_every_flag_that_names_a_file_on_this_machine_completes_paths() -> None:
    paths = {f"{c.name} {f.name}" for job in JOBS for c in completed(job) for f in c.flags if f.is_path}
    for wanted in ("curate --input", "mix --recipe", "demo --output", "anchor add --key", "forget --set"):
        assert wanted in paths
    assert "curate --limit" not in paths
    # A flag that says FILE or DIR is one.
    for job in JOBS:
        for command, parser in parsers(job).items():
            for action in parser._actions:
                if str(action.metavar).startswith(("FILE", "DIR", "FOLDER")):
                    assert f"{command} {action.option_strings[-1]}" in paths


def test_an_unknown_shell_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "choose from" in capsys.readouterr().err
