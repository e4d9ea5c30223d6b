"""Burstiness: how much the lengths of sentences vary."""

import math
from collections.abc import Sequence


def burstiness(sentence_lengths: Sequence[int]) -> float | None:
    """Coefficient of variation of sentence lengths in words: population sd / mean, >= 0.

    None with fewer than two sentences. It is the seed's "B > 0.4" read as a coefficient of
    variation; Goh and Barabasi's B is (cv - 1) / (cv + 1) and never reaches 0.4 on prose. Its
    standard error is about cv * sqrt((1/2 + cv^2) / n): below 20 sentences it is mostly noise.
    """
    n = len(sentence_lengths)
    if n < 2:
        return None
    total = sum(sentence_lengths)
    squares = sum(length * length for length in sentence_lengths)
    # Integers until here: exact, so that the order of sentences can't change a bit.
    variance = n * squares - total * total
    return math.sqrt(variance) / total if total else None
