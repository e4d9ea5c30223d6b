"""Texts of one batch that are nearly the same: MinHash proposes, the true Jaccard index decides."""

import re
from collections.abc import Sequence

import numpy as np
import rensa
from numpy.typing import NDArray

from signals.hashing import stable_hash

NEAR = 0.75
"""Jaccard index of two texts' runs of five words from which they are near-duplicates."""
_RUN = 5
_BANDS, _ROWS = 14, 8  # FineWeb's: two texts that share 0.75 of their runs meet in a band 77% of the time
_SEED = 1
_STEP = np.uint64(0x9E3779B97F4A7C15)
_WORD = re.compile(r"\w+")
_CHARACTERS = 20_000  # of a text that are compared: a batch of long ones must not keep its reader waiting

Hashes = NDArray[np.uint64]


def duplicate_groups(texts: Sequence[str]) -> list[list[int]]:
    """Groups of two or more texts, by index, the largest first: each is near another one of its group.

    Compared are the first 20,000 characters, folded to lower case, as sets of runs of five words. A text
    of fewer words is in no group.
    """
    runs = [_runs(words) for words in _word_hashes(texts)]
    compared = [index for index, hashes in enumerate(runs) if len(hashes)]
    if not compared:
        return []
    bounds = np.concatenate([[0], np.cumsum([len(runs[index]) for index in compared])]).astype(np.uint64)
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        np.concatenate([runs[index] for index in compared]), bounds, _BANDS * _ROWS, _SEED
    )
    digests = np.array(matrix.to_rows(), dtype=np.uint32).reshape(len(compared), _BANDS, _ROWS)
    leader = list(range(len(texts)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for band in range(_BANDS):
        # Those of a bucket that are not near its first are compared among themselves.
        buckets: dict[bytes, list[int]] = {}
        for row, index in enumerate(compared):
            firsts = buckets.setdefault(digests[row, band].tobytes(), [])
            for first in firsts:
                if find(first) == find(index):
                    break
                if _jaccard(runs[first], runs[index]) >= NEAR:
                    leader[max(find(first), find(index))] = min(find(first), find(index))
                    break
            else:
                firsts.append(index)
    groups: dict[int, list[int]] = {}
    for index in compared:
        groups.setdefault(find(index), []).append(index)
    return sorted((g for g in groups.values() if len(g) > 1), key=lambda group: (-len(group), group))


def _word_hashes(texts: Sequence[str]) -> list[Hashes]:
    known: dict[str, int] = {}
    found = []
    for text in texts:
        words = _WORD.findall(text[:_CHARACTERS].lower())
        for word in words:
            if word not in known:
                known[word] = stable_hash(word)
        found.append(np.fromiter((known[word] for word in words), dtype=np.uint64, count=len(words)))
    return found


def _runs(words: Hashes) -> Hashes:
    """The distinct hashes of a text's runs of five words, sorted."""
    count = len(words) - _RUN + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64)
    hashes = words[:count].copy()
    for offset in range(1, _RUN):
        hashes = hashes * _STEP + words[offset : offset + count]
    hashes ^= hashes >> np.uint64(31)
    return np.unique(hashes)


def _jaccard(one: Hashes, other: Hashes) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
