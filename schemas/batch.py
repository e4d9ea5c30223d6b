"""What travels between the steps: a measured document, a training batch, a scored one."""

import msgspec

from wellspring.schemas.audit import Audit
from wellspring.schemas.document import Document
from wellspring.schemas.label import Label
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import Reject

STRATUM_FIELDS = ("source", "language", "dump", "domain")
"""What batches may be made by."""


class MeasuredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document, its token ids packed as little-endian int32, and what was measured.

    `token_surprisals` is one byte per token (`signals.lm.surprisal_levels`), null before scoring and where no
    scorer ran.
    """

    document: Document
    token_ids: bytes
    measurements: Measurements
    token_surprisals: bytes | None = None


class TrainingBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one window and stratum: the unit of scoring, audit, retry and decision.

    `window_start` and `window_end` are ISO dates of the crawl window, null for documents without
    a date. `stratum` holds the values of `--batch_by` in its order, `gated` is False for a
    stratum too small to be judged. `documents` stand in the order of their ids' hashes.
    """

    batch_id: str
    window_start: str | None
    window_end: str | None
    stratum: dict[str, str]
    gated: bool
    documents: list[MeasuredDocument]


class ScoredBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A training batch after scoring: documents that could not be scored are in `rejects`.

    `scored_on` names the device and its instruction set ("cpu AVX512"); null when no scorer ran.
    `scoring_milliseconds` is how long that device was at it, once, whenever that was.
    """

    batch: TrainingBatch
    rejects: list[Reject]
    scored_on: str | None = None
    scoring_milliseconds: int = 0


class LabelledBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A scored batch and the label of each of its documents, in their order."""

    batch: TrainingBatch
    labels: list[Label]


class AuditedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled batch and its audit."""

    batch: TrainingBatch
    labels: list[Label]
    audit: Audit


class StoredScores(msgspec.Struct, frozen=True, kw_only=True):
    """`token_surprisals` is null for a document that wasn't held: a run keeps those of held ones alone."""

    measurements: Measurements
    token_surprisals: bytes | None
