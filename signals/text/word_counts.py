"""Words of documents as numbers, and how often a reference text has them and pairs of them.

A word is a run of letters and digits, with single hyphens and apostrophes inside; "The" and "the" are two
words. A pair counts where nothing but one space stands between its words, once a document: one that a
document repeats is no more frequent for it.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_BITS = np.int64(32)


class Words(NamedTuple):
    """A text's words: numbers, places, and whether each follows the one before after a single space."""

    text: str
    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    joined: NDArray[np.bool_]


class Vocabulary:
    """Words and their numbers, in the order of first sight."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def words(self) -> list[str]:
        """Each word, at its number."""
        return list(self._ids)

    def split(self, text: str) -> Words:
        """The words of a text, whose white space is folded to single spaces."""
        text = " ".join(text.split())
        ids, starts, ends = [], [], []
        known = self._ids
        for match in _WORD.finditer(text):
            ids.append(known.setdefault(match.group(), len(known)))
            starts.append(match.start())
            ends.append(match.end())
        first, last = np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)
        joined = np.zeros(len(ids), dtype=bool)
        for i in np.flatnonzero(first[1:] - last[:-1] == 1).tolist():
            joined[i + 1] = text[ends[i]] == " "
        return Words(text, np.array(ids, dtype=np.int64), first, last, joined)


def pair_types(words: Words) -> NDArray[np.int64]:
    """A number for each word with the one before it, shape (words,); -1 where they are not joined."""
    keys = np.full(len(words.ids), -1, dtype=np.int64)
    keys[1:] = np.where(words.joined[1:], pair_type(words.ids[:-1], words.ids[1:]), -1)
    return keys


def words_of_pair(types: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the second word of pairs."""
    return types >> _BITS, types & np.int64(2**32 - 1)


def pair_type(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of a pair of words, >= 0."""
    return np.asarray((first << _BITS) + second)


class DocumentCounts:
    """In how many documents each type occurs."""

    def __init__(self, of_documents: Sequence[NDArray[np.int64]]) -> None:
        """Args:
        of_documents: types of each document, with repetition; those below 0 count for nothing.
        """
        distinct = [np.unique(types[types >= 0]) for types in of_documents]
        joined = np.sort(np.concatenate([*distinct, np.empty(0, dtype=np.int64)]))
        first = np.flatnonzero(np.diff(joined, prepend=-1))
        self._types = joined[first]
        self._counts = np.diff(first, append=len(joined))

    def counted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All types, sorted, and the number of documents that have each."""
        return self._types, self._counts

    def of(self, types: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of documents that have each type; 0 for one below 0."""
        if not len(self._types):
            return np.zeros(len(types), dtype=np.int64)
        at = np.minimum(np.searchsorted(self._types, types), len(self._types) - 1)
        return np.where(self._types[at] == types, self._counts[at], 0)


class WordReference:
    """Frequencies of a reference text."""

    def __init__(self, documents: Sequence[Words], vocabulary: int) -> None:
        """Args:
        vocabulary: how many words have a number, those of other texts included.
        """
        self.documents = len(documents)
        nothing = np.empty(0, dtype=np.int64)
        everything = np.concatenate([*(words.ids for words in documents), nothing])
        self.seen = np.bincount(everything, minlength=vocabulary)
        """How often each word occurs."""
        distinct = np.concatenate([*(np.unique(words.ids) for words in documents), nothing])
        self.in_documents = np.bincount(distinct, minlength=vocabulary)
        self.pairs = DocumentCounts([pair_types(words) for words in documents])
        self.words = int(self.seen.sum())

    def rarest(self, mass: float) -> int:
        """The highest count with which words, all of them together with rarer ones, make up at most that
        share of the text; 0 where even words seen once make up more.
        """
        by_count = np.bincount(self.seen)
        shares = np.cumsum(np.arange(len(by_count)) * by_count) / max(self.words, 1)
        return int(np.searchsorted(shares, mass, side="right")) - 1
