"""What a generation of a simulation is trained on: rows of tokens, each weighted and of known origin."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
"""Token ids, shape (rows, tokens per row). A row is a text of its own: it begins without a context."""


class Part(NamedTuple):
    """Rows of one width; `weights`, shape (rows,), > 0, say how much each counts in training."""

    rows: Rows
    weights: NDArray[np.float64]
    human: bool


TrainingSet = Sequence[Part]


def part(rows: Rows, *, human: bool, weights: NDArray[np.float64] | None = None) -> Part:
    """Rows that weigh 1 each unless `weights` says otherwise."""
    return Part(rows, np.ones(len(rows)) if weights is None else weights, human)


def human_share(training: TrainingSet) -> float:
    """Of the set's tokens the share that people wrote, 0..1; copies count as often as they stand there."""
    tokens = sum(each.rows.size for each in training)
    return sum(each.rows.size for each in training if each.human) / tokens
