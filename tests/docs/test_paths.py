"""What the pages for developers name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("decisions/*.md"))]
ROOMS = "schemas|signals|transforms|pages|review|pipelines|wellspring|tests|benchmarks|deploy|docs"


@pytest.mark.skipif(not (ROOT / "pages").is_dir(), reason="the rooms are not there yet")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(rf"`((?:{ROOMS})/[\w./]+)`", page.read_text())

    assert [path for path in named if not (ROOT / path).exists() and "NAME" not in path] == []


def test_every_decision_is_in_the_list_and_has_its_four_parts() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(page for page in folder.glob("*.md") if page.name != "index.md")

    listed = re.findall(r"\(([\w-]+\.md)\)", (folder / "index.md").read_text())
    assert listed == [page.name for page in pages]
    for page in pages:
        parts = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Measured"], page.name
