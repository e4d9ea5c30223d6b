"""The package's public page."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import wellspring


def in_a_fresh_process(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_type_checkers_and_python_see_the_same_names() -> None:
    tree = ast.parse(Path(wellspring.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    declared = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == alias.asname
    }
    assert declared.keys() | {"__version__"} == set(wellspring.__all__)
    for name, module in declared.items():
        assert getattr(wellspring, name) is getattr(sys.modules[str(module)], name)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "apache_beam torch numpy pyarrow pydantic"
    code = f"import sys, wellspring; print([m for m in '{heavy}'.split() if m in sys.modules])"
    assert in_a_fresh_process(code) == "[]"


def test_the_entropy_of_a_batch_needs_no_beam() -> None:
    code = (
        "import sys; from wellspring import ProvenanceClassifier, batch_entropy_audit; "
        "print('apache_beam' in sys.modules, 'torch' in sys.modules)"
    )
    assert in_a_fresh_process(code) == "False False"


@pytest.mark.slow
def test_transforms_come_with_the_coders_of_what_they_pass_on() -> None:
    code = (
        "from wellspring import Document, Measure; from apache_beam import coders; "
        "print(type(coders.registry.get_coder(Document)).__name__)"
    )
    assert in_a_fresh_process(code) == "StructCoder"


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Wellspring'"):
        _ = wellspring.Wellspring
    assert dir(wellspring) == wellspring.__all__
