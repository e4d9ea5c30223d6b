"""Against the definitions, and rarefied against the average over all parts of a small text."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import hypergeom

from wellspring.signals.stats.hill_numbers import hill_numbers


def test_whole_text_by_definition() -> None:
    counts = np.array([5, 0, 3, 1, 1])
    p = [0.5, 0.3, 0.1, 0.1]
    hill = hill_numbers(counts, 10)
    assert hill.d0 == 4
    assert hill.d1 == pytest.approx(math.exp(-sum(x * math.log(x) for x in p)))
    assert hill.d2 == pytest.approx(1 / sum(x * x for x in p))


def test_rarefied_counts_of_counts_are_the_average_over_all_parts() -> None:
    text, size = "aaaabbcd", 4
    parts = list(itertools.combinations(text, size))
    expected: Counter[int] = Counter()
    for part in parts:
        expected.update(Counter(part).values())
    f = {k: n / len(parts) for k, n in expected.items()}
    hill = hill_numbers(np.array([4, 2, 1, 1]), size)
    assert hill.d0 == pytest.approx(sum(f.values()))
    assert hill.d1 == pytest.approx(math.exp(-sum(n * k / size * math.log(k / size) for k, n in f.items())))
    assert hill.d2 == pytest.approx(1 / sum(n * (k / size) ** 2 for k, n in f.items()))


def test_types_of_a_long_text_against_scipy() -> None:
    counts = np.arange(1, 300)
    seen = 1 - hypergeom.pmf(0, counts.sum(), counts, 5000)
    assert hill_numbers(counts, 5000).d0 == pytest.approx(seen.sum())


def test_a_shorter_text_is_taken_as_it_is_and_none_is_refused() -> None:
    assert hill_numbers(np.array([2, 2]), 100) == hill_numbers(np.array([2, 2]), 4)
    with pytest.raises(ValueError, match="at least 1"):
        hill_numbers(np.array([0]), 5)
