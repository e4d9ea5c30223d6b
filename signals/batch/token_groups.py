"""Token counts of a batch by groups of documents: what its non-linear statistics are made of.

A document belongs to one of 32 groups by a hash of its id. Counts are integers, so that merging is
exact and its order can't be seen. A statistic without each group in turn gives its interval
(`signals.stats.intervals.delete_group`).
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.entropy import TokenIds, check_ids
from wellspring.signals.stats.entropy_bias import (
    Frequencies,
    chao_shen_entropy,
    frequencies_of,
    missing_mass,
    plug_in_entropy,
)
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.intervals import Estimate, delete_group

GROUPS = 32
ID_BITS = 28
"""Of a token id at most."""


def group_of(document_id: str) -> int:
    """The group of a document, 0..31."""
    return stable_hash(document_id, "jackknife") % GROUPS


def grouped_counts(
    ids: NDArray[np.int32], lengths: Sequence[int], groups: Sequence[int], vocab_size: int
) -> NDArray[np.int64]:
    """How often each token id occurs in each group, shape (32, vocab_size).

    Args:
        ids: of all documents, one after the other; lengths: of each; groups: of each.

    Raises:
        ValueError: there are no tokens, or an id lies outside 0..vocab_size-1.
    """
    check_ids(ids, vocab_size)
    counts = np.zeros((GROUPS, vocab_size), dtype=np.int64)
    ends = np.cumsum(lengths)
    members: dict[int, list[NDArray[np.int32]]] = {}
    for end, length, group in zip(ends, lengths, groups, strict=True):
        members.setdefault(group, []).append(ids[end - length : end])
    for group, parts in members.items():
        counts[group] = np.bincount(np.concatenate(parts), minlength=vocab_size)
    return counts


def pair_keys(ids: TokenIds) -> NDArray[np.int64]:
    """A number for each pair of neighbouring tokens, first id * 2^28 + second: with a group of 32 or a
    document of 64 beside it, it fits into 64 bits.
    """
    wide = ids.astype(np.int64)
    return (wide[:-1] << ID_BITS) + wide[1:]


def sorted_distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted, each once; numpy's own `unique` hashes, which takes several times as long here."""
    ordered = np.sort(values)
    return np.asarray(ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0])


def distinct_and_alone(presence: NDArray[np.int64], groups: int) -> tuple[int, NDArray[np.int64]]:
    """(number of types, how many of them occur in one group alone, by group).

    Args:
        presence: sorted, distinct type * groups + group, all >= 0.
    """
    types, group = presence // groups, presence % groups
    first = np.flatnonzero(np.diff(types, prepend=-1))
    in_groups = np.diff(first, append=len(types))
    return len(first), np.bincount(group[first[in_groups == 1]], minlength=groups)


def count_estimates(counts: NDArray[np.int64]) -> dict[str, Estimate]:
    """`entropy_bits` (plug-in), `corrected_entropy_bits` (Chao and Shen), `missing_mass` (Good and Turing:
    share of the text whose token types the batch has not seen), each with its interval.

    Each figure is what `n` tokens of this text show: an interval covers the mean over other batches of
    as many documents, not the entropy of the whole source.

    Args:
        counts: of `grouped_counts`, with at least one token.
    """
    total = counts.sum(axis=0)
    weights = counts.sum(axis=1)
    present = np.flatnonzero(weights)
    whole = frequencies_of(total)
    without = [frequencies_of(total - counts[group]) for group in present] if len(present) > 1 else []
    of_group = [int(weights[group]) for group in present] if without else []
    statistics: dict[str, Callable[[Frequencies], float]] = {
        "entropy_bits": plug_in_entropy,
        "corrected_entropy_bits": chao_shen_entropy,
        "missing_mass": missing_mass,
    }
    return {
        name: delete_group(statistic(whole), [statistic(f) for f in without], of_group)
        for name, statistic in statistics.items()
    }
