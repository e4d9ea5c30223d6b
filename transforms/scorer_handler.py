"""The project's scorer behind Beam's RunInference."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from apache_beam.ml.inference.base import ModelHandler

from schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from schemas.reject import Reject
from signals.scorer import Scorer
from signals.scoring import score_documents
from transforms.progress import Progress


class ScorerHandler(ModelHandler[TrainingBatch, ScoredBatch, Scorer]):
    """Loads the scorer once a process and scores whole training batches.

    The element is a whole training batch, so that what the model sees together is a function of
    the data and never of bundles; the scorer sorts by length inside.
    """

    def __init__(
        self,
        scorer: str,
        *,
        worth_scoring: Callable[[MeasuredDocument], bool] | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__()
        self._scorer = scorer
        self._worth_scoring = worth_scoring
        self._threads = threads
        self._progress = progress

    def load_model(self) -> Scorer:
        return Scorer.load(self._scorer, threads=self._threads)

    def run_inference(
        self,
        batch: Sequence[TrainingBatch],
        model: Scorer,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[ScoredBatch]:
        for training_batch in batch:
            scored = score_batch(training_batch, model, self._worth_scoring)
            if self._progress:
                tokens = sum(d.measurements.tokens for d in training_batch.documents)
                self._progress.add("scored", documents=len(training_batch.documents), tokens=tokens)
            yield scored

    def batch_elements_kwargs(self) -> dict[str, int]:
        return {"min_batch_size": 1, "max_batch_size": 1}

    def get_num_bytes(self, batch: Sequence[TrainingBatch]) -> int:
        # The default pickles each batch to measure it.
        return sum(len(d.token_ids) for training_batch in batch for d in training_batch.documents)

    def get_metrics_namespace(self) -> str:
        return "wellspring"


def score_batch(
    batch: TrainingBatch, scorer: Scorer, worth_scoring: Callable[[MeasuredDocument], bool] | None = None
) -> ScoredBatch:
    """The batch with LM signals in its measurements; documents that can't be scored are rejects."""
    results = score_documents(batch.documents, scorer, worth_scoring)
    scored = [result for result in results if isinstance(result, MeasuredDocument)]
    rejects = [result for result in results if isinstance(result, Reject)]
    fingerprint = scorer.fingerprint
    return ScoredBatch(
        batch=msgspec.structs.replace(batch, documents=scored),
        rejects=rejects,
        scored_on=f"{fingerprint.device} {fingerprint.instruction_set}".strip(),
    )
