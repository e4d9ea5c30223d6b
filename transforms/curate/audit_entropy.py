"""The audit of each batch: what it measures, against what, and what that decides."""

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.audit import GateMode
from wellspring.schemas.batch import AuditedBatch, LabelledBatch
from wellspring.schemas.profile import Profile
from wellspring.signals.batch.audit import audit_batch
from wellspring.signals.batch.tail_coverage import TailReference, load_tail_reference


class AuditEntropy(beam.PTransform[PCollection[LabelledBatch], PCollection[AuditedBatch]]):
    """Audits every labelled batch under a profile; `signals.batch.audit` does the work.

    Args:
        tokenizer: the scorer by whose tokenizer the batches were tokenized; the rare pairs of its
            reference text are read from its folder on the worker, where there are any.
        scorer: fingerprint of the scorer that scored them; null when none did.
    """

    def __init__(
        self, profile: Profile, *, gate: GateMode, vocab_size: int, scorer: str | None, tokenizer: str
    ) -> None:
        super().__init__()
        self._audit = _Audit(profile, gate, vocab_size, scorer, tokenizer)

    def expand(self, batches: PCollection[LabelledBatch]) -> PCollection[AuditedBatch]:
        return batches | "AuditBatches" >> beam.ParDo(self._audit).with_output_types(AuditedBatch)


class _Audit(beam.DoFn):
    def __init__(
        self, profile: Profile, gate: GateMode, vocab_size: int, scorer: str | None, tokenizer: str
    ) -> None:
        # An audit asks the gate alone: half a megabyte of coefficients needn't travel in the graph.
        self._profile = profile.model_copy(update={"classifier": None})
        self._gate = gate
        self._vocab_size = vocab_size
        self._scorer = scorer
        self._tokenizer = tokenizer
        self._tail: TailReference | None = None

    def setup(self) -> None:
        self._tail = load_tail_reference(self._tokenizer)

    @no_annotations
    def process(self, element: LabelledBatch) -> Iterator[AuditedBatch]:
        audit = audit_batch(
            element.batch,
            element.labels,
            profile=self._profile,
            gate=self._gate,
            vocab_size=self._vocab_size,
            scorer=self._scorer,
            tail=self._tail,
        )
        yield AuditedBatch(batch=element.batch, labels=element.labels, audit=audit)
