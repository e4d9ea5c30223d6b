"""The project's scorer behind Beam's RunInference."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler

from wellspring.schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from wellspring.schemas.reject import Reject
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.scoring import score_documents
from wellspring.transforms.beam.metrics import NAMESPACE, count_metric, count_reject
from wellspring.transforms.beam.progress import Progress
from wellspring.transforms.beam.time_limit import within
from wellspring.transforms.curate.score_checkpoints import ScoreCheckpoints


class ScorerHandler(ModelHandler[TrainingBatch, ScoredBatch, Scorer]):
    """Loads the scorer once a process and scores whole training batches.

    The element is a whole training batch, so that what the model sees together is a function of
    the data and never of bundles; the scorer sorts by length inside. Batches that an earlier attempt at the
    same run scored are taken from `checkpoints`, where there are any.

    Counters, in the namespace `wellspring`: `scorer_documents`, `scorer_tokens` (input tokens of all
    windows), `scorer_padded_tokens` (the same with padding), `scorer_oom_retries`, and beside them
    `scorer_batches_resumed`. Distributions:
    `scorer_pass_rows` (windows of a forward pass) and `scorer_milliseconds` (of a training batch).
    """

    def __init__(
        self,
        scorer: str,
        *,
        worth_scoring: Callable[[MeasuredDocument], bool] | None = None,
        threads: int | None = None,
        timeout_seconds: float | None = None,
        progress: Progress | None = None,
        checkpoints: ScoreCheckpoints | None = None,
    ) -> None:
        super().__init__()
        self._scorer = scorer
        self._worth_scoring = worth_scoring
        self._threads = threads
        self._timeout_seconds = timeout_seconds
        self._progress = progress
        self._checkpoints = checkpoints

    def load_model(self) -> Scorer:
        return Scorer.load(self._scorer, threads=self._threads)

    def run_inference(
        self,
        batch: Sequence[TrainingBatch],
        model: Scorer,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[ScoredBatch]:
        for training_batch in batch:
            scored = self._scored(training_batch, model)
            if self._progress:
                tokens = sum(d.measurements.tokens for d in training_batch.documents)
                self._progress.add("scored", documents=len(training_batch.documents), tokens=tokens)
            yield scored

    def _scored(self, batch: TrainingBatch, model: Scorer) -> ScoredBatch:
        """What an earlier attempt kept, or else the batch scored, and kept."""
        if self._checkpoints is None:
            return _counted(batch, model, self._worth_scoring, self._timeout_seconds)
        chosen = [self._worth_scoring is None or self._worth_scoring(d) for d in batch.documents]
        path = self._checkpoints.path(batch, chosen, model.fingerprint)
        kept = self._checkpoints.load(path, batch)
        if kept is not None:
            Metrics.counter(NAMESPACE, "scorer_batches_resumed").inc()
            return kept
        scored = _counted(batch, model, self._worth_scoring, self._timeout_seconds)
        self._checkpoints.keep(path, batch, scored)
        return scored

    def batch_elements_kwargs(self) -> dict[str, int]:
        return {"min_batch_size": 1, "max_batch_size": 1}

    def get_num_bytes(self, batch: Sequence[TrainingBatch]) -> int:
        # The default pickles each batch to measure it.
        return sum(len(d.token_ids) for training_batch in batch for d in training_batch.documents)

    def get_metrics_namespace(self) -> str:
        return NAMESPACE


def _counted(
    batch: TrainingBatch,
    scorer: Scorer,
    worth_scoring: Callable[[MeasuredDocument], bool] | None,
    timeout_seconds: float | None,
) -> ScoredBatch:
    """`score_batch` within its time, with what it took in the step's metrics."""
    before = scorer.real_tokens, scorer.padded_tokens, scorer.oom_retries
    start = time.perf_counter()
    if timeout_seconds is None:
        scored = score_batch(batch, scorer, worth_scoring)
    else:
        scored = within(
            timeout_seconds, lambda: score_batch(batch, scorer, worth_scoring), f"scoring {_named(batch)}"
        )
    milliseconds = round((time.perf_counter() - start) * 1000)
    after = scorer.real_tokens, scorer.padded_tokens, scorer.oom_retries
    documents = sum(d.measurements.scorer is not None for d in scored.batch.documents)
    for reject in scored.rejects:
        count_reject(reject)
    count_metric("scorer_documents", documents)
    for name, earlier, later in zip(("tokens", "padded_tokens", "oom_retries"), before, after, strict=True):
        count_metric(f"scorer_{name}", later - earlier)
    for rows in scorer.pass_rows:
        Metrics.distribution(NAMESPACE, "scorer_pass_rows").update(rows)
    Metrics.distribution(NAMESPACE, "scorer_milliseconds").update(milliseconds)
    return msgspec.structs.replace(scored, scoring_milliseconds=milliseconds)


def _named(batch: TrainingBatch) -> str:
    stratum = ", ".join(f"{field} {value!r}" for field, value in batch.stratum.items())
    tokens = sum(d.measurements.tokens for d in batch.documents)
    return f"batch {batch.batch_id} ({stratum}; {len(batch.documents)} documents, {tokens:,} tokens)"


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
