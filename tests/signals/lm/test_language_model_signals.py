"""The formulas at the edges; `test_scorer` compares them with a reference on whole documents."""

import math

import numpy as np
import pytest
import torch

from wellspring.signals.lm.language_model_signals import TokenStatistics, document_signals, token_statistics


def test_token_statistics_of_known_distributions() -> None:
    vocabulary = 50
    logits = torch.zeros(3, vocabulary)
    logits[1, 4] = 200.0
    logits[2, 4] = 200.0
    surprisal, entropy, variance, rank = token_statistics(logits, torch.tensor([3, 4, 5])).numpy()
    # a flat distribution, a certain one that is right, and one that is wrong (its p underflows float32)
    assert surprisal == pytest.approx([math.log(vocabulary), 0, 200], abs=1e-5)
    assert entropy == pytest.approx([math.log(vocabulary), 0, 0], abs=1e-4)
    assert variance == pytest.approx([0, 0, 0], abs=1e-4)
    assert rank.tolist() == [1, 1, 2]


def test_logits_far_from_zero_lose_nothing() -> None:
    logits = torch.randn(20, 100, generator=torch.Generator().manual_seed(0)) * 3
    targets = torch.arange(20)
    shifted = token_statistics(logits.double() - 128, targets)
    assert torch.allclose(shifted, token_statistics(logits, targets), rtol=1e-4, atol=1e-4)


def test_what_one_token_leaves_undefined_is_null() -> None:
    one = np.ones(1, dtype=np.float32)
    signals = document_signals(TokenStatistics(one, one, 0 * one, one), 4)
    assert signals.perplexity == pytest.approx(math.e)
    assert signals.bits_per_byte == pytest.approx(1 / math.log(2) / 4)
    assert signals.lrr is None
    assert signals.curvature is None
    assert signals.surprisal_variance is None
    assert signals.surprisal_kurtosis is None
    assert signals.min_k == -1


def test_constant_surprisal_has_no_shape() -> None:
    flat = np.full(40, math.log(3), dtype=np.float32)
    signals = document_signals(TokenStatistics(flat, flat, flat, flat + 1), 40)
    assert signals.surprisal_variance == pytest.approx(0, abs=1e-9)
    assert signals.surprisal_skewness is None
    assert signals.surprisal_autocorrelation is None
    assert signals.surprisal_difference_variance == 0
