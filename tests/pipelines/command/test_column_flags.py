"""`--text_column` and `--id_column`: the same flags in every job that reads one's own files."""

import importlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.pipelines.crawl import text
from wellspring.pipelines.cli import main
from wellspring.pipelines.command.labelled_input import read_labelled
from wellspring.pipelines.estimate import count_file
from wellspring.pipelines.simulate import read_texts
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.transforms.formats.rows import Columns
from wellspring.transforms.formats.training_corpus import read_corpus

ROWS = [
    {"key": 100 + i, "body": text(str(i)), "text": i, "label": "human" if i % 2 else "synthetic"}
    for i in range(6)
]
NAMES = Columns(text="body", id="key")
FLAGS = ["--text_column=body", "--id_column=key"]


@pytest.fixture(params=["jsonl", "parquet"])
def path(request, tmp_path: Path) -> Path:
    file = tmp_path / f"rows.{request.param}"
    if request.param == "jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        binary = pa.array([str(row["body"]).encode() for row in ROWS], pa.large_binary())
        columns = pa.Table.from_pylist(ROWS).set_column(1, "body", binary)
        pq.write_table(columns, file)
    return file


@pytest.mark.slow
def test_curate(path, tmp_path):
    output = tmp_path / "run"
    flags = [f"--input={path}", f"--output={output}", "--profile=seed", "--scoring=none"]
    assert main(["curate", *flags, *FLAGS]) == 0
    rows = ds.dataset(output / "documents", partitioning="hive").to_table().to_pylist()
    assert {row["id"]: row["text"] for row in rows} == {str(row["key"]): row["body"] for row in ROWS}
    assert {json.loads(row["metadata"])["text"] for row in rows} == set(range(6))
    parameters = json.loads((output / "manifest.json").read_text())["parameters"]
    assert (parameters["text_column"], parameters["id_column"]) == ("body", "key")
    again = [*flags[:1], f"--output={tmp_path / 'again'}", *flags[2:], f"--reuse={output}"]
    assert main(["curate", *again]) == 2


@pytest.mark.slow
def test_a_file_without_the_column_is_named_with_those_that_it_has(path, tmp_path):
    output = tmp_path / "run"
    flags = [f"--input={path}", f"--output={output}", "--profile=seed", "--scoring=none"]
    assert main(["curate", *flags, "--text_column=content"]) == 0
    manifest = json.loads((output / "manifest.json").read_text())
    if path.suffix == ".parquet":
        assert manifest["records_read"] == 0
        (said,) = manifest["files_damaged"].values()
        assert said.startswith("no_text: no column content") and "key, body, text, label" in said
    else:
        assert manifest["rejected"] == {"no_text": 6}


def test_score_and_evaluate(path, tmp_path, tiny_scorer):
    scored = tmp_path / "scored.jsonl"
    own = [f"--scorer={tiny_scorer}", "--profile=seed", *FLAGS]
    assert main(["score", f"--input={path}", f"--output={scored}", *own]) == 0
    ids = [json.loads(line)["id"] for line in scored.read_text().splitlines()]
    assert ids == [str(row["key"]) for row in ROWS]
    assert main(["evaluate", f"--scored={scored}", f"--labelled={path}", *FLAGS]) == 0
    assert main(["evaluate", f"--scored={scored}", f"--labelled={path}"]) == 2


def test_every_other_reader(path, tiny_scorer):
    texts = [row["body"] for row in ROWS]
    assert [each.text for each in read_labelled([str(path)], "--labelled", NAMES)] == texts
    assert [d.text for d in read_corpus([str(path)], None, NAMES)] == [" ".join(t.split()) for t in texts]
    assert read_texts([str(path)], NAMES) == [row["body"] for row in ROWS if row["label"] == "human"]
    assert count_file(str(path), load_tokenizer(tiny_scorer), set(), NAMES).documents == len(ROWS)


@pytest.mark.parametrize("job", ["curate", "score", "estimate", "monitor", "simulate", "tails build"])
def test_an_empty_name_is_refused(job, capsys):
    assert main([*job.split(), "--text_column= "]) == 2
    assert "--text_column: a column's name is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "job",
    ["curate", "score", "evaluate", "calibrate", "estimate", "monitor", "simulate", "train_reference",
     "tail_reference", "tails", "anchor"],
)  # fmt: skip
def test_every_job_that_reads_files_of_texts_has_the_flags(job, capsys):
    command = {"tails": ["build"], "anchor": ["add"]}.get(job, [])
    with pytest.raises(SystemExit):
        importlib.import_module(f"wellspring.pipelines.{job}").run([*command, "--help"])
    shown = capsys.readouterr().out
    assert "--text_column NAME" in shown and "--id_column NAME" in shown
