"""Where each batch goes: published, held, measured, audited, counted."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.audit import HOLD_FOR_REVIEW, Audit
from wellspring.schemas.batch import AuditedBatch, MeasuredDocument
from wellspring.schemas.document import Document, HeldDocument, PublishedDocument
from wellspring.schemas.label import Label
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import RECORD, Reject
from wellspring.schemas.sources import SourceEntry
from wellspring.signals.entropy import pack_ids
from wellspring.signals.lm.tokenization import Tokenizer
from wellspring.signals.verdict.evidence import find_source
from wellspring.signals.verdict.histograms import Histograms, histograms_of
from wellspring.signals.verdict.synthetic_share import share_counts
from wellspring.transforms.beam.metrics import count_metric

Tally = tuple[tuple[str, str, str], int]
"""((what, source, name), count): what is read, labelled, held, rejected, conflicts or tokens, or a key of
`signals.verdict.synthetic_share`, or one of the following."""
RELABELLED = "relabelled"
"""(.., label in the run before, label in this one)."""
NEWLY_HELD, NEWLY_PASSED = "newly_held", "newly_passed"
"""(.., batch id, "")."""

SCORING = "scoring_milliseconds"
"""(.., device and instruction set, ""): what `scored_on` counts documents of."""
BATCHES_FLAGGED = "batches_flagged"
"""Batches beyond their limit, held or only watched."""
SOURCE_ENTRY = "source_entry"
"""(.., which entry of sources.yaml, from 0, ""): the documents that it is the first to match."""
DATE_UNREAD = "date_unread"
"""(.., source, ""): documents whose record has a date that can't be read."""
WINDOW = "window"
"""(.., start of a crawl window as in an audit, ""): its batches."""


class RouteOutputs(NamedTuple):
    documents: PCollection[tuple[str, PublishedDocument]]
    """(provenance label, row) of the batches that proceed."""
    held: PCollection[AuditedBatch]
    measurements: PCollection[Measurements]
    audits: PCollection[Audit]
    tallies: PCollection[Tally]
    histograms: PCollection[Histograms]


class Route(beam.PTransform[PCollection[AuditedBatch], RouteOutputs]):
    """Splits audited batches into the rows of every sink and the counts of the manifest.

    Args:
        sources: entries of sources.yaml: how many documents each matches is counted.
    """

    def __init__(self, sources: Sequence[SourceEntry] = ()) -> None:
        super().__init__()
        self._sources = sources

    @no_annotations
    def expand(self, batches: PCollection[AuditedBatch]) -> RouteOutputs:
        outputs = batches | "ByAction" >> beam.ParDo(_Route(self._sources)).with_output_types(
            tuple[str, PublishedDocument],
            held=AuditedBatch,
            measurements=Measurements,
            audits=Audit,
            tallies=Tally,
            histograms=Any,
        ).with_outputs("held", "measurements", "audits", "tallies", "histograms", main="documents")
        return RouteOutputs(
            outputs.documents,
            outputs.held,
            outputs.measurements,
            outputs.audits,
            outputs.tallies,
            outputs.histograms,
        )


class _Route(beam.DoFn):
    def __init__(self, sources: Sequence[SourceEntry]) -> None:
        self._sources = sources

    @no_annotations
    def process(self, element: AuditedBatch) -> Iterator[tuple[str, PublishedDocument] | TaggedOutput]:
        documents, labels = element.batch.documents, element.labels
        count_metric("batches")
        count_metric("tokens", sum(measured.measurements.tokens for measured in documents))
        if element.audit.held:
            count_metric("batches_held")
            count_metric("documents_held", len(documents))
            yield TaggedOutput("held", element)
        else:
            for measured, label in zip(documents, labels, strict=True):
                yield label.provenance, published(measured, label, element.batch.batch_id)
        for measured in documents:
            yield TaggedOutput("measurements", measured.measurements)
        yield TaggedOutput("audits", element.audit)
        counts = _tallies(element)
        for measured in documents:
            counts.update(origin_counts(measured.document, self._sources))
        for key, count in counts.items():
            yield TaggedOutput("tallies", (key, count))
        pairs = [(x.provenance, m.measurements) for x, m in zip(labels, documents, strict=True)]
        yield TaggedOutput("histograms", histograms_of(pairs))


