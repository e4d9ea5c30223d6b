"""Runs of 13 words that texts share, as GPT-3's data was cleaned of its benchmarks.

Runs that occur in more than ten documents are everybody's (licences, menus, a verse that all quote) and
left out. A hash finds, the words confirm.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.matching.key_table import KeyTable
from wellspring.signals.matching.text_store import TextStore
from wellspring.signals.text.word_grams import Words, word_grams

QUOTATION_WORDS = 13
COMMON_DOCUMENTS = 10
"""A run in more documents than this is nobody's quotation."""


class Quotations(NamedTuple):
    """Runs of 13 words that one text shares with indexed documents, one entry a pair of places."""

    begins: NDArray[np.int64]
    """First word of the run in the text."""
    documents: NDArray[np.int64]
    document_begins: NDArray[np.int64]
    """First word of the run in that document, the first time it is there."""
    runs: NDArray[np.int64]
    """The run's number in the index: equal for equal runs, below `QuotationIndex.runs`."""


class QuotationIndex:
    """The runs of 13 words of a set of documents."""

    def __init__(self, words: Words, store: TextStore) -> None:
        grams = word_grams(words, QUOTATION_WORDS)
        self._offsets = words.offsets
        self._store = store
        table = KeyTable(grams.hashes, grams.places.astype(np.uint32 if words.offsets[-1] < 1 << 32 else int))
        kept = self._kept(table)
        self._table = table if kept.all() else KeyTable(table.keys[kept], table.values[kept])
        self.runs = len(self._table.keys)

    def _kept(self, table: KeyTable) -> NDArray[np.bool_]:
        """Which entries to keep: a run's first place in each document, unless it is in too many.

        A document that says one thing a thousand times must not cost a thousand comparisons with each
        text that does the same.
        """
        keys = table.keys
        documents = self._documents(table.values)
        kept = np.ones(len(keys), dtype=bool)
        kept[1:] = (keys[1:] != keys[:-1]) | (documents[1:] != documents[:-1])
        once = np.flatnonzero(kept)
        begins = np.flatnonzero(np.append(True, keys[once][1:] != keys[once][:-1])) if len(once) else once
        counts = np.diff(np.append(begins, len(once)))
        kept[once[np.repeat(counts > COMMON_DOCUMENTS, counts)]] = False
        return kept

    def _documents(self, places: NDArray[Any]) -> NDArray[np.int64]:
        return np.searchsorted(self._offsets, places, side="right") - 1

    def find(self, words: Words, normalised: Sequence[str]) -> dict[int, Quotations]:
        """The quotations in each of several texts that has any, by the text's number."""
        grams = word_grams(words, QUOTATION_WORDS)
        found = self._table.find(grams.hashes)
        if not len(found.queries):
            return {}
        counts = found.ends - found.begins
        first = np.repeat(np.cumsum(counts) - counts, counts)
        entries = np.arange(counts.sum()) - first + np.repeat(found.begins, counts)
        runs = np.repeat(found.begins, counts)
        begins = np.repeat(grams.places[found.queries], counts)
        texts = np.searchsorted(words.offsets, begins, side="right") - 1
        places = self._table.values[entries].astype(np.int64)
        documents = self._documents(places)
        quotations: dict[int, Quotations] = {}
        for text in np.unique(texts):
            of_text = np.flatnonzero(texts == text)
            candidates = Quotations(
                begins[of_text] - words.offsets[text],
                documents[of_text],
                places[of_text] - self._offsets[documents[of_text]],
                runs[of_text],
            )
            confirmed = self._confirmed(candidates, normalised[text].encode().split())
            if len(confirmed.begins):
                quotations[int(text)] = confirmed
        return quotations

    def _confirmed(self, candidates: Quotations, words: list[bytes]) -> Quotations:
        right = np.zeros(len(candidates.begins), dtype=bool)
        stored: dict[int, list[bytes]] = {}
        triples = zip(*(values.tolist() for values in candidates[:3]), strict=True)
        for i, (begin, document, own_begin) in enumerate(triples):
            own = stored.get(document) or stored.setdefault(document, self._store.words(document))
            right[i] = words[begin : begin + QUOTATION_WORDS] == own[own_begin : own_begin + QUOTATION_WORDS]
        return Quotations(*(values[right] for values in candidates))


def covered_words(begins: NDArray[np.int64], words: int) -> int:
    """How many of a text's words lie in one of the runs of 13 that begin there."""
    steps = np.zeros(words + QUOTATION_WORDS, dtype=np.int64)
    distinct = np.unique(begins)
    steps[distinct] += 1
    steps[distinct + QUOTATION_WORDS] -= 1
    return int(np.count_nonzero(np.cumsum(steps)))
