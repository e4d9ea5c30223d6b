"""Evidence, measurements and profile into a provenance label for every document."""

from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.batch import LabelledBatch, ScoredBatch
from wellspring.schemas.profile import Profile
from wellspring.schemas.sources import SourceEntry
from wellspring.signals.provenance import label
from wellspring.signals.verdict.evidence import find_evidence
from wellspring.signals.verdict.judging import judge_of
from wellspring.signals.verdict.profiles import built_in, is_built_in, parse_profile


class Label(beam.PTransform[PCollection[ScoredBatch], PCollection[LabelledBatch]]):
    """Labels every document of a batch. A batch of which nothing could be scored ends here: its
    documents are rejects already.
    """

    def __init__(self, profile: Profile, sources: Sequence[SourceEntry]) -> None:
        super().__init__()
        self._profile = profile
        self._sources = sources

    def expand(self, batches: PCollection[ScoredBatch]) -> PCollection[LabelledBatch]:
        return batches | "LabelDocuments" >> beam.ParDo(
            _LabelBatch(self._profile, self._sources)
        ).with_output_types(LabelledBatch)


class _LabelBatch(beam.DoFn):
    def __init__(self, profile: Profile, sources: Sequence[SourceEntry]) -> None:
        # A profile that ships goes by its name: the worker has it, and the graph stays small.
        self._profile: Profile | str = profile.name if is_built_in(profile) else profile
        self._sources = sources

    def setup(self) -> None:
        profile = self._profile
        if isinstance(profile, str):
            content = built_in(profile)
            assert content is not None
            profile = parse_profile(content, profile)
        self._judge = judge_of(profile)

    @no_annotations
    def process(self, element: ScoredBatch) -> Iterator[LabelledBatch]:
        batch = element.batch
        if batch.documents:
            labels = [
                label(self._judge(d.document.text, d.measurements), find_evidence(d.document, self._sources))
                for d in batch.documents
            ]
            yield LabelledBatch(batch=batch, labels=labels)
