"""Measured documents to scored ones."""

from collections.abc import Callable, Sequence

import msgspec

from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.reject import Reject, reject_document
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.lm.scorer import Scorer, Unscorable
from wellspring.signals.lm.surprisal_levels import surprisal_levels


def score_documents(
    documents: Sequence[MeasuredDocument],
    scorer: Scorer,
    worth_scoring: Callable[[MeasuredDocument], bool] | None = None,
) -> list[MeasuredDocument | Reject]:
    """Each document with the LM signals in its measurements and the level of each token's surprisal, in
    order; what can't be scored is a reject (`unscorable`). Documents that are not worth scoring keep their
    signals null; those that have this scorer's signals already stay as they are.
    """
    known = [d.measurements.scorer == scorer.fingerprint.id for d in documents]
    chosen = [
        not there and (worth_scoring is None or worth_scoring(d))
        for there, d in zip(known, documents, strict=True)
    ]
    to_score = [d for d, worth in zip(documents, chosen, strict=True) if worth]
    results = iter(
        scorer.score_tokens(
            [unpack_ids(d.token_ids) for d in to_score], [d.measurements.bytes for d in to_score]
        )
    )
    scored: list[MeasuredDocument | Reject] = []
    for measured, there, worth in zip(documents, known, chosen, strict=True):
        if there:
            scored.append(measured)
            continue
        if not worth:
            measurements = measured.measurements.without_signals("it could not change the verdict")
            scored.append(msgspec.structs.replace(measured, measurements=measurements))
            continue
        result = next(results)
        if isinstance(result, Unscorable):
            detail = f"{result.reason}: {result.detail}"
            scored.append(reject_document(measured.document, "unscorable", detail))
        else:
            scored.append(
                msgspec.structs.replace(
                    measured,
                    measurements=measured.measurements.with_signals(result.signals, scorer.fingerprint.id),
                    token_surprisals=surprisal_levels(result.surprisals, len(unpack_ids(measured.token_ids))),
                )
            )
    return scored
