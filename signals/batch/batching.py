"""Training batches that depend on the documents alone: not on order, workers or retries."""

from collections.abc import Iterable, Sequence

import msgspec

from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.encoding import sha256_hex
from wellspring.signals.stats.hashing import stable_hash

MAX_BATCH_BYTES = 8 * 1024 * 1024
# A bucket is sorted in one worker's memory: about this many batches of it at a time.
_BATCHES_PER_BUCKET = 16
_SEED = "batch"


class Composition(msgspec.Struct, frozen=True):
    """Documents that form one batch, and whether it is large enough to be judged."""

    documents: list[MeasuredDocument]
    gated: bool


def bucket_count(documents: int, batch_documents: int) -> int:
    """Into how many buckets a stratum of so many documents is spread, >= 1."""
    return max(1, documents // (_BATCHES_PER_BUCKET * batch_documents))


def bucket_of(document_id: str, buckets: int) -> int:
    """The bucket of a document, 0..buckets-1."""
    return stable_hash(document_id, _SEED) % buckets


def in_batch_order(documents: Iterable[Document]) -> list[Document]:
    """Documents of one batch in the order in which they stand in it."""
    return sorted(documents, key=lambda d: _order(d.id))


def _order(document_id: str) -> tuple[int, str]:
    return stable_hash(document_id, _SEED), document_id


def compose_batches(
    documents: Iterable[MeasuredDocument], batch_documents: int, *, only_bucket: bool
) -> list[Composition]:
    """Cuts one bucket of a stratum into batches.

    Documents are taken in the order of their ids' hashes, so that a batch is a sample of its
    stratum rather than a run of neighbours. A batch is full at `batch_documents` documents or
    8 MiB of text, whichever comes first; a rest of less than half a batch joins the batch before
    it. A stratum that is less than half a batch altogether (`only_bucket`, one batch) is not gated.
    """
    ordered = sorted(documents, key=lambda d: _order(d.document.id))
    batches: list[list[MeasuredDocument]] = []
    current: list[MeasuredDocument] = []
    size = 0
    for document in ordered:
        current.append(document)
        size += document.measurements.bytes
        if len(current) >= batch_documents or size >= MAX_BATCH_BYTES:
            batches.append(current)
            current, size = [], 0
    short = 2 * len(current) < batch_documents and 2 * size < MAX_BATCH_BYTES
    if current and short and batches:
        batches[-1] = batches[-1] + current
    elif current:
        batches.append(current)
    gated = not (only_bucket and short and len(batches) == 1 and batches[0] is current)
    return [Composition(batch, gated) for batch in batches]


def batch_id(window_start: str | None, stratum: dict[str, str], document_ids: Sequence[str]) -> str:
    """32 hex digits over window, stratum and the sorted document ids."""
    content = (window_start, list(stratum.items()), sorted(document_ids))
    return sha256_hex(msgspec.json.encode(content))[:32]
