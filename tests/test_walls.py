"""The rooms: who may import whom, no circles, and no room too full to find one's way in."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("schemas", "signals", "transforms", "pages", "review", "pipelines")
"""Each may import those before it."""
MOST_MODULES = 30


@cache
def imports() -> dict[str, set[str]]:
    """{module: modules of this project that it imports anywhere, in functions too}."""
    files = {file for room in ROOMS for file in (ROOT / room).rglob("*.py")}
    names = {name_of(file): file for file in files}
    return {name: imported(file, names) for name, file in names.items()}


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(file: Path, names: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wellspring."):
            module = str(node.module).removeprefix("wellspring.")
            full = {f"{module}.{alias.name}" for alias in node.names}
            found |= {name if name in names else module for name in full}
    return found


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.slow
def test_imports_point_one_way(room: str) -> None:
    allowed = ROOMS[: ROOMS.index(room) + 1]
    wrong = {
        (name, other)
        for name, others in imports().items()
        if name.split(".")[0] == room
        for other in others
        if other.split(".")[0] not in allowed
    }
    assert wrong == set()


def test_no_module_imports_itself_by_others() -> None:
    left = {name: set(others) for name, others in imports().items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert sorted(left) == []


@pytest.mark.slow
def test_no_beam_in_signals_and_pages() -> None:
    for room in ("schemas", "signals", "pages"):
        for file in (ROOT / room).rglob("*.py"):
            tops = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.Import)]
            assert not [a.name for node in tops for a in node.names if a.name.startswith("apache_beam")], file


def test_no_room_is_too_full() -> None:
    folders = {file.parent for room in ROOMS for file in (ROOT / room).rglob("*.py")}
    counts = {str(folder.relative_to(ROOT)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}
