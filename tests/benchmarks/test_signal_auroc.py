"""The area against a plain loop over pairs, and the table on a file of two sources."""

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.signal_auroc import main, roc_auc


def test_area_is_the_share_of_pairs_in_order() -> None:
    scores = np.array([3.0, 1.0, 2.0, 2.0, 0.0, 5.0])
    positive = np.array([True, False, True, False, False, True])
    pairs = itertools.product(scores[positive], scores[~positive])
    wins = [1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs]
    assert roc_auc(scores, positive) == pytest.approx(sum(wins) / len(wins))


def test_a_row_for_each_signal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labelled.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for label, text in (("human", "the cat sat on the mat"), ("synthetic", "zqv xjk wqz qjx vzk kxq")):
            for i in range(3):
                line = {"id": f"{label}{i}", "text": f"{text} {i}", "label": label, "source": "a"}
                file.write(json.dumps(line) + "\n")
        file.write(json.dumps({"id": "lonely", "text": "x y", "label": "human", "source": "b"}) + "\n")
    assert main([f"--labelled={path}"]) == 0
    printed = capsys.readouterr().out
    assert "6 documents" in printed
    assert "| bits_per_byte | 1.00 | 1.00 |" in printed
    assert "cross_entropy_difference" in printed
