"""A batch after judgement: labelled documents and the audit that decides where they go."""

import msgspec

from schemas.audit import Audit
from schemas.batch import TrainingBatch
from schemas.label import Label


class LabelledBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A scored batch and the label of each of its documents, in their order."""

    batch: TrainingBatch
    labels: list[Label]


class AuditedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled batch and its audit."""

    batch: TrainingBatch
    labels: list[Label]
    audit: Audit
