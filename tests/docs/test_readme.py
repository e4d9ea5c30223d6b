import re
from pathlib import Path

import pytest

from docs.generator.__main__ import with_performance
from wellspring.pipelines.cli import JOBS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *(ROOT / f"{name}.md" for name in ("ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG"))]

WRITTEN = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "reference" not in page.parts]


def test_readme_can_be_read_in_one_go() -> None:
    assert len(README.read_bytes()) <= 9_000
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 100


def test_readme_names_every_job() -> None:
    text = README.read_text()

    assert [job for job in JOBS if f"`{job}`" not in text and f"wellspring {job}" not in text] == ["demo"]


def test_the_rows_of_performance_are_what_was_measured() -> None:
    text = README.read_text()

    assert text.count("python -m benchmarks") == 4
    assert with_performance(text) == text
    assert with_performance(text.replace(" minutes on one core", " seconds on one core")) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, *WRITTEN], ids=lambda page: page.name)
def test_lines_of_prose_fit_a_screen(page: Path) -> None:
    outside_code = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)

    prose = [line for line in outside_code.splitlines() if not line.startswith(("|", "!["))]
    assert [line for line in prose if len(line) > 120] == []
