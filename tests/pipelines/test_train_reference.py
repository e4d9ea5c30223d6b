"""The job end to end on a toy corpus: what it leaves is a scorer, and its card says what is measured."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from wellspring.pipelines.cli import main
from wellspring.pipelines.train_reference import run
from wellspring.signals.lm.scorer import Scorer, Unscorable
from wellspring.signals.lm.tokenization import load_tokenizer


def _corpus(folder: Path) -> str:
    folder.mkdir()
    generator = np.random.default_rng(0)
    for register, words in {
        "letters": "dear friend thank you for the note",
        "notes": "rain at noon sun later",
    }.items():
        with gzip.open(folder / f"{register}.jsonl.gz", "wt") as file:
            for i in range(60):
                text = " ".join(generator.choice(words.split(), 60))
                file.write(json.dumps({"id": f"{register}/{i}", "text": text}) + "\n")
    return str(folder / "*.jsonl.gz")


@pytest.mark.slow
def test_a_toy_corpus_becomes_a_scorer_with_a_card(tmp_path: Path) -> None:
    output = tmp_path / "toy_model"
    notes = tmp_path / "notes.md"
    notes.write_text("# Toy\n\nPublic domain.")
    flags = [f"--corpus={_corpus(tmp_path / 'corpus')}", f"--output={output}", f"--corpus_notes={notes}"]
    sizes = ["--layers=1", "--width=64", "--context=32", "--vocabulary=300", "--tokens=8000"]
    assert run([*flags, *sizes, "--weights=notes=0.5"]) == 0
    assert {path.name for path in output.iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md",
    }  # fmt: skip
    scorer = Scorer.load(str(output))
    (ids,) = load_tokenizer(str(output)).encode_batch(["dear friend thank you"])
    (signals,) = scorer.score([ids], [21])
    assert not isinstance(signals, Unscorable)
    assert signals.perplexity < 300
    card = (output / "README.md").read_text()
    assert "### Toy" in card
    assert "| letters | " in card
    assert "| 0.5 | " in card


@pytest.mark.slow
def test_a_second_model_goes_on_from_the_first_with_the_lines_of_one_label(tmp_path: Path) -> None:
    corpus = _corpus(tmp_path / "corpus")
    with gzip.open(tmp_path / "labelled.jsonl.gz", "wt") as file:
        for i in range(80):
            for label, text in (("human", "no such words here"), ("synthetic", "delve into rain " * 20)):
                line = {"id": f"{label}/{i}", "text": text, "label": label, "generator": None}
                file.write(json.dumps(line) + "\n")
    first, second = tmp_path / "first", tmp_path / "second"
    sizes = ["--layers=1", "--width=64", "--context=32", "--vocabulary=300", "--tokens=8000"]
    assert run([f"--corpus={corpus}", f"--output={first}", *sizes]) == 0
    more = [f"--corpus={tmp_path / 'labelled.jsonl.gz'}", "--label=synthetic", "--tokens=8000"]
    assert run([*more, f"--start={first}", f"--output={second}"]) == 0
    assert (second / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    card = (second / "README.md").read_text()
    assert "went on from `first`" in card
    assert "1 layers, width 64" in card
    texts = ["delve into rain delve into rain", "dear friend thank you for the note"]
    ids = load_tokenizer(str(first)).encode_batch(texts)
    machine, human = Scorer.load(f"{first},{second}").score(ids, [len(text) for text in texts])
    assert not isinstance(machine, Unscorable) and not isinstance(human, Unscorable)
    assert machine.cross_entropy_difference is not None and human.cross_entropy_difference is not None
    assert machine.cross_entropy_difference > 0 > human.cross_entropy_difference


@pytest.mark.parametrize(
    "flags",
    [
        ["--corpus=nothing*.gz"],
        ["--start=nowhere"],
        ["--start=nowhere", "--layers=2"],
        ["--weights=letters"],
        ["--weights=letters=-1"],
        ["--minute=3"],
    ],
)
def test_wrong_arguments_are_exit_code_2(
    flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = [] if flags[0].startswith("--corpus") else [f"--corpus={_corpus(tmp_path / 'corpus')}"]
    assert main(["train-reference", *corpus, f"--output={tmp_path / 'out'}", *flags]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