class TallyRejects(beam.PTransform[PCollection[Reject], PCollection[Tally]]):
    """Counts the rejected records by source and reason; files that are damaged are no records."""

    def expand(self, rejects: PCollection[Reject]) -> PCollection[Tally]:
        return (
            rejects
            | "RecordsOnly" >> beam.Filter(lambda reject: reject.kind == RECORD)
            | "Count" >> beam.Map(lambda reject: (("rejected", reject.source, reject.reason), 1))
        )


def origin_counts(document: Document, sources: Sequence[SourceEntry]) -> Iterator[tuple[str, str, str]]:
    """What one document adds to the counts of entries that match and of dates that can't be read."""
    entry = find_source(document, sources)
    if entry is not None:
        # By identity: of two entries that say the same the second matches nothing.
        yield SOURCE_ENTRY, str(next(n for n, one in enumerate(sources) if one is entry)), ""
    if document.date is None and has_unread_date(document.metadata):
        yield DATE_UNREAD, document.source, ""


def has_unread_date(metadata: str) -> bool:
    """Whether the readers kept a date that they couldn't read."""
    if '"date_raw"' not in metadata:
        return False
    try:
        return "date_raw" in json.loads(metadata)
    except (ValueError, TypeError, RecursionError):
        return False


def _tallies(audited: AuditedBatch) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for measured, label in zip(audited.batch.documents, audited.labels, strict=True):
        source = measured.document.source
        if audited.audit.held:
            counts["held", source, ""] += 1
        else:
            counts["labelled", source, label.provenance] += 1
        for key, count in share_counts(source, measured.document.date, label):
            counts[key] += count
        counts["conflicts", "", ""] += label.conflict
        counts["tokens", "", ""] += measured.measurements.tokens
        if measured.measurements.scorer is not None:
            counts["tokens_scored", "", ""] += measured.measurements.tokens
    counts["batches", "", ""] += 1
    counts["batches_held", "", ""] += audited.audit.held
    counts[BATCHES_FLAGGED, "", ""] += audited.audit.gated and audited.audit.action == HOLD_FOR_REVIEW
    counts[WINDOW, audited.audit.window_start or "", ""] += 1
    return counts


def published(measured: MeasuredDocument, label: Label, batch_id: str) -> PublishedDocument:
    """The row of `documents/` for a labelled document."""
    return PublishedDocument(**_columns(measured, label, batch_id))


def held(measured: MeasuredDocument, label: Label, batch_id: str, tokenizer: Tokenizer) -> HeldDocument:
    """The row of `hold/` for a labelled document, with its tokens' surprisals where it was scored."""
    ends = tokenizer.token_ends(measured.document.text) if measured.token_surprisals is not None else None
    return HeldDocument(
        **_columns(measured, label, batch_id),
        provenance=label.provenance,
        token_ends=None if ends is None else pack_ids(ends),
        token_surprisals=measured.token_surprisals,
    )


def _columns(measured: MeasuredDocument, label: Label, batch_id: str) -> dict[str, Any]:
    document = measured.document
    return {
        "id": document.id,
        "text": document.text,
        "source": document.source,
        "added": document.added,
        "created": document.created,
        "metadata": document.metadata,
        "dump": document.dump,
        "url": document.url,
        "date": document.date,
        "language": document.language,
        "file_path": document.file_path,
        "token_count": measured.measurements.tokens,
        "verdict": label.verdict,
        "confidence": label.confidence,
        "probability": label.probability,
        "reasons": label.reasons,
        "batch_id": batch_id,
        "offset": document.offset,
    }
