import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "reasons.md"
# What is called with a reject's reason -> which argument the reason is.
CALLS = {"reject": 0, "_refuse": 1, "reject_document": 1, "Damage": 0, "DamagedStreamError": 0}
OF_SETS = {"anchor", "duplicate", "tail_pack"}


def reasons_of(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in CALLS and len(node.args) > CALLS[name]:
            argument = node.args[CALLS[name]]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value
        for keyword in node.keywords:
            if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)


@pytest.mark.slow
def test_every_reason_that_the_code_gives_is_explained() -> None:
    given = {
        reason
        for room in ("signals", "transforms", "pipelines", "schemas")
        for file in (ROOT / room).rglob("*.py")
        for reason in reasons_of(file.read_text())
        if re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)
    }
    explained = set(re.findall(r"`([a-z_]+)`", PAGE.read_text()))

    assert {"truncated", "duplicate", "too_short", "unscorable"} <= given
    assert given - explained - OF_SETS == set()
