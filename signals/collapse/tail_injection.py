"""Passages of real text that bring missing rare types back, as many types per token as can be found."""

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.collapse.generation_text import Rows
from wellspring.signals.stats.counter_draws import uniforms

COPIES = 3
"""One copy a generation keeps a protected type for as long as it is given, three keep it nearly for sure."""


def tail_passages(
    real: Rows,
    types: NDArray[np.int64],
    present: NDArray[np.int64],
    protected: NDArray[np.bool_],
    length: int,
    count: int,
    key: str,
) -> Rows:
    """Up to `count` passages of `length` tokens that give protected types the copies they lack.

    First passages for all types that are not present at all, then for those that have one copy, then two;
    within that the passages with most such types first, found greedily. Fewer passages come back when
    every protected type that the text has reaches three copies.

    Args:
        real: text that people wrote, (rows, tokens); a passage lies within a row.
        types: (rows, tokens), the type of the word that begins there, -1 where none does.
        present: how often each type is in the training set as it is, (types,).
        protected: which types are to be kept, (types,).
        key: decides between equal passages.

    Returns:
        (passages, length)
    """
    flat = np.where(types.ravel() >= 0, types.ravel(), len(protected))
    wanted_types = np.append(protected, False)
    has = np.append(present, COPIES).astype(np.int64)
    inside = np.arange(flat.size - length + 1) % real.shape[1] <= real.shape[1] - length
    starts: list[int] = []
    for copies in range(1, COPIES + 1):
        wanted = wanted_types & (has < copies)
        for start in _cover(flat, wanted, inside, length, count - len(starts), f"{key}/{copies}"):
            starts.append(start)
            np.add.at(has, np.unique(flat[start : start + length]), 1)
    if not starts:
        return np.empty((0, length), dtype=np.int32)
    return np.stack([real.ravel()[start : start + length] for start in starts])


def _cover(
    flat: NDArray[np.int64],
    wanted: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    length: int,
    count: int,
    key: str,
) -> list[int]:
    """Where passages begin that cover wanted types, those that cover most first, none over another.

    A passage's gain only falls while others are taken, so one walk for each number of types, downwards,
    is the greedy choice.
    """
    if count <= 0:
        return []
    left = wanted.copy()
    free = np.ones(flat.size, dtype=bool)
    order = uniforms(key, len(inside))
    starts: list[int] = []
    for gain in range(length, 0, -1):
        summed = np.concatenate([[0], np.cumsum(left[flat] & free)])
        candidates = np.flatnonzero(inside & (summed[length:] - summed[:-length] >= gain))
        for start in candidates[np.argsort(order[candidates], kind="stable")].tolist():
            end = start + length
            if not (free[start] and free[end - 1]):
                continue
            new = {one for one in flat[start:end].tolist() if left[one]}
            if len(new) >= gain:
                starts.append(start)
                if len(starts) == count:
                    return starts
                left[list(new)] = False
                free[start:end] = False
    return starts
