"""Which documents share thirteen words in a row with other text: a benchmark must not stand in training.

Thirteen words are GPT-3's measure of contamination (Brown et al. 2020), as for anchor sets
(`signals.matching.quotations`, which confirms each hash and so holds the texts). Here the other text, which
may be a whole training set, is streamed, and what is held is the checked documents' own passages, eight bytes
per word.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.matching.quotations import COMMON_DOCUMENTS, QUOTATION_WORDS
from wellspring.signals.text.normalised_text import normalised_text
from wellspring.signals.text.word_grams import hash_words, word_grams

COPIED_SHARE = 0.1
"""Of a document's words: from here on it is taken for a copy."""


def passage_hashes(text: str) -> NDArray[np.uint64]:
    """A hash of each run of thirteen words, in order; shape (words - 12,), empty for a shorter text."""
    return word_grams(hash_words([normalised_text(text)]), QUOTATION_WORDS).hashes


class SharedWords:
    """Of some documents, the passages that other text has too."""

    def __init__(self, documents: Sequence[str]) -> None:
        """Args:
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
        those not counted which more than ten of its documents have.
        """
        telling = (self._seen_in > 0) & (self._seen_in <= COMMON_DOCUMENTS)
        copied = []
        for own in self._of_document:
            hits = np.flatnonzero(telling[np.searchsorted(self._known, own)])
            # each hit covers thirteen words, less what the one before covers already
            covered = int(
                np.minimum(np.diff(hits, append=hits[-1:] + QUOTATION_WORDS), QUOTATION_WORDS).sum()
            )
            copied.append(bool(len(hits)) and covered >= COPIED_SHARE * (len(own) + QUOTATION_WORDS - 1))
        return copied

    def shared(self, passage: str) -> bool:
        """Whether a part of one of the documents shares thirteen words, boilerplate or not."""
        own = passage_hashes(passage)
        if not len(own) or not len(self._known):
            return False
        at = np.minimum(np.searchsorted(self._known, own), len(self._known) - 1)
        return bool(((self._known[at] == own) & (self._seen_in[at] > 0)).any())
