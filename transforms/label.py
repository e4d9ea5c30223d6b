"""Evidence, measurements and profile into a provenance label for every document."""

from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.pvalue import PCollection

from schemas.batch import ScoredBatch
from schemas.judgement import LabelledBatch
from schemas.profile import Profile
from schemas.sources import SourceEntry
from signals.evidence import find_source
from signals.provenance import label
from signals.votes import judge


class Label(beam.PTransform[PCollection[ScoredBatch], PCollection[LabelledBatch]]):
    """Labels every document of a batch. A batch of which nothing could be scored ends here: its
    documents are rejects already."""

    def __init__(self, profile: Profile, sources: Sequence[SourceEntry]) -> None:
        super().__init__()
        self._profile = profile
        self._sources = sources

    def expand(self, batches: PCollection[ScoredBatch]) -> PCollection[LabelledBatch]:
        return batches | "LabelDocuments" >> beam.FlatMap(
            _label_batch, self._profile, self._sources
        ).with_output_types(LabelledBatch)


def _label_batch(
    scored: ScoredBatch, profile: Profile, sources: Sequence[SourceEntry]
) -> Iterator[LabelledBatch]:
    batch = scored.batch
    if batch.documents:
        labels = [
            label(judge(d.measurements, profile), find_source(d.document, sources)) for d in batch.documents
        ]
        yield LabelledBatch(batch=batch, labels=labels)
