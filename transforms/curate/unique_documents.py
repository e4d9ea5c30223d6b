"""Exact duplicates out, and every id once."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.pvalue import AsDict, PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject, reject_document
from wellspring.signals.stats.hashing import content_hash, suffixed_id
from wellspring.transforms.beam.metrics import count_reject

DUPLICATE = "duplicate"
SAME_TEXT = "same text as "
"""How the detail of a duplicate begins; the id of the document that was kept follows."""


class UniqueOutputs(NamedTuple):
    documents: PCollection[Document]
    rejects: PCollection[Reject]
    renamed: PCollection[str]
    """New ids of documents whose own id was taken by another text."""


class UniqueDocuments(beam.PTransform[PCollection[Document], UniqueOutputs]):
    """Keeps the first of the documents with the same normalised text and rejects the others.

    First is by path, offset and id. Two different texts under one id are both kept: the text
    with the smaller content hash keeps the id, the others get their own hash as a suffix.

    Args:
        also: (id, content hash) of documents that are known as duplicates and don't come in: their ids count
            too.
    """

    def __init__(self, also: PCollection[tuple[str, bytes]] | None = None) -> None:
        super().__init__()
        self._also = also

    @no_annotations
    def expand(self, documents: PCollection[Document]) -> UniqueOutputs:
        keyed = documents | "KeyByContent" >> beam.Map(
            lambda document: (content_hash(document.text), document)
        ).with_output_types(tuple[bytes, Document])
        # Only ids and hashes are shuffled to find ids with several texts; texts travel once.
        ids = keyed | "IdAndContent" >> beam.MapTuple(
            lambda digest, document: (document.id, digest)
        ).with_output_types(tuple[str, bytes])
        if self._also is not None:
            ids = (ids, self._also) | "WithKnownDuplicates" >> beam.Flatten()
        taken = (
            ids
            | "GroupById" >> beam.GroupByKey()
            | "IdsWithSeveralTexts" >> beam.FlatMapTuple(_several_texts).with_output_types(tuple[str, bytes])
        )
        outputs = (
            keyed
            | "GroupByContent" >> beam.GroupByKey()
            | "KeepFirst"
            >> beam.ParDo(_KeepFirst(), AsDict(taken))
            .with_output_types(Document, rejects=Reject, renamed=str)
            .with_outputs("rejects", "renamed", main="documents")
        )
        return UniqueOutputs(outputs.documents, outputs.rejects, outputs.renamed)


def _several_texts(id: str, digests: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    distinct = set(digests)
    if len(distinct) > 1:
        yield id, min(distinct)


def _place(document: Document) -> tuple[str, int, str]:
    return document.file_path, document.offset, document.id


class _KeepFirst(beam.DoFn):
    @no_annotations
    def process(
        self, element: tuple[bytes, Iterable[Document]], taken: dict[str, bytes]
    ) -> Iterator[Document | TaggedOutput]:
        digest, group = element
        # Two passes over the group rather than a sort: a boilerplate text may come a million times.
        first = min(group, key=_place)
        keeps_id = taken.get(first.id, digest) == digest
        kept = first
        if not keeps_id:
            kept = msgspec.structs.replace(first, id=suffixed_id(first.id, digest))
            yield TaggedOutput("renamed", kept.id)
        yield kept
        for document in group:
            if _place(document) != _place(first):
                reject = reject_document(document, DUPLICATE, f"{SAME_TEXT}{kept.id}")
                count_reject(reject)
                yield TaggedOutput("rejects", reject)
