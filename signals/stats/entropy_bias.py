"""Unigram entropy without most of its bias: what a small batch has not seen yet.

The plug-in entropy of N tokens lies low by about (types - 1) / (2 N ln 2) bits, so that a small batch
looks poorer than a large one of the same text. Which correction comes closest on batches of whole
documents, `python -m benchmarks tail_signals` prints: Chao and Shen's.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Frequencies(NamedTuple):
    """Counts of counts: `types[i]` types were seen `n[i]` times, n ascending from 1, types > 0.

    All that these statistics ask of a batch, and few numbers: most types share their count with others.
    """

    n: NDArray[np.int64]
    types: NDArray[np.int64]


def frequencies_of(counts: NDArray[np.int64]) -> Frequencies:
    """Of a count vector, zeros allowed."""
    by_count = np.bincount(counts)
    by_count[0] = 0
    n = np.flatnonzero(by_count)
    return Frequencies(n, by_count[n])


def plug_in_entropy(frequencies: Frequencies) -> float:
    """Shannon's entropy of the counts themselves in bits, >= 0; at least one token."""
    n, types = frequencies
    mass = n * types
    total = float(mass.sum())
    return max(0.0, float(np.log2(total) - (mass * np.log2(n)).sum() / total))


def chao_shen_entropy(frequencies: Frequencies) -> float:
    """Entropy in bits, >= 0, by Chao and Shen (2003); at least one token.

    C = 1 - f1 / N is the share of the text's types, by mass, that was seen (Good and Turing); p~ = C n / N;
    H = -sum p~ log2 p~ / (1 - (1 - p~)^N). Where every type was seen once C would be 0: then f1 counts as
    N - 1.
    """
    n, types = frequencies
    total = float((n * types).sum())
    covered = 1 - min(_once(frequencies), total - 1) / total
    share = covered * n / total
    if share[-1] >= 1:
        return 0.0
    seen = -np.expm1(total * np.log1p(-share))
    return max(0.0, float(-(types * share * np.log2(share) / seen).sum()))


def missing_mass(frequencies: Frequencies) -> float:
    """Good and Turing's estimate of the share of the text whose types were not seen: f1 / N, in 0..1."""
    return _once(frequencies) / float((frequencies.n * frequencies.types).sum())


def _once(frequencies: Frequencies) -> float:
    return float(frequencies.types[0]) if frequencies.n[0] == 1 else 0.0
