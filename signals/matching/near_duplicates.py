"""Near-duplicates among a set of documents: proposed by MinHash, verified by the true Jaccard index."""

from collections.abc import Iterable

import numpy as np

from wellspring.signals.matching.key_table import KeyTable
from wellspring.signals.matching.minhash import BANDS, NEAR, band_keys, jaccard
from wellspring.signals.matching.text_store import TextStore
from wellspring.signals.text.word_grams import Words

_MOST_CANDIDATES = 64
"""Documents tried for one text: a template's thousand copies would otherwise each cost a comparison."""


class NearDuplicateIndex:
    """The MinHash bands of a set of documents; those of fewer than five words have none."""

    def __init__(self, words: Words, store: TextStore) -> None:
        documents, keys = band_keys(words)
        self._store = store
        self._table = KeyTable(keys.ravel(), np.repeat(documents, BANDS).astype(np.int32))

    def candidates(self, words: Words) -> dict[int, list[int]]:
        """Documents that share a band with a text, those with most bands first; by the text's number."""
        texts, keys = band_keys(words)
        found = self._table.find(keys.ravel())
        proposed: dict[int, list[int]] = {}
        if not len(found.queries):
            return proposed
        of_text = texts[found.queries // BANDS]
        for text in np.unique(of_text):
            mine = np.flatnonzero(of_text == text)
            entries = [
                self._table.values[begin : min(end, begin + _MOST_CANDIDATES)]
                for begin, end in zip(found.begins[mine], found.ends[mine], strict=True)
            ]
            documents, bands = np.unique(np.concatenate(entries), return_counts=True)
            order = np.argsort(-bands, kind="stable")[:_MOST_CANDIDATES]
            proposed[int(text)] = documents[order].tolist()
        return proposed

    def verified(self, words: list[bytes], candidates: Iterable[int]) -> list[tuple[float, int]]:
        """The candidates that are near-duplicates of a text, with their Jaccard index, the nearest first."""
        near = [(jaccard(words, self._store.words(document)), document) for document in candidates]
        return sorted(
            ((similarity, document) for similarity, document in near if similarity >= NEAR),
            key=lambda pair: (-pair[0], pair[1]),
        )
