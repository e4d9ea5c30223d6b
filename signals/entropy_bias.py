"""Unigram entropy without most of its bias: what a small batch has not seen yet.

The plug-in entropy of N tokens lies low by about (types - 1) / (2 N ln 2) bits, so that a small batch
looks poorer than a large one of the same text. Which correction comes closest on batches of whole
documents, `python -m benchmarks tail_signals` prints: Chao and Shen's.
"""

import numpy as np
from numpy.typing import NDArray


def chao_shen_entropy(counts: NDArray[np.int64]) -> float:
    """Entropy of a count vector in bits, >= 0, by Chao and Shen (2003).

    C = 1 - f1 / N is the share of the text's types, by mass, that was seen (Good and Turing); p~ = C n / N;
    H = -sum p~ log2 p~ / (1 - (1 - p~)^N). Where every type was seen once C would be 0: then f1 counts as
    N - 1.

    Args:
        counts: of each type, zeros allowed, at least one token.
    """
    return chao_shen_of_frequencies(np.bincount(counts))


def chao_shen_of_frequencies(frequencies: NDArray[np.int64]) -> float:
    """The same from counts of counts: `frequencies[n]` types were seen n times. Few of them differ."""
    n = np.flatnonzero(frequencies[1:]) + 1
    types = frequencies[n].astype(np.float64)
    total = float((n * types).sum())
    once = float(frequencies[1]) if len(frequencies) > 1 else 0.0
    covered = 1 - min(once, total - 1) / total
    share = covered * n / total
    if total == 1 or np.any(share >= 1):
        return 0.0
    unseen = np.exp(total * np.log1p(-share))
    return max(0.0, float(-(types * share * np.log2(share) / (1 - unseen)).sum()))


def missing_mass(frequencies: NDArray[np.int64]) -> float:
    """Good and Turing's estimate of the share of the text whose types were not seen: f1 / N, in 0..1."""
    total = float((np.arange(len(frequencies)) * frequencies).sum())
    return float(frequencies[1]) / total if len(frequencies) > 1 else 0.0
