"""Self-BLEU: how much each of some outputs repeats the others (Zhu et al. 2018)."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTPUTS = 64
TOKENS = 64
"""Of each output, from its beginning."""
ORDERS = 4
_NOTHING_SHARED = 0.1
"""Stands for a count of 0 in a precision (Chen and Cherry 2014, method 1)."""


def self_bleu(outputs: Sequence[NDArray[np.int32]]) -> float | None:
    """The mean BLEU-4 of each output against all others, in (0, 1]; None with fewer than two outputs of
    four tokens.

    An n-gram counts at most as often as the one other output that has it most often. So the two highest
    counts of each n-gram are all that is kept, and the cost is linear in the outputs.

    Args:
        outputs: token ids of each, shape (tokens,); shorter ones than four tokens are left out.
    """
    texts = [tuple(ids[:TOKENS].tolist()) for ids in outputs if len(ids) >= ORDERS]
    if len(texts) < 2:
        return None
    logs = np.zeros(len(texts))
    for order in range(1, ORDERS + 1):
        counts = [Counter(zip(*(text[i:] for i in range(order)), strict=False)) for text in texts]
        highest: dict[tuple[int, ...], tuple[int, int]] = {}
        for counted in counts:
            for gram, count in counted.items():
                first, second = highest.get(gram, (0, 0))
                if count > second:
                    highest[gram] = (count, first) if count > first else (first, count)
        for index, counted in enumerate(counts):
            shared = 0
            for gram, count in counted.items():
                first, second = highest[gram]
                shared += min(count, second if count == first else first)
            logs[index] += math.log((shared or _NOTHING_SHARED) / (len(texts[index]) - order + 1)) / ORDERS
    lengths = sorted(map(len, texts))
    penalties = [min(0.0, 1 - _closest_other(lengths, len(text)) / len(text)) for text in texts]
    return math.fsum(math.exp(log + penalty) for log, penalty in zip(logs, penalties, strict=True)) / len(
        texts
    )


def _closest_other(lengths: Sequence[int], own: int) -> int:
    """The length nearest to an output's own among the others', the shorter of two equally near ones."""
    at = int(np.searchsorted(lengths, own))
    others = [*lengths[max(at - 1, 0) : at], *lengths[at + 1 : at + 2]]
    return min(others, key=lambda length: (abs(length - own), length))
