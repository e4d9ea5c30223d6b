"""An index of documents that must not be met again: their copies, near-copies and quotations in any text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from wellspring.signals.matching.key_table import KeyTable
from wellspring.signals.matching.near_duplicates import NearDuplicateIndex
from wellspring.signals.matching.overlap import Overlap
from wellspring.signals.matching.quotations import QuotationIndex, Quotations, covered_words
from wellspring.signals.matching.text_store import TextStore
from wellspring.signals.text.normalised_text import normalised_text
from wellspring.signals.text.word_grams import hash_words

_AT_ONCE = 64
"""Texts looked at together: the work of one call is spread, and their arrays stay in the cache."""


class Meeting(NamedTuple):
    """All that one text shares with indexed documents, by the documents' numbers."""

    exact: list[int]
    near: list[tuple[float, int]]
    """Jaccard index and document, the nearest first; without the exact ones."""
    quotations: Quotations | None
    words: int
    """Of the text."""


class AnchorIndex:
    """Finds what texts share with a set of documents. It can be pickled; memory is some 20 times a
    document's number of words, and its text, in bytes.
    """

    def __init__(self, ids: Sequence[str], texts: Iterable[str]) -> None:
        self.ids = list(ids)
        normalised = [normalised_text(text) for text in texts]
        words = hash_words(normalised)
        self.word_counts = np.diff(words.offsets)
        self._store = TextStore(normalised)
        self._exact = KeyTable(_digests(normalised), np.arange(len(normalised), dtype=np.int32))
        self._near = NearDuplicateIndex(words, self._store)
        self._quotations = QuotationIndex(words, self._store)

    @classmethod
    def from_documents(cls, documents: Iterable[tuple[str, str]]) -> "AnchorIndex":
        """The index of (id, text) pairs."""
        pairs = list(documents)
        return cls([id for id, _ in pairs], (text for _, text in pairs))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def runs(self) -> int:
        """Numbers that `Quotations.runs` can have."""
        return self._quotations.runs

    def finding(self, text: str) -> Overlap | None:
        """What a text shares with a document of the set: the first of exact, near, quotation that there
        is; None where it shares no 13 words in a row and nothing else.
        """
        return self.findings([text])[0]

    def findings(self, texts: Sequence[str]) -> list[Overlap | None]:
        """The same for several texts, in order; four times as fast for a hundred short ones."""
        return [self._overlap(meeting) for meeting in self.meetings(texts)]

    def meetings(self, texts: Sequence[str]) -> list[Meeting]:
        """All that each of several texts shares with the set, in order."""
        return [
            meeting
            for begin in range(0, len(texts), _AT_ONCE)
            for meeting in self._meetings(texts[begin : begin + _AT_ONCE])
        ]

    def _meetings(self, texts: Sequence[str]) -> list[Meeting]:
        normalised = [normalised_text(text) for text in texts]
        words = hash_words(normalised)
        counts = np.diff(words.offsets)
        same = self._exact.find(_digests(normalised))
        exact = {
            int(i): [
                int(document)
                for document in self._exact.values[begin:end]
                if counts[i] and self._store.words(int(document)) == normalised[i].encode().split()
            ]
            for i, begin, end in zip(*same, strict=True)
        }
        quotations = self._quotations.find(words, normalised)
        candidates = self._near.candidates(words)
        meetings = []
        for i in range(len(texts)):
            quoted, copies, near = quotations.get(i), exact.get(i, []), []
            tried = set(candidates.get(i, ()))
            if quoted is not None:
                # What MinHash misses shares so many runs of 13 words that it is found by them.
                tried.add(_most_quoted(quoted))
            if tried:
                near = self._near.verified(normalised[i].encode().split(), tried.difference(copies))
            meetings.append(Meeting(copies, near, quoted, int(counts[i])))
        return meetings

    def _overlap(self, meeting: Meeting) -> Overlap | None:
        quoted = meeting.quotations
        if meeting.exact:
            return Overlap(
                kind="exact",
                anchor_id=self.ids[meeting.exact[0]],
                similarity=1.0,
                text_share=1.0,
                anchor_share=1.0,
            )
        if not meeting.near and quoted is None:
            return None
        if meeting.near:
            similarity, document = meeting.near[0]
        else:
            assert quoted is not None
            similarity, document = None, _most_quoted(quoted)
        text_share = anchor_share = 0.0
        if quoted is not None:
            text_share = covered_words(quoted.begins, meeting.words) / meeting.words
            own = quoted.document_begins[quoted.documents == document]
            words = int(self.word_counts[document])
            anchor_share = covered_words(own, words) / words
        return Overlap(
            kind="near" if meeting.near else "quotation",
            anchor_id=self.ids[document],
            similarity=similarity,
            text_share=text_share,
            anchor_share=anchor_share,
        )


def _most_quoted(quotations: Quotations) -> int:
    """The document that most of the runs are of, the first of equal ones."""
    counts: Counter[int] = Counter(quotations.documents.tolist())
    return min(counts, key=lambda document: (-counts[document], document))


def _digests(normalised: Sequence[str]) -> NDArray[np.uint64]:
    digests = [xxhash.xxh3_64_intdigest(text.encode()) for text in normalised]
    return np.array(digests, dtype=np.uint64)
