"""Reading, holding out, weighting and cutting text for training."""

import numpy as np
import pytest

from tests.signals.toy_documents import toy_documents
from wellspring.signals.lm.training_text import epoch_rows, split_held_out, weighted


def test_works_are_held_out_whole_and_of_every_register() -> None:
    documents = toy_documents(200) + toy_documents(4, "rare")
    training, held_out = split_held_out(documents)
    assert len(training) + len(held_out) == 204
    works = {d.id.partition("#")[0] for d in held_out}
    assert not works & {d.id.partition("#")[0] for d in training}
    assert {d.register for d in held_out} == {"toy", "rare"}
    assert split_held_out(documents[::-1])[1] == held_out[::-1]


def test_weights_repeat_and_thin_out() -> None:
    documents = toy_documents(1000) + toy_documents(100, "rare")
    chosen = weighted(documents, {"toy": 0.3, "rare": 2.5}, seed=1, epoch=0)
    assert sum(d.register == "toy" for d in chosen) == pytest.approx(300, abs=60)
    assert sum(d.register == "rare" for d in chosen) == pytest.approx(250, abs=20)
    assert chosen == weighted(documents, {"toy": 0.3, "rare": 2.5}, seed=1, epoch=0)


def test_rows_hold_each_token_about_once() -> None:
    encoded = [(f"d{i}", np.arange(1 + 100 * i, 1 + 100 * i + 90, dtype=np.int32)) for i in range(50)]
    rows = epoch_rows(encoded, context=16, bos=0, seed=1, epoch=0)
    assert rows.shape[1] == 17
    tokens, counts = np.unique(rows[rows > 0], return_counts=True)
    assert counts.max() == 1
    assert len(tokens) > 0.99 * 50 * 90
    assert 0.5 < (rows[:, 0] == 0).mean() < 1
    assert np.array_equal(rows, epoch_rows(encoded, 16, 0, 1, 0))
    assert not np.array_equal(rows[:9], epoch_rows(encoded, 16, 0, 1, 1)[:9])
