import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.entropy import unigram_entropy
from wellspring.signals.stats.entropy_bias import (
    chao_shen_entropy,
    frequencies_of,
    missing_mass,
    plug_in_entropy,
)


def formula(counts):
    """Chao and Shen (2003), term by term."""
    n = sum(counts)
    once = min(counts.count(1), n - 1)
    total = 0.0
    for count in counts:
        p = (1 - once / n) * count / n
        if p < 1:
            total -= p * math.log2(p) / (1 - (1 - p) ** n)
    return total


@given(st.lists(st.integers(1, 50), min_size=2, max_size=60))
def test_it_is_the_formula(counts):
    assert chao_shen_entropy(frequencies_of(np.array([*counts, 0, 0]))) == pytest.approx(
        formula(counts), rel=1e-9
    )


def test_it_comes_closer_to_the_truth_than_the_plug_in():
    generator = np.random.default_rng(5)
    shares = 1 / (np.arange(4000) + 3)
    shares /= shares.sum()
    truth = -float((shares * np.log2(shares)).sum())
    drawn = [generator.multinomial(5000, shares) for _ in range(20)]
    plug_in = np.mean([unigram_entropy(counts) for counts in drawn])
    corrected = np.mean([chao_shen_entropy(frequencies_of(counts)) for counts in drawn])
    assert plug_in < truth - 0.3
    assert abs(corrected - truth) < 0.1


def test_a_batch_of_one_type_or_one_token_has_no_entropy():
    assert chao_shen_entropy(frequencies_of(np.array([0, 7]))) == 0.0
    assert chao_shen_entropy(frequencies_of(np.array([1]))) == 0.0


def test_the_plug_in_is_that_of_the_counts():
    counts = np.array([3, 1, 1, 0, 9])
    assert plug_in_entropy(frequencies_of(counts)) == pytest.approx(unigram_entropy(counts))


def test_missing_mass_is_the_share_of_types_seen_once():
    assert missing_mass(frequencies_of(np.array([1, 1, 3, 5, 0]))) == 0.2
    assert missing_mass(frequencies_of(np.array([2, 2]))) == 0.0
