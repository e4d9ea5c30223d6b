"""Sampled text is decided by (seed, index)."""

import numpy as np
import pytest

from wellspring.signals.lm.sampling import sample
from wellspring.signals.lm.scorer import Scorer


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("reference-en", dtype="float32")


def test_a_text_is_decided_by_seed_and_index(scorer: Scorer) -> None:
    first = sample(scorer, [0, 1, 2, 3], seed=5, tokens=12)
    assert np.array_equal(first, sample(scorer, [0, 1, 2, 3], seed=5, tokens=12))
    assert np.array_equal(first[::-1], sample(scorer, [3, 2, 1, 0], seed=5, tokens=12))
    assert not np.array_equal(first, sample(scorer, [0, 1, 2, 3], seed=6, tokens=12))
    assert len({tuple(row) for row in first.tolist()}) == 4
    assert (first != scorer.bos_id).all()


def test_first_tokens_follow_the_models_distribution(scorer: Scorer) -> None:
    import torch

    drawn = sample(scorer, range(2000), seed=1, tokens=1)[:, 0]
    with torch.inference_mode():
        p = scorer.model(torch.tensor([[scorer.bos_id]])).logits[0, 0].softmax(0).numpy()
    top = np.argsort(p)[-20:]
    share = np.isin(drawn, top).mean()
    # within four standard errors
    assert share == pytest.approx(p[top].sum() / (1 - p[scorer.bos_id]), abs=4 * (0.25 / 2000) ** 0.5)


def test_more_tokens_than_the_window_holds_are_refused(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="window"):
        sample(scorer, [0], seed=1, tokens=scorer.fingerprint.window + 1)
