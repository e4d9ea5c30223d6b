"""A gate for the batches of a simulation: floors that real batches set, on entropy and on rare types."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.entropy import unigram_entropy

BATCH_ROWS = 10
QUANTILE = 0.05
"""Of real batches so many fall below a floor."""


class Floors(NamedTuple):
    """Below either a batch is held."""

    entropy_bits: float
    rare_types: float
    """Distinct rare types in the batch."""


def floors_of(types: NDArray[np.int64], rare: NDArray[np.bool_]) -> Floors:
    """The floors that batches of real text set: the lower 5% quantile of each figure.

    Args:
        types: the type of the word that begins at each token, -1 where none does, (rows, tokens).
        rare: which types are rare, (types,).
    """
    entropy, present = _figures(types, rare)
    return Floors(*(float(np.quantile(figure, QUANTILE)) for figure in (entropy, present)))


def held_batches(types: NDArray[np.int64], rare: NDArray[np.bool_], floors: Floors) -> NDArray[np.bool_]:
    """Which batches of ten rows are held; a last one of fewer rows is too little to judge: it passes."""
    entropy, present = _figures(types, rare)
    below = (entropy < floors.entropy_bits) | (present < floors.rare_types)
    if len(types) % BATCH_ROWS:
        below[-1] = False
    return below


def _figures(
    types: NDArray[np.int64], rare: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    batches = [types[first : first + BATCH_ROWS] for first in range(0, len(types), BATCH_ROWS)]
    entropies, present = [], []
    for batch in batches:
        words = batch[batch >= 0]
        entropies.append(unigram_entropy(np.bincount(words)) if len(words) else 0.0)
        known = words[words < len(rare)]
        present.append(len(np.unique(known[rare[known]])))
    return np.array(entropies), np.array(present)
