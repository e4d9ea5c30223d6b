"""The Dockerfile, by a small parser: what can be known of an image without building it."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "Dockerfile"
KNOWN = set("ARG COPY ENTRYPOINT ENV FROM RUN USER WORKDIR".split())


class Instruction(NamedTuple):
    name: str
    value: str


def instructions(text: str) -> list[Instruction]:
    """The instructions in order, lines that end in a backslash joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [Instruction(name.upper(), value.strip()) for name, _, value in found]


@pytest.fixture(scope="module")
def dockerfile():
    return instructions(FILE.read_text())


@pytest.fixture(scope="module")
def last_stage(dockerfile):
    last = max(i for i, instruction in enumerate(dockerfile) if instruction.name == "FROM")
    return dockerfile[last:]


def arguments(found: list[Instruction]) -> dict[str, str]:
    pairs = [i.value.partition("=") for i in found if i.name == "ARG" and "=" in i.value]
    return {name: value for name, _, value in pairs}


def test_the_parser_joins_lines_and_skips_comments():
    text = "FROM a AS b\n# RUN no\nRUN one \\\n    && two\n\nuser x\n"
    assert instructions(text) == [("FROM", "a AS b"), ("RUN", "one && two"), ("USER", "x")]


def test_it_knows_every_instruction(dockerfile):
    assert {instruction.name for instruction in dockerfile} <= KNOWN  # ADD, for one, fetches and unpacks


def test_the_python_minor_is_the_same_everywhere(dockerfile):
    given = arguments(dockerfile)
    minor = given["PYTHON_VERSION"]
    bases = [i.value.split()[0] for i in dockerfile if i.name == "FROM"]
    assert [b for b in bases if b.startswith("python:")] == ["python:${PYTHON_VERSION}-slim-bookworm"] * 2
    assert "apache/beam_python${PYTHON_VERSION}_sdk:${BEAM_VERSION}" in bases
    assert f"python{minor.replace('.', '')}-template-launcher-base" in given["LAUNCHER"]
    least = re.search(r'python_requires=">=(.+)"', (ROOT / "setup.py").read_text())
    assert least and tuple(map(int, minor.split("."))) >= tuple(map(int, least[1].split(".")))


def test_beam_is_the_version_that_is_pinned(dockerfile):
    assert f"apache-beam=={arguments(dockerfile)['BEAM_VERSION']}" in (ROOT / "constraints.txt").read_text()


def test_no_base_is_latest_or_without_a_tag(dockerfile):
    given = arguments(dockerfile)
    for base in (i.value.split()[0] for i in dockerfile if i.name == "FROM"):
        resolved = re.sub(r"\$\{(\w+)\}", lambda m: given[m[1]], base)
        assert ":" in resolved.rpartition("/")[2], resolved
        assert not resolved.endswith(":latest")


def test_every_package_is_copied_into_the_wheel_and_every_source_is_there(dockerfile):
    copied = {word for i in dockerfile if i.name == "COPY" for word in i.value.split()[:-1]}
    sources = {word for word in copied if not word.startswith(("--", "/"))}
    assert all((ROOT / source).exists() for source in sources)
    rooms = re.search(r"_ROOMS = \((.*?)\)", (ROOT / "setup.py").read_text())
    assert rooms
    assert {"wellspring", *re.findall(r'"(.+?)"', rooms[1])} <= sources


def test_dependencies_are_checked_in_the_build(last_stage):
    runs = [i.value for i in last_stage if i.name == "RUN"]
    assert any("pip check" in run and "-c /tmp/constraints.txt" in run for run in runs)
    assert all("--no-cache-dir" in part for run in runs for part in run.split("&&") if "pip install" in part)


def test_it_runs_as_a_user_without_rights_and_starts_beams_boot_program(last_stage):
    names = [i.name for i in last_stage]
    user = last_stage[names.index("USER")].value
    assert user not in ("root", "0")
    assert names.count("USER") == 1 and not {"RUN", "COPY"} & set(names[names.index("USER") :])
    assert last_stage[-1] == ("ENTRYPOINT", '["/opt/apache/beam/boot"]')
    environment = " ".join(i.value for i in last_stage if i.name == "ENV")
    assert "FLEX_TEMPLATE_PYTHON_PY_FILE=/template/main.py" in environment
    assert any("deploy/main.py" in i.value and i.value.endswith("/template/") for i in last_stage)


def test_nothing_that_looks_like_a_secret_becomes_a_layer(dockerfile):
    for i in dockerfile:
        assert not re.search(r"(?i)(password|token|secret|credential|api_?key)\s*=", i.value), i
