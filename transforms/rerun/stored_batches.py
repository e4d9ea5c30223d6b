"""The training batches of a finished run, made again from its stored texts for another scorer."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.audit import Audit
from wellspring.schemas.batch import MeasuredDocument, TrainingBatch
from wellspring.schemas.document import Document, HeldDocument, PublishedDocument
from wellspring.schemas.reject import Reject
from wellspring.signals.batch.audit import TOO_SMALL
from wellspring.signals.batch.batching import batch_id, in_batch_order
from wellspring.signals.lm.measuring import measure_documents
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.transforms.runs.run_shards import ReadRows

_AUDITS, _DOCUMENTS = "audits", "documents"
_COLUMNS = tuple(name for name in Document.__struct_fields__ if name != "offset")


class StoredBatches(NamedTuple):
    batches: PCollection[TrainingBatch]
    rejects: PCollection[Reject]
    """Documents of which the other tokenizer makes no token."""


class ReadStoredBatches(beam.PTransform[PBegin, StoredBatches]):
    """The batches of the run in `folder`, tokenized and measured for `scorer`, not scored yet."""

    def __init__(self, folder: str, scorer: str) -> None:
        super().__init__()
        self._folder = folder
        self._scorer = scorer

    @no_annotations
    def expand(self, pbegin: PBegin) -> StoredBatches:
        keyed = tuple[str, Document]
        documents = (
            pbegin
            | "ReadPassed" >> ReadRows(self._folder, "documents/", PublishedDocument)
            | "Passed" >> beam.Map(_by_batch).with_output_types(keyed),
            pbegin
            | "ReadHeld" >> ReadRows(self._folder, "hold/", HeldDocument)
            | "Held" >> beam.Map(_by_batch).with_output_types(keyed),
        ) | "Documents" >> beam.Flatten()
        audits = (
            pbegin
            | "ReadAudits" >> ReadRows(self._folder, "audits/", Audit)
            | "ByBatch"
            >> beam.Map(lambda audit: (audit.batch_id, audit)).with_output_types(tuple[str, Audit])
        )
        made = (
            {_AUDITS: audits, _DOCUMENTS: documents}
            | "MeetInBatches" >> beam.CoGroupByKey()
            | "Measure"
            >> beam.ParDo(_Measure(self._scorer))
            .with_output_types(TrainingBatch, rejects=Reject)
            .with_outputs("rejects", main="batches")
        )
        return StoredBatches(made.batches, made.rejects)


def stored_document(row: PublishedDocument) -> Document:
    """The document of a published row, as it was read."""
    return Document(**{name: getattr(row, name) for name in _COLUMNS}, offset=row.offset or 0)


def _by_batch(row: PublishedDocument) -> tuple[str, Document]:
    return row.batch_id, stored_document(row)


class _Measure(beam.DoFn):
    def __init__(self, scorer: str) -> None:
        self._scorer = scorer

    def setup(self) -> None:
        self._tokenizer: Tokenizer = load_tokenizer(self._scorer)

    @no_annotations
    def process(
        self, element: tuple[str, dict[str, Iterable[Any]]]
    ) -> Iterator[TrainingBatch | TaggedOutput]:
        _, met = element
        (audit,) = met[_AUDITS]
        documents: list[Document] = in_batch_order(met[_DOCUMENTS])
        measured: list[MeasuredDocument] = []
        for result in measure_documents(documents, self._tokenizer):
            if isinstance(result, Reject):
                yield TaggedOutput("rejects", result)
            else:
                measured.append(result)
        if not measured:
            return
        stratum = msgspec.json.decode(audit.stratum, type=dict[str, str])
        yield TrainingBatch(
            batch_id=batch_id(audit.window_start, stratum, [d.document.id for d in measured])
            if len(measured) < len(documents)
            else audit.batch_id,
            window_start=audit.window_start,
            window_end=audit.window_end,
            stratum=stratum,
            gated=audit.basis != TOO_SMALL,
            documents=measured,
        )
