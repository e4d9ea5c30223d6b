"""Measured documents to scored ones."""

from collections.abc import Sequence

import msgspec

from schemas.batch import MeasuredDocument
from schemas.reject import Reject, reject_document
from signals.entropy import unpack_ids
from signals.scorer import Scorer, Unscorable


def score_documents(documents: Sequence[MeasuredDocument], scorer: Scorer) -> list[MeasuredDocument | Reject]:
    """Each document with the LM signals in its measurements, in order; what can't be scored is a
    reject (`unscorable`)."""
    results = scorer.score(
        [unpack_ids(d.token_ids) for d in documents], [d.measurements.bytes for d in documents]
    )
    scored: list[MeasuredDocument | Reject] = []
    for measured, result in zip(documents, results, strict=True):
        if isinstance(result, Unscorable):
            detail = f"{result.reason}: {result.detail}"
            scored.append(reject_document(measured.document, "unscorable", detail))
        else:
            measurements = measured.measurements.with_signals(result, scorer.fingerprint.id)
            scored.append(msgspec.structs.replace(measured, measurements=measurements))
    return scored
