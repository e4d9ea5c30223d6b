import json
import re
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

import wellspring
from docs.generator import commands, files, performance, tables
from docs.generator.__main__ import REFERENCE, generated, main, stale
from docs.generator.fields import fields_of
from docs.generator.types import type_words
from wellspring.pipelines.cli import JOBS
from wellspring.schemas.arrow import arrow_schema

TABLES = [table for _, _, of_page in tables.PAGES.values() for table in of_page]
WRITTEN_BY_PEOPLE_OR_READ_BY_THEM = ("sources", "recipe", "profile", "cost-assumptions", "hold", "drift")


def test_the_reference_in_the_repository_is_what_the_code_says() -> None:
    assert stale() == []


def test_a_page_that_was_changed_by_hand_is_named(tmp_path: Path) -> None:
    for name, text in generated().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    changed = tmp_path / "tables" / "rejects.md"
    changed.write_text(changed.read_text().replace("reason", "why"))

    assert stale(tmp_path) == ["tables/rejects.md"]
    assert main(["--check"]) == 0


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.struct.__name__)
def test_every_column_has_a_meaning_a_unit_and_a_null_rule(table: tables.Table) -> None:
    schema = arrow_schema(table.struct)
    columns = {field.name: field for field in tables.columns(table.struct)}

    assert list(columns) == schema.names
    for name, field in columns.items():
        assert field.meaning, f"{name} has no meaning"
        assert bool(field.null) == schema.field(name).nullable, f"{name}: when is it null?"
        numeric = pa.types.is_integer(schema.field(name).type) or pa.types.is_floating(
            schema.field(name).type
        )
        assert bool(field.unit) == numeric, f"{name}: in what unit?"


@pytest.mark.parametrize("name", WRITTEN_BY_PEOPLE_OR_READ_BY_THEM)
def test_every_key_of_a_file_has_a_meaning(name: str) -> None:
    for declared in files.reachable(files.FILES[name].roots):
        for field in fields_of(declared):
            assert field.meaning, f"{declared.__name__}.{field.name}"


def test_a_field_is_documented_where_it_is_declared_and_by_its_subclass_where_it_says_more() -> None:
    class Base(msgspec.Struct, kw_only=True):
        first: int
        """Of the base. Unit: metres."""
        second: float | None
        """Two. Unit: none. Null: nobody measured it."""

    class More(Base, kw_only=True):
        first: int
        """Of the subclass."""
        third: str

    fields = {field.name: field for field in fields_of(More)}

    assert fields["first"].meaning == "Of the subclass."
    assert (fields["second"].meaning, fields["second"].unit) == ("Two.", "none")
    assert fields["second"].null == "nobody measured it"
    assert fields["third"].meaning == ""


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "text"),
        (list[int], "list of integer"),
        (dict[str, float], "object of number"),
        (str | None, "text, or null"),
        (tuple[float, str], "[number, text]"),
    ],
)
def test_types_are_said_in_words(annotation: object, words: str) -> None:
    assert type_words(annotation) == words


def test_the_performance_page_has_each_result_as_it_was_measured() -> None:
    text = performance.pages()["performance.md"]

    results = performance.read_results(performance.RESULTS)
    assert set(results) == {file.stem for file in performance.RESULTS.glob("*.json")}
    for name, result in results.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert result["measured"] in row
        assert ("**no**" in row) is not result["met"]


def test_a_new_result_makes_the_page_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in performance.RESULTS.glob("*.json"):
        result = json.loads(file.read_text())
        result["measured"] = f"twice {result['measured']}"
        (tmp_path / file.name).write_text(json.dumps(result))
    monkeypatch.setattr(performance, "RESULTS", tmp_path)

    page = performance.pages()["performance.md"]
    assert page != (REFERENCE / "performance.md").read_text()
    assert page.count("twice") == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize("job", JOBS)
def test_every_flag_of_every_job_is_on_its_page(job: str) -> None:
    text = generated()[f"commands/{job}.md"]

    for command, parser in commands.parsers(job).items():
        heading = f"## wellspring {command}\n" if command != job else "## Flags\n"
        section = text.split(heading)[1].split("\n## ")[0]
        flags = {(action.option_strings or [action.dest])[-1] for action in commands.flags(parser)}
        assert set(re.findall(r"^\| `([\w-]+)` ", section, re.MULTILINE)) == flags


def test_a_default_that_hangs_on_who_asks_is_said_in_words() -> None:
    by = next(line for line in generated()["commands/release.md"].splitlines() if "`--by`" in line)

    assert "this user's name" in by


def test_every_public_name_is_on_the_page_of_the_package() -> None:
    headings = re.findall(r"^### (\w+)$", generated()["python.md"], re.MULTILINE)

    assert sorted(headings) == sorted(wellspring.__all__)


def test_no_generated_page_names_a_folder_of_this_machine() -> None:
    root = str(Path(__file__).parents[2])

    assert [name for name, text in generated().items() if root in text] == []
