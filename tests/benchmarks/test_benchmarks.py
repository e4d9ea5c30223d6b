import importlib
import json
from functools import partial

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.corpus import html_page, texts, write_html_warc, write_wet
from benchmarks.machine import machine_facts
from benchmarks.scorer import on_device
from tests.signals.collapse.test_transformer_learner import TINY as SMALL_RECIPE
from tests.signals.tiny_models import write_model
from wellspring.schemas.document import Document
from wellspring.signals.collapse import transformer_learner
from wellspring.transforms.formats.read_file import read_file

pytestmark = pytest.mark.slow

TINY = {
    "entropy_audit": {"tokens": 20_000},
    "signal_cost": {"text_bytes": 200_000},
    "pipeline_overhead": {"text_bytes": 100_000},
    "peer_datatrove": {"text_bytes": 600_000},
    "memory": {"text_bytes": 30_000},
    "scaling": {"text_bytes": 10_000, "processes": False},
    "classifier_speed": {"documents": 30},
    "drift": {"series_windows": 60},
    "audit_cost": {"text_bytes": 300_000},
    "tail_signals": {"batches": 3},
    "mix_scale": {"steps": (300, 600)},
    "low_frequency": {"documents": 400, "draws": 2},
    "mix_job": {"steps": (300, 600, 900), "tokens": 6000},
    "mix_tail": {"documents": 600},
    "simulate": {"words": 3_000, "transformer_words": 1_000},
    "scorer": {"documents": 6, "text_bytes": 12_000},
    "start_time": {"text_bytes": 20_000},
    "review_page": {"tickets": 60, "documents": 20},
    "anchor_overlap": {"sizes": ((300, 60),)},
    "monitor": {"outputs": 400, "baseline_outputs": 1000, "later_outputs": 200},
    "tail_collapse": {},
    "reprocess": {"text_bytes": 15_000},
}


@pytest.fixture
def small_transformer(monkeypatch):
    small = partial(transformer_learner.transformer_learners, recipe=SMALL_RECIPE)
    monkeypatch.setattr(transformer_learner, "transformer_learners", small)


@pytest.mark.usefixtures("small_transformer")
@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs_and_says_whether_its_goal_was_met(name):
    if name == "peer_datatrove":
        pytest.importorskip("datatrove", reason="the bench extra is not installed")
    result = importlib.import_module(f"benchmarks.{name}").run(runs=1, **TINY[name])
    assert {"what", "goal", "measured", "met", "runs"} <= set(result)
    assert result["met"] in (True, False)
    assert all(result.get(key, True) for key in ("same_files", "same_documents", "same_numbers"))
    json.dumps(result)


def test_the_comparison_on_a_device_runs_for_a_tiny_model():
    def write(folder, shape):
        write_model(folder, shape)

    result = on_device("cpu", write, "llama", documents=5, runs=1)
    assert result["tokens"] > 5 * 8
    assert result["share_of_matrix_rate"] > 0  # no upper bound: on a busy machine either timing may be off
    assert result["times_the_usual_loop"] > 0


@pytest.mark.parametrize("write", [write_wet, write_html_warc])
def test_the_corpus_is_the_same_each_time_and_reads_back(tmp_path, write):
    first, second = (write(tmp_path / name, 50_000) for name in ("first", "second"))
    assert [p.read_bytes() for p in first.files] == [p.read_bytes() for p in second.files]
    with first.files[0].open("rb") as stream:
        read = list(read_file(stream, first.files[0].name))
    assert len(read) == first.documents
    assert all(isinstance(outcome, Document) for outcome in read)


def test_texts_do_not_repeat(monkeypatch):
    monkeypatch.setattr("benchmarks.corpus._pages", lambda: (["a\nb\nc\nd\ne", "f\ng\nh\ni\nj"], "test"))
    source = texts()
    drawn = [next(source) for _ in range(8)]
    assert len(set(drawn)) == len(drawn)
    assert {"".join(sorted(text)) for text in drawn} == {"\n\n\n\nabcde", "\n\n\n\nfghij"}


def test_a_page_is_ten_times_as_large_as_its_text():
    page = html_page("A line of text.\n" * 100, 1)
    assert 9 < len(page) / 1600 < 12


def test_facts_of_the_machine_name_no_path():
    assert "/" not in json.dumps(machine_facts()["packages"])
