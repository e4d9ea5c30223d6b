"""The audit of each batch: what it measures, against what, and what that decides."""

import apache_beam as beam
from apache_beam.pvalue import PCollection

from schemas.judgement import AuditedBatch, LabelledBatch
from schemas.profile import Profile
from signals.audit import GateMode, audit_batch


class AuditEntropy(beam.PTransform[PCollection[LabelledBatch], PCollection[AuditedBatch]]):
    """Audits every labelled batch under a profile; `signals.audit` does the work."""

    def __init__(self, profile: Profile, *, gate: GateMode, vocab_size: int, scorer: str | None) -> None:
        super().__init__()
        self._profile = profile
        self._gate = gate
        self._vocab_size = vocab_size
        self._scorer = scorer

    def expand(self, batches: PCollection[LabelledBatch]) -> PCollection[AuditedBatch]:
        profile, gate, vocab_size, scorer = self._profile, self._gate, self._vocab_size, self._scorer

        def audited(labelled: LabelledBatch) -> AuditedBatch:
            audit = audit_batch(
                labelled.batch,
                labelled.labels,
                profile=profile,
                gate=gate,
                vocab_size=vocab_size,
                scorer=scorer,
            )
            return AuditedBatch(batch=labelled.batch, labels=labelled.labels, audit=audit)

        return batches | "AuditBatches" >> beam.Map(audited).with_output_types(AuditedBatch)
