"""Documents of one crawl window and stratum into training batches that depend on the data alone."""

from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
from apache_beam.pvalue import AsDict, PCollection

from wellspring.schemas.batch import MeasuredDocument, TrainingBatch
from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.signals.batch.batching import batch_id, bucket_count, bucket_of, compose_batches
from wellspring.signals.verdict.strata import crawl_window, stratum_of

Stratum = tuple[tuple[str, str], ...]
"""Fields and values in the order of `--batch_by`: hashable, with a deterministic coder."""

_Bucket = tuple[str, str, Stratum, int, bool]
"""(window's start and end, both "" for none; stratum; bucket; whether it is the stratum's only one)."""


class CountStrata(
    beam.PTransform[PCollection[Document | Reject], PCollection[tuple[tuple[str, Stratum], int]]]
):
    """How many documents each (crawl window, stratum) has, for `AssembleBatches`.

    Counted on the documents as read, before duplicates leave: any function of the data does, and
    this one costs no second pass over the texts. A reject may stand for the document that it was.
    """

    def __init__(self, batch_by: Sequence[str], window_days: int) -> None:
        super().__init__()
        self._batch_by = batch_by
        self._window_days = window_days

    def expand(
        self, documents: PCollection[Document | Reject]
    ) -> PCollection[tuple[tuple[str, Stratum], int]]:
        batch_by, days = self._batch_by, self._window_days
        return (
            documents
            | "WindowAndStratum"
            >> beam.Map(
                lambda d: (str(crawl_window(d.date, days)[0]), _stratum(d, batch_by))
            ).with_output_types(tuple[str, Stratum])
            | "Count" >> beam.combiners.Count.PerElement()
        )


class AssembleBatches(beam.PTransform[PCollection[MeasuredDocument], PCollection[TrainingBatch]]):
    """Window by crawl date, hash into buckets, group, sort, cut: `signals.batch.batching` says how.

    The window is a part of the key and not Beam's: event time that is set after a grouping lies behind the
    watermark, and an engine that has one drops such elements as late, without a word.

    Args:
        counts: what `CountStrata` made of the same documents (or of more of them).
    """

    def __init__(
        self,
        counts: PCollection[tuple[tuple[str, Stratum], int]],
        *,
        batch_documents: int,
        batch_by: Sequence[str],
        window_days: int,
    ) -> None:
        super().__init__()
        self._counts = counts
        self._batch_documents = batch_documents
        self._batch_by = batch_by
        self._window_days = window_days

    def expand(self, documents: PCollection[MeasuredDocument]) -> PCollection[TrainingBatch]:
        return (
            documents
            | "Bucket"
            >> beam.ParDo(
                _ToBucket(self._batch_documents, self._batch_by, self._window_days), AsDict(self._counts)
            )
            | "GroupByBucket" >> beam.GroupByKey()
            | "Compose" >> beam.ParDo(_Compose(self._batch_documents))
        )


def _stratum(document: Document | Reject, batch_by: Sequence[str]) -> Stratum:
    return tuple(stratum_of(document, batch_by).items())


@beam.typehints.with_output_types(tuple[_Bucket, MeasuredDocument])
class _ToBucket(beam.DoFn):
    def __init__(self, batch_documents: int, batch_by: Sequence[str], window_days: int) -> None:
        self._batch_documents = batch_documents
        self._batch_by = batch_by
        self._window_days = window_days

    def process(
        self, element: MeasuredDocument, counts: dict[tuple[str, Stratum], int]
    ) -> Iterator[tuple[_Bucket, MeasuredDocument]]:
        document = element.document
        start, end = crawl_window(document.date, self._window_days)
        stratum = _stratum(document, self._batch_by)
        buckets = bucket_count(counts[str(start), stratum], self._batch_documents)
        yield (start or "", end or "", stratum, bucket_of(document.id, buckets), buckets == 1), element


@beam.typehints.with_output_types(TrainingBatch)
class _Compose(beam.DoFn):
    def __init__(self, batch_documents: int) -> None:
        self._batch_documents = batch_documents

    def process(self, element: tuple[_Bucket, Iterable[MeasuredDocument]]) -> Iterator[TrainingBatch]:
        (first_day, end_day, pairs, _, only_bucket), documents = element
        start, end = first_day or None, end_day or None
        stratum = dict(pairs)
        for composition in compose_batches(documents, self._batch_documents, only_bucket=only_bucket):
            yield TrainingBatch(
                batch_id=batch_id(start, stratum, [d.document.id for d in composition.documents]),
                window_start=start,
                window_end=end,
                stratum=stratum,
                gated=composition.gated,
                documents=composition.documents,
            )
