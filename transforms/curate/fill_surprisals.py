"""Surprisals of held documents whose scores came from an earlier run, which kept none: scored once more."""

from collections.abc import Iterator

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.batch import AuditedBatch
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.lm.scorer import Scorer, Unscorable
from wellspring.signals.lm.surprisal_levels import surprisal_levels


class FillSurprisals(beam.PTransform[PCollection[AuditedBatch], PCollection[AuditedBatch]]):
    """Held batches in which every scored document has its tokens' surprisals. The model is loaded only
    where one lacks them.
    """

    def __init__(self, scorer: str, threads: int | None) -> None:
        super().__init__()
        self._fill = _Fill(scorer, threads)

    def expand(self, batches: PCollection[AuditedBatch]) -> PCollection[AuditedBatch]:
        return batches | "ScoreHeld" >> beam.ParDo(self._fill).with_output_types(AuditedBatch)


class _Fill(beam.DoFn):
    def __init__(self, scorer: str, threads: int | None) -> None:
        self._name = scorer
        self._threads = threads
        self._scorer: Scorer | None = None

    @no_annotations
    def process(self, element: AuditedBatch) -> Iterator[AuditedBatch]:
        documents = list(element.batch.documents)
        lacking = [
            place
            for place, d in enumerate(documents)
            if d.measurements.scorer is not None and d.token_surprisals is None
        ]
        if not lacking:
            yield element
            return
        if self._scorer is None:
            self._scorer = Scorer.load(self._name, threads=self._threads)
        results = self._scorer.score_tokens(
            [unpack_ids(documents[place].token_ids) for place in lacking],
            [documents[place].measurements.bytes for place in lacking],
        )
        for place, result in zip(lacking, results, strict=True):
            if isinstance(result, Unscorable):
                id = documents[place].document.id
                raise ValueError(f"{id} was scored by the earlier run and can't be now: {result.detail}")
            levels = surprisal_levels(result.surprisals, documents[place].measurements.tokens)
            documents[place] = msgspec.structs.replace(documents[place], token_surprisals=levels)
        yield msgspec.structs.replace(
            element, batch=msgspec.structs.replace(element.batch, documents=documents)
        )
