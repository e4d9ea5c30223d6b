"""`wellspring estimate` against the true counts of a run of the same files."""

import gzip
import json
import re

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.pipelines.crawl import write_crawl
from wellspring.pipelines.cli import main
from wellspring.pipelines.estimate import (
    ASSUMPTIONS,
    count_file,
    load_assumptions,
    load_scoring,
    measure_volume,
    parameter_count,
)
from wellspring.signals.lm.model_folder import model_folder
from wellspring.signals.lm.tokenization import load_tokenizer


def figures(printed: str) -> dict[str, str]:
    """Title -> estimate, of the printed table."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in printed.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 1}


@pytest.mark.slow
def test_with_every_file_read_it_is_what_a_run_counts(shared_data, tmp_path, capsys):
    pattern = str(shared_data / "web" / "wet" / "*.gz")
    flags = [f"--output={tmp_path / 'run'}", "--scoring=none", "--profile=seed"]
    assert main(["curate", f"--input={pattern}", *flags]) == 0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    capsys.readouterr()
    assert main(["estimate", f"--input={pattern}", "--sample=99"]) == 0
    told = figures(capsys.readouterr().out)
    assert told["records"] == f"{manifest['records_read']:,}"
    assert told["documents"] == f"{sum(manifest['labelled'].values()):,}"
    assert told["tokens"] == f"{manifest['tokens']:,}"


@pytest.mark.slow
def test_a_part_of_the_files_gives_an_interval_that_holds_the_truth(shared_data):
    files = sorted(map(str, (shared_data / "web" / "wet").glob("*.gz")))
    tokenizer = load_tokenizer("reference-en")
    seen: set[bytes] = set()
    truth = sum(count_file(path, tokenizer, seen).tokens for path in files)
    volume = measure_volume(files, 4, tokenizer, load_assumptions(None))
    total = volume.totals["tokens"]
    assert (volume.sampled, volume.files) == (4, 6)
    assert total.low < truth < total.high


def test_the_sample_is_the_same_in_any_order_of_the_list(tmp_path, tiny_scorer):
    crawl = write_crawl(tmp_path / "crawl")
    tokenizer = load_tokenizer(tiny_scorer)
    files = sorted(map(str, crawl.glob("*.gz")))
    one, two = (measure_volume(order, 2, tokenizer, load_assumptions(None)) for order in (files, files[::-1]))
    assert one == two


def test_long_files_are_tokenized_in_part(tmp_path, tiny_scorer, monkeypatch):
    crawl = write_crawl(tmp_path / "crawl")
    tokenizer = load_tokenizer(tiny_scorer)
    path = str(crawl / "0.warc.wet.gz")
    whole = count_file(path, tokenizer, set())
    monkeypatch.setattr("wellspring.pipelines.estimate.TOKENIZED_DOCUMENTS", 5)
    part = count_file(path, tokenizer, set())
    assert part._replace(tokens=0) == whole._replace(tokens=0)
    assert part.tokens == pytest.approx(whole.tokens, rel=0.05)  # one token a byte, but not of every byte


@pytest.mark.slow
def test_a_dump_that_cannot_be_reached_is_assumed_and_says_so(tmp_path, capsys):
    paths = tmp_path / "wet.paths.gz"
    with gzip.open(paths, "wt") as file:
        file.writelines(f"crawl-data/wet/{i:05d}.warc.wet.gz\n" for i in range(90_000))
    nowhere = f"--path_prefix={tmp_path}/nowhere/"
    assert main(["estimate", f"--input={paths}", nowhere]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("can't be read") == 2
    told = figures(printed.out)
    assert told["files"] == "90,000"
    assert told["documents"].startswith("2,610,000,000 (")
    assert "No file was read: figures of a file are the assumptions' WET file." in printed.out
    # asked not to read any, it doesn't try
    assert main(["estimate", f"--input={paths}", nowhere, "--sample=0"]) == 0
    again = capsys.readouterr()
    assert (again.out, again.err) == (printed.out, "")


def test_own_prices_change_the_cost(tmp_path, capsys):
    crawl = write_crawl(tmp_path / "crawl")
    prices = tmp_path / "ours.yaml"
    prices.write_text(ASSUMPTIONS.read_text().replace("dollars_an_hour: 0.085", "dollars_an_hour: 85"))
    argv = ["estimate", f"--input={crawl}/*.gz", "--sample=9", "--scorer=none"]
    told = []
    for more in ([], [f"--assumptions={prices}"]):
        assert main([*argv, *more]) == 0
        line = next(li for li in capsys.readouterr().out.splitlines() if li.startswith("2 cores"))
        told.append(float(line.split()[-1]))
    assert told[1] == pytest.approx(1000 * told[0], rel=0.01)


def test_parameters_are_counted_without_loading_a_model(tmp_path):
    save_file({"a": np.zeros((3, 5), np.float32), "b": np.zeros(7, np.float16)}, tmp_path / "m.safetensors")
    assert parameter_count(tmp_path) == 22
    reference = load_scoring("reference-en", load_assumptions(None)).parameters
    assert reference == [float(parameter_count(model_folder("reference-en").path))]
    assert len(load_scoring(None, load_assumptions(None)).parameters) == 2
    assert load_scoring("GPT-2 small", load_assumptions(None)).parameters == [124e6]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input=nothing-there/*.gz"], "--input: no file matches"),
        (["--input=setup.py", "--sample=-1"], "argument --sample: invalid"),
        (["--input=setup.py", "--assumptions=nowhere.yaml"], "--assumptions 'nowhere.yaml' can't be read"),
        (["--input=setup.py", "--scorer=/nowhere"], "or name one of the assumptions' models: GPT-2 small"),
    ],
)
def test_wrong_arguments_are_one_line(flags, message, capsys):
    assert main(["estimate", *flags]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_weights_that_are_none_are_named(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"<html>no weights here</html>")
    with pytest.raises(ValueError, match="is no safetensors file"):
        parameter_count(tmp_path)
    (tmp_path / "m.safetensors").unlink()
    with pytest.raises(ValueError, match="has no safetensors files"):
        parameter_count(tmp_path)


def test_a_file_from_standard_input(tmp_path, tiny_scorer, monkeypatch, capsys):
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(f'{{"id": "{i}", "text": "some words, number {i}"}}\n' for i in range(30)))
    argv = ["estimate", f"--scorer={tiny_scorer}"]
    assert main([*argv, f"--input={texts}"]) == 0
    expected = capsys.readouterr().out
    with texts.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main([*argv, "--input=-"]) == 0
    assert capsys.readouterr().out == expected
