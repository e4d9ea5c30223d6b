"""Hashes of runs of n words, for many texts at once.

A hash only proposes: whoever acts on two equal ones compares the words.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.stats.splitmix import mixed

_POWERS = np.array([pow(0x100000001B3, i, 1 << 64) for i in range(64)], dtype=np.uint64)
_LONGEST = len(_POWERS) - 1
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SPACE = 32
_AT_ONCE = 64


class Words(NamedTuple):
    """The words of several texts, one text after the other."""

    hashes: NDArray[np.uint64]
    """[words]"""
    offsets: NDArray[np.int64]
    """Text i has the words offsets[i] to offsets[i + 1]; [texts + 1]."""


class Grams(NamedTuple):
    """The runs of n words of several texts; none crosses from one text into the next."""

    hashes: NDArray[np.uint64]
    places: NDArray[np.int64]
    """Index of each run's first word among all words, rising."""
    offsets: NDArray[np.int64]
    """Text i has the runs offsets[i] to offsets[i + 1]; [texts + 1]."""


def hash_words(normalised: Sequence[str]) -> Words:
    """Hashes the words of texts as `normalised_text` leaves them."""
    if len(normalised) <= _AT_ONCE:
        return _hash_words(normalised)
    # So many that their letters' numbers stay in the processor's cache.
    parts = [_hash_words(normalised[i : i + _AT_ONCE]) for i in range(0, len(normalised), _AT_ONCE)]
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    return Words(np.concatenate([part.hashes for part in parts]), _offsets(counts))


def _hash_words(normalised: Sequence[str]) -> Words:
    counts = np.array([text.count(" ") + 1 if text else 0 for text in normalised], dtype=np.int64)
    offsets = _offsets(counts)
    letters = np.frombuffer(" ".join(filter(None, normalised)).encode(), dtype=np.uint8)
    if not len(letters):
        return Words(np.empty(0, dtype=np.uint64), offsets)
    spaces = np.flatnonzero(letters == _SPACE)
    starts = np.concatenate([[0], spaces + 1])
    lengths = np.diff(np.concatenate([starts, [len(letters) + 1]]))
    # The space after a word counts as its last letter, so that no letter has to be taken out.
    positions = np.arange(len(letters)) - np.repeat(starts, lengths)[: len(letters)]
    values = (letters.astype(np.uint64) + np.uint64(1)) * _POWERS[np.minimum(positions, _LONGEST)]
    values[spaces] = 0
    return Words(mixed(np.add.reduceat(values, starts)), offsets)


def word_grams(words: Words, n: int) -> Grams:
    """Hashes every run of `n` words; a text of fewer has none."""
    counts = np.maximum(np.diff(words.offsets) - (n - 1), 0)
    offsets = _offsets(counts)
    places = np.arange(offsets[-1]) + np.repeat(words.offsets[:-1] - offsets[:-1], counts)
    if not len(places):
        return Grams(np.empty(0, dtype=np.uint64), places, offsets)
    runs = len(words.hashes) - n + 1
    hashes = words.hashes[:runs].copy()
    for i in range(1, n):
        hashes *= _STEP
        hashes += words.hashes[i : i + runs]
    return Grams(mixed(hashes if len(places) == runs else hashes[places]), places, offsets)


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets
