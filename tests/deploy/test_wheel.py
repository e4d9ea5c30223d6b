"""The built wheel in a clean environment: nothing of the checkout is on its path.

What it depends on is not downloaded again: a .pth file points to the packages of this environment.
"""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "signals", "transforms", "pages", "pipelines", "review")
USER = '''\
"""What a user writes against the package."""

from wellspring import Audit, Measure, ProvenanceClassifier, batch_entropy_audit, load_tokenizer


def worst(audits: list[Audit]) -> Audit:
    return max(audits, key=lambda audit: audit.entropy_bits)


tokenizer = load_tokenizer("reference-en")
batch = tokenizer.encode_batch(["a rose is a rose"])
tokens: int = len(batch[0])
found = batch_entropy_audit(batch, vocab_size=tokenizer.vocab_size)
print(ProvenanceClassifier.__name__, Measure.__name__, tokens > 0, bool(found))
'''


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that a build folder in the checkout has no say."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source))
    (built,) = folder.glob("wellspring_corpus-*.whl")
    return built


def tracked() -> list[str]:
    """Files of the repository that are there; the links to the rooms are no files."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def installed() -> list[str]:
    """The same files by the names that they are installed under."""
    named = ((name.split("/")[0], name) for name in tracked())
    return [
        name if room == "wellspring" else f"wellspring/{name}" for room, name in named if room in PACKAGES
    ]


PACKAGES = (*ROOMS, "wellspring")


def run(*command: str, cwd: Path | None = None) -> str:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)
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


@pytest.fixture
def crowded(tmp_path):
    """A folder in which a user has modules of the rooms' names, each of which fails when it is imported."""
    for room in ROOMS:
        (tmp_path / f"{room}.py").write_text(f"raise RuntimeError('{room} of the user was imported')\n")
    return tmp_path


def test_every_file_of_a_package_is_in_the_wheel(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert [name for name in installed() if name not in packed] == [], "setup.py's package_data lacks them"


def test_nothing_is_installed_beside_the_package(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"wellspring"}


def test_the_command_runs_beside_a_users_own_modules(clean, crowded):
    assert "usage: wellspring JOB" in run(str(clean / "wellspring"), "--help", cwd=crowded)
    assert "usage: wellspring curate" in run(str(clean / "wellspring"), "curate", "--help", cwd=crowded)


def test_a_run_beside_a_users_own_modules_on_the_path(clean, crowded):
    text = "It was raining, and the garden was quiet. Nobody had been there since the spring of that year."
    (crowded / "in.jsonl").write_text(f'{{"id": "a", "text": "{text}"}}\n')
    flags = ["--input=in.jsonl", "--output=run", "--scoring=none", "--direct_num_workers=2"]
    command = [str(clean / "python"), "-m", "wellspring.pipelines.cli", "curate", *flags]
    run("env", f"PYTHONPATH={crowded}", *command, "--direct_running_mode=multi_processing", cwd=crowded)
    assert (crowded / "run/manifest.json").is_file()


def test_every_module_is_imported_from_the_wheel(clean, crowded):
    code = (
        "import importlib, pkgutil, wellspring\n"
        "names = [m.name for m in pkgutil.walk_packages(wellspring.__path__, 'wellspring.')]\n"
        "for name in ['wellspring', *names]:\n"
        "    print(importlib.import_module(name).__file__)\n"
    )
    files = run(str(clean / "python"), "-c", code, cwd=crowded).splitlines()
    assert len(files) == len([name for name in installed() if name.endswith(".py")])
    assert all(file.startswith(str(clean.parent)) for file in files)


def test_a_document_is_scored_by_the_model_that_ships(clean, crowded):
    (crowded / "in.jsonl").write_text('{"id": "a", "text": "It was raining, and the garden was quiet."}\n')
    command = [str(clean / "wellspring"), "score", "--input=in.jsonl", "--output=out.jsonl"]
    run(*command, cwd=crowded)
    assert '"id":"a"' in (crowded / "out.jsonl").read_text().replace(" ", "")


def test_a_users_script_is_type_checked_and_runs(clean, tmp_path):
    (tmp_path / "script.py").write_text(USER)
    run(sys.executable, "-m", "mypy", "--strict", f"--python-executable={clean / 'python'}", "script.py",
        cwd=tmp_path)  # fmt: skip
    assert run(str(clean / "python"), "script.py", cwd=tmp_path) == "ProvenanceClassifier Measure True True\n"
    (tmp_path / "script.py").write_text(USER.replace("tokens: int", "tokens: str"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", f"--python-executable={clean / 'python'}", "script.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Incompatible types in assignment" in done.stdout
