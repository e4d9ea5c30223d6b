"""Which documents share thirteen words in a row with other text: a benchmark must not stand in training.

Thirteen words are GPT-3's measure of contamination (Brown et al. 2020). Words are compared after NFKC
and case folding, punctuation and spacing do not count. The text that is checked against is streamed;
what is held is the checked documents' own passages, eight bytes a word.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

LENGTH = 13
BOILERPLATE = 10
"""A passage that more documents of the other text have than this tells nothing about one document."""
COPIED_SHARE = 0.1
"""Of a document's words: from here on it is taken for a copy."""
_WORD = re.compile(r"\w+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def passage_hashes(text: str) -> NDArray[np.uint64]:
    """A hash of each run of thirteen words, in order; shape (words - 12,), empty for a shorter text."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if len(words) < LENGTH:
        return np.empty(0, dtype=np.uint64)
    hashed = np.array([xxhash.xxh3_64_intdigest(word.encode()) for word in words], dtype=np.uint64)
    count = len(words) - LENGTH + 1
    total = np.zeros(count, dtype=np.uint64)
    for place in range(LENGTH):
        total = total * _FACTOR + hashed[place : place + count]
        total ^= total >> np.uint64(29)
    return total


class SharedWords:
    """Of some documents, the passages that other text has too."""

    def __init__(self, documents: Sequence[str]) -> None:
        """
        Args:
            documents: the texts to be checked.
        """
        self._of_document = [passage_hashes(text) for text in documents]
        self._known = np.unique(np.concatenate([*self._of_document, np.empty(0, dtype=np.uint64)]))
        self._seen_in = np.zeros(len(self._known), dtype=np.int64)

    def see(self, others: Iterable[str]) -> None:
        """Takes note of the passages of the other text's documents."""
        for text in others:
            found = np.unique(passage_hashes(text))
            at = np.searchsorted(self._known, found)
            at[at == len(self._known)] = 0
            if len(self._known):
                self._seen_in[at[self._known[at] == found]] += 1

    def copied_documents(self) -> list[bool]:
        """Which documents have a tenth of their words or more in passages that the other text has too,
        those not counted which more than ten of its documents have."""
        telling = (self._seen_in > 0) & (self._seen_in <= BOILERPLATE)
        copied = []
        for own in self._of_document:
            hits = np.flatnonzero(telling[np.searchsorted(self._known, own)])
            # each hit covers thirteen words, less what the one before covers already
            covered = int(np.minimum(np.diff(hits, append=hits[-1:] + LENGTH), LENGTH).sum())
            copied.append(bool(len(hits)) and covered >= COPIED_SHARE * (len(own) + LENGTH - 1))
        return copied

    def shared(self, passage: str) -> bool:
        """Whether a part of one of the documents shares thirteen words, boilerplate or not."""
        own = passage_hashes(passage)
        if not len(own) or not len(self._known):
            return False
        at = np.minimum(np.searchsorted(self._known, own), len(self._known) - 1)
        return bool(((self._known[at] == own) & (self._seen_in[at] > 0)).any())
