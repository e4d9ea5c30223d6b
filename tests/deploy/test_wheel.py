"""The built wheel in a clean environment: nothing of the checkout is on its path.

What it depends on is not downloaded again: a .pth file points to the packages of this environment.
"""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "signals", "transforms", "pipelines", "review", "wellspring")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that a build folder in the checkout has no say."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    names = tracked()
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source))
    (built,) = folder.glob("wellspring-*.whl")
    return built


def tracked() -> list[str]:
    """Files of the repository that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """The programs' folder of a new environment that holds the wheel alone."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    run(sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet",
        "--no-deps", str(wheel))  # fmt: skip
    paths = {sysconfig.get_paths()["purelib"], *(p for p in sys.path if p.endswith("site-packages"))}
    (site / "packages-of-the-tests.pth").write_text("\n".join(sorted(paths)) + "\n")
    return folder / "bin"


def test_every_file_of_a_package_is_in_the_wheel(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    lacking = [n for n in tracked() if n.split("/")[0] in PACKAGES and n not in packed]
    assert lacking == [], "setup.py's package_data lacks them"


def test_the_command_runs(clean, tmp_path):
    assert "usage: wellspring JOB" in run(str(clean / "wellspring"), "--help", cwd=tmp_path)
    assert "usage: wellspring curate" in run(str(clean / "wellspring"), "curate", "--help", cwd=tmp_path)


def test_every_module_is_imported_from_the_wheel(clean, tmp_path):
    code = (
        "import importlib, pkgutil, sys\n"
        f"for package in {PACKAGES}:\n"
        "    top = importlib.import_module(package)\n"
        "    names = [m.name for m in pkgutil.walk_packages(top.__path__, package + '.')]\n"
        "    for name in [package, *names]:\n"
        "        print(importlib.import_module(name).__file__)\n"
    )
    files = run(str(clean / "python"), "-c", code, cwd=tmp_path).splitlines()
    modules = [n for n in tracked() if n.split("/")[0] in PACKAGES and n.endswith(".py")]
    assert len(files) == len(modules)
    assert all(file.startswith(str(clean.parent)) for file in files)


def test_a_document_is_scored_by_the_model_that_ships(clean, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": "It was raining, and the garden was quiet."}\n')
    command = [str(clean / "wellspring"), "score", "--input=in.jsonl", "--output=out.jsonl"]
    run(*command, cwd=tmp_path)
    assert '"id":"a"' in (tmp_path / "out.jsonl").read_text().replace(" ", "")
