"""What describes the project to people and to GitHub can be read, and agrees with the code."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from wellspring.schemas import CODE_VERSION

ROOT = Path(__file__).parents[2]


def test_the_citation_has_the_version_of_the_code() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())

    assert citation["version"] == CODE_VERSION
    assert citation["license"] == "Apache-2.0"


def test_the_changelog_has_the_version_of_the_code_and_the_newest_first() -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert CODE_VERSION in versions
    assert versions == sorted(
        versions, key=lambda version: [int(n) for n in version.split(".")], reverse=True
    )


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda f: f.name
)
def test_an_issue_form_has_what_github_asks_for(form: Path) -> None:
    content = yaml.safe_load(form.read_text())
    if form.name == "config.yml":
        assert content.keys() == {"blank_issues_enabled"}
        return
    assert content["name"]
    assert content["description"]
    for part in content["body"]:
        assert part["type"] in ("markdown", "textarea", "input", "dropdown", "checkboxes")
        assert part["attributes"].get("label") or part["attributes"].get("value")


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())

    steps = workflow["jobs"]["ci"]["steps"]
    assert [step["run"] for step in steps if ".ci/run" in step.get("run", "")] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_hooks_are_tools_of_the_test_environment() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    pinned = (ROOT / "constraints.txt").read_text()

    tools = {
        hook["entry"].split()[0].rpartition("/")[2] for repo in config["repos"] for hook in repo["hooks"]
    }
    assert tools == {"ruff", "mypy", "codespell"}
    assert [tool for tool in tools if not re.search(rf"^{tool}==", pinned, re.MULTILINE)] == []
    assert "codespell" in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
