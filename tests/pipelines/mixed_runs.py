"""Finished runs for the tests of mixing: made by the main job from generated text."""

import json
from pathlib import Path

import msgspec
import pyarrow.dataset as ds

from tests.pipelines.crawl import text
from wellspring.pipelines.cli import main
from wellspring.schemas.training_set import SetDocument

SOURCES = """
- match: {source: library}
  evidence: attested_human
  attested_by: "the library, 2019"
- match: {source: generated}
  evidence: known_model
  model: gpt-test
"""


def write_texts(path: Path, documents: dict[str, tuple[str, str]]) -> Path:
    """JSON lines of {id: (source, text)}."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"id": id, "source": source, "text": body}) for id, (source, body) in documents.items()
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def some_documents(count: int, prefix: str = "d", sentences: int = 4) -> dict[str, tuple[str, str]]:
    """A third each of library, web and generated text."""
    sources = ("library", "web", "generated")
    return {
        f"{prefix}{i}": (sources[i % 3], text(f"{prefix}{i}", sentences) + f" Number {i} of {prefix}.")
        for i in range(count)
    }


def curate(folder: Path, documents: dict[str, tuple[str, str]], scorer: str, *extra: str) -> Path:
    """A finished run over these documents."""
    write_texts(folder / "texts.jsonl", documents)
    (folder / "sources.yaml").write_text(SOURCES)
    flags = [
        f"--input={folder}/texts.jsonl",
        f"--sources={folder}/sources.yaml",
        f"--output={folder}/run",
        f"--scorer={scorer}",
        "--batch_documents=32",
        "--profile=seed",
        *extra,
    ]
    assert main(["curate", *flags]) == 0
    return folder / "run"


def recipe(folder: Path, content: str) -> Path:
    """A recipe file."""
    path = folder / "recipe.yaml"
    path.write_text(content)
    return path


def mix(folder: Path, runs: list[Path], content: str, *flags: str) -> Path:
    """A set that must come out."""
    listed = ", ".join(map(str, runs))
    path = recipe(folder, f"seed: 7\nruns: [{listed}]\n{content}\n")
    assert main(["mix", f"--recipe={path}", f"--output={folder}/set", *flags]) == 0
    return folder / "set"


def rows(folder: Path, under: str = "documents") -> list[SetDocument]:
    table = ds.dataset(sorted(map(str, (folder / under).rglob("*.parquet")))).to_table()
    return msgspec.convert(table.to_pylist(), list[SetDocument])


def refused(capsys, folder: Path, content: str, *flags: str) -> str:
    """The one line of a mix that is refused; nothing is written."""
    path = recipe(folder, content)
    capsys.readouterr()
    assert main(["mix", f"--recipe={path}", f"--output={folder}/set", *flags]) == 2
    lines = capsys.readouterr().err.splitlines()
    said = [line for line in lines if not line.startswith(("warning:", "counting "))]
    assert len(said) == 1
    assert not (folder / "set").exists()
    return said[0]
