"""How much of each document of a set is met again in a stream of texts: synthetic ones, a training set, a
benchmark. Documents of a set and texts are told apart: the first are judged, the second only read.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wellspring.signals.matching.anchor_index import AnchorIndex
from wellspring.signals.matching.overlap import QUOTED_SHARE
from wellspring.signals.matching.quotations import COMMON_DOCUMENTS, QUOTATION_WORDS, covered_words


class _Copy(NamedTuple):
    similarity: float
    text_id: str


class Contamination:
    """Gathers what texts share with the documents of an index. Memory grows with what is found alone."""

    def __init__(self, index: AnchorIndex) -> None:
        self._index = index
        self._copies: dict[int, _Copy] = {}
        self._quoted: dict[int, dict[int, int]] = {}
        self._quoting: dict[int, str] = {}
        self._texts_with_run = np.zeros(index.runs, dtype=np.int32)

    def look_at(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Adds texts; their ids are for the reasons that are given later."""
        for id, meeting in zip(ids, self._index.meetings(texts), strict=True):
            for similarity, document in [(1.0, d) for d in meeting.exact] + meeting.near:
                known = self._copies.get(document)
                if known is None or similarity > known.similarity:
                    self._copies[document] = _Copy(similarity, id)
            if meeting.quotations is not None:
                self._texts_with_run[np.unique(meeting.quotations.runs)] += 1
                triples = zip(*(values.tolist() for values in meeting.quotations[1:]), strict=True)
                for document, begin, run in triples:
                    self._quoted.setdefault(document, {})[begin] = run
                    self._quoting.setdefault(document, id)

    def reasons(self, *, any_run: bool = False) -> dict[str, str]:
        """Documents of the index that are met too much, by id, with the reason in words.

        That is a copy, a near-duplicate, or a document of whose words a tenth lies in runs of 13 that some
        text has too (with `any_run`, as for benchmarks: one such run). Runs that more than ten texts have
        are everybody's and don't count.
        """
        found = {}
        for document in sorted(self._copies.keys() | self._quoted.keys()):
            copy = self._copies.get(document)
            share = self._quoted_share(document)
            if copy is not None:
                near = f"a near-duplicate (Jaccard {copy.similarity:.2f})"
                found[document] = f"{'a copy' if copy.similarity == 1 else near} of {copy.text_id}"
            elif share >= QUOTED_SHARE or (any_run and share > 0):
                found[document] = (
                    f"{share:.1%} of its words stand in runs of {QUOTATION_WORDS} words that are met again, "
                    f"first in {self._quoting[document]}"
                )
        return {self._index.ids[document]: reason for document, reason in found.items()}

    def _quoted_share(self, document: int) -> float:
        begins = [
            begin
            for begin, run in self._quoted.get(document, {}).items()
            if self._texts_with_run[run] <= COMMON_DOCUMENTS
        ]
        words = int(self._index.word_counts[document])
        return covered_words(np.array(begins, dtype=np.int64), words) / words if begins else 0.0
