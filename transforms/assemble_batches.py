"""Documents of one crawl window and stratum into training batches that depend on the data alone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import apache_beam as beam
from apache_beam.pvalue import AsDict, PCollection
from apache_beam.transforms.window import FixedWindows, GlobalWindows, IntervalWindow, TimestampedValue
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from schemas.batch import MeasuredDocument, TrainingBatch
from schemas.document import Document
from schemas.reject import Reject
from signals.batching import batch_id, bucket_count, bucket_of, compose_batches
from signals.strata import crawl_time, stratum_of

_DAY = 24 * 60 * 60
_YEAR_ONE = Timestamp(-62_135_596_800)

Stratum = tuple[tuple[str, str], ...]
"""Fields and values in the order of `--batch_by`: hashable, with a deterministic coder."""


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
        return (
            documents
            | "Dates" >> beam.Map(lambda d: (d.date, _stratum(d, self._batch_by)))
            | "Windows" >> _IntoCrawlWindows(self._window_days)
            | "Key" >> beam.ParDo(_WindowAndStratum())
            | "Rewindow" >> beam.WindowInto(GlobalWindows())
            | "Count" >> beam.combiners.Count.PerElement()
        )


class AssembleBatches(beam.PTransform[PCollection[MeasuredDocument], PCollection[TrainingBatch]]):
    """Window by crawl date, hash into buckets, group, sort, cut: `signals.batching` says how.

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
            | "Dates" >> beam.Map(lambda d: (d.document.date, d))
            | "Windows" >> _IntoCrawlWindows(self._window_days)
            | "Bucket" >> beam.ParDo(_ToBucket(self._batch_documents, self._batch_by), AsDict(self._counts))
            | "GroupByBucket" >> beam.GroupByKey()
            | "Compose" >> beam.ParDo(_Compose(self._batch_documents))
            # What follows counts and writes: in crawl windows a sink would write once a window.
            | "Rewindow" >> beam.WindowInto(GlobalWindows())
        )


class _IntoCrawlWindows(beam.PTransform):
    """(date, element) -> element in its fixed window of event time; undated ones share a window."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self._days = days

    def expand(self, dated: PCollection) -> PCollection:
        return (
            dated
            | "EventTime" >> beam.MapTuple(lambda date, element: TimestampedValue(element, _event_time(date)))
            | "FixedWindows" >> beam.WindowInto(FixedWindows(self._days * _DAY))
        )


def _event_time(date: str | None) -> Timestamp:
    seconds = crawl_time(date)
    return MIN_TIMESTAMP if seconds is None else Timestamp(seconds)


def _stratum(document: Document | Reject, batch_by: Sequence[str]) -> Stratum:
    return tuple(stratum_of(document, batch_by).items())


def _bounds(window: IntervalWindow) -> tuple[str | None, str | None]:
    """ISO dates of a window's first day and of the day after its last; None for the undated."""
    if window.end <= _YEAR_ONE:
        return None, None
    return _iso_date(window.start), _iso_date(window.end)


def _iso_date(timestamp: Timestamp) -> str:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        return (epoch + timedelta(seconds=timestamp.seconds())).date().isoformat()
    except OverflowError:  # a window that reaches over the first or last day that dates know
        return (datetime.min if timestamp < Timestamp(0) else datetime.max).date().isoformat()


@beam.typehints.with_output_types(tuple[str, Stratum])
class _WindowAndStratum(beam.DoFn):
    def process(
        self, element: Stratum, window: IntervalWindow = beam.DoFn.WindowParam
    ) -> Iterator[tuple[str, Stratum]]:
        yield str(_bounds(window)[0]), element


@beam.typehints.with_output_types(tuple[tuple[Stratum, int, bool], MeasuredDocument])
class _ToBucket(beam.DoFn):
    def __init__(self, batch_documents: int, batch_by: Sequence[str]) -> None:
        self._batch_documents = batch_documents
        self._batch_by = batch_by

    def process(
        self,
        element: MeasuredDocument,
        counts: dict[tuple[str, Stratum], int],
        window: IntervalWindow = beam.DoFn.WindowParam,
    ) -> Iterator[tuple[tuple[Stratum, int, bool], MeasuredDocument]]:
        stratum = _stratum(element.document, self._batch_by)
        buckets = bucket_count(counts[str(_bounds(window)[0]), stratum], self._batch_documents)
        yield (stratum, bucket_of(element.document.id, buckets), buckets == 1), element


@beam.typehints.with_output_types(TrainingBatch)
class _Compose(beam.DoFn):
    def __init__(self, batch_documents: int) -> None:
        self._batch_documents = batch_documents

    def process(
        self,
        element: tuple[tuple[Stratum, int, bool], Iterable[MeasuredDocument]],
        window: IntervalWindow = beam.DoFn.WindowParam,
    ) -> Iterator[TrainingBatch]:
        (pairs, _, only_bucket), documents = element
        stratum = dict(pairs)
        start, end = _bounds(window)
        for composition in compose_batches(documents, self._batch_documents, only_bucket=only_bucket):
            yield TrainingBatch(
                batch_id=batch_id(start, stratum, [d.document.id for d in composition.documents]),
                window_start=start,
                window_end=end,
                stratum=stratum,
                gated=composition.gated,
                documents=composition.documents,
            )
