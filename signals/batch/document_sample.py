"""A fixed number of a batch's documents, chosen by hash, for what is measured on text of equal size.

The share of distinct n-grams and the compression ratio depend on how much text they see. So they see
the same amount of every batch: the beginnings of 64 documents, those whose ids hash lowest. Bottom-k
samples merge exactly: of two, the k lowest of both.
"""

import heapq
from collections.abc import Iterable
from typing import NamedTuple

from wellspring.signals.stats.hashing import stable_hash

DOCUMENTS = 64
TOKENS = 256
"""Of each document, from its beginning."""
BYTES = 1000


class Sampled(NamedTuple):
    """The beginning of one document; samples are ordered by (hash, id)."""

    hash: int
    id: str
    token_ids: bytes
    """Packed int32, at most 256 tokens."""
    text: bytes
    """UTF-8, at most 1,000 bytes; may end within a character."""


def sample_documents(documents: Iterable[tuple[str, bytes, str]]) -> list[Sampled]:
    """The sample of documents given as (id, packed token ids, text), in order."""
    lowest = heapq.nsmallest(DOCUMENTS, ((stable_hash(d[0], "sample"), *d) for d in documents))
    return [
        Sampled(hash_, id_, token_ids[: 4 * TOKENS], text[:BYTES].encode(errors="replace")[:BYTES])
        for hash_, id_, token_ids, text in lowest
    ]


def merge_samples(*samples: Iterable[Sampled]) -> list[Sampled]:
    """The sample of all documents that those samples were drawn from."""
    return heapq.nsmallest(DOCUMENTS, (one for sample in samples for one in sample))
