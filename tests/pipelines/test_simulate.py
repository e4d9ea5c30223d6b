import gzip
import json
import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.signals.collapse.test_transformer_learner import TINY
from tests.signals.simulated_corpus import zipf_texts
from wellspring.pipelines.cli import main
from wellspring.pipelines.demo_data.text import human_pages
from wellspring.schemas.simulation import REGIMES
from wellspring.signals.collapse import transformer_learner


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "reference.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for page in human_pages():
            file.write(json.dumps({"id": page.url, "text": page.text}) + "\n")
    return path


def run(corpus: Path, output: Path, *flags: str) -> int:
    return main(["simulate", f"--corpus={corpus}", f"--output={output}", *flags])


@pytest.fixture(scope="module")
def simulated(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("simulated")
    assert run(corpus, output, "--generations=3", "--seeds=2") == 0
    return output


@pytest.mark.slow
def test_a_line_for_every_regime_generation_and_seed(simulated: Path) -> None:
    lines = json.loads((simulated / "simulation.json").read_text())
    wanted = {(regime, generation, seed) for regime in REGIMES for generation in range(4) for seed in (0, 1)}
    assert {(line["regime"], line["generation"], line["seed"]) for line in lines} == wanted
    assert len(lines) == len(wanted)
    keys = {"hill_0", "hill_1", "hill_2", "tail_coverage", "tail_recall", "missing_mass", "perplexity",
            "entropy_bits", "rare_kept", "collapse_profile"}  # fmt: skip
    assert all(keys <= line.keys() for line in lines)


@pytest.mark.slow
def test_the_same_bytes_again_whatever_else_is_simulated(
    corpus: Path, simulated: Path, tmp_path: Path
) -> None:
    assert run(corpus, tmp_path, "--generations=3", "--seeds=2") == 0
    for name in ("simulation.json", "report.html"):
        assert (tmp_path / name).read_bytes() == (simulated / name).read_bytes()
    assert run(corpus, tmp_path, "--generations=2", "--seeds=1", "--regimes=clean") == 0
    alone = json.loads((tmp_path / "simulation.json").read_text())
    among = json.loads((simulated / "simulation.json").read_text())
    assert [line for line in among if line["regime"] == "clean" and line["seed"] == 0][:3] == alone


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def test_the_page_begins_with_the_bars_and_compares_the_regimes(simulated: Path) -> None:
    page = (simulated / "report.html").read_text()
    first = page[: page.index('id="regimes"')]
    assert first.count("<rect x=") == 2 * 4 + 2  # two bars a generation, and their keys
    assert "generation 3, tail coverage" in first
    assert "A simulation on" in first
    parsed = Page()
    parsed.feed(page)
    assert "script" not in parsed.tags
    assert not re.search(r'(src|href)="(?!#)', page)
    for name in ("replace", "10% real", "clean", "subsample"):
        assert f"{name}</text>" in page


def test_a_regime_of_one_seed_has_no_intervals(corpus: Path, tmp_path: Path) -> None:
    assert run(corpus, tmp_path, "--regimes=real30", "--generations=1", "--seeds=1") == 0
    page = (tmp_path / "report.html").read_text()
    assert "30% real" in page
    assert "<polygon" not in page


def test_a_hostile_name_is_escaped(corpus: Path, tmp_path: Path) -> None:
    named = tmp_path / "<script>x.jsonl.gz"
    named.write_bytes(corpus.read_bytes())
    assert run(named, tmp_path / "out", "--regimes=replace", "--generations=1", "--seeds=1") == 0
    assert "<script>" not in (tmp_path / "out" / "report.html").read_text()


def test_lines_labelled_synthetic_are_no_real_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"text": text, "label": "human"} for text in zipf_texts(100, 220)]
    rows += [{"text": text, "label": "synthetic"} for text in zipf_texts(30, 50, "other")]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "no text"}]))
    assert run(path, tmp_path / "out", "--regimes=replace", "--generations=1", "--seeds=1") == 0
    assert "100 texts; left out: 30 labelled synthetic, 1 without text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--regimes=replace,clear"], "no regime 'clear'; they are replace, accumulate"),
        (["--generations=0"], "0 is not a whole number from 1"),
        (["--words=500000"], "needs 833,334: give"),
        (["--keep_models=x"], "--keep_models goes with --learner=transformer"),
        (["--start=reference-en"], "--start goes with --learner=transformer"),
        (["--learner=transformer", "--start=no/such/folder"], "--start=no/such/folder: "),
        (["--learner=lstm"], "invalid choice: 'lstm'"),
    ],
)
def test_wrong_arguments_are_one_line(
    corpus: Path, tmp_path: Path, flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(corpus, tmp_path / "out", *flags) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "a few words only"}\n', "4 words in 1 documents, a simulation needs 20,000: give 19,996"),
        (b"", "0 words in 0 documents"),
        (gzip.compress(b'{"text": "cut off in the middle of it all"}\n' * 99, mtime=0)[:-20], "truncated"),
    ],
)
def test_a_corpus_that_does_not_do_is_one_line(
    tmp_path: Path, content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    assert run(path, tmp_path / "out") == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_a_missing_corpus_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "nothing.jsonl", tmp_path / "out") == 2
    assert "no file matches" in capsys.readouterr().err


@pytest.mark.slow
def test_kept_models_can_be_asked_about_text_that_none_of_them_saw(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(transformer_learner.transformer_learners, recipe=TINY)
    monkeypatch.setattr(transformer_learner, "transformer_learners", small)
    kept = tmp_path / "kept"
    flags = ["--learner=transformer", "--regimes=replace", "--generations=1", "--words=1000"]
    assert run(corpus, tmp_path / "out", *flags, f"--keep_models={kept}") == 0
    folders = {str(path.parent.relative_to(kept)) for path in kept.rglob("model.safetensors")}
    assert folders == {"replace/0/0", "replace/0/1"}
    pool, held_out = (
        {json.loads(line)["text"] for line in (kept / name).read_text().splitlines()}
        for name in ("pool.jsonl", "held_out.jsonl")
    )
    assert pool and held_out and not pool & held_out
