"""Perplexity and its kin, through RunInference: one training batch in, one scored batch out."""

from collections.abc import Callable

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection

from wellspring.schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from wellspring.transforms.beam.progress import Progress
from wellspring.transforms.curate.score_checkpoints import ScoreCheckpoints


class Score(beam.PTransform[PCollection[TrainingBatch], PCollection[ScoredBatch]]):
    """Scores every document of every batch.

    Args:
        scorer: name, folder or `gs://` path of the model; None passes batches on with the LM
            signals null (`--scoring=none`).
        worth_scoring: which documents the model is run on; all where not given. The others keep
            their LM signals null (`--scoring=decisive`).
        threads: of one worker process, where several share this machine: they are dealt the batches one by
            one. None takes all cores.
        timeout_seconds: a batch that takes the model longer fails the job; None waits for ever.
        accelerator: a resource hint for this step alone, such as
            `type:nvidia-l4;count:1;install-nvidia-driver`: other steps run on workers without it.
        checkpoints: where scored batches are kept until the run's end; nowhere where not given.
    """

    def __init__(
        self,
        scorer: str | None,
        *,
        worth_scoring: Callable[[MeasuredDocument], bool] | None = None,
        threads: int | None = None,
        timeout_seconds: float | None = None,
        progress: Progress | None = None,
        accelerator: str | None = None,
        checkpoints: ScoreCheckpoints | None = None,
    ) -> None:
        super().__init__()
        self._scorer = scorer
        self._worth_scoring = worth_scoring
        self._threads = threads
        self._timeout_seconds = timeout_seconds
        self._progress = progress
        self._accelerator = accelerator
        self._checkpoints = checkpoints

    def expand(self, batches: PCollection[TrainingBatch]) -> PCollection[ScoredBatch]:
        if self._scorer is None:
            return batches | "Unscored" >> beam.Map(without_scores).with_output_types(ScoredBatch)
        # Beam's inference module imports torch: not before a graph is built, so that --help stays fast.
        from apache_beam.ml.inference.base import RunInference

        from wellspring.transforms.curate.scorer_handler import ScorerHandler

        handler = ScorerHandler(
            self._scorer,
            worth_scoring=self._worth_scoring,
            threads=self._threads,
            timeout_seconds=self._timeout_seconds,
            progress=self._progress,
            checkpoints=self._checkpoints,
        )
        if self._threads is not None:
            batches = batches | "OneByOne" >> _OneByOne()
        inference = RunInference(handler)
        if self._accelerator:
            inference = inference.with_resource_hints(accelerator=self._accelerator)
        return batches | "RunInference" >> inference.with_output_types(ScoredBatch)


class _OneByOne(beam.PTransform[PCollection[TrainingBatch], PCollection[TrainingBatch]]):
    """Batches that may go to any worker process each. As they are assembled, up to sixteen come from one
    group, and the local runner deals out groups, once: a process would have all of them to itself.
    """

    def expand(self, batches: PCollection[TrainingBatch]) -> PCollection[TrainingBatch]:
        return (
            batches
            | "ById"
            >> beam.Map(lambda batch: (batch.batch_id, batch)).with_output_types(tuple[str, TrainingBatch])
            | "Group" >> beam.GroupByKey()
            | "Ungroup" >> beam.FlatMapTuple(lambda _, same: same).with_output_types(TrainingBatch)
        )


def without_scores(batch: TrainingBatch) -> ScoredBatch:
    """The batch as it came, its measurements saying that no scorer was run."""
    documents = [
        msgspec.structs.replace(d, measurements=d.measurements.without_signals("no scorer was run"))
        for d in batch.documents
    ]
    return ScoredBatch(batch=msgspec.structs.replace(batch, documents=documents), rejects=[])
