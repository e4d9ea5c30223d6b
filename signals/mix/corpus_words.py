"""The words of the corpus and a sample of its documents: what the median rarity is computed from."""

import heapq
import statistics
from collections.abc import Iterable

import numpy as np

from wellspring.signals.mix.rarity import rarities
from wellspring.signals.stats.count_min import CountMin, Keys
from wellspring.signals.stats.hashing import stable_hash

DOCUMENTS = 2048
"""The rank of the median of so many is within 2.2% of the corpus's, 95 times in 100."""


class CorpusWords:
    """A count of each word's documents, and the words of the 2,048 documents whose ids hash lowest.

    Rarity is known only once the whole corpus is counted; the sample saves another pass over its text
    for the median.
    """

    def __init__(self) -> None:
        self.counted = CountMin()
        self._sample: list[tuple[int, str, bytes]] = []

    def add(self, element: Iterable[tuple[str, Keys]]) -> None:
        """Counts documents, each an id and the hashes of its words."""
        pairs = list(element)
        self.counted.add_documents(keys for _, keys in pairs)
        self._keep((stable_hash(id, "median"), id, keys.tobytes()) for id, keys in pairs)

    def merge(self, other: "CorpusWords") -> None:
        """Takes in what the other counted."""
        self.counted.merge(other.counted)
        self._keep(other._sample)

    def median(self) -> float | None:
        """The median rarity of the sample; None where no document has enough words."""
        if not self.counted.documents:
            return None
        keys = [np.frombuffer(content, dtype=np.uint64) for _, _, content in self._sample]
        known = [rarity for rarity in rarities(keys, self.counted) if rarity is not None]
        return statistics.median(known) if known else None

    def _keep(self, more: Iterable[tuple[int, str, bytes]]) -> None:
        self._sample = heapq.nsmallest(DOCUMENTS, [*self._sample, *more])
