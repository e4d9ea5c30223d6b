"""Texts of one batch that are nearly the same: MinHash proposes, the true Jaccard index decides."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.matching.minhash import BANDS, NEAR, SHINGLE_WORDS, band_keys
from wellspring.signals.text.normalised_text import normalised_text
from wellspring.signals.text.word_grams import hash_words, word_grams

_CHARACTERS = 20_000  # of a text that are compared: a batch of long ones must not keep its reader waiting

Shingles = NDArray[np.uint64]


def duplicate_groups(texts: Sequence[str]) -> list[list[int]]:
    """Groups of two or more texts, by index, the largest first: each is near another one of its group.

    Compared are the first 20,000 characters, normalised, as sets of runs of five words (hashed; in a batch
    two hashes are never equal but by accident). A text of fewer words is in no group.
    """
    words = hash_words([normalised_text(text[:_CHARACTERS]) for text in texts])
    grams = word_grams(words, SHINGLE_WORDS)
    compared, keys = band_keys(words)
    shingles = {
        int(index): np.unique(grams.hashes[grams.offsets[index] : grams.offsets[index + 1]])
        for index in compared
    }
    leader = list(range(len(texts)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for band in range(BANDS):
        # Those of a bucket that are not near its first are compared among themselves.
        buckets: dict[int, list[int]] = {}
        for index, key in zip(shingles, keys[:, band].tolist(), strict=True):
            firsts = buckets.setdefault(key, [])
            for first in firsts:
                if find(first) == find(index):
                    break
                if _jaccard(shingles[first], shingles[index]) >= NEAR:
                    leader[max(find(first), find(index))] = min(find(first), find(index))
                    break
            else:
                firsts.append(index)
    groups: dict[int, list[int]] = {}
    for index in shingles:
        groups.setdefault(find(index), []).append(index)
    return sorted((g for g in groups.values() if len(g) > 1), key=lambda group: (-len(group), group))


def _jaccard(one: Shingles, other: Shingles) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
