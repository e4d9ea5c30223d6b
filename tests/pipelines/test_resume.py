"""A run that died while it scored goes on from the batches that were scored, and ends with the same bytes."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.crawl import write_crawl
from tests.pipelines.test_curate_determinism import data
from wellspring.pipelines.cli import main
from wellspring.schemas.batch import TrainingBatch
from wellspring.signals.lm.scorer import Scorer
from wellspring.transforms.curate import scorer_handler
from wellspring.transforms.storage.storage import UNFINISHED

pytestmark = pytest.mark.slow

BATCHES = 8

# A batch takes this long beside its scoring, so that what a dead run took can be told.
PAUSE_SECONDS = 0.25

KILLED_AT = """
import os, signal, sys, time
from wellspring.pipelines.cli import main
from wellspring.transforms.curate import scorer_handler

score_batch = scorer_handler.score_batch
calls = 0

def score_or_die(batch, scorer, worth_scoring=None):
    global calls
    calls += 1
    if calls == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep({pause})
    return score_batch(batch, scorer, worth_scoring)

scorer_handler.score_batch = score_or_die
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"))


def flags(crawl: Path, output: Path, scorer: str) -> list[str]:
    paths = [f"--input={crawl}/*.gz", f"--sources={crawl}/sources.yaml", f"--output={output}"]
    return ["curate", *paths, f"--scorer={scorer}", "--profile=seed", "--batch_documents=8"]


@pytest.fixture
def scored(monkeypatch) -> list[str]:
    """Ids of the documents that are scored from here on."""
    ids: list[str] = []
    score_batch = scorer_handler.score_batch

    def noted(batch: TrainingBatch, scorer: Scorer, *rest):
        ids.extend(d.document.id for d in batch.documents)
        return score_batch(batch, scorer, *rest)

    monkeypatch.setattr(scorer_handler, "score_batch", noted)
    return ids


def killed(call: int, argv: list[str]) -> None:
    code = KILLED_AT.format(call=call, pause=PAUSE_SECONDS)
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_only_what_was_not_scored_is_scored(crawl, tiny_scorer, tmp_path, scored, check_run):
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    assert main(flags(crawl, undisturbed, tiny_scorer)) == 0
    everything = set(scored)
    assert not (undisturbed / UNFINISHED).exists()

    argv = flags(crawl, disturbed, tiny_scorer)
    killed(6, argv)  # while the sixth batch is scored
    assert not (disturbed / "manifest.json").exists()
    kept = list((disturbed / UNFINISHED / "scores").rglob("*-*"))
    assert len(kept) == 5
    scored.clear()
    killed(2, argv)  # and again, one batch later
    assert len(list((disturbed / UNFINISHED / "scores").rglob("*-*"))) == 6
    assert main(argv) == 0
    assert len(scored) == len(set(scored))
    assert 0 < len(scored) < len(everything) / 2
    check_run(undisturbed, disturbed)
    assert data(undisturbed) == data(disturbed)
    assert not (disturbed / UNFINISHED).exists()
    cost = json.loads((disturbed / "manifest.json").read_text())["cost"]
    assert sum(cost["scoring_seconds"].values()) > 6 * PAUSE_SECONDS  # what the dead ones took is in it


def test_scores_of_other_text_or_of_another_scorer_are_not_taken(crawl, tiny_scorer, tmp_path, scored):
    from tests.signals.tiny_models import write_model

    output = tmp_path / "run"
    killed(6, flags(crawl, output, tiny_scorer))
    other = str(write_model(tmp_path / "other", "gpt2", seed=3))
    killed(2, flags(crawl, output, other))
    sources = {path.parent.name for path in (output / UNFINISHED / "scores").rglob("*-*")}
    assert len(sources) == 2

    # The same ids with other texts, so that the batches have the same ids.
    changed = write_crawl(tmp_path / "crawl")
    for path in changed.glob("*.jsonl.gz"):
        path.unlink()
    lines = [f'{{"id": "d{i}", "text": "{"This is a text of some length. " * (i + 3)}"}}\n' for i in range(4)]
    texts = tmp_path / "texts.jsonl"
    argv = [f"--input={texts}", f"--output={tmp_path / 'texts-run'}", f"--scorer={tiny_scorer}"]
    argv = ["curate", *argv, "--profile=seed", "--batch_documents=2"]
    texts.write_text("".join(lines))
    killed(2, argv)
    texts.write_text("".join(lines).replace("some length", "any length"))
    scored.clear()
    assert main(argv) == 0
    assert sorted(scored) == ["d0", "d1", "d2", "d3"]


def test_a_damaged_checkpoint_is_scored_again(crawl, tiny_scorer, tmp_path, scored, caplog):
    output = tmp_path / "run"
    argv = flags(crawl, output, tiny_scorer)
    killed(BATCHES, argv)
    kept = sorted((output / UNFINISHED / "scores").rglob("*-*"))
    assert len(kept) == BATCHES - 1
    kept[0].write_bytes(kept[0].read_bytes()[:20])
    assert main(argv) == 0
    assert len(scored) > 0
    assert "is scored again" in caplog.text
