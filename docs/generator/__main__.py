"""`python -m docs.generator [--check]`: writes docs/reference/ from the code.

`--check` writes nothing; exit code 1, and a line for each page that isn't what the code says.
"""

import argparse
import functools
import re
import sys
from pathlib import Path

from benchmarks.__main__ import RESULTS
from docs.generator import commands, files, performance, public, tables

REFERENCE = Path(__file__).parents[1] / "reference"
README = Path(__file__).parents[2] / "README.md"
_PERFORMANCE = re.compile(r"(<!-- performance: .*? -->\n).*?(<!-- end -->)", re.DOTALL)


@functools.cache
def generated() -> dict[str, str]:
    """{path under docs/reference/: page}: everything that is generated."""
    return {
        **commands.pages(),
        **tables.pages(),
        **files.pages(),
        **public.pages(),
        **performance.pages(),
    }


def stale(folder: Path = REFERENCE) -> list[str]:
    """The pages that are missing or differ from what the code says."""
    return [
        name
        for name, text in generated().items()
        if not (folder / name).is_file() or (folder / name).read_text() != text
    ]


def with_performance(readme: str) -> str:
    """README with its rows of performance as they were measured."""
    rows = performance.defaults_table(performance.read_results(RESULTS))
    return _PERFORMANCE.sub(lambda found: f"{found[1]}\n{rows}\n\n{found[2]}", readme)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.generator", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where a page is stale"
    )
    if parser.parse_args(argv).check:
        found = [f"docs/reference/{name}" for name in stale()]
        found += ["README.md"] if with_performance(README.read_text()) != README.read_text() else []
        for name in found:
            print(f"{name} is not what the code says: python -m docs.generator writes it")
        return 1 if found else 0
    for name, text in generated().items():
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(text)
    README.write_text(with_performance(README.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
