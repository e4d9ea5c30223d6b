import subprocess
import sys

import pytest

from wellspring.pipelines.cli import JOBS, main


def test_help_names_every_job(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(job in printed for job in JOBS)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nonsense"], "no job 'nonsense'; the jobs are curate"),
        (["curate"], "required: --input, --output"),
        (["curate", "--input=a", "--output=b", "--gate=hold"], "argument --gate: invalid choice: 'hold'"),
    ],
)
def test_wrong_arguments_give_exit_code_2_and_one_line(argv, message, capsys):
    assert main(argv) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not printed.out


@pytest.mark.parametrize("job", ["curate", "score", "report", "train-reference", "demo"])
def test_every_job_has_help(job, capsys):
    with pytest.raises(SystemExit) as stop:
        main([job, "--help"])
    assert stop.value.code == 0
    assert f"usage: wellspring {job}" in capsys.readouterr().out


@pytest.mark.slow
def test_a_job_can_be_run_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "wellspring.pipelines.curate", "--nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wellspring curate: ")


@pytest.mark.slow
def test_help_loads_neither_torch_nor_transformers():
    code = "import sys; from wellspring.pipelines.cli import main\n"
    code += "try: main(['curate', '--help'])\nexcept SystemExit: pass\n"
    code += "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
